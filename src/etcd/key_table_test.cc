#include "etcd/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/text.h"

namespace lifeboat::etcd {
namespace {

TEST(KeyTable, RemembersAWordForEveryKey) {
  KeyTable table;
  constexpr std::uint64_t kKeys = 100'000;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = base::cat("/registry/pods/default/", i);
    const auto slot = table.find_or_add(table.fingerprint(base::as_bytes(key)));
    ASSERT_TRUE(slot.fresh);
    ASSERT_EQ(*slot.word, 0U);
    *slot.word = i + 1;
  }
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = base::cat("/registry/pods/default/", i);
    const auto slot = table.find_or_add(table.fingerprint(base::as_bytes(key)));
    ASSERT_FALSE(slot.fresh);
    ASSERT_EQ(*slot.word, i + 1);
  }
  EXPECT_EQ(table.size(), kKeys);
  std::uint64_t visited = 0;
  table.for_each([&visited](Fingerprint, std::uint64_t) { ++visited; });
  EXPECT_EQ(visited, kKeys);
}

TEST(KeyTable, TellsKeysApartThatDifferInOneByteOrInLength) {
  const KeyTable table;
  std::map<Fingerprint, std::string> seen;
  for (std::size_t length = 0; length <= 40; ++length) {
    const std::string zeros(length, '\0');
    EXPECT_TRUE(seen.emplace(table.fingerprint(base::as_bytes(zeros)), zeros).second) << length;
    for (std::size_t i = 0; i < length; ++i) {
      std::string other = zeros;
      other[i] = 1;
      EXPECT_TRUE(seen.emplace(table.fingerprint(base::as_bytes(other)), other).second);
    }
  }
}

}  // namespace
}  // namespace lifeboat::etcd
