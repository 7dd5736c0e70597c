#include "node/script_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "node/official_script.h"
#include "os/posix_fs.h"
#include "testing/error_of.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

using base::Code;
using base::Error;
using lifeboat::testing::error_of;
using lifeboat::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A disk of which a test takes parts away.
struct BadFs : os::PosixFileSystem {
  std::optional<std::string> read_only;  // a folder
  bool removes_nothing = false;
  bool locks_nothing = false;
  std::function<void()> before_removal;  // of a file

  void make_directory(const std::string& path) override {
    if (read_only && path.starts_with(*read_only)) throw Error(Code::kDenied, "read-only");
    PosixFileSystem::make_directory(path);
  }
  void remove_file(const std::string& path) override {
    if (before_removal) before_removal();
    PosixFileSystem::remove_file(path);
  }
  std::unique_ptr<os::FileLock> lock(const std::string& path) override {
    if (locks_nothing) throw Error(Code::kDenied, "read-only");
    return PosixFileSystem::lock(path);
  }
  void remove_directory(const std::string& path) override {
    if (removes_nothing) throw Error(Code::kIo, "cannot remove " + path);
    PosixFileSystem::remove_directory(path);
  }
};

struct ScriptFolderTest : ::testing::Test {
  ScriptFolderTest() {
    for (const char* name : {"var", "var/tmp", "tmp"}) fs.make_directory(root.path(name));
  }

  std::vector<std::string> names_in(const std::string& place) {
    std::vector<std::string> names;
    for (const auto& entry : fs.list(root.path(place))) names.push_back(entry.name);
    return names;
  }
  // What a run leaves that is killed.
  std::string make_leftover(const std::string& name) {
    const std::string path = root.path("var/tmp/" + name);
    fs.make_directory(path);
    fs.make_directory(path + "/files");
    fs.create(path + "/files/snapshot_2026-11-21_060000.db");
    fs.create(path + "/lock");
    return path;
  }

  TempFolder root;
  BadFs fs;
  std::unique_ptr<os::HostTree> host = os::open_host_tree(root.path());
  std::ostringstream text;
  base::Log log{text, base::Log::Format::kText, base::Log::Level::kInfo};
};

TEST_F(ScriptFolderTest, IsTheOwnersAloneAndGoesWithAllThatIsInIt) {
  {
    const ScriptFolder folder(*host, fs, log);
    ASSERT_THAT(folder.files_path_on_host(), StartsWith("/var/tmp/lifeboat-script-"));
    EXPECT_EQ(root.path() + folder.files_path_on_host(), folder.files_path());
    struct stat status {};
    ASSERT_EQ(::stat(folder.files_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    fs.create(folder.output_path());
    fs.make_directory(folder.files_path() + "/deep");
    fs.create(folder.files_path() + "/deep/file");
    fs.create(root.path("kept"));
    ASSERT_EQ(::symlink(root.path().c_str(), (folder.files_path() + "/link").c_str()), 0);
  }
  EXPECT_THAT(names_in("var/tmp"), ::testing::IsEmpty());
  EXPECT_TRUE(fs.info(root.path("kept")));
  EXPECT_EQ(text.str(), "");
}

TEST_F(ScriptFolderTest, TakesTmpWhereVarTmpIsReadOnlyMissingOrALink) {
  fs.read_only = root.path("var");
  EXPECT_THAT(ScriptFolder(*host, fs, log).files_path_on_host(), StartsWith("/tmp/"));
  fs.read_only = std::nullopt;
  fs.remove_directory(root.path("var/tmp"));
  EXPECT_THAT(ScriptFolder(*host, fs, log).files_path_on_host(), StartsWith("/tmp/"));
  const TempFolder elsewhere;
  ASSERT_EQ(::symlink(elsewhere.path().c_str(), root.path("var/tmp").c_str()), 0);
  EXPECT_THAT(ScriptFolder(*host, fs, log).files_path_on_host(), StartsWith("/tmp/"));
  fs.remove_directory(root.path("tmp"));
  const Error error = error_of([&] { ScriptFolder(*host, fs, log); });
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.what(), HasSubstr(root.path("var/tmp")));
  EXPECT_TRUE(fs.list(elsewhere.path()).empty());
}

TEST_F(ScriptFolderTest, RemovesWhatAKilledRunLeft) {
  const ScriptFolder living(*host, fs, log);
  const std::string leftover = make_leftover("lifeboat-script-0123456789abcdef");
  EXPECT_THAT(find_script_leftovers(*host, fs), ElementsAre(leftover));
  EXPECT_THAT(remove_script_leftovers(*host, fs, log), IsEmpty());
  EXPECT_FALSE(fs.info(leftover));
  EXPECT_TRUE(fs.info(living.files_path()));
  EXPECT_THAT(text.str(), HasSubstr("killed left behind: " + leftover));
  EXPECT_THAT(find_script_leftovers(*host, fs), IsEmpty());
}

TEST_F(ScriptFolderTest, NamesWhatAKilledRunLeftWhereItMayNotWrite) {
  const std::string leftover = make_leftover("lifeboat-script-0123456789abcdef");
  fs.locks_nothing = true;
  EXPECT_THAT(find_script_leftovers(*host, fs), ElementsAre(leftover));
  EXPECT_THAT(remove_script_leftovers(*host, fs, log), IsEmpty());
  fs.locks_nothing = false;
  fs.removes_nothing = true;
  EXPECT_THAT(remove_script_leftovers(*host, fs, log),
              ElementsAre(HasSubstr(leftover + " of the backup script is left behind")));
}

TEST_F(ScriptFolderTest, TellsNobodyToRemoveWhatAnotherRunHasRemoved) {
  std::string path;
  fs.before_removal = [&] { std::filesystem::remove_all(path); };
  {
    const ScriptFolder folder(*host, fs, log);
    path = os::parent_path(folder.files_path());
  }
  EXPECT_EQ(text.str(), "");
  path = make_leftover("lifeboat-script-0123456789abcdef");
  EXPECT_THAT(remove_script_leftovers(*host, fs, log), IsEmpty());
}

TEST_F(ScriptFolderTest, LooksNowhereThatItMayNot) {
  fs.remove_directory(root.path("var/tmp"));
  fs.remove_directory(root.path("tmp"));
  EXPECT_THAT(remove_script_leftovers(*host, fs, log), IsEmpty());
  EXPECT_EQ(text.str(), "");
}

TEST_F(ScriptFolderTest, LeavesOthersFoldersAlone) {
  const ScriptFolder living(*host, fs, log);
  const std::string other_name = make_leftover("lifeboat-drill-0123456789abcdef");
  const std::string open_to_all = make_leftover("lifeboat-script-1");
  ::chmod(open_to_all.c_str(), 0777);
  const std::string just_made = root.path("var/tmp/lifeboat-script-2");
  fs.make_directory(just_made);
  ASSERT_EQ(::symlink(root.path().c_str(), root.path("var/tmp/lifeboat-script-3").c_str()), 0);
  std::vector<std::string> kept = {living.files_path(), other_name, open_to_all, just_made};
  if (::geteuid() == 0) {
    kept.push_back(make_leftover("lifeboat-script-4"));
    fs.set_owner(kept.back(), {.user_id = 65534, .group_id = 65534});
  }
  EXPECT_THAT(remove_script_leftovers(*host, fs, log), IsEmpty());
  for (const std::string& path : kept) EXPECT_TRUE(fs.info(path)) << path;
  EXPECT_TRUE(fs.info(root.path("var")));
}

TEST_F(ScriptFolderTest, SaysWhatItCouldNotRemove) {
  std::string path;
  {
    const ScriptFolder folder(*host, fs, log);
    path = folder.files_path();
    fs.removes_nothing = true;
  }
  fs.removes_nothing = false;
  EXPECT_THAT(text.str(), StartsWith("warning: the folder "));
  EXPECT_THAT(text.str(), HasSubstr("cannot remove " + path));
}

}  // namespace
}  // namespace lifeboat::node
