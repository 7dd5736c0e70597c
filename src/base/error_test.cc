#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace lifeboat::base {
namespace {

constexpr Code kAllCodes[] = {
    Code::kInvalid,     Code::kNotFound, Code::kExists,      Code::kCorrupt,
    Code::kUnsupported, Code::kDenied,   Code::kUnavailable, Code::kNoSpace,
    Code::kIo,          Code::kBusy,     Code::kCancelled,
};

TEST(Error, CarriesCodeMessageAndHint) {
  const Error error(Code::kNoSpace, "cannot write /backups/a", "remove something");
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_STREQ(error.what(), "cannot write /backups/a");
  EXPECT_EQ(error.hint(), "remove something");
  EXPECT_EQ(Error(Code::kIo, "broken").hint(), "");
}

TEST(Error, ContextLeadsTheMessageAndKeepsTheRest) {
  const Error inner(Code::kCorrupt, "checksum differs", "run verify");
  const Error outer = inner.with_context("page 17");
  EXPECT_STREQ(outer.what(), "page 17: checksum differs");
  EXPECT_EQ(outer.code(), Code::kCorrupt);
  EXPECT_EQ(outer.hint(), "run verify");
}

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (const Code code : kAllCodes) {
    EXPECT_NE(code_name(code), "");
    names.insert(code_name(code));
  }
  EXPECT_EQ(names.size(), std::size(kAllCodes));
  EXPECT_EQ(code_name(Code::kNotFound), "not_found");
}

TEST(CheckDeathTest, NamesWhatDoesNotHoldAndWhere) {
  const int one = 1;
  LIFEBOAT_CHECK(one == 1);
  EXPECT_DEATH(LIFEBOAT_CHECK(one == 2), "bug: one == 2 does not hold \\(.*error_test.cc:");
}

}  // namespace
}  // namespace lifeboat::base
