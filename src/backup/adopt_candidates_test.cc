#include "backup/adopt_candidates.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/text.h"
#include "testing/fake_host_tree.h"
#include "testing/fault_fs.h"
#include "testing/temp_folder.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using lifeboat::testing::FakeHostTree;
using lifeboat::testing::FaultFs;
using lifeboat::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct NamedTime {
  const char* name;
  const char* time;  // nullptr: none
  bool has_time_of_day = true;
};

// The layouts of the tools that are known, and of others that write dates.
constexpr NamedTime kNames[] = {
    {"snapshot_2026-11-21_060000.db", "2026-11-21T06:00:00Z"},
    {"snapshot_2026-11-21_060000__POSSIBLY_DIRTY__.db", "2026-11-21T06:00:00Z"},
    {"snapshot_2026-11-21_060000_2.db", "2026-11-21T06:00:00Z"},
    {"20261121T060001", "2026-11-21T06:00:01Z"},
    {"2026-11-21_060000", "2026-11-21T06:00:00Z"},
    {"etcd-backup-2026-11-21T06:00:00+00:00", "2026-11-21T06:00:00Z"},
    {"etcd-backup-2026-11-21T06:00:00+02:00", "2026-11-21T04:00:00Z"},
    {"etcd-backup-2026-11-21T23:30:00-05:30", "2026-11-22T05:00:00Z"},
    {"etcd-backup-2026-11-21T06:00:00+0200", "2026-11-21T04:00:00Z"},
    {"2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z"},
    {"2026-11-21T06-00-59", "2026-11-21T06:00:59Z"},
    {"2026-11-21 06:00:59", "2026-11-21T06:00:59Z"},
    {"backup-prod-2026-11-21_060000", "2026-11-21T06:00:00Z"},
    {"backup-cluster2-20261121-060000", "2026-11-21T06:00:00Z"},
    {"20261121060000", "2026-11-21T06:00:00Z"},
    {"202611210600", "2026-11-21T06:00:00Z"},
    {"2026-11-21_0600", "2026-11-21T06:00:00Z"},
    {"2026-11-21_06-00-cp1", "2026-11-21T06:00:00Z"},
    {"2026-02-30_060000, then 2026-03-01_060000", "2026-03-01T06:00:00Z"},
    {"2026-11-20 of 2026-11-21_060000", "2026-11-21T06:00:00Z"},
    // Numbers of a tool's own are no offsets.
    {"2026-11-21_060000-0200", "2026-11-21T06:00:00Z"},
    {"2026-11-21T06:00:00+15:00", "2026-11-21T06:00:00Z"},
    {"2026-11-21", "2026-11-21T00:00:00Z", false},
    {"backup-20261121", "2026-11-21T00:00:00Z", false},
    {"2024-02-29.old", "2024-02-29T00:00:00Z", false},
    {"2026-11-21_256000", "2026-11-21T00:00:00Z", false},
    {"2026-11-21_066000", "2026-11-21T00:00:00Z", false},
    {"2026-11-21_060060", "2026-11-21T00:00:00Z", false},
    {"2026-11-21_0600000", "2026-11-21T00:00:00Z", false},
    {"", nullptr},
    {"2026", nullptr},
    {"snapshot_prod.db", nullptr},
    {"2026-11-31", nullptr},
    {"2025-02-29_060000", nullptr},
    {"2026-1121_060000", nullptr},
    {"202611-21", nullptr},
    {"1999-12-31_235959", nullptr},
    {"0020261121", nullptr},
    {"1767225600", nullptr},
    {"2026112106000", nullptr},
    {"202611210600000", nullptr},
};

TEST(FindTime, ReadsWhatToolsWriteIntoNames) {
  for (const NamedTime& named : kNames) {
    const auto found = find_time(named.name);
    ASSERT_EQ(found.has_value(), named.time != nullptr) << named.name;
    if (!found) continue;
    EXPECT_EQ(found->time, *base::parse_time(named.time)) << named.name;
    EXPECT_EQ(found->has_time_of_day, named.has_time_of_day) << named.name;
  }
}

std::string own_catalog() {
  std::ifstream file(LIFEBOAT_SOURCE_DIR "/tests/data/catalog/format_1.json");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// In memory, below /old; nothing in it was ever written, so the files' own time is 1970.
class Candidates : public ::testing::Test {
 protected:
  Candidates() { fs_.put_directory("/old"); }

  void put(const std::string& path) { fs_.put_file("/old/" + path, "1234"); }

  AdoptSearch find(const std::string& root = "/old") {
    FakeHostTree tree(fs_, root);
    return find_candidates(tree, *base::parse_time("2026-11-21T12:00:00Z"), {});
  }

  // "TIME SNAPSHOT [STATIC PODS]", what is special behind it.
  std::vector<std::string> found(const std::string& root = "/old") {
    std::vector<std::string> lines;
    for (const AdoptCandidate& each : find(root).candidates) {
      lines.push_back(cat(base::format_stamp(each.time), " ", each.snapshot,
                          each.static_pods.empty() ? "" : " ", each.static_pods,
                          each.is_single_tar ? " single" : "",
                          each.mark == vault::Mark::kPossiblyDirty ? " dirty" : "",
                          each.time_is_of_file ? " of file" : ""));
    }
    return lines;
  }

  std::vector<std::string> refused() {
    std::vector<std::string> lines;
    for (const auto& each : find().refused) lines.push_back(cat(each.path, ": ", each.reason));
    return lines;
  }

  FaultFs fs_;
};

TEST_F(Candidates, ArePairsOfOneStamp) {
  put("a/snapshot_2026-11-20_060000.db");
  put("a/static_kuberesources_2026-11-20_060000.tar.gz");
  EXPECT_THAT(found(), ElementsAre("2026-11-20_060000 a/snapshot_2026-11-20_060000.db "
                                   "a/static_kuberesources_2026-11-20_060000.tar.gz"));
  EXPECT_EQ(find().candidates.front().size_bytes, 8U);
  EXPECT_THAT(find().notes, IsEmpty());
}

TEST_F(Candidates, LeaveAnArchiveOfAnotherStampAlone) {
  put("snapshot_2026-11-20_060000.db");
  put("static_kuberesources_2026-11-20_060001.tar.gz");
  EXPECT_THAT(found(), ElementsAre("2026-11-20_060000 snapshot_2026-11-20_060000.db"));
  EXPECT_THAT(find().notes,
              ElementsAre("/old/static_kuberesources_2026-11-20_060001.tar.gz has no snapshot of "
                          "the same name, passed over"));
}

TEST_F(Candidates, AreNotPairedAcrossFolders) {
  put("a/snapshot_2026-11-20_060000.db");
  put("b/static_kuberesources_2026-11-20_060000.tar.gz");
  EXPECT_THAT(found(), ElementsAre("2026-11-20_060000 a/snapshot_2026-11-20_060000.db"));
}

TEST_F(Candidates, CarryTheMarkOfEitherFile) {
  put("a/snapshot_2026-11-20_060000__POSSIBLY_DIRTY__.db");
  put("a/static_kuberesources_2026-11-20_060000__POSSIBLY_DIRTY__.tar.gz");
  put("b/snapshot_2026-11-20_070000.db");
  put("b/static_kuberesources_2026-11-20_070000__POSSIBLY_DIRTY__.tar.gz");
  EXPECT_THAT(
      found(),
      ElementsAre("2026-11-20_060000 a/snapshot_2026-11-20_060000__POSSIBLY_DIRTY__.db "
                  "a/static_kuberesources_2026-11-20_060000__POSSIBLY_DIRTY__.tar.gz dirty",
                  "2026-11-20_070000 b/snapshot_2026-11-20_070000.db "
                  "b/static_kuberesources_2026-11-20_070000__POSSIBLY_DIRTY__.tar.gz dirty"));
}

TEST_F(Candidates, TakeTheArchiveWithTheSameMarkFirst) {
  put("snapshot_2026-11-20_060000.db");
  put("static_kuberesources_2026-11-20_060000.tar.gz");
  put("static_kuberesources_2026-11-20_060000__POSSIBLY_DIRTY__.tar.gz");
  EXPECT_THAT(found(), ElementsAre("2026-11-20_060000 snapshot_2026-11-20_060000.db "
                                   "static_kuberesources_2026-11-20_060000.tar.gz"));
  EXPECT_EQ(find().notes.size(), 1U);
}

TEST_F(Candidates, AreFoundAtAnyDepthAndOrderedByTime) {
  put("x/y/20261119T060000/snapshot.db");
  put("snapshot_2026-11-20_060000.db");
  put("snapshot_db_kuberesources_2026-11-18_060000.tar.gz");
  put("two/snapshot_2026-11-17_060000.db");
  put("two/snapshot_2026-11-16_060000.db");
  EXPECT_THAT(found(),
              ElementsAre("2026-11-16_060000 two/snapshot_2026-11-16_060000.db",
                          "2026-11-17_060000 two/snapshot_2026-11-17_060000.db",
                          "2026-11-18_060000 snapshot_db_kuberesources_2026-11-18_060000.tar.gz "
                          "single",
                          "2026-11-19_060000 x/y/20261119T060000/snapshot.db",
                          "2026-11-20_060000 snapshot_2026-11-20_060000.db"));
}

TEST_F(Candidates, OfOneTimeTheOneWithAnArchiveComesFirst) {
  put("a/snapshot_2026-11-20_060000.db");
  put("b/snapshot_2026-11-20_060000.db");
  put("b/static_kuberesources_2026-11-20_060000.tar.gz");
  EXPECT_EQ(find().candidates.front().snapshot, "b/snapshot_2026-11-20_060000.db");
}

TEST_F(Candidates, AreNamedByTheNearestNameThatSaysATime) {
  put("etcd-backup-2026-11-20T06:00:00+01:00/snapshot_2026-11-20_053000.db");
  put("etcd-backup-2026-11-19T06:00:00+01:00/snapshot_prod.db");
  put("2026-11-18/20261118T070000/cp-0/snapshot.db");
  put("20261117T070000/2026-11-18/snapshot.db");
  put("2026-11-17/cp-0/snapshot_x.db");
  put("nothing/snapshot.db");
  EXPECT_THAT(
      found(),
      ElementsAre("1970-01-01_000000 nothing/snapshot.db of file",
                  "2026-11-17_000000 2026-11-17/cp-0/snapshot_x.db",
                  "2026-11-17_070000 20261117T070000/2026-11-18/snapshot.db",
                  "2026-11-18_070000 2026-11-18/20261118T070000/cp-0/snapshot.db",
                  "2026-11-19_050000 etcd-backup-2026-11-19T06:00:00+01:00/snapshot_prod.db",
                  "2026-11-20_053000 "
                  "etcd-backup-2026-11-20T06:00:00+01:00/snapshot_2026-11-20_053000.db"));
}

TEST_F(Candidates, MayBeNamedByTheFolderThatWasGiven) {
  fs_.put_file("/mnt/2026-11-19_060000/snapshot.db", "1234");
  EXPECT_THAT(found("/mnt/2026-11-19_060000"), ElementsAre("2026-11-19_060000 snapshot.db"));
  EXPECT_THAT(found("/mnt/2026-11-19_060000/"), ElementsAre("2026-11-19_060000 snapshot.db"));
}

// An id that lies ahead would come before every backup that is taken until then.
TEST_F(Candidates, DoNotBelieveATimeToCome) {
  put("2026-11-20/snapshot_2026-11-21_120001.db");
  put("snapshot_2099-01-01_000000.db");
  EXPECT_THAT(found(), ElementsAre("1970-01-01_000000 snapshot_2099-01-01_000000.db of file",
                                   "2026-11-20_000000 2026-11-20/snapshot_2026-11-21_120001.db"));
}

TEST_F(Candidates, AreNothingElse) {
  for (const char* name :
       {"db", "snapshot", "snapshot_2026-11-20_060000.db.part", "snapshot_2026-11-20_060000.db.gz",
        "snapshots.db", "my_snapshot_1.db", "snapshot-2026.db", "0000000000000001.snap",
        "static_kuberesources_2026-11-20_060000.tar", "SNAPSHOT_1.DB"}) {
    put(name);
  }
  const AdoptSearch search = find();
  EXPECT_THAT(search.candidates, IsEmpty());
  EXPECT_TRUE(search.refused.empty());
  EXPECT_THAT(search.notes, IsEmpty());
}

TEST_F(Candidates, AreNotTheBackupsOfAVaultOfOurOwn) {
  put("vault/prod/.lock");
  put("vault/prod/backups/2026-11-20_060000/snapshot_2026-11-20_060000.db");
  put("copied/2026-11-20_060000/snapshot_2026-11-20_060000.db");
  fs_.put_file("/old/copied/2026-11-20_060000/backup.json", own_catalog());
  put("newer/2026-11-20_060000/snapshot_2026-11-20_060000.db");
  fs_.put_file("/old/newer/2026-11-20_060000/backup.json", R"({"format": 99})");
  // Somebody else's folder of that name.
  put("backups/snapshot_2026-11-19_060000.db");
  EXPECT_THAT(found(), ElementsAre("2026-11-19_060000 backups/snapshot_2026-11-19_060000.db"));
  EXPECT_THAT(
      find().notes,
      ElementsAre("/old/copied/2026-11-20_060000 is a backup of lifeboat's own, passed over",
                  "/old/newer/2026-11-20_060000 is a backup of lifeboat's own, passed over",
                  "/old/vault/prod/backups belongs to a vault of lifeboat's own, passed "
                  "over"));
}

TEST_F(Candidates, AreNotHiddenByABackupJsonOfAnotherTool) {
  for (const char* text : {"{}", "", "garbage", R"({"format": 1})", R"({"id": "x"})"}) {
    put("a/snapshot_2026-11-20_060000.db");
    fs_.put_file("/old/a/backup.json", text);
    EXPECT_THAT(found(), ElementsAre("2026-11-20_060000 a/snapshot_2026-11-20_060000.db")) << text;
    EXPECT_THAT(find().notes, ElementsAre(HasSubstr("/old/a has a backup.json that is no")));
  }
}

TEST_F(Candidates, FollowNoLink) {
  fs_.put_symlink("/old/latest");
  fs_.put_symlink("/old/snapshot_2026-11-20_060000.db");
  EXPECT_THAT(refused(), ElementsAre("snapshot_2026-11-20_060000.db: it is a symbolic link, not "
                                     "followed"));
  EXPECT_THAT(find().notes, ElementsAre("/old/latest is a symbolic link, not followed"));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Candidates, AreNoFolders) {
  put("snapshot_1.db/snapshot_2026-11-20_060000.db");
  EXPECT_THAT(refused(), ElementsAre("snapshot_1.db: it is no regular file"));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Candidates, AreLookedForNoDeeperThanAnybodyPutsThem) {
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += "d/";
  put(deep + "snapshot_2026-11-20_060000.db");
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_THAT(find().notes, ElementsAre(HasSubstr("lies too deep")));
  put(deep.substr(2) + "snapshot_2026-11-20_060000.db");
  EXPECT_EQ(found().size(), 1U);
}

TEST_F(Candidates, OfAFolderThatIsNotThereAreAnError) {
  EXPECT_THROW(find("/none"), base::Error);
  std::stop_source stop;
  stop.request_stop();
  FakeHostTree tree(fs_, "/old");
  EXPECT_THROW(find_candidates(tree, {}, stop.get_token()), base::Error);
}

TEST_F(Candidates, AreStillFoundWhenOneFolderCannotBeRead) {
  put("a/snapshot_2026-11-19_060000.db");
  put("b/snapshot_2026-11-20_060000.db");
  fs_.fail_at(2, FaultFs::Fault::kIoError);  // the first call lists the root
  FakeHostTree tree(fs_, "/old");
  const AdoptSearch search = find_candidates(tree, *base::parse_time("2026-11-21T12:00:00Z"), {});
  ASSERT_EQ(search.refused.size(), 1U);
  EXPECT_EQ(search.refused.front().path, "a");
  EXPECT_EQ(search.refused.front().code, base::Code::kIo);
  EXPECT_EQ(search.candidates.size(), 1U);
}

TEST(CandidatesOnDisk, AreNamedByTheFilesTimeAndWaitForNoPipe) {
  const TempFolder folder;
  folder.write("snapshot.db", "1234");
  const timespec times[2] = {{0, UTIME_OMIT}, {1'700'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, folder.path("snapshot.db").c_str(), times, 0), 0);
  ASSERT_EQ(::mkfifo(folder.path("snapshot_x.db").c_str(), 0600), 0);
  const TempFolder outside;
  outside.write("snapshot_1.db", "outside");
  std::filesystem::create_symlink(outside.path("snapshot_1.db"), folder.path("snapshot_1.db"));
  std::filesystem::create_directory_symlink(outside.path(), folder.path("linked"));

  const auto tree = os::open_host_tree(folder.path());
  const AdoptSearch search = find_candidates(*tree, *base::parse_time("2026-11-21T12:00:00Z"), {});
  ASSERT_EQ(search.candidates.size(), 1U);
  EXPECT_EQ(base::format_stamp(search.candidates[0].time), "2023-11-14_221320");
  EXPECT_TRUE(search.candidates[0].time_is_of_file);
  ASSERT_EQ(search.refused.size(), 2U);
  EXPECT_EQ(search.refused[0].path, "snapshot_1.db");
  EXPECT_EQ(search.refused[1].reason, "it is no regular file");
  EXPECT_THAT(search.notes, ElementsAre(HasSubstr("linked is a symbolic link")));
}

}  // namespace
}  // namespace lifeboat::backup
