#include "backup/data_dir_writer.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "etcd/data_dir.h"
#include "os/paths.h"
#include "os/posix_fs.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fault_fs.h"
#include "testing/temp_folder.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using base::cat;
using base::Code;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const base::TimePoint kNow = *base::parse_time("2026-11-21T06:00:00.789Z");
const base::TimePoint kLater = *base::parse_time("2026-11-22T06:00:00Z");
const std::string kWalFile = etcd::wal_file_name({});
constexpr const char* kSnapFile = "0000000000000001-0000000000000003.snap";
constexpr os::Owner kEtcd{.user_id = 1234, .group_id = 5678};

void write_all(DataDirWriter& writer, std::string_view what) {
  const auto file = writer.create_database();
  file->append(as_bytes(cat(what, " database")));
  file->sync();
  file->close();
  writer.write_raft_snap(kSnapFile, as_bytes(cat(what, " snap")));
  writer.write_wal(kWalFile, as_bytes(cat(what, " wal")));
}

Replaced restore(os::FileSystem& fs, const DataDirTarget& target, base::TimePoint now = kNow) {
  DataDirWriter writer(fs, target, now);
  write_all(writer, "new");
  return writer.commit();
}

// What a restore says that fails with `code`; empty if it does not, for whatever reason.
std::string refusal_of(os::FileSystem& fs, const DataDirTarget& target, Code code) {
  try {
    restore(fs, target);
  } catch (const base::Error& error) {
    if (error.code() == code) return error.what();
  }
  return {};
}

// A data directory of etcd; without a WAL if that is elsewhere.
void put_member(FaultFs& fs, const std::string& member, bool with_wal = true) {
  fs.put_file(member + "/snap/db", "old database");
  fs.put_file(cat(member, "/snap/", kSnapFile), "old snap");
  if (with_wal) fs.put_file(cat(member, "/wal/", kWalFile), "old wal");
}

// "old", "new", or "" if nothing is there; "broken" for anything between.
std::string member_at(const FaultFs& fs, const std::string& member, bool with_wal) {
  const auto tree = fs.tree();
  const auto holds = [&](const std::string& path, const std::string& content) {
    return std::ranges::find(tree, path) != tree.end() && fs.file_content(path) == content;
  };
  if (std::ranges::find(tree, member + "/") == tree.end()) return "";
  for (const char* what : {"old", "new"}) {
    if (holds(member + "/snap/db", cat(what, " database")) &&
        holds(cat(member, "/snap/", kSnapFile), cat(what, " snap")) &&
        (!with_wal || holds(cat(member, "/wal/", kWalFile), cat(what, " wal")))) {
      return what;
    }
  }
  return "broken";
}

TEST(DataDirWriter, MakesWhatEtcdStartsOnAndNothingElse) {
  FaultFs fs;
  fs.put_directory("/var/lib");
  const Replaced replaced = restore(fs, {.data_dir = "/var/lib/etcd"});
  EXPECT_EQ(replaced.member, "");
  EXPECT_EQ(replaced.wal_dir, "");
  EXPECT_THAT(fs.tree(), ElementsAre("/var/", "/var/lib/", "/var/lib/etcd/",
                                     "/var/lib/etcd/member/", "/var/lib/etcd/member/snap/",
                                     cat("/var/lib/etcd/member/snap/", kSnapFile),
                                     "/var/lib/etcd/member/snap/db", "/var/lib/etcd/member/wal/",
                                     cat("/var/lib/etcd/member/wal/", kWalFile)));
  EXPECT_EQ(member_at(fs, "/var/lib/etcd/member", true), "new");
}

TEST(DataDirWriter, WithoutCommitNothingStays) {
  for (const char* wal_dir : {"", "/data/wal", "/wal"}) {
    FaultFs fs;
    DataDirTarget target{.data_dir = "/data", .wal_dir = wal_dir};
    {
      DataDirWriter writer(fs, target, kNow);
      write_all(writer, "new");
      writer.create_scratch()->append(as_bytes("scratch"));
      EXPECT_THAT(fs.tree(), Not(IsEmpty()));
    }
    EXPECT_THAT(fs.tree(), IsEmpty()) << wal_dir;
  }
}

TEST(DataDirWriter, WithoutCommitAFolderThatWasThereStays) {
  FaultFs fs;
  fs.put_file("/data/lost+found/1", "");
  { const DataDirWriter writer(fs, {.data_dir = "/data"}, kNow); }
  EXPECT_THAT(fs.tree(), ElementsAre("/data/", "/data/lost+found/", "/data/lost+found/1"));
}

TEST(DataDirWriter, TheDatabaseAndTheScratchFileReadBack) {
  FaultFs fs;
  DataDirWriter writer(fs, {.data_dir = "/data/"}, kNow);
  writer.create_database()->append(as_bytes("database"));
  writer.create_scratch()->append(as_bytes("scratch"));
  EXPECT_EQ(writer.open_database()->size_bytes(), 8U);
  EXPECT_EQ(writer.open_scratch()->size_bytes(), 7U);
}

TEST(DataDirWriter, LeavesAloneWhatMayBeThere) {
  const std::vector<std::string> paths = {
      "/data/lost+found/#1",        "/data/.snapshot/daily",
      "/data/revision.json",        "/data/member.before-2026-01-01_000000/snap/db",
      "/data/member.before-x/file",
  };
  FaultFs fs;
  for (const std::string& path : paths) fs.put_file(path, "theirs");
  restore(fs, {.data_dir = "/data"});
  for (const std::string& path : paths) EXPECT_EQ(fs.file_content(path), "theirs");
  EXPECT_EQ(member_at(fs, "/data/member", true), "new");
}

TEST(DataDirWriter, ClearsWhatADeadRunLeft) {
  FaultFs fs;
  fs.put_file("/data/member.partial/lock", "");
  fs.put_file("/data/member.partial/scratch", "half");
  fs.put_file("/data/member.partial/new/snap/db", "half");
  fs.put_file("/data/member.partial/new/snap/stale", "half");
  restore(fs, {.data_dir = "/data"});
  EXPECT_THAT(fs.tree(), Not(Contains(HasSubstr("partial"))));
  EXPECT_THAT(fs.tree(), Not(Contains(HasSubstr("stale"))));
}

TEST(DataDirWriter, RefusesWhatItDoesNotKnowAndTouchesNothing) {
  struct Case {
    std::function<void(FaultFs&)> prepare;
    DataDirTarget target;
    Code code;
    std::string message;
  };
  const auto with_member = [](FaultFs& fs) { put_member(fs, "/data/member"); };
  const std::vector<Case> cases = {
      {with_member,
       {.data_dir = "/data"},
       Code::kExists,
       "there is data in /data already: `member`"},
      {[](FaultFs& fs) { fs.put_file("/data/member", "a file"); },
       {.data_dir = "/data"},
       Code::kExists,
       "there is data in /data already: `member`"},
      {[](FaultFs& fs) { fs.put_file("/data/proxy/cluster", ""); },
       {.data_dir = "/data", .replace = true},
       Code::kExists,
       "the data directory /data is not empty: it holds proxy"},
      {[](FaultFs& fs) { fs.put_file("/data/member2", ""); },
       {.data_dir = "/data"},
       Code::kExists,
       "the data directory /data is not empty: it holds member2"},
      {[](FaultFs& fs) { fs.put_file("/data/x.partial", ""); },
       {.data_dir = "/data"},
       Code::kExists,
       "the data directory /data is not empty: it holds x.partial"},
      {[](FaultFs& fs) { fs.put_file("/data/member.partial/precious", ""); },
       {.data_dir = "/data"},
       Code::kExists,
       "/data/member.partial is in the way: it holds precious, which no run of this program "
       "leaves there"},
      {[](FaultFs& fs) { fs.put_symlink("/data/member.partial"); },
       {.data_dir = "/data"},
       Code::kDenied,
       "cannot list /data/member.partial: it is a symbolic link"},
      {[](FaultFs& fs) { fs.put_file("/data", ""); },
       {.data_dir = "/data"},
       Code::kInvalid,
       "/data is there and is not a folder"},
      {[](FaultFs& fs) { fs.put_symlink("/data"); },
       {.data_dir = "/data"},
       Code::kInvalid,
       "/data is there and is not a folder"},
      {[](FaultFs&) {},
       {.data_dir = "/absent/data"},
       Code::kNotFound,
       "cannot make the folder /absent/data: there is no folder /absent"},
      {[](FaultFs& fs) { fs.set_read_only(true); },
       {.data_dir = "/data"},
       Code::kDenied,
       "cannot make the folder /data: Read-only file system"},
      {[](FaultFs&) {}, {.data_dir = ""}, Code::kInvalid, "the data directory has no name"},
  };
  for (const Case& test : cases) {
    FaultFs fs;
    test.prepare(fs);
    const auto before = fs.tree();
    const base::Error error = error_of([&] { restore(fs, test.target); });
    EXPECT_EQ(error.what(), test.message);
    EXPECT_EQ(code_name(error.code()), code_name(test.code)) << test.message;
    EXPECT_EQ(fs.tree(), before) << test.message;
  }
}

TEST(DataDirWriter, SaysWhatToDoAboutAMemberThatIsThere) {
  FaultFs fs;
  put_member(fs, "/data/member");
  EXPECT_THAT(error_of([&] { restore(fs, {.data_dir = "/data"}); }).hint(), HasSubstr("--replace"));
  EXPECT_THAT(error_of([&] { restore(fs, {.data_dir = "/x/y/z"}); }).hint(), HasSubstr("/x/y"));
}

TEST(DataDirWriter, RefusesFoldersWithinEachOther) {
  struct Case {
    const char* data_dir;
    const char* wal_dir;
    bool allowed;
  };
  constexpr Case kCases[] = {
      {"/data", "/wal", true},
      {"/data", "/data/wal", true},
      {"/data", "/data/./wal/", true},
      {"/data", "/data2", true},
      {"data", "wal", true},
      {"data", "data/wal", true},
      {"/data", ".", true},
      {"/data", "/data/../member", true},
      {"/data", "/data", false},
      {"/data/", "/data", false},
      {"/data", "/data/x/..", false},
      {"/data", "/../data", false},
      {"/data", "/", false},
      {"data", ".", false},
      {"../data", "..", false},
      {"/data", "/data/member", false},
      {"/data", "/data/member/wal", false},
      {"/data", "/data//member/./wal", false},
      {"/data", "/data/member.partial", false},
      {"/data", "/data/member.before-x/wal", false},
  };
  for (const Case& test : kCases) {
    FaultFs fs;
    const std::string refusal =
        refusal_of(fs, {.data_dir = test.data_dir, .wal_dir = test.wal_dir}, Code::kInvalid);
    EXPECT_EQ(refusal.empty(), test.allowed)
        << test.data_dir << " " << test.wal_dir << ": " << refusal;
    EXPECT_TRUE(test.allowed || fs.tree().empty());
  }
}

TEST(DataDirWriter, KeepsOneMemberAfterTheOther) {
  for (const bool exchange : {true, false}) {
    FaultFs fs;
    fs.set_exchange_supported(exchange);
    put_member(fs, "/data/member");
    const DataDirTarget target{.data_dir = "/data", .replace = true};
    EXPECT_EQ(restore(fs, target).member, "/data/member.before-2026-11-21_060000");
    EXPECT_EQ(restore(fs, target).member, "/data/member.before-2026-11-21_060000_2");
    EXPECT_EQ(member_at(fs, "/data/member.before-2026-11-21_060000", true), "old");
    EXPECT_EQ(member_at(fs, "/data/member.before-2026-11-21_060000_2", true), "new");
    EXPECT_EQ(member_at(fs, "/data/member", true), "new");
    EXPECT_THAT(fs.tree(), Not(Contains(HasSubstr("partial"))));
  }
}

TEST(DataDirWriter, ReplacesAMemberWithoutAMomentInWhichThereIsNone) {
  // Wherever the run dies, the name is taken: that is what the exchange is for.
  for (std::uint64_t call = 1;; ++call) {
    FaultFs fs;
    put_member(fs, "/data/member");
    fs.fail_at(call, FaultFs::Fault::kKill);
    try {
      restore(fs, {.data_dir = "/data", .replace = true});
    } catch (const FaultFs::Killed&) {
    }
    const bool more = fs.fault_happened();
    fs.process_death();
    const std::string member = member_at(fs, "/data/member", true);
    ASSERT_TRUE(member == "old" || member == "new") << call << ": " << member;
    if (!more) break;
  }
}

TEST(DataDirWriter, DoesNotReplaceAMemberThatCameMeanwhile) {
  for (const char* wal_dir : {"", "/wal"}) {
    FaultFs fs;
    DataDirWriter writer(fs, {.data_dir = "/data", .wal_dir = wal_dir}, kNow);
    write_all(writer, "new");
    put_member(fs, "/data/member");
    EXPECT_EQ(error_of([&] { writer.commit(); }).code(), Code::kExists);
    EXPECT_EQ(member_at(fs, "/data/member", true), "old");
  }
}

TEST(DataDirWriter, GivesEverythingItMakesToTheOwner) {
  FaultFs fs;
  fs.put_directory("/data");
  restore(fs, {.data_dir = "/data", .wal_dir = "/wal", .owner = kEtcd});
  restore(fs, {.data_dir = "/other", .owner = kEtcd});
  EXPECT_EQ(fs.owner("/data"), os::Owner{}) << "it was there";
  for (std::string path : fs.tree()) {
    if (path == "/data/") continue;
    if (path.ends_with('/')) path.pop_back();
    EXPECT_EQ(fs.owner(path), kEtcd) << path;
  }
}

TEST(DataDirWriter, ASecondRunFindsTheFirstAtWork) {
  FaultFs fs;
  const DataDirTarget target{.data_dir = "/data", .wal_dir = "/wal"};
  {
    DataDirWriter first(fs, target, kNow);
    write_all(first, "new");
    const base::Error error = error_of([&] { restore(fs, target); });
    EXPECT_EQ(error.code(), Code::kBusy);
    EXPECT_EQ(error.what(), std::string("another run works in /data/member.partial"));
    // Another data directory, but the same WAL folder.
    const base::Error other =
        error_of([&] { restore(fs, {.data_dir = "/other", .wal_dir = "/wal"}); });
    EXPECT_EQ(other.code(), Code::kBusy);
    EXPECT_EQ(other.what(), std::string("another run works in /wal/wal.partial"));
    first.commit();
  }
  EXPECT_EQ(member_at(fs, "/data/member", false), "new");
  EXPECT_EQ(fs.file_content("/wal/" + kWalFile), "new wal");
  EXPECT_THAT(fs.tree(), Not(Contains(HasSubstr("partial"))));
}

TEST(DataDirWriter, TakesAnEmptyWalFolderAsItIs) {
  FaultFs fs;
  fs.put_directory("/wal/lost+found");
  EXPECT_EQ(restore(fs, {.data_dir = "/data", .wal_dir = "/wal/"}).wal_dir, "");
  EXPECT_THAT(fs.tree(), ElementsAre("/data/", "/data/member/", "/data/member/snap/",
                                     cat("/data/member/snap/", kSnapFile), "/data/member/snap/db",
                                     "/wal/", "/wal/" + kWalFile, "/wal/lost+found/"));
}

TEST(DataDirWriter, RefusesAWalFolderInUse) {
  struct Case {
    std::vector<std::string> files;
    const char* content;
    bool replaceable;
  };
  const std::string large(1024 * 1024 + 1, '\0');
  const std::vector<Case> cases = {
      {{kWalFile}, "another wal", true},
      {{kWalFile}, large.c_str(), true},
      {{kWalFile, "0000000000000001-0000000000000009.wal", "0.tmp"}, "new wal", true},
      {{"x.wal.broken"}, "new wal", true},
      {{"notes.txt"}, "new wal", false},
      {{"member/wal/" + kWalFile}, "new wal", false},
      {{kWalFile, "folder.wal/file"}, "new wal", false},
  };
  for (const Case& test : cases) {
    for (const bool replace : {false, true}) {
      FaultFs fs;
      for (const std::string& file : test.files) fs.put_file("/wal/" + file, test.content);
      const auto before = fs.tree();
      const DataDirTarget target{.data_dir = "/data", .wal_dir = "/wal", .replace = replace};
      if (replace && test.replaceable) {
        EXPECT_NO_THROW(restore(fs, target)) << test.files[0];
        EXPECT_EQ(fs.file_content(cat("/wal.before-2026-11-21_060000/", test.files[0])),
                  test.content);
        EXPECT_EQ(fs.file_content("/wal/" + kWalFile), "new wal");
      } else {
        EXPECT_NE(refusal_of(fs, target, Code::kExists), "") << test.files[0];
        EXPECT_EQ(fs.tree(), before) << test.files[0];
      }
    }
  }
}

TEST(DataDirWriter, TakesTheWalOfARunThatDiedAsItsOwn) {
  for (const bool has_member : {false, true}) {
    FaultFs fs;
    fs.put_file("/wal/" + kWalFile, "new wal");
    if (has_member) put_member(fs, "/data/member");
    const Replaced replaced =
        restore(fs, {.data_dir = "/data", .wal_dir = "/wal", .replace = has_member});
    // Beside a member it is that member's, whatever it holds.
    EXPECT_EQ(replaced.wal_dir, has_member ? "/wal.before-2026-11-21_060000" : "");
    EXPECT_EQ(member_at(fs, "/data/member", false), "new");
    EXPECT_EQ(fs.file_content("/wal/" + kWalFile), "new wal");
  }
}

// ---- Whatever fails, and whenever ---------------------------------------------------------------

struct SweepCase {
  const char* name;
  DataDirTarget target;
  bool has_member = false;
  bool has_wal_dir = false;  // with the WAL of the old member
  bool exchange = true;
};

const SweepCase kSweepCases[] = {
    {"a new folder", {.data_dir = "/data", .owner = kEtcd}},
    {"replaced", {.data_dir = "/data", .replace = true}, true},
    {"replaced without exchange", {.data_dir = "/data", .replace = true}, true, false, false},
    {"a WAL folder", {.data_dir = "/data", .wal_dir = "/wal"}},
    {"a WAL folder within", {.data_dir = "/data", .wal_dir = "/data/wal"}},
    {"a WAL folder for one within the member",
     {.data_dir = "/data", .wal_dir = "/wal", .replace = true},
     true},
    {"a WAL folder replaced",
     {.data_dir = "/data", .wal_dir = "/wal", .replace = true},
     true,
     true},
    {"a WAL folder within replaced",
     {.data_dir = "/data", .wal_dir = "/data/wal", .replace = true},
     true,
     true},
};

class Sweep {
 public:
  explicit Sweep(const SweepCase& test) : test_(test), old_wal_within_(!test.has_wal_dir) {}

  void prepare(FaultFs& fs) const {
    fs.set_exchange_supported(test_.exchange);
    if (test_.has_member) put_member(fs, "/data/member", old_wal_within_);
    if (test_.has_wal_dir) fs.put_file(wal("/"), "old wal");
  }

  void check(FaultFs& fs) const {
    const std::string member = state(fs);
    EXPECT_TRUE(member.empty() || member == "old" || member == "new") << member;
    expect_old_is_kept(fs);
    if (::testing::Test::HasFailure()) return;
    if (member == "new" && !test_.target.replace) return;
    // A later run, in which nothing fails.
    restore(fs, test_.target, kLater);
    EXPECT_EQ(state(fs), "new");
    expect_old_is_kept(fs);
    EXPECT_THAT(fs.tree(), Not(Contains(HasSubstr("partial"))));
    if (!test_.target.owner) return;
    EXPECT_EQ(fs.owner("/data/member"), kEtcd);
    EXPECT_EQ(fs.owner("/data/member/snap/db"), kEtcd);
  }

 private:
  std::string wal(std::string_view after) const {
    return cat(test_.target.wal_dir, after, kWalFile);
  }

  bool is_there(const FaultFs& fs, const std::string& path) const {
    return std::ranges::count(fs.tree(), path) > 0;
  }

  // Of the member, together with the WAL that etcd would take for its.
  std::string state(const FaultFs& fs) const {
    if (test_.target.wal_dir.empty()) return member_at(fs, "/data/member", true);
    const std::string member = member_at(fs, "/data/member", false);
    if (member.empty()) return member;
    const std::string content = is_there(fs, wal("/")) ? fs.file_content(wal("/")) : "";
    const bool is_whole = member == "old" && old_wal_within_
                              ? content.empty() && member_at(fs, "/data/member", true) == "old"
                              : content == cat(member, " wal");
    return is_whole ? member : cat(member, " member with WAL: ", content);
  }

  // Somewhere, under a name that says so. Nothing is kept in part.
  void expect_old_is_kept(const FaultFs& fs) const {
    std::size_t members = 0;
    std::size_t wals = 0;
    for (const std::string& path : fs.tree()) {
      if (path.find("partial") != std::string::npos) continue;
      if (path.ends_with("/snap/db")) {
        const std::string member = path.substr(0, path.size() - 8);
        const std::string what = member_at(fs, member, false);
        EXPECT_NE(what, "broken") << member;
        members += what == "old" && member_at(fs, member, old_wal_within_) == "old" ? 1 : 0;
      }
      if (path.ends_with(kWalFile) && fs.file_content(path) == "old wal") ++wals;
    }
    EXPECT_EQ(members, test_.has_member ? 1U : 0U);
    EXPECT_EQ(wals, test_.has_member ? 1U : 0U);
  }

  const SweepCase& test_;
  const bool old_wal_within_;
};

TEST(DataDirWriter, IsOldOrNewWhateverFailsAndALaterRunHealsIt) {
  for (const SweepCase& test : kSweepCases) {
    SCOPED_TRACE(test.name);
    const Sweep sweep(test);
    testing::fail_sweep({.prepare = [&](FaultFs& fs) { sweep.prepare(fs); },
                         .run = [&](FaultFs& fs) { restore(fs, test.target); },
                         .check = [&](FaultFs& fs) { sweep.check(fs); }});
  }
}

TEST(DataDirWriter, AfterCommitAPowerCutTakesNothing) {
  for (const SweepCase& test : kSweepCases) {
    SCOPED_TRACE(test.name);
    FaultFs fs;
    Sweep(test).prepare(fs);
    restore(fs, test.target);
    fs.power_cut();
    EXPECT_EQ(member_at(fs, "/data/member", test.target.wal_dir.empty()), "new");
    if (test.target.wal_dir.empty()) continue;
    EXPECT_EQ(fs.file_content(cat(test.target.wal_dir, "/", kWalFile)), "new wal");
  }
}

// ---- On the real disk ---------------------------------------------------------------------------

class DataDirWriterOnDisk : public ::testing::Test {
 protected:
  std::string path(std::string_view name) const { return folder_.path(name); }

  mode_t mode_of(std::string_view name) const {
    struct stat status {};
    EXPECT_EQ(::lstat(path(name).c_str(), &status), 0) << name;
    return status.st_mode & 07777;
  }

  const testing::TempFolder folder_;
  os::PosixFileSystem fs_;
};

TEST_F(DataDirWriterOnDisk, FilesAndFoldersAreTheOwnersAlone) {
  restore(fs_, {.data_dir = path("data"), .wal_dir = path("wal")});
  for (const char* name : {"data", "data/member", "data/member/snap", "wal"}) {
    EXPECT_EQ(mode_of(name), 0700U) << name;
  }
  for (const std::string& name : {std::string("data/member/snap/db"), "wal/" + kWalFile,
                                  cat("data/member/snap/", kSnapFile)}) {
    EXPECT_EQ(mode_of(name), 0600U) << name;
  }
}

TEST_F(DataDirWriterOnDisk, ReplacesMemberAndWalFolder) {
  const DataDirTarget target{.data_dir = path("data"), .wal_dir = path("wal"), .replace = true};
  restore(fs_, target);
  const Replaced replaced = restore(fs_, target);
  EXPECT_EQ(replaced.member, path("data/member.before-2026-11-21_060000"));
  EXPECT_EQ(replaced.wal_dir, path("wal.before-2026-11-21_060000"));
  EXPECT_EQ(folder_.read("data/member.before-2026-11-21_060000/snap/db"), "new database");
  EXPECT_EQ(folder_.read("wal.before-2026-11-21_060000/" + kWalFile), "new wal");
  EXPECT_EQ(folder_.read("data/member/snap/db"), "new database");
  EXPECT_EQ(fs_.list(path("data")).size(), 2U);
  EXPECT_EQ(fs_.list(folder_.path()).size(), 3U);
}

TEST_F(DataDirWriterOnDisk, ReachesFoldersThroughSymbolicLinks) {
  fs_.make_directory(path("disk"));
  fs_.make_directory(path("log"));
  ASSERT_EQ(::symlink("disk", path("data").c_str()), 0);
  ASSERT_EQ(::symlink("log", path("wal").c_str()), 0);
  const DataDirTarget target{.data_dir = path("data"), .wal_dir = path("wal"), .replace = true};
  restore(fs_, target);
  EXPECT_EQ(folder_.read("disk/member/snap/db"), "new database");
  EXPECT_EQ(folder_.read("log/" + kWalFile), "new wal");
  const base::Error error = error_of([&] { restore(fs_, target); });
  EXPECT_EQ(error.code(), Code::kExists);
  EXPECT_THAT(error.what(), HasSubstr("symbolic link"));
}

TEST_F(DataDirWriterOnDisk, TakesPathsFromWhereItIs) {
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  EXPECT_NO_THROW(restore(fs_, {.data_dir = "default.etcd", .wal_dir = "default.etcd/wal"}));
  std::filesystem::current_path(before);
  EXPECT_EQ(folder_.read("default.etcd/member/snap/db"), "new database");
  EXPECT_EQ(folder_.read("default.etcd/wal/" + kWalFile), "new wal");
}

TEST_F(DataDirWriterOnDisk, ASecondRunFindsTheFirstAtWork) {
  const DataDirTarget target{.data_dir = path("data")};
  DataDirWriter writer(fs_, target, kNow);
  EXPECT_EQ(error_of([&] { restore(fs_, target); }).code(), Code::kBusy);
  write_all(writer, "new");
  writer.commit();
  EXPECT_EQ(error_of([&] { restore(fs_, target); }).code(), Code::kExists);
  EXPECT_EQ(fs_.list(path("data")).size(), 1U);
}

// A small file system of its own, which takes root and a kernel that lets it.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_;
};

TEST_F(DataDirWriterOnDisk, LeavesNothingOnADiskThatIsFull) {
  fs_.make_directory(path("data"));
  const SmallDisk disk(path("data"));
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  const base::Error error = error_of([&] {
    DataDirWriter writer(fs_, {.data_dir = path("data")}, kNow);
    const auto file = writer.create_database();
    file->append(as_bytes(std::string(100'000, 'x')));
  });
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(fs_.list(path("data")), IsEmpty());
}

TEST_F(DataDirWriterOnDisk, DataDirectoryAndWalFolderMayBeMountPoints) {
  fs_.make_directory(path("data"));
  fs_.make_directory(path("wal"));
  const SmallDisk data(path("data"));
  const SmallDisk wal(path("wal"));
  if (!data.mounted() || !wal.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  const DataDirTarget target{.data_dir = path("data"), .wal_dir = path("wal"), .replace = true};
  restore(fs_, target);
  EXPECT_EQ(folder_.read("wal/" + kWalFile), "new wal");
  // One in use can't be renamed away; then the member is put back as well.
  const base::Error error = error_of([&] { restore(fs_, target); });
  EXPECT_THAT(error.hint(), HasSubstr("mount"));
  EXPECT_EQ(folder_.read("data/member/snap/db"), "new database");
  EXPECT_EQ(folder_.read("wal/" + kWalFile), "new wal");
  EXPECT_EQ(fs_.list(path("data")).size(), 1U);
  EXPECT_EQ(fs_.list(folder_.path()).size(), 2U);
}

}  // namespace
}  // namespace lifeboat::backup
