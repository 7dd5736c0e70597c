#include "os/posix_fs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "base/error.h"
#include "os/paths.h"
#include "testing/error_of.h"
#include "testing/temp_folder.h"

namespace lifeboat::os {
namespace {

using base::as_bytes;
using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

class PosixFs : public ::testing::Test {
 protected:
  std::string path(std::string_view name) const { return folder_.path(name); }

  mode_t mode_of(std::string_view name) const {
    struct stat status {};
    EXPECT_EQ(::lstat(path(name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  const testing::TempFolder folder_;
  PosixFileSystem posix_;
  FileSystem& fs_ = posix_;
};

TEST_F(PosixFs, ReadsWhatWasWritten) {
  const std::string content(3'000'000, 'x');
  const auto file = fs_.create(path("file"));
  file->append(as_bytes("head"));
  file->append(as_bytes(content));
  file->append(as_bytes(""));
  file->sync();
  file->close();
  const auto read = fs_.open(path("file"));
  ASSERT_EQ(read->size_bytes(), content.size() + 4);
  base::Buffer buffer(content.size() + 100);
  EXPECT_EQ(read->read_at(0, buffer), content.size() + 4);
  EXPECT_EQ(base::as_text(base::Bytes(buffer).first(8)), "headxxxx");
}

TEST_F(PosixFs, OverwritesInPlaceAndGoesOnAppendingAtTheEnd) {
  const auto file = fs_.create(path("file"));
  file->append(as_bytes("0123456789"));
  file->overwrite(2, as_bytes("abc"));
  file->append(as_bytes("X"));
  file->overwrite(0, as_bytes("-"));
  file->overwrite(10, as_bytes("Y"));
  file->overwrite(4, as_bytes(""));
  file->append(as_bytes("Z"));
  file->close();
  EXPECT_EQ(folder_.read("file"), "-1abc56789YZ");
}

TEST_F(PosixFs, GivesFilesFoldersAndLinksThemselvesAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "giving files away needs root";
  folder_.write("file", "");
  fs_.make_directory(path("folder"));
  folder_.write("target", "");
  ASSERT_EQ(::symlink("target", path("link").c_str()), 0);
  for (const char* name : {"file", "folder", "link"}) {
    fs_.set_owner(path(name), {.user_id = 1234, .group_id = 5678});
    struct stat status {};
    ASSERT_EQ(::lstat(path(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 1234U) << name;
    EXPECT_EQ(status.st_gid, 5678U) << name;
  }
  struct stat behind {};
  ASSERT_EQ(::stat(path("target").c_str(), &behind), 0);
  EXPECT_EQ(behind.st_uid, 0U) << "what the link points to is left alone";
}

TEST_F(PosixFs, ReadsFromAnOffsetToTheEnd) {
  folder_.write("file", "0123456789");
  const auto file = fs_.open(path("file"));
  base::Buffer buffer(4);
  EXPECT_EQ(file->read_at(8, buffer), 2U);
  EXPECT_EQ(base::as_text(base::Bytes(buffer).first(2)), "89");
  EXPECT_EQ(file->read_at(10, buffer), 0U);
  EXPECT_EQ(file->read_at(1'000'000, buffer), 0U);
}

TEST_F(PosixFs, FilesAndFoldersAreTheOwnersAloneWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
    const mode_t old_mask = ::umask(mask);
    fs_.create(path("file"));
    fs_.make_directory(path("folder"));
    ::umask(old_mask);
    EXPECT_EQ(mode_of("file"), 0600U);
    EXPECT_EQ(mode_of("folder"), 0700U);
    fs_.remove_file(path("file"));
    fs_.remove_directory(path("folder"));
  }
}

TEST_F(PosixFs, ChildrenInheritNoFile) {
  const auto read_flags = [](int descriptor) { return ::fcntl(descriptor, F_GETFD); };
  const int next = ::dup(0);
  ::close(next);
  const auto file = fs_.create(path("file"));
  ASSERT_NE(read_flags(next), -1) << "the file is the lowest free descriptor";
  EXPECT_EQ(read_flags(next) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(PosixFs, TellsTheTypesApart) {
  folder_.write("file", "123");
  ASSERT_EQ(::mkdir(path("folder").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("file", path("link").c_str()), 0);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(fs_.info(path("file"))->type, FileType::kFile);
  EXPECT_EQ(fs_.info(path("file"))->size_bytes, 3U);
  EXPECT_EQ(fs_.info(path("folder"))->type, FileType::kDirectory);
  EXPECT_EQ(fs_.info(path("link"))->type, FileType::kSymlink);
  EXPECT_EQ(fs_.info(path("pipe"))->type, FileType::kOther);
  std::vector<std::pair<std::string, FileType>> listed;
  for (const DirectoryEntry& entry : fs_.list(folder_.path())) {
    listed.emplace_back(entry.name, entry.type);
  }
  EXPECT_THAT(
      listed,
      ElementsAre(std::pair("file", FileType::kFile), std::pair("folder", FileType::kDirectory),
                  std::pair("link", FileType::kSymlink), std::pair("pipe", FileType::kOther)));
}

TEST_F(PosixFs, NothingIsThereBelowNothingAndBelowAFile) {
  folder_.write("file", "");
  EXPECT_FALSE(fs_.info(path("absent")));
  EXPECT_FALSE(fs_.info(path("absent/below")));
  EXPECT_FALSE(fs_.info(path("file/below")));
}

TEST_F(PosixFs, FollowsLinksOnlyWhereItIsAskedTo) {
  folder_.write("file", "behind the link");
  ASSERT_EQ(::symlink("file", path("link").c_str()), 0);
  EXPECT_EQ(fs_.open(path("link"), Links::kFollow)->size_bytes(), 15U);
  const base::Error error = error_of([&] { fs_.open(path("link")); });
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.what(), HasSubstr("symbolic link"));
}

TEST_F(PosixFs, ASlashAtTheEndReachesAFolderThroughALink) {
  ASSERT_EQ(::mkdir(path("folder").c_str(), 0700), 0);
  folder_.write("folder/file", "");
  ASSERT_EQ(::symlink("folder", path("link").c_str()), 0);
  EXPECT_THROW(fs_.list(path("link")), base::Error);
  EXPECT_EQ(fs_.list(path("link/")).size(), 1U);
  EXPECT_EQ(fs_.info(path("link/"))->type, FileType::kDirectory);
  EXPECT_NO_THROW(fs_.sync_directory(path("link")));
}

TEST_F(PosixFs, DoesNotWaitForTheOtherEndOfAPipe) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { fs_.open(path("pipe")); }).code(), Code::kInvalid);
  EXPECT_EQ(error_of([&] { fs_.lock(path("pipe")); }).code(), Code::kInvalid);
}

TEST_F(PosixFs, RefusesWithACodeThePathAndTheReason) {
  folder_.write("file", "");
  ASSERT_EQ(::mkdir(path("folder").c_str(), 0700), 0);
  folder_.write("folder/inside", "");
  ASSERT_EQ(::symlink("file", path("link").c_str()), 0);
  struct Case {
    std::function<void()> call;
    Code code;
    std::string message;
  };
  const std::vector<Case> cases = {
      {[&] { fs_.open(path("absent")); }, Code::kNotFound,
       "cannot open " + path("absent") + ": No such file or directory"},
      {[&] { fs_.open(path("file/below")); }, Code::kInvalid,
       "cannot open " + path("file/below") + ": Not a directory"},
      {[&] { fs_.open(path("folder")); }, Code::kInvalid,
       "cannot open " + path("folder") + ": it is a folder"},
      {[&] { fs_.create(path("file")); }, Code::kExists,
       "cannot create " + path("file") + ": File exists"},
      {[&] { fs_.create(path("link")); }, Code::kExists,
       "cannot create " + path("link") + ": File exists"},
      {[&] { fs_.create(path(std::string(300, 'n'))); }, Code::kInvalid,
       "cannot create " + path(std::string(300, 'n')) + ": File name too long"},
      {[&] { fs_.create(path("absent/file")); }, Code::kNotFound,
       "cannot create " + path("absent/file") + ": No such file or directory"},
      {[&] { fs_.make_directory(path("file")); }, Code::kExists,
       "cannot make the folder " + path("file") + ": File exists"},
      {[&] { fs_.list(path("file")); }, Code::kInvalid,
       "cannot list " + path("file") + ": Not a directory"},
      {[&] { fs_.list(path("absent")); }, Code::kNotFound,
       "cannot list " + path("absent") + ": No such file or directory"},
      {[&] { fs_.remove_file(path("absent")); }, Code::kNotFound,
       "cannot remove " + path("absent") + ": No such file or directory"},
      {[&] { fs_.remove_file(path("folder")); }, Code::kInvalid,
       "cannot remove " + path("folder") + ": Is a directory"},
      {[&] { fs_.remove_directory(path("folder")); }, Code::kIo,
       "cannot remove the folder " + path("folder") + ": Directory not empty"},
      {[&] { fs_.rename(path("absent"), path("new")); }, Code::kNotFound,
       "cannot rename " + path("absent") + ": No such file or directory"},
      {[&] { fs_.set_owner(path("absent"), {.user_id = 0, .group_id = 0}); }, Code::kNotFound,
       "cannot set the owner of " + path("absent") + ": No such file or directory"},
      {[&] { fs_.exchange(path("absent"), path("file")); }, Code::kNotFound,
       "cannot exchange " + path("absent") + ": No such file or directory"},
      {[&] { fs_.sync_directory(path("absent")); }, Code::kNotFound,
       "cannot sync " + path("absent") + ": No such file or directory"},
      {[&] { fs_.available_bytes(path("absent")); }, Code::kNotFound,
       "cannot ask for the free space of " + path("absent") + ": No such file or directory"},
      {[&] { fs_.lock(path("link")); }, Code::kDenied,
       "cannot lock " + path("link") + ": it is a symbolic link, which is not followed here"},
      {[&] { fs_.open(path("a\nb")); }, Code::kNotFound,
       "cannot open " + path("a?b") + ": No such file or directory"},
  };
  for (const Case& test : cases) {
    const base::Error error = error_of(test.call);
    EXPECT_EQ(error.what(), test.message);
    EXPECT_EQ(code_name(error.code()), code_name(test.code)) << test.message;
  }
}

TEST_F(PosixFs, RenameReplacesWhatIsThere) {
  folder_.write("new", "new");
  folder_.write("file", "old");
  fs_.rename(path("new"), path("file"));
  EXPECT_EQ(folder_.read("file"), "new");
  EXPECT_FALSE(fs_.info(path("new")));
}

TEST_F(PosixFs, RenameNewReplacesNothing) {
  folder_.write("new", "new");
  folder_.write("file", "old");
  ASSERT_EQ(::symlink("nowhere", path("link").c_str()), 0);
  for (const char* taken : {"file", "link"}) {
    EXPECT_EQ(error_of([&] { fs_.rename_new(path("new"), path(taken)); }).code(), Code::kExists);
  }
  EXPECT_EQ(folder_.read("file"), "old");
  fs_.rename_new(path("new"), path("free"));
  EXPECT_EQ(folder_.read("free"), "new");
  EXPECT_FALSE(fs_.info(path("new")));
  EXPECT_EQ(error_of([&] { fs_.rename_new(path("new"), path("other")); }).code(), Code::kNotFound);
}

TEST_F(PosixFs, ExchangesWhatIsAtTwoPaths) {
  ASSERT_EQ(::mkdir(path("folder").c_str(), 0700), 0);
  folder_.write("folder/inside", "inside");
  folder_.write("file", "file");
  fs_.exchange(path("folder"), path("file"));
  EXPECT_EQ(folder_.read("file/inside"), "inside");
  EXPECT_EQ(folder_.read("folder"), "file");
  EXPECT_EQ(error_of([&] { fs_.exchange(path("folder"), path("absent")); }).code(),
            Code::kNotFound);
  // What a file system without the call answers.
  const base::Error error = error_of([&] { fs_.exchange(path("file"), path("file/inside")); });
  EXPECT_EQ(error.code(), Code::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr(path("file/inside")));
}

TEST_F(PosixFs, RemovesLinksAndNotWhatIsBehindThem) {
  folder_.write("file", "kept");
  ASSERT_EQ(::symlink("file", path("link").c_str()), 0);
  fs_.remove_file(path("link"));
  EXPECT_EQ(folder_.read("file"), "kept");
}

TEST_F(PosixFs, ALockKeepsOthersOutUntilItGoes) {
  auto lock = fs_.lock(path("lock"));
  EXPECT_EQ(mode_of("lock"), 0600U);
  const base::Error error = error_of([&] { fs_.lock(path("lock")); });
  EXPECT_EQ(error.code(), Code::kBusy);
  EXPECT_THAT(error.what(), HasSubstr(path("lock")));
  lock.reset();
  EXPECT_NO_THROW(fs_.lock(path("lock")));
  EXPECT_TRUE(fs_.info(path("lock"))) << "the lock's file stays";
}

TEST_F(PosixFs, ALockWhoseFileWasRemovedKeepsNobodyOut) {
  const auto old_lock = fs_.lock(path("lock"));
  fs_.remove_file(path("lock"));
  const auto lock = fs_.lock(path("lock"));
  EXPECT_EQ(error_of([&] { fs_.lock(path("lock")); }).code(), Code::kBusy);
}

// Whoever opened the file before its holder removed it must not have the lock as well.
TEST_F(PosixFs, NoTwoHoldTheLockWhileItsFileComesAndGoes) {
  std::atomic<int> holders = 0;
  std::atomic<int> taken = 0;
  const auto contend = [&] {
    for (int i = 0; i < 2000; ++i) {
      try {
        const auto lock = fs_.lock(path("lock"));
        EXPECT_EQ(++holders, 1);
        ++taken;
        --holders;
        fs_.remove_file(path("lock"));
      } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), Code::kBusy) << error.what();
      }
    }
  };
  {
    const std::jthread one(contend);
    const std::jthread other(contend);
  }
  EXPECT_GT(taken, 1);
}

TEST_F(PosixFs, TheKernelFreesTheLockOfAKilledProcess) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = fs_.lock(path("lock"));
    (void)!::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(error_of([&] { fs_.lock(path("lock")); }).code(), Code::kBusy);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_NO_THROW(fs_.lock(path("lock")));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(PosixFs, KnowsTheFreeSpace) { EXPECT_GT(fs_.available_bytes(folder_.path()), 0U); }

TEST_F(PosixFs, ReportsThatAFileGrewBeyondItsLimit) {
  // Without this the kernel's signal ends the process before write() can say anything.
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const rlimit limit{4096, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto file = fs_.create(path("file"));
  const base::Error error = error_of([&] { file->append(as_bytes(std::string(10'000, 'x'))); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(error.what(), HasSubstr("File too large"));
  EXPECT_EQ(fs_.info(path("file"))->size_bytes, 4096U) << "the short write came first";
}

// A small file system of its own, which takes root and a kernel that lets it.
class SmallDisk {
 public:
  SmallDisk(const std::string& path, const char* options) : path_(path) {
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  bool make_read_only() const {
    return ::mount("tmpfs", path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  const std::string path_;
  bool mounted_;
};

TEST_F(PosixFs, SaysWhenTheDiskIsFull) {
  const SmallDisk disk(folder_.path(), "size=64k");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  EXPECT_LE(fs_.available_bytes(folder_.path()), 65536U);
  const auto file = fs_.create(path("file"));
  const base::Error error = error_of([&] { file->append(as_bytes(std::string(100'000, 'x'))); });
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_EQ(error.what(), "cannot write " + path("file") + ": No space left on device");
  EXPECT_THAT(error.hint(), HasSubstr("room"));
}

TEST_F(PosixFs, SaysWhenTheDiskIsReadOnly) {
  const SmallDisk disk(folder_.path(), "size=64k");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  folder_.write("file", "");
  ASSERT_TRUE(disk.make_read_only());
  const std::vector<std::function<void()>> writers = {
      [&] { fs_.create(path("new")); },       [&] { fs_.make_directory(path("new")); },
      [&] { fs_.remove_file(path("file")); }, [&] { fs_.rename(path("file"), path("new")); },
      [&] { fs_.lock(path("lock")); },        [&] { fs_.set_owner(path("file"), {}); },
  };
  for (const auto& write : writers) {
    const base::Error error = error_of(write);
    EXPECT_EQ(error.code(), Code::kDenied) << error.what();
    EXPECT_THAT(error.hint(), HasSubstr("read-only"));
  }
  EXPECT_NO_THROW(fs_.sync_directory(folder_.path()));
}

}  // namespace
}  // namespace lifeboat::os
