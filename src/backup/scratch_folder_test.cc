#include "backup/scratch_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/bytes.h"
#include "base/error.h"
#include "testing/error_of.h"
#include "testing/fault_fs.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ScratchFolderTest : public ::testing::Test {
 protected:
  ScratchFolderTest() { fs_.put_directory("/scratch"); }

  FaultFs fs_;
  std::ostringstream log_text_;
  base::Log log_{log_text_, base::Log::Format::kText, base::Log::Level::kInfo};
};

TEST_F(ScratchFolderTest, IsGoneWithAllThatIsInIt) {
  {
    const ScratchFolder folder(fs_, "/scratch", log_);
    fs_.make_directory(folder.path() + "/inner");
    fs_.put_file(folder.path() + "/inner/file", "plain");
  }
  EXPECT_THAT(fs_.list("/scratch"), IsEmpty());
}

TEST_F(ScratchFolderTest, RemovesThoseOfDeadRunsAndNoOthers) {
  const std::string path = "/scratch/lifeboat-scratch-0123456789abcdef";
  fs_.put_file(path + "/file", "plain");
  fs_.put_file(path + ".lock", "");
  fs_.put_file("/scratch/lifeboat-scratch", "somebody's");
  const ScratchFolder live(fs_, "/scratch", log_);
  EXPECT_FALSE(fs_.info(path).has_value());
  const ScratchFolder other(fs_, "/scratch", log_);
  EXPECT_TRUE(fs_.info(live.path()).has_value());
  EXPECT_TRUE(fs_.info("/scratch/lifeboat-scratch").has_value());
}

// In a folder that everybody may write to, nobody's names may stop a backup.
TEST_F(ScratchFolderTest, NothingOfOthersKeepsItFromItsWork) {
  fs_.put_directory("/scratch/lifeboat-scratch-x.lock");
  fs_.put_symlink("/scratch/lifeboat-scratch-y");
  fs_.put_file("/scratch/lifeboat-scratch-y.lock", "");
  { const ScratchFolder folder(fs_, "/scratch", log_); }
  EXPECT_TRUE(fs_.info("/scratch/lifeboat-scratch-x.lock").has_value());
}

// One where others lock the next files before their makers do.
class ContestedFs : public FaultFs {
 public:
  std::unique_ptr<os::FileLock> lock(const std::string& path) override {
    if (contested == 0) return FaultFs::lock(path);
    --contested;
    throw base::Error(Code::kBusy, "another process holds " + path);
  }

  int contested = 0;
};

TEST_F(ScratchFolderTest, TakesAnotherNameWhereARunThatCleansUpLockedItsFirst) {
  ContestedFs fs;
  fs.put_directory("/scratch");
  fs.contested = 3;
  const ScratchFolder folder(fs, "/scratch", log_);
  EXPECT_TRUE(fs.info(folder.path()).has_value());
  fs.contested = 1000;
  EXPECT_EQ(error_of([&] { const ScratchFolder other(fs, "/scratch", log_); }).code(), Code::kBusy);
}

TEST_F(ScratchFolderTest, SaysWhatToDoWithoutAFolder) {
  const auto error = error_of([&] { const ScratchFolder folder(fs_, "/nowhere", log_); });
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_THAT(error.hint(), HasSubstr("--scratch"));
}

TEST_F(ScratchFolderTest, AFileThatDoesNotFitIsNotBegun) {
  fs_.set_capacity(1000);
  ScratchFile file(fs_, "/scratch", log_);
  const std::string text(5000, 'x');
  base::MemoryStream stream(base::as_bytes(text));
  const auto error = error_of([&] { file.write(stream, text.size(), {}); });
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(error.hint(), HasSubstr("--scratch"));
}

}  // namespace
}  // namespace lifeboat::backup
