#include "backup/deliver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backup/test_world.h"
#include "base/text.h"
#include "store/s3_store.h"
#include "testing/error_of.h"
#include "testing/fake_s3.h"
#include "testing/mem_store.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A folder and a bucket for one backup.
class DeliverTest : public ::testing::Test {
 protected:
  DeliverTest() {
    fs_.put_directory("/backups");
    fs_.put_directory("/scratch");
    bucket_.set_remote(true);
    sealed_.snapshot.zstd.emplace();
    sealed_.snapshot.recipients = {identity_.recipient()};
    sealed_.node_files.recipients = {identity_.recipient()};
  }

  Destination folder() { return {&world_.vault, world_.options.retention, {}, false}; }
  Destination bucket() { return {&bucket_vault_, world_.options.retention, sealed_, false}; }

  DeliverResult deliver(const std::vector<Destination>& destinations) {
    return world_.deliver(destinations);
  }

  bool proves(vault::ClusterVault& vault) {
    world_.keyring.identities.assign(1, identity_);
    const VerifyResult result =
        verify_backup(vault, vault.find("latest"), {}, world_.reading(), {});
    return result.ok() && result.inspection.has_value();
  }

  FaultFs fs_;
  TestWorld world_{fs_};
  testing::MemStore bucket_;
  vault::ClusterVault bucket_vault_{bucket_, "prod"};
  const codec::Identity identity_ = codec::Identity::generate();
  vault::BackupEncoding sealed_;
};

TEST_F(DeliverTest, OneBackupGoesIntoEveryVaultAsEachWantsIt) {
  int streams = 0;
  for (auto& member : world_.cluster.members) {
    member.on_chunk = [&](std::size_t sent) { streams += sent == 0 ? 1 : 0; };
  }
  const DeliverResult result = deliver({folder(), bucket()});
  EXPECT_FALSE(result.needs_attention);
  EXPECT_EQ(streams, 1);
  ASSERT_THAT(result.deliveries, SizeIs(2));
  EXPECT_EQ(result.deliveries[0].backup->id, result.deliveries[1].backup->id);
  EXPECT_THAT(result.deliveries[0].backup->files[0].encoding, IsEmpty());
  EXPECT_THAT(result.deliveries[1].backup->files[0].encoding, ElementsAre("zstd", "age"));
  EXPECT_TRUE(proves(world_.vault));
  EXPECT_TRUE(proves(bucket_vault_));
}

TEST_F(DeliverTest, ABucketAloneIsReachedThroughScratchSpaceThatIsGoneAfterwards) {
  const DeliverResult result = deliver({bucket()});
  EXPECT_FALSE(result.needs_attention);
  EXPECT_TRUE(proves(bucket_vault_));
  EXPECT_THAT(fs_.list("/scratch"), IsEmpty());
  EXPECT_THAT(fs_.list("/backups"), IsEmpty());
}

TEST_F(DeliverTest, AVaultThatIsNotThereCostsTheOthersNothing) {
  store::DirStore missing_store(fs_, "/not-mounted");
  vault::ClusterVault missing(missing_store, "prod");
  const DeliverResult result =
      deliver({{&missing, world_.options.retention, {}, false}, folder(), bucket()});
  EXPECT_TRUE(result.needs_attention);
  EXPECT_EQ(result.deliveries[0].failure->code(), Code::kNotFound);
  EXPECT_TRUE(proves(world_.vault));
  EXPECT_TRUE(proves(bucket_vault_));
}

TEST_F(DeliverTest, ABusyVaultCostsTheOthersNothing) {
  const auto lock = world_.vault.lock();
  const DeliverResult result = deliver({folder(), bucket()});
  EXPECT_EQ(result.deliveries[0].failure->code(), Code::kBusy);
  EXPECT_TRUE(proves(bucket_vault_));
  EXPECT_EQ(error_of([&] { deliver({folder()}); }).code(), Code::kBusy);
}

// What is copied into the others must not be pruned by somebody else meanwhile.
TEST_F(DeliverTest, HoldsEveryVaultUntilAllHaveTheBackup) {
  bool looked = false;
  for (auto& member : world_.cluster.members) {
    member.on_chunk = [&](std::size_t) {
      EXPECT_EQ(error_of([&] { bucket_vault_.lock(); }).code(), Code::kBusy);
      EXPECT_EQ(error_of([&] { world_.vault.lock(); }).code(), Code::kBusy);
      looked = true;
    };
  }
  deliver({folder(), bucket()});
  EXPECT_TRUE(looked);
  EXPECT_TRUE(proves(bucket_vault_));
}

// The disk runs full while the snapshot arrives: the bucket gets it through scratch space.
TEST_F(DeliverTest, AVaultThatFailsInTheMiddleCostsTheOthersNothing) {
  FaultFs full;
  full.put_directory("/full");
  store::DirStore full_store(full, "/full");
  vault::ClusterVault full_vault(full_store, "prod");
  full.fail_at(3, FaultFs::Fault::kDiskFull);
  const DeliverResult result =
      deliver({{&full_vault, world_.options.retention, {}, false}, bucket()});
  EXPECT_EQ(result.deliveries[0].failure->code(), Code::kNoSpace);
  EXPECT_TRUE(proves(bucket_vault_));
  EXPECT_THAT(full_vault.inventory().backups, IsEmpty());
}

TEST_F(DeliverTest, WhereEveryVaultFailsTheFirstFailureIsTold) {
  store::DirStore missing_store(fs_, "/not-mounted");
  vault::ClusterVault missing(missing_store, "prod");
  const auto lock = bucket_vault_.lock();
  const auto error = error_of([&] {
    deliver({{&missing, world_.options.retention, {}, false}, bucket()});
  });
  EXPECT_EQ(error.code(), Code::kNotFound);
}

TEST_F(DeliverTest, EachVaultHasItsOwnRetention) {
  Destination short_lived = folder();
  short_lived.retention.keep_last = 1;
  for (const char* time : {"2026-11-21T06:00:00Z", "2026-11-21T12:00:00Z"}) {
    world_.clock.set(time);
    deliver({short_lived, bucket()});
  }
  EXPECT_THAT(world_.ids(), ElementsAre("2026-11-21_120000"));
  EXPECT_THAT(bucket_vault_.inventory().backups, SizeIs(2));
}

TEST_F(DeliverTest, AnEncryptedVaultDoesNotBecomePlainByMistake) {
  deliver({bucket()});
  Destination plain = bucket();
  plain.encoding = {};
  world_.clock.set("2026-11-21T12:00:00Z");
  const auto error = error_of([&] { deliver({plain}); });
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_THAT(error.hint(), HasSubstr("--allow-plain"));
  plain.allow_plain = true;
  deliver({plain});
  EXPECT_TRUE(proves(bucket_vault_));
}

// Both vaults take the same id, so that it has to come after what either holds.
TEST_F(DeliverTest, TheIdComesAfterEverythingInEveryVault) {
  world_.clock.set("2026-11-21T12:00:00Z");
  deliver({bucket()});
  world_.clock.set("2026-11-21T06:00:00Z");
  const DeliverResult result = deliver({folder(), bucket()});
  EXPECT_EQ(result.backup().id.text(), "2026-11-21_120000_2");
}

TEST_F(DeliverTest, WhatADeadRunLeftInABucketIsRemoved) {
  const auto dead = *vault::BackupId::parse("2026-11-20_060000");
  store::put_text(bucket_, vault::blob_name("prod", dead, "snapshot.db"), "half");
  deliver({bucket()});
  EXPECT_THAT(bucket_vault_.inventory().leftovers, IsEmpty());
}

// ---- A bucket, any of whose requests may fail ---------------------------------------------------

// What becomes of one request, and of those after it.
struct Cut {
  const char* name;
  bool is_done;     // what was asked for; only its answer is lost
  bool stays_away;  // the network, from then on: the same as a process that dies
};

constexpr Cut kCuts[] = {{"the network goes before a request", false, true},
                         {"the network goes before an answer", true, true},
                         {"one request is lost", false, false},
                         {"one answer is lost", true, false}};

// A bucket that keeps the newest backup, and runs that each come from a process of their own.
class SweptBucket {
 public:
  SweptBucket() {
    fs_.put_directory("/scratch");
    run("2026-11-21T06:00:00Z");
  }

  void run(std::string_view time) {
    world_.clock.set(time);
    store::S3Store store = open();
    vault::ClusterVault vault(store, "prod");
    vault::RetentionPolicy newest_only;
    newest_only.keep_last = 1;
    world_.deliver({{&vault, newest_only, {}, false}});
  }

  // Fails the n-th request from now on.
  void fail_at(int n, const Cut& cut) {
    requests_ = 0;
    const auto fails = [=, this] { return requests_ == n || (cut.stays_away && requests_ > n); };
    server_.before = [=, this](const testing::FakeS3::Seen&) -> std::optional<http::Response> {
      ++requests_;
      if (fails() && (!cut.is_done || requests_ > n)) throw lost();
      return std::nullopt;
    };
    server_.after = [=](const testing::FakeS3::Seen&, http::Response&) {
      if (fails()) throw lost();
    };
  }

  int requests() const { return requests_; }

  // The network is back, and what dead runs held has run out.
  void heal() {
    server_.before = [](const testing::FakeS3::Seen&) { return std::nullopt; };
    server_.after = [](const testing::FakeS3::Seen&, http::Response&) {};
    server_.clock.advance(std::chrono::minutes(5));
  }

  // The backups that there are, each of which has to prove.
  std::vector<std::string> proven() {
    store::S3Store store = open();
    vault::ClusterVault vault(store, "prod");
    const vault::Inventory inventory = vault.inventory();
    EXPECT_THAT(inventory.unreadable, IsEmpty());
    std::vector<std::string> ids;
    for (const vault::StoredBackup& backup : inventory.backups) {
      ReadingContext reading = world_.reading();
      reading.scratch = "/scratch";
      EXPECT_TRUE(verify_backup(vault, backup, {}, reading, {}).ok());
      ids.push_back(backup.catalog.id.text());
    }
    return ids;
  }

  // Of the cluster's folder; a lease that was given back or ran out is no backup's.
  bool has_leftovers() {
    store::S3Store store = open();
    vault::ClusterVault vault(store, "prod");
    return !server_.uploads.empty() || !vault.inventory().leftovers.empty();
  }

 private:
  static base::Error lost() { return base::Error(Code::kUnavailable, "connection reset"); }

  store::S3Store open() {
    const store::S3Options options{
        .location = {"bucket", "etcd"},
        .endpoint = "http://127.0.0.1:9000",
        .retry = {.attempts_max = 2, .first_delay = std::chrono::milliseconds(1)},
        .part_bytes = 20'000,
        .lease_settle = std::chrono::milliseconds(1)};
    return {options, credentials_, server_.clock,
            [this](const http::Url&) { return server_.connect(); }};
  }

  FaultFs fs_;
  TestWorld world_{fs_};
  testing::FakeS3 server_;
  testing::FixedCredentials credentials_;
  int requests_ = 0;
};

// Returns whether the n-th request came to pass.
bool fail_one(int n, const Cut& cut) {
  SweptBucket bucket;
  bucket.fail_at(n, cut);
  bool failed = false;
  try {
    bucket.run("2026-11-21T12:00:00Z");
  } catch (const base::Error&) {
    failed = true;
  }
  const bool came_to_pass = bucket.requests() >= n;
  bucket.heal();
  const std::vector<std::string> ids = bucket.proven();
  EXPECT_THAT(ids, Not(IsEmpty()));
  EXPECT_TRUE(failed || std::ranges::count(ids, "2026-11-21_120000") == 1);
  EXPECT_TRUE(cut.stays_away || !failed);
  bucket.run("2026-11-21T18:00:00Z");
  EXPECT_THAT(bucket.proven(), ElementsAre("2026-11-21_180000"));
  EXPECT_FALSE(bucket.has_leftovers());
  return came_to_pass;
}

TEST(DeliverIntoABucket, LosesNothingWhicheverRequestFails) {
  for (const Cut& cut : kCuts) {
    int n = 1;
    for (bool came_to_pass = true; came_to_pass && !::testing::Test::HasFailure(); ++n) {
      SCOPED_TRACE(base::cat(cut.name, ", the ", n, "th"));
      came_to_pass = fail_one(n, cut);
    }
    EXPECT_GT(n, 15) << cut.name;
  }
}

}  // namespace
}  // namespace lifeboat::backup
