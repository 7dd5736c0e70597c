#include "backup/adopt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backup/test_world.h"
#include "base/hash.h"
#include "base/text.h"
#include "node/tar_writer.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fake_host_tree.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using base::as_text;
using base::cat;
using base::Code;
using lifeboat::testing::FakeHostTree;
using lifeboat::testing::FaultFs;
using lifeboat::testing::read_golden;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string golden(std::string_view name) {
  return std::string(as_text(read_golden(cat("etcd/", name, ".snapshot.db"))));
}

// What an etcd of 3.4 and one of 3.5 sent.
const std::string& old_snapshot() {
  static const std::string kContent = golden("3.4.23-s0");
  return kContent;
}
const std::string& snapshot() {
  static const std::string kContent = golden("3.5.30-s2");
  return kContent;
}

class TextSink : public base::Sink {
 public:
  void write(base::Bytes bytes) override { text += as_text(bytes); }
  void finish() override {}
  std::string text;
};

struct File {
  std::string name;
  std::string_view content;
};

std::string archive_of(const std::vector<File>& files) {
  TextSink sink;
  node::TarWriter tar(sink, node::Compression::kGzip);
  for (const File& file : files) {
    tar.begin_file({.name = file.name, .size_bytes = file.content.size(), .modified = {}});
    tar.write(as_bytes(file.content));
  }
  tar.finish();
  return sink.text;
}

const std::string& static_pods() {
  static const std::string kContent =
      archive_of({{"static-pod-resources/kube-apiserver-pod-7/secrets/tls.key", "secret"}});
  return kContent;
}

// A vault in /backups with the cluster of TestWorld, and other tools' backups in /old.
struct AdoptWorld : TestWorld {
  explicit AdoptWorld(FaultFs& file_system) : TestWorld(file_system) {}

  AdoptResult adopt(bool dry_run = false, std::stop_token stop = {}) {
    FakeHostTree source(fs, "/old");
    const AdoptContext context{source, vault, clock, log, progress};
    return adopt_backups(context, {.dry_run = dry_run, .tool_version = "0.1.0"}, std::move(stop));
  }
};

class AdoptTest : public ::testing::Test {
 protected:
  AdoptTest() {
    fs_.put_directory("/backups");
    fs_.put_directory("/old");
  }

  void put(const std::string& path, std::string_view content) {
    fs_.put_file("/old/" + path, content);
  }
  void put_pair(const std::string& folder, const std::string& stamp, std::string_view database) {
    put(cat(folder, "/snapshot_", stamp, ".db"), database);
    put(cat(folder, "/static_kuberesources_", stamp, ".tar.gz"), static_pods());
  }

  vault::Catalog adopt_one() {
    const AdoptResult result = world_.adopt();
    EXPECT_THAT(result.failed, IsEmpty());
    if (result.adopted.size() != 1) throw std::runtime_error("not one backup was adopted");
    return result.adopted.front().catalog;
  }

  // "PATH: REASON"
  std::vector<std::string> failures() {
    std::vector<std::string> lines;
    for (const auto& failure : world_.adopt().failed) {
      lines.push_back(cat(failure.path, ": ", failure.reason));
    }
    return lines;
  }

  std::string stored(const std::string& id, const std::string& name) {
    return fs_.file_content(cat("/backups/prod/backups/", id, "/", name));
  }

  FaultFs fs_;
  AdoptWorld world_{fs_};
};

TEST_F(AdoptTest, TakesAPairAndProvesIt) {
  put_pair("20261120T060001", "2026-11-20_060000", snapshot());
  const AdoptResult result = world_.adopt();
  ASSERT_EQ(result.adopted.size(), 1U);
  EXPECT_EQ(result.adopted[0].path, "/old/20261120T060001/snapshot_2026-11-20_060000.db");
  EXPECT_EQ(stored("2026-11-20_060000", "snapshot_2026-11-20_060000.db"), snapshot());
  EXPECT_EQ(stored("2026-11-20_060000", "static_kuberesources_2026-11-20_060000.tar.gz"),
            static_pods());
  EXPECT_TRUE(world_.verify("2026-11-20_060000").ok());
}

TEST_F(AdoptTest, WritesWhatIsKnownAndLeavesOutTheRest) {
  put_pair("a", "2026-11-20_060000", snapshot());
  adopt_one();
  const vault::Catalog catalog = world_.vault.find("latest").catalog;
  EXPECT_EQ(catalog.method, "adopted");
  EXPECT_EQ(catalog.platform, "openshift");
  EXPECT_EQ(catalog.tool_name, "lifeboat");
  EXPECT_EQ(catalog.tool_version, "0.1.0");
  EXPECT_EQ(catalog.node, "");
  EXPECT_EQ(base::format_time(catalog.started), "2026-11-20T06:00:00.000Z");
  EXPECT_EQ(catalog.finished, catalog.started);
  EXPECT_EQ(catalog.etcd.version, "3.5");
  EXPECT_EQ(catalog.etcd.cluster_id, std::nullopt);
  EXPECT_EQ(catalog.etcd.leader, std::nullopt);
  EXPECT_EQ(catalog.etcd.db_size_in_use_bytes, std::nullopt);
  EXPECT_EQ(catalog.etcd.db_size_bytes, snapshot().size() - 32);
  EXPECT_EQ(catalog.etcd.revision, 16);
  EXPECT_EQ(catalog.etcd.compact_revision, 14);
  EXPECT_EQ(catalog.etcd.keys, 7U);
  EXPECT_EQ(catalog.etcd.records, 8U);
  EXPECT_EQ(catalog.etcd.leases, 1U);
  EXPECT_EQ(catalog.etcd.hash_kv.value().hash, 3395615623U);
  EXPECT_EQ(catalog.etcd.hash_kv.value().live, "unchecked");
  EXPECT_THAT(catalog.members, IsEmpty());
  EXPECT_THAT(catalog.verified.value().checks, ElementsAre("trailer", "pages", "records"));
  EXPECT_EQ(base::format_time(catalog.verified.value().at), "2026-11-21T06:00:00.123Z");
  EXPECT_THAT(catalog.warnings, ElementsAre(HasSubstr("not compared with living members")));
  EXPECT_TRUE(vault::is_proven(catalog));
}

TEST_F(AdoptTest, TakesASnapshotWithoutItsArchiveAndSaysSo) {
  put("snapshot_2026-11-20_060000.db", old_snapshot());
  const vault::Catalog catalog = adopt_one();
  EXPECT_EQ(catalog.platform, "none");
  EXPECT_EQ(catalog.files.size(), 1U);
  EXPECT_EQ(catalog.etcd.version, "") << "older servers have the same schema";
  EXPECT_THAT(catalog.warnings, Contains(HasSubstr("holds etcd's data alone")));
}

TEST_F(AdoptTest, KeepsTheMark) {
  put("snapshot_2026-11-20_060000__POSSIBLY_DIRTY__.db", snapshot());
  const vault::Catalog catalog = adopt_one();
  EXPECT_EQ(catalog.files[0].name, "snapshot_2026-11-20_060000__POSSIBLY_DIRTY__.db");
  EXPECT_THAT(catalog.warnings, Contains(HasSubstr("may have been changing")));
}

TEST_F(AdoptTest, TakesTheSingleArchiveOfOldReleasesApart) {
  put("snapshot_db_kuberesources_2020-04-15_092032.tar.gz",
      archive_of({{"static-pod-resources/kube-apiserver-pod-13/secrets/tls.key", "secret"},
                  {"snapshot.db", old_snapshot()}}));
  const vault::Catalog catalog = adopt_one();
  EXPECT_EQ(catalog.id.text(), "2020-04-15_092032");
  EXPECT_EQ(catalog.platform, "openshift");
  EXPECT_EQ(stored("2020-04-15_092032", "snapshot_2020-04-15_092032.db"), old_snapshot());
  EXPECT_EQ(stored("2020-04-15_092032", "static_kuberesources_2020-04-15_092032.tar.gz"),
            archive_of({{"static-pod-resources/kube-apiserver-pod-13/secrets/tls.key", "secret"}}));
  EXPECT_TRUE(world_.verify("latest").ok());
  EXPECT_EQ(world_.adopt().present.size(), 1U);
}

TEST_F(AdoptTest, ASingleArchiveMayHoldTheSnapshotAlone) {
  put("snapshot_db_kuberesources_2020-04-15_092032.tar.gz",
      archive_of({{"snapshot.db", old_snapshot()}}));
  EXPECT_THAT(adopt_one().warnings, Contains(HasSubstr("holds etcd's data alone")));
}

TEST_F(AdoptTest, ToldTwiceAdoptsOnce) {
  put_pair("a", "2026-11-20_060000", snapshot());
  world_.adopt();
  const auto before = fs_.tree();
  const AdoptResult again = world_.adopt();
  EXPECT_THAT(again.adopted, IsEmpty());
  ASSERT_EQ(again.present.size(), 1U);
  EXPECT_EQ(again.present[0].id.text(), "2026-11-20_060000");
  EXPECT_EQ(fs_.tree(), before);
}

TEST_F(AdoptTest, TakesAnArchiveThatCameAfterItsSnapshot) {
  put("a/snapshot_2026-11-20_060000.db", snapshot());
  world_.adopt();
  put_pair("a", "2026-11-20_060000", snapshot());
  EXPECT_EQ(world_.adopt(true).planned.size(), 1U);
  const vault::Catalog catalog = adopt_one();
  EXPECT_EQ(catalog.id.text(), "2026-11-20_060000_2");
  EXPECT_NE(catalog.file_with_role(vault::kRoleStaticPods), nullptr);
  EXPECT_THAT(world_.log_text.str(), HasSubstr("adopting it once more, with both"));

  const AdoptResult again = world_.adopt();
  EXPECT_THAT(again.adopted, IsEmpty());
  ASSERT_EQ(again.present.size(), 1U);
  EXPECT_EQ(again.present[0].id.text(), "2026-11-20_060000_2");
}

TEST_F(AdoptTest, KnowsASnapshotByItsBytesWhateverItsName) {
  put("a/snapshot_2026-11-20_060000.db", snapshot());
  put("b/snapshot_2026-11-19_060000.db", snapshot());
  const AdoptResult result = world_.adopt();
  ASSERT_EQ(result.adopted.size(), 1U);
  ASSERT_EQ(result.present.size(), 1U);
  EXPECT_EQ(result.present[0].path, "/old/a/snapshot_2026-11-20_060000.db");
  EXPECT_EQ(result.present[0].id, result.adopted[0].catalog.id);
}

TEST_F(AdoptTest, GivesTwoOfOneSecondTwoIds) {
  put("a/snapshot_2026-11-20_060000.db", snapshot());
  put("b/snapshot_2026-11-20_060000.db", old_snapshot());
  world_.adopt();
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-20_060000", "2026-11-20_060000_2"));
  EXPECT_EQ(stored("2026-11-20_060000_2", "snapshot_2026-11-20_060000_2.db"), old_snapshot());
}

TEST_F(AdoptTest, ComesBesideABackupOfTheSameSecondAndBeforeNewerOnes) {
  world_.take_at("2026-11-20T06:00:00Z");
  world_.take_at("2026-11-21T06:00:00Z");
  put("snapshot_2026-11-20_060000.db", snapshot());
  world_.adopt();
  EXPECT_THAT(world_.ids(),
              ElementsAre("2026-11-20_060000", "2026-11-20_060000_2", "2026-11-21_060000"));
}

TEST_F(AdoptTest, LeavesTheNextBackupNothingToWarnOf) {
  put_pair("a", "2026-11-20_060000", snapshot());
  world_.adopt();
  EXPECT_THAT(world_.take().backup.warnings, IsEmpty());
}

TEST_F(AdoptTest, AppliesNoRetention) {
  world_.options.retention.keep_last = 1;
  put("snapshot_2026-11-19_060000.db", snapshot());
  put("snapshot_2026-11-20_060000.db", old_snapshot());
  world_.adopt();
  EXPECT_EQ(world_.ids().size(), 2U);
}

TEST_F(AdoptTest, OfADryRunSaysWhatWouldBeAndWritesNothing) {
  world_.take_at("2026-11-20T06:00:00Z");
  put("a/snapshot_2026-11-20_060000.db", snapshot());
  put("b/snapshot_2026-11-20_060000.db", old_snapshot());
  put("c/snapshot_2026-11-20_070000.db", snapshot());
  world_.clock.set("2026-11-21T06:00:00Z");
  fs_.set_read_only(true);
  const auto before = fs_.tree();
  const AdoptResult result = world_.adopt(true);
  EXPECT_EQ(fs_.tree(), before);
  EXPECT_THAT(result.adopted, IsEmpty());
  ASSERT_EQ(result.planned.size(), 2U);
  EXPECT_EQ(result.planned[0].id.text(), "2026-11-20_060000_2");
  EXPECT_EQ(result.planned[1].id.text(), "2026-11-20_060000_3");
  ASSERT_EQ(result.present.size(), 1U);
  EXPECT_EQ(result.present[0].path, "/old/c/snapshot_2026-11-20_070000.db");
}

// One that is good among those that are not, each with its reason.
TEST_F(AdoptTest, LeavesOutWhatDoesNotProveAndSaysWhy) {
  std::string damaged = snapshot();
  damaged[20'000] = static_cast<char>(damaged[20'000] ^ 1);
  testing::Surgeon surgeon(read_golden("etcd/3.4.23-tree.snapshot.db"));
  const bbolt::PageId page = surgeon.find_records();
  auto element = surgeon.leaf_element(page, 0);
  element.key_size = 3;
  surgeon.set_leaf_element(page, 0, element);
  surgeon.fix_trailer();

  put("good/snapshot_2026-11-20_060000.db", snapshot());
  put("1/snapshot.db", "");
  put("2/snapshot.db", "garbage");
  put("3/snapshot.db", std::string(8192, 'x') + std::string(32, 'y'));
  put("4/snapshot.db", snapshot().substr(0, snapshot().size() - 8192));
  put("5/snapshot.db", snapshot().substr(0, snapshot().size() - 32));
  put("6/snapshot.db", damaged);
  put("7/snapshot.db", as_text(surgeon.image()));
  fs_.put_symlink("/old/8_snapshot.db");
  fs_.put_symlink("/old/snapshot_8.db");
  const AdoptResult result = world_.adopt();
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-20_060000"));
  std::vector<std::string> lines;
  for (const auto& failure : result.failed)
    lines.push_back(cat(failure.path, ": ", failure.reason));
  EXPECT_THAT(lines, ElementsAre("/old/1/snapshot.db: the snapshot is empty",
                                 HasSubstr("2/snapshot.db: the snapshot does not end in"),
                                 HasSubstr("3/snapshot.db: "),
                                 HasSubstr("4/snapshot.db: the snapshot does not match"),
                                 HasSubstr("5/snapshot.db: the snapshot does not end in"),
                                 HasSubstr("6/snapshot.db: the snapshot does not match"),
                                 HasSubstr("7/snapshot.db: the snapshot is damaged: "),
                                 HasSubstr("snapshot_8.db: it is a symbolic link")));
  EXPECT_THAT(fs_.tree(), Not(Contains(HasSubstr("1970"))));
}

TEST_F(AdoptTest, LeavesOutASnapshotWhoseArchiveIsDamaged) {
  put("snapshot_2026-11-20_060000.db", snapshot());
  put("static_kuberesources_2026-11-20_060000.tar.gz",
      static_pods().substr(0, static_pods().size() / 2));
  EXPECT_THAT(failures(),
              ElementsAre("/old/snapshot_2026-11-20_060000.db: "
                          "/old/static_kuberesources_2026-11-20_060000.tar.gz: it is no whole tar "
                          "archive: truncated gzip input"));
  EXPECT_THAT(world_.ids(), IsEmpty());
  EXPECT_THAT(fs_.tree(), Not(Contains(HasSubstr("2026-11-20_060000/"))));
}

TEST_F(AdoptTest, TellsOfATxidThatSomeToolChanged) {
  testing::Surgeon surgeon(base::Buffer(as_bytes(snapshot()).begin(), as_bytes(snapshot()).end()));
  auto older = surgeon.meta(0);
  auto newer = surgeon.meta(1);
  const bbolt::PageId written = older.txid < newer.txid ? 0 : 1;
  auto body = written == 0 ? newer : older;
  body.txid = body.txid + 1;
  surgeon.set_meta(written, body);
  put("snapshot_2026-11-20_060000.db", as_text(surgeon.image()));
  EXPECT_THAT(adopt_one().warnings, Contains(HasSubstr("etcdutl refuses to restore such a file")));
}

TEST_F(AdoptTest, FailsBeforeWritingWhenThereIsNoRoom) {
  put_pair("a", "2026-11-20_060000", snapshot());
  fs_.set_capacity(snapshot().size() + static_pods().size() + 10'000);
  const AdoptResult result = world_.adopt();
  ASSERT_EQ(result.failed.size(), 1U);
  EXPECT_EQ(result.failed[0].code, Code::kNoSpace);
  EXPECT_THAT(result.failed[0].reason, HasSubstr("not enough room in /backups: "));
  EXPECT_THAT(fs_.tree(), Not(Contains(HasSubstr("/backups/prod/backups"))));
}

TEST_F(AdoptTest, IsBusyWhileAnotherRunHoldsTheVault) {
  put_pair("a", "2026-11-20_060000", snapshot());
  const auto lock = world_.vault.lock();
  EXPECT_EQ(error_of([&] { world_.adopt(); }).code(), Code::kBusy);
  EXPECT_EQ(world_.adopt(true).planned.size(), 1U);
}

TEST_F(AdoptTest, StopsOnRequestAndLeavesNothingOfThatBackup) {
  put_pair("a", "2026-11-20_060000", snapshot());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] { world_.adopt(false, stop.get_token()); }).code(), Code::kCancelled);
  EXPECT_THAT(world_.ids(), IsEmpty());
}

TEST_F(AdoptTest, FindsNothingWhereNothingIs) {
  put("readme.txt", "");
  EXPECT_TRUE(world_.adopt().found_nothing());
}

TEST_F(AdoptTest, RemovesLeftoversOfRunsThatDiedAndTakesNoneForACandidate) {
  fs_.put_file("/backups/prod/backups/2026-11-19_060000/snapshot.db", "half");
  put_pair("a", "2026-11-20_060000", snapshot());
  world_.adopt();
  EXPECT_THAT(world_.vault.inventory().leftovers, IsEmpty());
  EXPECT_THAT(world_.log_text.str(), HasSubstr("left behind in /backups: 2026-11-19_060000"));
}

// Whatever call fails, dies or loses power: a backup is adopted whole or not at all, the source is
// as it was, and the next run does the rest.

void prepare(FaultFs& fs) {
  fs.put_directory("/backups");
  fs.put_file("/old/a/snapshot_2026-11-19_060000.db", snapshot());
  fs.put_file("/old/a/static_kuberesources_2026-11-19_060000.tar.gz", static_pods());
}

void adopt_all(FaultFs& fs) { AdoptWorld(fs).adopt(); }

void check(FaultFs& fs) {
  AdoptWorld world(fs);
  for (const std::string& id : world.ids()) EXPECT_TRUE(world.verify(id).ok()) << id;
  EXPECT_THAT(world.vault.inventory().unreadable, IsEmpty());

  EXPECT_THAT(world.adopt().failed, IsEmpty());
  EXPECT_THAT(world.ids(), ElementsAre("2026-11-19_060000"));
  EXPECT_THAT(world.vault.inventory().leftovers, IsEmpty());
  for (const std::string& path : fs.tree()) EXPECT_THAT(path, Not(HasSubstr(".partial")));
  EXPECT_EQ(fs.file_content("/old/a/snapshot_2026-11-19_060000.db"), snapshot());
}

TEST(AdoptUnderFaults, LosesNothingAndLeavesNothing) {
  testing::fail_sweep({.prepare = prepare, .run = adopt_all, .check = check});
}

}  // namespace
}  // namespace lifeboat::backup
