#include "testing/fault_fs.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "base/text.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"

namespace lifeboat::testing {
namespace {

using base::Code;
using ::testing::ElementsAre;

using Fault = FaultFs::Fault;

Code code_thrown_by(const std::function<void()>& call) { return error_of(call).code(); }

void write_file(FaultFs& fs, const std::string& path, std::string_view content, bool sync) {
  const auto file = fs.create(path);
  file->append(base::as_bytes(content));
  if (sync) file->sync();
  file->close();
}

std::string read_file(FaultFs& fs, const std::string& path) {
  const auto file = fs.open(path, os::Links::kRefuse);
  base::Buffer buffer(file->size_bytes());
  file->read_at(0, buffer);
  return std::string(base::as_text(buffer));
}

TEST(FaultFs, ReadsWhatWasWritten) {
  FaultFs fs;
  fs.make_directory("/a");
  write_file(fs, "/a/file", "content", false);
  EXPECT_EQ(read_file(fs, "/a/file"), "content");
  EXPECT_THAT(fs.tree(), ElementsAre("/a/", "/a/file"));
  EXPECT_EQ(fs.info("/a/file")->size_bytes, 7U);
  EXPECT_EQ(fs.info("/a")->type, os::FileType::kDirectory);
  EXPECT_EQ(fs.info("/b"), std::nullopt);
}

TEST(FaultFs, ReadsFromAnOffsetToTheEnd) {
  FaultFs fs;
  fs.put_file("/file", "0123456789");
  const auto file = fs.open("/file", os::Links::kRefuse);
  base::Buffer buffer(4);
  EXPECT_EQ(file->read_at(3, buffer), 4U);
  EXPECT_EQ(base::as_text(buffer), "3456");
  EXPECT_EQ(file->read_at(8, buffer), 2U);
  EXPECT_EQ(file->read_at(10, buffer), 0U);
  EXPECT_EQ(file->read_at(99, buffer), 0U);
}

TEST(FaultFs, OverwritesInPlaceAndGoesOnAppendingAtTheEnd) {
  FaultFs fs;
  const auto file = fs.create("/file");
  file->append(base::as_bytes("0123456789"));
  file->overwrite(2, base::as_bytes("abc"));
  file->append(base::as_bytes("X"));
  EXPECT_EQ(fs.file_content("/file"), "01abc56789X");
}

TEST(FaultFs, RefusesWithTheCodesOfARealFileSystem) {
  FaultFs fs;
  fs.put_file("/folder/file", "");
  fs.put_symlink("/link");
  const std::vector<std::pair<Code, std::function<void()>>> cases = {
      {Code::kNotFound, [&] { fs.open("/absent", os::Links::kRefuse); }},
      {Code::kNotFound, [&] { fs.open("/link", os::Links::kFollow); }},
      {Code::kDenied, [&] { fs.open("/link", os::Links::kRefuse); }},
      {Code::kInvalid, [&] { fs.open("/folder", os::Links::kRefuse); }},
      {Code::kInvalid, [&] { fs.open("/folder/file/below", os::Links::kRefuse); }},
      {Code::kExists, [&] { fs.create("/folder/file"); }},
      {Code::kExists, [&] { fs.create("/link"); }},
      {Code::kNotFound, [&] { fs.create("/absent/file"); }},
      {Code::kExists, [&] { fs.make_directory("/folder"); }},
      {Code::kNotFound, [&] { fs.make_directory("/absent/folder"); }},
      {Code::kInvalid, [&] { fs.list("/folder/file"); }},
      {Code::kDenied, [&] { fs.list("/link"); }},
      {Code::kNotFound, [&] { fs.remove_file("/absent"); }},
      {Code::kInvalid, [&] { fs.remove_file("/folder"); }},
      {Code::kInvalid, [&] { fs.remove_directory("/folder/file"); }},
      {Code::kIo, [&] { fs.remove_directory("/folder"); }},
      {Code::kNotFound, [&] { fs.rename("/absent", "/new"); }},
      {Code::kInvalid, [&] { fs.rename("/folder/file", "/folder"); }},
      {Code::kIo, [&] { fs.rename("/folder", "/folder/below"); }},
      {Code::kNotFound, [&] { fs.sync_directory("/absent"); }},
      {Code::kNotFound, [&] { fs.set_owner("/absent", {}); }},
      {Code::kDenied, [&] { fs.lock("/link"); }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(code_name(code_thrown_by(cases[i].second)), code_name(cases[i].first))
        << "case " << i;
  }
  EXPECT_THAT(fs.tree(), ElementsAre("/folder/", "/folder/file", "/link"));
}

TEST(FaultFs, APowerCutTakesWhatWasNotSynced) {
  FaultFs fs;
  write_file(fs, "/synced", "data", true);
  write_file(fs, "/name only", "data", false);
  fs.sync_directory("/");
  write_file(fs, "/data only", "data", true);
  fs.make_directory("/folder");
  fs.power_cut();
  EXPECT_THAT(fs.tree(), ElementsAre("/name only", "/synced"));
  EXPECT_EQ(fs.file_content("/synced"), "data");
  EXPECT_EQ(fs.file_content("/name only"), "");
}

TEST(FaultFs, APowerCutBringsBackWhatWasRemovedWithoutASync) {
  FaultFs fs;
  fs.put_file("/a", "1");
  fs.put_file("/b", "2");
  fs.remove_file("/a");
  fs.sync_directory("/");
  fs.remove_file("/b");
  fs.power_cut();
  EXPECT_THAT(fs.tree(), ElementsAre("/b"));
}

TEST(FaultFs, APowerCutTakesBackWhatWasOverwrittenWithoutASync) {
  for (const bool sync : {false, true}) {
    FaultFs fs;
    const auto file = fs.create("/file");
    fs.sync_directory("/");
    file->append(base::as_bytes("old"));
    file->sync();
    file->overwrite(0, base::as_bytes("new"));
    if (sync) file->sync();
    fs.power_cut();
    EXPECT_EQ(fs.file_content("/file"), sync ? "new" : "old");
  }
}

TEST(FaultFs, AnOwnerIsSafeWithTheFolderThatHoldsIt) {
  const os::Owner etcd{.user_id = 1234, .group_id = 5678};
  for (const char* synced : {"/folder", "/", ""}) {
    FaultFs fs;
    fs.put_file("/folder/file", "");
    fs.set_owner("/folder/file", etcd);
    EXPECT_EQ(fs.owner("/folder/file"), etcd);
    if (*synced != '\0') fs.sync_directory(synced);
    fs.power_cut();
    const bool safe = std::string_view(synced) == "/folder";
    EXPECT_EQ(fs.owner("/folder/file"), safe ? etcd : os::Owner{});
  }
}

TEST(FaultFs, ARenameIsOldOrNewAfterAPowerCut) {
  for (const bool sync : {false, true}) {
    FaultFs fs;
    fs.put_file("/new", "new");
    fs.put_file("/file", "old");
    fs.rename("/new", "/file");
    if (sync) fs.sync_directory("/");
    fs.power_cut();
    EXPECT_EQ(fs.file_content("/file"), sync ? "new" : "old");
    EXPECT_EQ(fs.info("/new").has_value(), !sync);
  }
}

TEST(FaultFs, ARenameBetweenFoldersIsSafeWithEitherOfThem) {
  for (const char* synced : {"/from", "/to", ""}) {
    FaultFs fs;
    fs.put_file("/from/file", "content");
    fs.put_directory("/to");
    fs.rename("/from/file", "/to/file");
    if (*synced != '\0') fs.sync_directory(synced);
    fs.power_cut();
    EXPECT_THAT(fs.tree(), *synced == '\0' ? ElementsAre("/from/", "/from/file", "/to/")
                                           : ElementsAre("/from/", "/to/", "/to/file"));
  }
}

TEST(FaultFs, AnExchangeIsOldOrNewAfterAPowerCut) {
  for (const char* synced : {"/a", "/b", ""}) {
    FaultFs fs;
    fs.put_file("/a/sub/1", "");
    fs.put_file("/b/file", "");
    fs.exchange("/a/sub", "/b/file");
    EXPECT_THAT(fs.tree(), ElementsAre("/a/", "/a/sub", "/b/", "/b/file/", "/b/file/1"));
    if (*synced != '\0') fs.sync_directory(synced);
    fs.power_cut();
    const bool safe = *synced != '\0';
    EXPECT_THAT(fs.tree(), safe ? ElementsAre("/a/", "/a/sub", "/b/", "/b/file/", "/b/file/1")
                                : ElementsAre("/a/", "/a/sub/", "/a/sub/1", "/b/", "/b/file"));
  }
}

TEST(FaultFs, ExchangesWithinAFolder) {
  for (const bool sync : {false, true}) {
    FaultFs fs;
    fs.put_file("/one", "1");
    fs.put_file("/other", "2");
    fs.exchange("/one", "/other");
    EXPECT_EQ(fs.file_content("/one"), "2");
    if (sync) fs.sync_directory("/");
    fs.power_cut();
    EXPECT_EQ(fs.file_content("/one"), sync ? "2" : "1");
    EXPECT_EQ(fs.file_content("/other"), sync ? "1" : "2");
  }
}

TEST(FaultFs, RefusesToExchangeWhereItCannot) {
  FaultFs fs;
  fs.put_file("/folder/file", "");
  fs.put_file("/file", "");
  EXPECT_EQ(code_thrown_by([&] { fs.exchange("/file", "/absent"); }), Code::kNotFound);
  EXPECT_EQ(code_thrown_by([&] { fs.exchange("/folder", "/folder/file"); }), Code::kUnsupported);
  fs.set_exchange_supported(false);
  EXPECT_EQ(code_thrown_by([&] { fs.exchange("/file", "/folder"); }), Code::kUnsupported);
  EXPECT_THAT(fs.tree(), ElementsAre("/file", "/folder/", "/folder/file"));
}

TEST(FaultFs, TheDeathOfTheProcessKeepsEverythingAndFreesLocks) {
  FaultFs fs;
  const auto lock = fs.lock("/.lock");
  EXPECT_EQ(code_thrown_by([&] { fs.lock("/.lock"); }), Code::kBusy);
  write_file(fs, "/file", "content", false);
  fs.process_death();
  EXPECT_EQ(fs.file_content("/file"), "content");
  EXPECT_NO_THROW(fs.lock("/.lock"));
}

TEST(FaultFs, ALockOfADeadProcessDoesNotFreeItsSuccessor) {
  FaultFs fs;
  auto dead = fs.lock("/.lock");
  fs.process_death();
  const auto alive = fs.lock("/.lock");
  dead.reset();
  EXPECT_EQ(code_thrown_by([&] { fs.lock("/.lock"); }), Code::kBusy);
}

TEST(FaultFs, FilesOfADeadProcessAreDead) {
  FaultFs fs;
  const auto file = fs.create("/file");
  fs.power_cut();
  EXPECT_EQ(code_thrown_by([&] { file->append(base::as_bytes("x")); }), Code::kIo);
  EXPECT_EQ(code_thrown_by([&] { file->sync(); }), Code::kIo);
}

TEST(FaultFs, AnIoErrorStrikesOnceAndAtThatCall) {
  FaultFs fs;
  fs.fail_at(2, Fault::kIoError);
  const auto file = fs.create("/file");
  EXPECT_FALSE(fs.fault_happened());
  EXPECT_EQ(code_thrown_by([&] { file->append(base::as_bytes("12345678")); }), Code::kIo);
  EXPECT_TRUE(fs.fault_happened());
  EXPECT_EQ(fs.file_content("/file"), "1234");
  EXPECT_NO_THROW(file->append(base::as_bytes("more")));
}

TEST(FaultFs, AnIoErrorLeavesAnOverwriteHalfDone) {
  FaultFs fs;
  const auto file = fs.create("/file");
  file->append(base::as_bytes("12345678"));
  fs.fail_at(1, Fault::kIoError);
  EXPECT_EQ(code_thrown_by([&] { file->overwrite(2, base::as_bytes("abcd")); }), Code::kIo);
  EXPECT_EQ(fs.file_content("/file"), "12ab5678");
  fs.fail_at(1, Fault::kIoError);
  EXPECT_EQ(code_thrown_by([&] { fs.set_owner("/file", {}); }), Code::kIo);
}

TEST(FaultFs, AFullDiskStaysFullAndStillReadsAndRemoves) {
  FaultFs fs;
  fs.put_file("/old", "old");
  fs.fail_at(2, Fault::kDiskFull);
  const auto file = fs.create("/file");
  EXPECT_EQ(read_file(fs, "/old"), "old");
  EXPECT_EQ(code_thrown_by([&] { file->append(base::as_bytes("x")); }), Code::kNoSpace);
  EXPECT_EQ(code_thrown_by([&] { fs.create("/other"); }), Code::kNoSpace);
  EXPECT_EQ(code_thrown_by([&] { fs.make_directory("/folder"); }), Code::kNoSpace);
  EXPECT_NO_THROW(fs.remove_file("/file"));
  EXPECT_THAT(fs.tree(), ElementsAre("/old"));
}

TEST(FaultFs, AKilledProcessDoesNothingMore) {
  FaultFs fs;
  fs.put_file("/file", "");
  auto lock = fs.lock("/.lock");
  fs.fail_at(1, Fault::kKill);
  EXPECT_THROW(fs.remove_file("/file"), FaultFs::Killed);
  EXPECT_THROW(fs.remove_file("/file"), FaultFs::Killed);
  EXPECT_THROW(fs.info("/file"), FaultFs::Killed);
  EXPECT_NO_THROW(lock.reset());
  fs.process_death();
  EXPECT_TRUE(fs.info("/file").has_value());
}

TEST(FaultFs, AForgottenFaultDoesNotCome) {
  FaultFs fs;
  fs.fail_at(1, Fault::kIoError);
  fs.clear_fault();
  EXPECT_NO_THROW(fs.make_directory("/a"));
  EXPECT_FALSE(fs.fault_happened());
}

TEST(FaultFs, TakesWhatFitsAndNoMore) {
  FaultFs fs;
  fs.put_file("/old", "1234");
  fs.set_capacity(10);
  EXPECT_EQ(fs.available_bytes("/"), 6U);
  const auto file = fs.create("/new");
  file->append(base::as_bytes("abcd"));
  EXPECT_EQ(code_thrown_by([&] { file->append(base::as_bytes("efgh")); }), Code::kNoSpace);
  EXPECT_EQ(fs.file_content("/new"), "abcdef");
  fs.remove_file("/old");
  EXPECT_EQ(fs.available_bytes("/"), 4U);
}

TEST(FaultFs, AReadOnlyDiskRefusesWhateverWrites) {
  FaultFs fs;
  fs.put_file("/file", "content");
  fs.set_read_only(true);
  const std::vector<std::function<void()>> writers = {
      [&] { fs.create("/new"); },       [&] { fs.make_directory("/new"); },
      [&] { fs.remove_file("/file"); }, [&] { fs.rename("/file", "/new"); },
      [&] { fs.lock("/.lock"); },       [&] { fs.set_owner("/file", {}); },
  };
  for (const auto& write : writers) EXPECT_EQ(code_thrown_by(write), Code::kDenied);
  EXPECT_EQ(read_file(fs, "/file"), "content");
  EXPECT_THAT(fs.tree(), ElementsAre("/file"));
}

// A writer that forgets the sync before the rename, which a sweep has to find.
void publish_without_sync(FaultFs& fs) {
  write_file(fs, "/file.partial", "new", false);
  fs.rename("/file.partial", "/file");
  fs.sync_directory("/");
}

TEST(FailSweep, MeetsEveryCallInEveryMode) {
  std::size_t runs = 0;
  std::size_t checks = 0;
  fail_sweep({.prepare = [](FaultFs&) {},
              .run =
                  [&runs](FaultFs& fs) {
                    ++runs;
                    fs.make_directory("/a");
                    fs.sync_directory("/");
                  },
              .check = [&checks](FaultFs&) { ++checks; }});
  // Two calls can fail, one of them for want of space; and each mode ends with a run that is whole.
  EXPECT_EQ(runs, 4U * 3U + 2U);
  EXPECT_EQ(checks, runs);
}

TEST(FailSweep, FindsAMissingSync) {
  std::set<std::string> contents;
  fail_sweep({.prepare = [](FaultFs& fs) { fs.put_file("/file", "old"); },
              .run = publish_without_sync,
              .check = [&](FaultFs& fs) { contents.insert(fs.file_content("/file")); }});
  EXPECT_THAT(contents, ElementsAre("", "new", "old"));
}

}  // namespace
}  // namespace lifeboat::testing
