#include "store/store.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/mem_store.h"

namespace lifeboat::store {
namespace {

TEST(StoreName, AcceptsPathsOfParts) {
  for (const char* name : {"a", "a/b", "a/b/c.db.zst", ".lock", "...", "a..b", "..a", " ", "a b/c",
                           "lost+found", "\xC3\xA9", "-", "2026-11-21_060000/backup.json"}) {
    EXPECT_TRUE(is_valid_name(name)) << name;
    EXPECT_NO_THROW(check_name(name)) << name;
  }
}

TEST(StoreName, RefusesWhatIsNoPathOfParts) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view name :
       {""sv,    "/"sv,   "/a"sv,    "a/"sv,   "a//b"sv, "//"sv,       "."sv,
        ".."sv,  "./a"sv, "../a"sv,  "a/."sv,  "a/.."sv, "a/./b"sv,    "a/../b"sv,
        "a\n"sv, "\ta"sv, "a/\rb"sv, "a\0b"sv, "\0"sv,   "a\x1b[2J"sv, "a\x7f"sv}) {
    EXPECT_FALSE(is_valid_name(name)) << ::testing::PrintToString(name);
    EXPECT_THROW(check_name(name), base::Error) << ::testing::PrintToString(name);
  }
}

TEST(StoreName, NamesTheRefusedNameWithoutItsControlCharacters) {
  try {
    check_name("a\x1b[2J");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_STREQ(error.what(), "\"a?[2J\" is no name for anything in a vault");
  }
}

TEST(StoreText, SaysWhichTextIsTooLongAndWhere) {
  lifeboat::testing::MemStore store;
  put_text(store, "a/text", "12345");
  try {
    get_text(store, "a/text", 4);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCorrupt);
    EXPECT_STREQ(error.what(),
                 "a/text in memory has more than 4 bytes: it is not what it should be");
  }
}

}  // namespace
}  // namespace lifeboat::store
