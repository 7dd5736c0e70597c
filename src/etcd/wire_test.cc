#include "etcd/wire.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;

TEST(WireWriter, WritesAsThePaperSays) {
  // From protobuf.dev, "Encoding".
  EXPECT_EQ(base::to_hex(WireWriter().varint(1, 150).take()), "089601");
  EXPECT_EQ(base::to_hex(WireWriter().bytes(2, as_bytes("testing")).take()), "120774657374696e67");
  EXPECT_EQ(base::to_hex(WireWriter().varint(1, 0).bytes(3, {}).take()), "08001a00");
  EXPECT_EQ(base::to_hex(WireWriter().varint(2, UINT64_MAX).take()), "10ffffffffffffffffff01");
}

TEST(WireWriter, IsEmptyAfterwards) {
  WireWriter writer;
  writer.varint(1, 1);
  EXPECT_FALSE(writer.take().empty());
  EXPECT_TRUE(writer.take().empty());
}

TEST(WireWriter, WritesWhatTheReaderReads) {
  const std::string long_text(300, 'x');
  for (const std::uint32_t number : {1U, 15U, 16U, 2047U, 2048U, (1U << 29) - 1}) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 63}) {
      const base::Buffer message =
          WireWriter().varint(number, value).bytes(number, as_bytes(long_text)).take();
      WireReader reader(message);
      const auto first = reader.next();
      const auto second = reader.next();
      ASSERT_TRUE(first && second);
      EXPECT_EQ(first->number, number);
      EXPECT_EQ(varint_of(*first), value);
      EXPECT_EQ(second->number, number);
      EXPECT_EQ(as_text(bytes_of(*second)), long_text);
      EXPECT_FALSE(reader.next());
    }
  }
}

TEST(WireField, IsOfOneTypeOnly) {
  const base::Buffer message = WireWriter().varint(1, 5).bytes(2, as_bytes("five")).take();
  WireReader reader(message);
  EXPECT_THROW(bytes_of(*reader.next()), base::Error);
  EXPECT_THROW(varint_of(*reader.next()), base::Error);
}

}  // namespace
}  // namespace lifeboat::etcd
