#include "base/integers.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>
#include <vector>

#include "base/bytes.h"

namespace lifeboat::base {
namespace {

// What makes them fit to be laid over a file.
static_assert(sizeof(le16) == 2 && sizeof(le32) == 4 && sizeof(le64) == 8);
static_assert(sizeof(be32) == 4 && sizeof(be64) == 8);
static_assert(alignof(le64) == 1 && alignof(be64) == 1);
static_assert(std::is_trivially_copyable_v<le64> && std::is_standard_layout_v<be64>);

template <typename T>
std::string stored(T integer) {
  Buffer bytes(sizeof(T));
  std::memcpy(bytes.data(), &integer, sizeof(T));
  return to_hex(bytes);
}

TEST(Integers, AreStoredInTheirOrder) {
  EXPECT_EQ(stored(le16(0x0102)), "0201");
  EXPECT_EQ(stored(le32(0x01020304)), "04030201");
  EXPECT_EQ(stored(le64(0x0102030405060708)), "0807060504030201");
  EXPECT_EQ(stored(be32(0x01020304)), "01020304");
  EXPECT_EQ(stored(be64(0x0102030405060708)), "0102030405060708");
}

TEST(Integers, AreZeroWhenNotSet) {
  EXPECT_EQ(le32(), 0u);
  EXPECT_EQ(stored(be64()), "0000000000000000");
}

template <typename T, typename Value>
void expect_round_trip(Value value) {
  T integer;
  integer = value;
  EXPECT_EQ(static_cast<Value>(integer), value);
}

TEST(Integers, ReadBackWhatWasWritten) {
  std::uint64_t value = 0;
  for (int i = 0; i < 1000; ++i) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    expect_round_trip<le16>(static_cast<std::uint16_t>(value));
    expect_round_trip<le32>(static_cast<std::uint32_t>(value));
    expect_round_trip<be32>(static_cast<std::uint32_t>(value));
    expect_round_trip<le64>(value);
    expect_round_trip<be64>(value);
  }
  expect_round_trip<be64>(std::numeric_limits<std::uint64_t>::max());
}

TEST(Integers, LieAtAnyAddress) {
  struct Record {
    unsigned char tag;
    be64 number;
  };
  static_assert(sizeof(Record) == 9);
  const std::vector<unsigned char> file{0, 7, 0, 0, 0, 0, 0, 0, 1, 2};
  Record record;
  std::memcpy(&record, file.data() + 1, sizeof(record));
  EXPECT_EQ(record.tag, 7);
  EXPECT_EQ(record.number, 258u);
}

}  // namespace
}  // namespace lifeboat::base
