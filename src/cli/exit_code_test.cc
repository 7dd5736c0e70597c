#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include <iterator>

namespace lifeboat::cli {
namespace {

TEST(ExitCode, IsTheContractsForEveryError) {
  using base::Code;
  EXPECT_EQ(exit_code_for(Code::kInvalid), 2);
  EXPECT_EQ(exit_code_for(Code::kExists), 2);
  EXPECT_EQ(exit_code_for(Code::kUnsupported), 2);
  EXPECT_EQ(exit_code_for(Code::kNotFound), 3);
  EXPECT_EQ(exit_code_for(Code::kCorrupt), 4);
  EXPECT_EQ(exit_code_for(Code::kDenied), 5);
  EXPECT_EQ(exit_code_for(Code::kNoSpace), 5);
  EXPECT_EQ(exit_code_for(Code::kIo), 5);
  EXPECT_EQ(exit_code_for(Code::kUnavailable), 6);
  EXPECT_EQ(exit_code_for(Code::kBusy), 7);
}

TEST(ExitCode, HasAMeaningForEveryNumber) {
  for (std::size_t i = 0; i < std::size(kExitCodes); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kExitCodes[i].code), i);
  }
  EXPECT_EQ(std::size(kExitCodes), 9U);
}

}  // namespace
}  // namespace lifeboat::cli
