#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace lifeboat::base {
namespace {

TEST(Bytes, TextAndBytesAreViewsOfTheSameMemory) {
  const std::string text("a\0\xFF", 3);
  const Bytes bytes = as_bytes(text);
  ASSERT_EQ(bytes.size(), 3u);
  EXPECT_EQ(bytes[0], 'a');
  EXPECT_EQ(bytes[1], 0);
  EXPECT_EQ(bytes[2], 0xFF);
  EXPECT_EQ(as_text(bytes).data(), text.data());
  EXPECT_EQ(as_text(bytes), text);
  EXPECT_EQ(as_text({}), "");
}

TEST(Bytes, HexHasTwoLowerCaseDigitsAByte) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(to_hex(Buffer{0x00, 0x0A, 0x7F, 0xF0, 0xFF}), "000a7ff0ff");
}

TEST(Bytes, HexOfEveryByteReadsBack) {
  for (unsigned value = 0; value < 256; ++value) {
    const Buffer one{static_cast<std::uint8_t>(value)};
    EXPECT_EQ(std::stoul(to_hex(one), nullptr, 16), value);
    EXPECT_EQ(to_hex(one).size(), 2u);
  }
}

TEST(Bytes, IdsAreNotPadded) {
  EXPECT_EQ(to_hex_id(0), "0");
  EXPECT_EQ(to_hex_id(0x0A), "a");
  EXPECT_EQ(to_hex_id(0x30a2e9b9d6b1a4c9), "30a2e9b9d6b1a4c9");
  EXPECT_EQ(to_hex_id(std::numeric_limits<std::uint64_t>::max()), "ffffffffffffffff");
}

}  // namespace
}  // namespace lifeboat::base
