#include "backup/take.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backup/test_world.h"
#include "base/error.h"
#include "testing/fail_sweep.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using base::Error;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FakeCluster;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kFolder[] = "/backups/prod/backups/";

class TakeTest : public ::testing::Test {
 protected:
  void SetUp() override { fs_.put_directory("/backups"); }

  Error failure_of_take(std::stop_token stop = {}) {
    try {
      world_.take(std::move(stop));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "a backup was taken";
    return Error(Code::kInvalid, "");
  }

  // What is in the vault's folder of backups, files and folders.
  std::vector<std::string> backups_tree() {
    std::vector<std::string> paths;
    for (const std::string& path : fs_.tree()) {
      if (path.starts_with(kFolder) && path != kFolder) {
        paths.push_back(path.substr(std::string_view(kFolder).size()));
      }
    }
    return paths;
  }

  std::string log() { return world_.log_text.str(); }

  FaultFs fs_;
  TestWorld world_{fs_};
};

TEST_F(TakeTest, StoresTheSnapshotAndThenTheCatalog) {
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.id.text(), "2026-11-21_060000");
  EXPECT_THAT(result.backup.warnings, IsEmpty());
  EXPECT_THAT(result.late_warnings, IsEmpty());
  EXPECT_THAT(result.pruned, IsEmpty());
  EXPECT_THAT(backups_tree(), ElementsAre("2026-11-21_060000/", "2026-11-21_060000/backup.json",
                                          "2026-11-21_060000/snapshot_2026-11-21_060000.db"));
  const std::string stored =
      fs_.file_content(std::string(kFolder) + "2026-11-21_060000/snapshot_2026-11-21_060000.db");
  EXPECT_EQ(stored.size(), kTestImageBytes + 32);
  EXPECT_TRUE(stored.starts_with(world_.cluster.members[1].image));
  EXPECT_TRUE(world_.verify("latest").ok());
}

TEST_F(TakeTest, WritesWhatItKnowsIntoTheCatalog) {
  world_.cluster.members[1].on_chunk = [&](std::size_t sent) {
    if (sent == 0) world_.clock.advance(std::chrono::milliseconds(7333));
  };
  const std::string returned = encode_catalog(world_.take().backup);
  const vault::Catalog catalog = world_.vault.find("latest").catalog;
  EXPECT_EQ(encode_catalog(catalog), returned);
  EXPECT_EQ(catalog.cluster, "prod");
  EXPECT_EQ(catalog.tool_name, "lifeboat");
  EXPECT_EQ(catalog.tool_version, "0.1.0");
  EXPECT_EQ(base::format_time(catalog.started), "2026-11-21T06:00:00.123Z");
  EXPECT_EQ(base::format_time(catalog.finished), "2026-11-21T06:00:07.456Z");
  EXPECT_EQ(catalog.method, "native");
  EXPECT_EQ(catalog.node, "cp-0");
  EXPECT_EQ(catalog.etcd.version, "3.5.30");
  EXPECT_EQ(base::to_hex_id(catalog.etcd.cluster_id.value_or(0)), "30a2e9b9d6b1a4c9");
  EXPECT_EQ(catalog.etcd.member_id, 2U);
  EXPECT_EQ(catalog.etcd.endpoint, "https://10.0.0.2:2379");
  EXPECT_FALSE(catalog.etcd.leader.value());
  EXPECT_EQ(catalog.etcd.raft_term, 2U);
  EXPECT_EQ(catalog.etcd.db_size_bytes, kTestImageBytes);
  EXPECT_EQ(catalog.etcd.revision, 11);
  EXPECT_EQ(catalog.etcd.compact_revision, -1);
  EXPECT_EQ(catalog.etcd.keys, 7U);
  EXPECT_EQ(catalog.etcd.records, 15U);
  EXPECT_EQ(catalog.etcd.leases, 2U);
  EXPECT_EQ(catalog.etcd.hash_kv.value().hash, 2220312578U);
  EXPECT_EQ(catalog.etcd.hash_kv.value().live, "equal");
  EXPECT_EQ(catalog.members.size(), 3U);
  EXPECT_EQ(catalog.members[2].name, "etcd-3");
  ASSERT_EQ(catalog.files.size(), 1U);
  EXPECT_EQ(catalog.files[0].size_bytes, kTestImageBytes + 32);
  EXPECT_EQ(catalog.files[0].plain_sha256, catalog.files[0].sha256);
  EXPECT_THAT(catalog.verified.value().checks,
              ElementsAre("trailer", "pages", "records", "hash_kv"));
}

TEST_F(TakeTest, SaysWhichMemberItTakesAndWhy) {
  world_.take();
  EXPECT_THAT(log(), HasSubstr("taking the snapshot from etcd-2 (https://10.0.0.2:2379), a "
                               "follower that is caught up"));
}

TEST_F(TakeTest, TakesFromTheLeaderWhenItIsAlone) {
  world_.cluster = FakeCluster::healthy(1);
  EXPECT_TRUE(world_.take().backup.etcd.leader.value());
}

TEST_F(TakeTest, TellsTheSizeOfWhatWasStoredWhenTheDatabaseGrewMeanwhile) {
  for (auto& member : world_.cluster.members) member.status.db_size_bytes = 4096;
  EXPECT_EQ(world_.take().backup.etcd.db_size_bytes, kTestImageBytes);
}

TEST_F(TakeTest, GoesOnWithTheNextMemberWhenAStreamBreaks) {
  world_.cluster.members[1].breaks_after = 40000;
  std::vector<std::string> when_second_began;
  world_.cluster.members[2].on_chunk = [&](std::size_t sent) {
    if (sent == 0) when_second_began = backups_tree();
  };
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.etcd.endpoint, "https://10.0.0.3:2379");
  EXPECT_THAT(result.backup.warnings,
              ElementsAre("https://10.0.0.2:2379: the stream broke after 40000 bytes; taking the "
                          "snapshot from https://10.0.0.3:2379 instead"));
  EXPECT_THAT(log(), HasSubstr("warning: https://10.0.0.2:2379: the stream broke after"));
  EXPECT_TRUE(world_.verify("latest").ok());
  EXPECT_EQ(backups_tree().size(), 3U);
}

TEST_F(TakeTest, StartsANewFileForTheNextMember) {
  world_.cluster.members[1].breaks_after = 40000;
  world_.cluster.members[2].image.resize(world_.cluster.members[2].image.size() - 512);
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.files[0].size_bytes, kTestImageBytes - 512 + 32);
  EXPECT_TRUE(world_.verify("latest").ok());
}

TEST_F(TakeTest, GoesOnWithTheNextMemberWhenATrailerIsWrong) {
  world_.cluster.members[1].wrong_trailer = true;
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.etcd.member_id, 3U);
  EXPECT_THAT(result.backup.warnings,
              ElementsAre(HasSubstr("the snapshot from https://10.0.0.2:2379 (65568 bytes) does "
                                    "not match the SHA-256 that etcd sent with it")));
}

// ---- Proofs -----------------------------------------------------------------------------------

TEST_F(TakeTest, GoesOnWithTheNextMemberWhenADatabaseIsDamaged) {
  world_.cluster.members[1].image[2 * 4096] = 9;  // the root page calls itself page 9
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.etcd.member_id, 3U);
  EXPECT_THAT(result.backup.warnings,
              Contains("https://10.0.0.2:2379: page 2: calls itself page 9; taking the snapshot "
                       "from https://10.0.0.3:2379 instead"));
  EXPECT_TRUE(world_.verify("latest").ok());
}

TEST_F(TakeTest, IsCorruptWhenEveryDatabaseIsDamaged) {
  for (auto& member : world_.cluster.members) member.image[2 * 4096] = 9;
  EXPECT_EQ(failure_of_take().code(), Code::kCorrupt);
  EXPECT_THAT(backups_tree(), IsEmpty());
}

TEST_F(TakeTest, KeepsAndMarksABackupThatAMemberDisagreesWith) {
  world_.cluster.members[2].on_hash_kv = [](std::int64_t revision) {
    return etcd::HashKv{revision, -1, 4711};
  };
  const TakeResult result = world_.take();
  EXPECT_TRUE(result.needs_attention);
  EXPECT_EQ(result.backup.etcd.hash_kv.value().live, "different");
  EXPECT_THAT(result.backup.warnings,
              ElementsAre("member 3 at https://10.0.0.3:2379 disagrees with the snapshot: its "
                          "HashKV at revision 11 is 4711, the snapshot's is 2220312578"));
  EXPECT_THAT(result.backup.verified.value().checks, ElementsAre("trailer", "pages", "records"));
  EXPECT_EQ(world_.ids().size(), 1U);
}

TEST_F(TakeTest, FailsOnDisagreementWhereAgreementIsRequired) {
  world_.options.prove.require_agreement = true;
  world_.cluster.members[2].on_hash_kv = [](std::int64_t revision) {
    return etcd::HashKv{revision, -1, 4711};
  };
  EXPECT_EQ(failure_of_take().code(), Code::kCorrupt);
  EXPECT_THAT(backups_tree(), IsEmpty());
}

TEST_F(TakeTest, ComparesWithMembersThatNoEndpointLeadsTo) {
  world_.endpoints_given = 1;
  EXPECT_THAT(world_.take().backup.warnings, IsEmpty());
  world_.cluster.members[2].on_hash_kv = [](std::int64_t revision) {
    return etcd::HashKv{revision, -1, 4711};
  };
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.etcd.hash_kv.value().live, "different");
  EXPECT_THAT(result.backup.warnings,
              ElementsAre(HasSubstr("member 3 at https://10.0.0.3:2379 disagrees")));
}

// It may be there for the members alone, behind a firewall: the operator did not name it.
TEST_F(TakeTest, DoesNotMindAMemberThatNobodyNamedAndNothingLeadsTo) {
  world_.endpoints_given = 2;
  world_.cluster.members[2].failure = Error(Code::kUnavailable, "it does not answer");
  const TakeResult result = world_.take();
  EXPECT_FALSE(result.needs_attention);
  EXPECT_EQ(result.backup.etcd.hash_kv.value().live, "equal");
  EXPECT_THAT(world_.log_text.str(), HasSubstr("member 3 (etcd-3)"));
}

TEST_F(TakeTest, HashesAgainForACompactionThatCameMeanwhile) {
  // What a server answers that has compacted to 8 since.
  for (auto& member : world_.cluster.members) {
    member.on_hash_kv = [](std::int64_t revision) { return etcd::HashKv{revision, 8, 2046616688}; };
  }
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.warnings, IsEmpty());
  EXPECT_EQ(result.backup.etcd.hash_kv.value().live, "equal");
  EXPECT_EQ(result.backup.etcd.hash_kv.value().compact_revision, 8);
}

TEST_F(TakeTest, SaysWhyMembersWereNotCompared) {
  for (auto& member : world_.cluster.members) {
    member.on_hash_kv = [](std::int64_t) -> etcd::HashKv {
      throw Error(Code::kUnavailable, "it said no");
    };
  }
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.etcd.hash_kv.value().live, "unchecked");
  EXPECT_TRUE(result.needs_attention);
  EXPECT_THAT(result.backup.warnings,
              Contains("the snapshot was not compared with member 2 at https://10.0.0.2:2379: it "
                       "said no"));
}

TEST_F(TakeTest, LeavesTheLiveCheckOutWhenToldTo) {
  world_.options.prove.live_check = false;
  world_.endpoints_given = 1;
  world_.connect_further = [](const std::string&) -> std::unique_ptr<etcd::Endpoint> {
    ADD_FAILURE() << "sought all the same";
    return nullptr;
  };
  for (auto& member : world_.cluster.members) {
    member.on_hash_kv = [](std::int64_t) -> etcd::HashKv {
      ADD_FAILURE() << "asked all the same";
      return {};
    };
  }
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.etcd.hash_kv.value().live, "unchecked");
  EXPECT_FALSE(result.needs_attention);
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("--no-live-check")));
}

TEST_F(TakeTest, IsCorruptWhenEveryTrailerIsWrong) {
  for (auto& member : world_.cluster.members) member.wrong_trailer = true;
  const Error error = failure_of_take();
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("no member gave a snapshot that is whole: "));
  EXPECT_THAT(error.what(), HasSubstr("https://10.0.0.1:2379"));
  EXPECT_THAT(backups_tree(), IsEmpty());
}

TEST_F(TakeTest, RefusesASnapshotWhoseLengthLeavesNoTrailer) {
  for (auto& member : world_.cluster.members) member.image += "x";
  const Error error = failure_of_take();
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("ends without the SHA-256"));
}

TEST_F(TakeTest, IsUnavailableWhenEveryStreamBreaks) {
  for (auto& member : world_.cluster.members) member.breaks_after = 1000;
  world_.cluster.members[0].wrong_trailer = true;
  const Error error = failure_of_take();
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("no member could give a snapshot: https://10.0.0.2:2379"));
  EXPECT_EQ(error.hint(), "check the member's log");
  EXPECT_THAT(backups_tree(), IsEmpty());
}

TEST_F(TakeTest, IsUnavailableWhenEveryMemberDeniesTheSnapshot) {
  for (auto& member : world_.cluster.members) {
    member.on_chunk = [&](std::size_t) {
      member.failure = Error(Code::kDenied, member.url + ": permission denied", "use root");
    };
  }
  const Error error = failure_of_take();
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_EQ(error.hint(), "use root");
}

TEST_F(TakeTest, IsUnavailableWhenAllMembersAreDown) {
  for (auto& member : world_.cluster.members) {
    member.failure = Error(Code::kUnavailable, "connection refused");
  }
  EXPECT_EQ(failure_of_take().code(), Code::kUnavailable);
  EXPECT_THAT(backups_tree(), IsEmpty());
}

TEST_F(TakeTest, TakesEveryWarningIntoTheCatalog) {
  world_.cluster.members[0].failure = Error(Code::kUnavailable, "connection refused");
  world_.cluster.members[2].status.learner = true;
  world_.cluster.alarms = {{.member_id = 2, .kind = etcd::Alarm::Kind::kNoSpace}};
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.warnings,
              ElementsAre("https://10.0.0.1:2379: connection refused", HasSubstr("NOSPACE")));
  EXPECT_EQ(world_.vault.find("latest").catalog.warnings, result.backup.warnings);
  EXPECT_THAT(log(), HasSubstr("is a learner"));
}

TEST_F(TakeTest, LeavesOutAMemberThatLags) {
  world_.cluster.members[1].status.raft_applied_index = 0;
  EXPECT_EQ(world_.take().backup.etcd.member_id, 3U);
}

TEST_F(TakeTest, WarnsWhenTheAlarmsCannotBeRead) {
  world_.cluster.alarms_failure = Error(Code::kUnavailable, "timed out");
  EXPECT_THAT(world_.take().backup.warnings, ElementsAre(HasSubstr("alarms could not be read")));
}

TEST_F(TakeTest, GivesTwoBackupsOfOneSecondTwoIds) {
  world_.take();
  const TakeResult second = world_.take();
  EXPECT_EQ(second.backup.id.text(), "2026-11-21_060000_2");
  EXPECT_THAT(second.backup.warnings, IsEmpty());
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-21_060000", "2026-11-21_060000_2"));
}

TEST_F(TakeTest, KeepsTheOrderWhenTheClockGoesBackAndSaysSo) {
  world_.take();
  const TakeResult result = world_.take_at("2026-11-21T05:59:59.999Z");
  EXPECT_EQ(result.backup.id.text(), "2026-11-21_060000_2");
  EXPECT_EQ(base::format_time(result.backup.started), "2026-11-21T05:59:59.999Z");
  EXPECT_THAT(result.backup.warnings,
              ElementsAre(HasSubstr("the clock says 2026-11-21T05:59:59.999Z, which is before "
                                    "backup 2026-11-21_060000")));
  EXPECT_EQ(world_.vault.find("latest").catalog.id, result.backup.id);
}

TEST_F(TakeTest, WarnsWhenTheBackupsSoFarCameFromAnotherCluster) {
  world_.take();
  for (auto& member : world_.cluster.members) member.status.cluster_id = 0xabc;
  EXPECT_THAT(world_.take().backup.warnings,
              ElementsAre(HasSubstr("came from etcd cluster 30a2e9b9d6b1a4c9 until now, this one "
                                    "is from abc")));
}

TEST_F(TakeTest, IsBusyAtOnceWhileAnotherRunHoldsTheLock) {
  const auto lock = world_.vault.lock();
  const auto before = fs_.tree();
  EXPECT_EQ(failure_of_take().code(), Code::kBusy);
  EXPECT_EQ(fs_.tree(), before);
}

TEST_F(TakeTest, StopsInMidStreamAndLeavesNothing) {
  world_.take();
  const auto before = fs_.tree();
  std::stop_source stop;
  world_.cluster.members[1].on_chunk = [&](std::size_t sent) {
    if (sent >= 40000) stop.request_stop();
  };
  world_.clock.set("2026-11-22T06:00:00Z");
  EXPECT_EQ(failure_of_take(stop.get_token()).code(), Code::kCancelled);
  EXPECT_EQ(fs_.tree(), before);
  EXPECT_THAT(log(), Not(HasSubstr("instead"))) << "a stop is no reason to try another member";
}

TEST_F(TakeTest, StopsBeforeItAsksAnybody) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(failure_of_take(stop.get_token()).code(), Code::kCancelled);
}

TEST_F(TakeTest, RemovesLeftoversAndLeavesTheRestAlone) {
  fs_.put_file(std::string(kFolder) + "2026-11-20_060000/snapshot.db.partial", "half");
  fs_.put_file(std::string(kFolder) + "2026-11-20_060001/snapshot.db", "whole, without a catalog");
  fs_.put_file(std::string(kFolder) + "lost+found/x", "");
  fs_.put_file(std::string(kFolder) + "by hand/backup.json", "{}");
  fs_.put_symlink(std::string(kFolder) + "2026-11-20_060002");
  fs_.put_file("/backups/lost+found/x", "");
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.warnings, IsEmpty());
  EXPECT_THAT(log(), HasSubstr("left behind in /backups: 2026-11-20_060000"));
  EXPECT_THAT(
      backups_tree(),
      ElementsAre("2026-11-20_060002", "2026-11-21_060000/", "2026-11-21_060000/backup.json",
                  "2026-11-21_060000/snapshot_2026-11-21_060000.db", "by hand/",
                  "by hand/backup.json", "lost+found/", "lost+found/x"));
}

TEST_F(TakeTest, NamesNoBackupLikeALeftover) {
  fs_.put_directory(std::string(kFolder) + "2026-11-21_060000");
  EXPECT_EQ(world_.take().backup.id.text(), "2026-11-21_060000_2");
}

TEST_F(TakeTest, WarnsOfACatalogThatCannotBeReadAndKeepsIt) {
  world_.options.retention.keep_last = 1;
  fs_.put_file(std::string(kFolder) + "2026-11-20_060000/backup.json", "{\"format\": 2}");
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.warnings,
              ElementsAre(HasSubstr("backup 2026-11-20_060000 does not count")));
  EXPECT_EQ(world_.vault.inventory().unreadable.size(), 1U);
}

TEST_F(TakeTest, AppliesRetentionAfterwards) {
  world_.options.retention.keep_last = 2;
  world_.take_at("2026-11-21T06:00:00Z");
  world_.take_at("2026-11-22T06:00:00Z");
  world_.vault.pin(vault::BackupId::parse("2026-11-21_060000").value());
  EXPECT_THAT(world_.take_at("2026-11-23T06:00:00Z").pruned, IsEmpty());
  const TakeResult result = world_.take_at("2026-11-24T06:00:00Z");
  ASSERT_EQ(result.pruned.size(), 1U);
  EXPECT_EQ(result.pruned[0].text(), "2026-11-22_060000");
  EXPECT_THAT(log(), HasSubstr("removed backup 2026-11-22_060000: no rule keeps it"));
  EXPECT_THAT(world_.ids(),
              ElementsAre("2026-11-21_060000", "2026-11-23_060000", "2026-11-24_060000"));
}

TEST_F(TakeTest, KeepsTheNewestProvenOneBesideOneThatAMemberDisagreesWith) {
  world_.options.retention.keep_last = 1;
  world_.take_at("2026-11-21T06:00:00Z");
  world_.cluster.members[2].on_hash_kv = [](std::int64_t revision) {
    return etcd::HashKv{revision, -1, 4711};
  };
  EXPECT_THAT(world_.take_at("2026-11-22T06:00:00Z").pruned, IsEmpty());
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-21_060000", "2026-11-22_060000"));
}

TEST_F(TakeTest, RemovesNothingWhenTheRunFails) {
  world_.options.retention.keep_last = 1;
  world_.take_at("2026-11-21T06:00:00Z");
  for (auto& member : world_.cluster.members) member.breaks_after = 1000;
  failure_of_take();
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-21_060000"));
}

// Room for two backups of the test's size, which take 65568 bytes and a catalog each.
constexpr std::uint64_t kCapacityForTwo = 150000;

TEST_F(TakeTest, FailsBeforeWritingWhenThereIsNoRoom) {
  fs_.set_capacity(60000);
  const Error error = failure_of_take();
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_STREQ(error.what(), "not enough room in /backups: 67.2 KiB needed, 58.6 KiB free");
  EXPECT_THAT(backups_tree(), IsEmpty());
}

TEST_F(TakeTest, MakesRoomByWhatRetentionRemovesAnyway) {
  fs_.set_capacity(kCapacityForTwo);
  world_.options.retention.keep_last = 2;
  world_.take_at("2026-11-21T06:00:00Z");
  world_.take_at("2026-11-22T06:00:00Z");
  const TakeResult result = world_.take_at("2026-11-23T06:00:00Z");
  ASSERT_EQ(result.pruned.size(), 1U);
  EXPECT_EQ(result.pruned[0].text(), "2026-11-21_060000");
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-22_060000", "2026-11-23_060000"));
}

TEST_F(TakeTest, NeverRemovesTheNewestProvenOneToMakeRoom) {
  fs_.set_capacity(kCapacityForTwo / 2);
  world_.options.retention.keep_last = 1;
  world_.take_at("2026-11-21T06:00:00Z");
  world_.clock.set("2026-11-22T06:00:00Z");
  EXPECT_EQ(failure_of_take().code(), Code::kNoSpace);
  EXPECT_TRUE(world_.verify("2026-11-21_060000").ok());
}

TEST_F(TakeTest, RemovesNothingWhenEvenThatMakesTooLittleRoom) {
  fs_.set_capacity(kCapacityForTwo);
  world_.options.retention.keep_last = 2;
  world_.take_at("2026-11-21T06:00:00Z");
  world_.take_at("2026-11-22T06:00:00Z");
  for (auto& member : world_.cluster.members) member.status.db_size_bytes = 10 * kTestImageBytes;
  world_.clock.set("2026-11-23T06:00:00Z");
  const Error error = failure_of_take();
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(error.what(), HasSubstr("what retention no longer keeps would free only 64.0 KiB"));
  EXPECT_EQ(world_.ids().size(), 2U);
}

TEST_F(TakeTest, ADiskThatFillsUpInMidStreamIsNoReasonToTryAnotherMember) {
  fs_.set_capacity(100000);
  for (auto& member : world_.cluster.members) member.status.db_size_bytes = 512;
  world_.cluster.members[1].image.resize(512 * 1024);
  EXPECT_EQ(failure_of_take().code(), Code::kNoSpace);
  EXPECT_THAT(backups_tree(), IsEmpty());
  EXPECT_THAT(log(), Not(HasSubstr("instead")));
}

TEST_F(TakeTest, AReadOnlyVaultIsDenied) {
  fs_.set_read_only(true);
  EXPECT_EQ(failure_of_take().code(), Code::kDenied);
}

TEST_F(TakeTest, AMissingVaultIsNotFound) {
  fs_.remove_directory("/backups");
  EXPECT_EQ(failure_of_take().code(), Code::kNotFound);
  EXPECT_THAT(fs_.tree(), IsEmpty());
}

// Finds the call by trying: the first at which the backup is there all the same.
TEST_F(TakeTest, ABackupIsABackupAlsoWhenRetentionFailsAfterIt) {
  bool seen = false;
  for (std::uint64_t call = 1; call < 200 && !seen; ++call) {
    FaultFs fs;
    fs.put_directory("/backups");
    TestWorld world(fs);
    world.options.retention.keep_last = 1;
    world.take_at("2026-11-21T06:00:00Z");
    world.clock.set("2026-11-22T06:00:00Z");
    fs.fail_at(call, FaultFs::Fault::kIoError);
    try {
      const TakeResult result = world.take();
      if (result.late_warnings.empty()) continue;
      seen = true;
      EXPECT_THAT(result.late_warnings,
                  ElementsAre(HasSubstr("the backup is done, but retention failed: ")));
      EXPECT_THAT(result.pruned, IsEmpty());
      EXPECT_THAT(world.log_text.str(), HasSubstr("warning: the backup is done, but"));
      EXPECT_TRUE(world.verify("2026-11-22_060000").ok());
    } catch (const Error&) {
      EXPECT_THAT(world.ids(), ElementsAre("2026-11-21_060000")) << "call " << call;
    }
  }
  EXPECT_TRUE(seen);
}

TEST_F(TakeTest, AStopAfterTheCatalogLeavesRetentionToTheNextRun) {
  world_.options.retention.keep_last = 1;
  world_.take_at("2026-11-21T06:00:00Z");
  // The clock is asked for the last time right before the catalog is written.
  struct StoppingClock : os::Clock {
    explicit StoppingClock(std::stop_source source) : stop(std::move(source)) {}
    base::TimePoint now() const override {
      if (++calls == 3) stop.request_stop();
      return base::parse_time("2026-11-22T06:00:00Z").value();
    }
    mutable std::stop_source stop;
    mutable int calls = 0;
  };
  const StoppingClock clock{std::stop_source()};
  const etcd::Endpoints endpoints = world_.cluster.endpoints();
  const TakeContext context{endpoints, world_.vault, clock, world_.log, world_.progress};
  const TakeResult result = take_backup(context, world_.options, clock.stop.get_token());
  EXPECT_THAT(result.late_warnings, ElementsAre(HasSubstr("stopped before retention was done")));
  EXPECT_EQ(world_.ids().size(), 2U);
}

// Whatever call fails, dies or loses power: the old backups are there and whole, the new one
// is whole or not there, and the next run works and cleans up.

std::vector<std::string> verified_ids(TestWorld& world) {
  const std::vector<std::string> ids = world.ids();
  for (const std::string& id : ids) EXPECT_TRUE(world.verify(id).ok()) << id;
  return ids;
}

// Small, since it runs some hundred times.
struct SweepWorld : TestWorld {
  explicit SweepWorld(FaultFs& file_system) : TestWorld(file_system) {
    cluster = FakeCluster::healthy(3, 20480);
    options.retention.keep_last = 2;
  }
};

// Two proven backups, and retention that is about to remove the older one.
void prepare_vault(FaultFs& fs) {
  fs.put_directory("/backups");
  SweepWorld world(fs);
  world.take_at("2026-11-20T06:00:00Z");
  world.take_at("2026-11-21T06:00:00Z");
  fs.put_file(std::string(kFolder) + "2026-11-21_070000/snapshot.db.partial", "of a dead run");
}

void take_the_next(FaultFs& fs) { SweepWorld(fs).take_at("2026-11-22T06:00:00Z"); }

void check_vault(FaultFs& fs) {
  SweepWorld world(fs);
  const std::vector<std::string> ids = verified_ids(world);
  const std::vector<std::string> before{"2026-11-20_060000", "2026-11-21_060000"};
  const std::vector<std::string> with_new{"2026-11-20_060000", "2026-11-21_060000",
                                          "2026-11-22_060000"};
  const std::vector<std::string> after{"2026-11-21_060000", "2026-11-22_060000"};
  EXPECT_TRUE(ids == before || ids == with_new || ids == after) << ::testing::PrintToString(ids);
  EXPECT_THAT(world.vault.inventory().unreadable, IsEmpty());

  EXPECT_THAT(world.take_at("2026-11-23T06:00:00Z").late_warnings, IsEmpty());
  const std::vector<std::string> healed = verified_ids(world);
  EXPECT_EQ(healed.size(), 2U);
  EXPECT_EQ(healed.back(), "2026-11-23_060000");
  EXPECT_THAT(world.vault.inventory().leftovers, IsEmpty());
  for (const std::string& path : fs.tree()) EXPECT_THAT(path, Not(HasSubstr(".partial")));
}

TEST(TakeUnderFaults, LosesNothingAndLeavesNothing) {
  testing::fail_sweep({.prepare = prepare_vault, .run = take_the_next, .check = check_vault});
}

}  // namespace
}  // namespace lifeboat::backup
