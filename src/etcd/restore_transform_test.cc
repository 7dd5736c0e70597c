#include "etcd/restore_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "etcd/key_value.h"
#include "etcd/schema.h"
#include "etcd/wire.h"
#include "testing/golden.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Bucket = std::vector<std::pair<std::string, std::string>>;
using Contents = std::vector<std::pair<std::string, Bucket>>;

class Recorder : public ItemSink {
 public:
  void begin_bucket(base::Bytes name) override {
    if (!contents.empty()) {
      EXPECT_LT(contents.back().first, as_text(name));
    }
    contents.emplace_back(as_text(name), Bucket{});
  }

  void put(base::Bytes key, base::Bytes value) override {
    Bucket& bucket = contents.back().second;
    if (!bucket.empty()) {
      EXPECT_LT(bucket.back().first, as_text(key));
    }
    bucket.emplace_back(as_text(key), as_text(value));
  }

  Contents contents;
};

class DatabaseVisitor : public bbolt::Visitor {
 public:
  void bucket(base::Bytes name) override { contents.emplace_back(as_text(name), Bucket{}); }
  void item(base::Bytes key, base::Bytes value) override {
    contents.back().second.emplace_back(as_text(key), as_text(value));
  }
  void problem(const bbolt::Problem& problem) override { ADD_FAILURE() << problem.message; }

  Contents contents;
};

Contents golden_contents(const std::string& name) {
  const base::Buffer file = testing::read_golden(name);
  base::MemorySource source(file);
  bbolt::Database database(source);
  DatabaseVisitor visitor;
  bbolt::check_database(database, bbolt::Direction::kForward, visitor, {});
  return visitor.contents;
}

Bucket& bucket_of(Contents& contents, std::string_view name) {
  for (auto& [known, bucket] : contents) {
    if (known == name) return bucket;
  }
  contents.emplace_back(name, Bucket{});
  return contents.back().second;
}

std::string value_of(Contents& contents, std::string_view bucket, std::string_view key) {
  for (const auto& [known, value] : bucket_of(contents, bucket)) {
    if (known == key) return value;
  }
  return "absent";
}

constexpr std::string_view kThreeMembers =
    "m1=http://127.0.0.1:22380,m2=http://127.0.0.1:22382,m3=http://127.0.0.1:22384";

RestoreTransformOptions options_for(std::string_view target,
                                    std::string_view members = kThreeMembers) {
  return {restored_cluster({std::string(members), "restored"}), parse_etcd_version(target),
          std::nullopt};
}

struct Restored {
  Contents contents;
  std::vector<std::string> notes;
};

Restored restore(const Contents& snapshot, const RestoreTransformOptions& options) {
  Recorder recorder;
  RestoreTransform transform(options, recorder);
  for (const auto& [name, bucket] : snapshot) {
    transform.begin_bucket(as_bytes(name));
    for (const auto& [key, value] : bucket) transform.put(as_bytes(key), as_bytes(value));
  }
  transform.finish();
  return {recorder.contents, transform.notes()};
}

std::string revision(std::int64_t main) {
  return std::string(as_text(encode_revision_key({{main, 0}, false})));
}

std::string word(char value) { return std::string(7, '\0') + value; }

// ---- Against etcd's own restore of the same snapshot

constexpr std::string_view kConfState =
    "{\"voters\":[12270762097460630868,15055243722086910491,15123649635533614585],"
    "\"auto_leave\":false}";

TEST(RestoreTransform, DoesWhatEtcdutlDoesAndSetsTheVotersRight) {
  for (const std::string version : {"3.5.30", "3.6.14", "3.7.1"}) {
    const auto snapshot = golden_contents("etcd/" + version + "-s2.snapshot.db");
    Contents theirs = golden_contents("data_dir/" + version + "-r3.db");
    // etcdutl leaves the old cluster's there, and etcd overwrites them on the first change.
    for (auto& [key, value] : bucket_of(theirs, kMetaBucket)) {
      if (key == kMetaConfState) value = kConfState;
    }
    const Restored ours = restore(snapshot, options_for(version));
    EXPECT_EQ(ours.contents, theirs) << version;
    EXPECT_THAT(ours.notes, IsEmpty());
  }
}

// etcdctl 3.4 leaves the old cluster's members there, on which an etcd 3.6 would not start later.
TEST(RestoreTransform, DoesWhatEtcdctlDoesAndReplacesTheMembers) {
  const auto snapshot = golden_contents("etcd/3.4.23-s2.snapshot.db");
  Contents theirs = golden_contents("data_dir/3.4.23-r1.db");
  bucket_of(theirs, kMembersBucket) = {
      {"d1e1ff3709726df9",
       R"({"id":15123649635533614585,"peerURLs":["http://127.0.0.1:22380"],"name":"m1"})"}};
  const auto options = options_for("3.4", "m1=http://127.0.0.1:22380");
  EXPECT_EQ(restore(snapshot, options).contents, theirs);
}

TEST(RestoreTransform, GivesTheNextVersionWhatItExpects) {
  const auto snapshot = golden_contents("etcd/3.4.23-s2.snapshot.db");
  Contents restored = restore(snapshot, options_for("3.5")).contents;
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaTerm), word(1));
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaConfState), kConfState);
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaConsistentIndex), word(3));
}

// ---- A bump

TEST(RestoreTransform, BumpsTheRevisionAndMarksItCompacted) {
  const auto snapshot = golden_contents("etcd/3.5.30-s2.snapshot.db");
  auto options = options_for("3.5");
  Contents expected = restore(snapshot, options).contents;
  options.bump = RevisionBump{16, 1'000'000'000};
  const std::string bumped = revision(1'000'000'016);
  bucket_of(expected, kKeyBucket).emplace_back(bumped, "");
  for (auto& [key, value] : bucket_of(expected, kMetaBucket)) {
    if (key == kMetaScheduledCompaction) value = bumped;
  }
  EXPECT_EQ(restore(snapshot, options).contents, expected);
}

TEST(RestoreTransform, MarksACompactionWhereThereWasNone) {
  const auto snapshot = golden_contents("etcd/3.5.30-s0.snapshot.db");
  auto options = options_for("3.5");
  options.bump = RevisionBump{11, 10};
  Contents restored = restore(snapshot, options).contents;
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaScheduledCompaction), revision(21));
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaFinishedCompaction), "absent");
  EXPECT_EQ(bucket_of(restored, kKeyBucket).back().first, revision(21));
}

TEST(RestoreTransform, RefusesARecordBeyondTheNewRevision) {
  auto options = options_for("3.5");
  options.bump = RevisionBump{10, 10};
  const auto with_record = [](std::int64_t main) {
    return Contents{{"key", {{revision(main), "x"}}}};
  };
  restore(with_record(19), options);
  EXPECT_THROW(restore(with_record(20), options), base::Error);
  EXPECT_THROW(restore(with_record(21), options), base::Error);
}

TEST(RevisionBump, IsPositiveAndEndsInARevision) {
  EXPECT_EQ((RevisionBump{5, 1}.new_revision()), 6);
  EXPECT_EQ((RevisionBump{kRevisionLimit - 2, 1}.new_revision()), kRevisionLimit - 1);
  for (const RevisionBump bump : {RevisionBump{5, 0}, RevisionBump{5, -1},
                                  RevisionBump{INT64_MAX, 1}, RevisionBump{1, INT64_MAX}}) {
    try {
      bump.new_revision();
      ADD_FAILURE() << bump.amount;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

// ---- Buckets

TEST(RestoreTransform, MakesEveryBucketOutOfNothing) {
  Contents restored = restore({}, options_for("3.5")).contents;
  std::vector<std::string> names;
  for (const auto& [name, bucket] : restored) names.push_back(name);
  EXPECT_EQ(names, std::vector<std::string>(kKnownBuckets.begin(), kKnownBuckets.end()));
  EXPECT_EQ(bucket_of(restored, kMembersBucket).size(), 3u);
  EXPECT_EQ(bucket_of(restored, kMetaBucket).size(), 3u);
  EXPECT_THAT(bucket_of(restored, kKeyBucket), IsEmpty());
}

TEST(RestoreTransform, MakesWhateverBucketIsMissing) {
  Contents all;
  for (const std::string_view name : kKnownBuckets) all.push_back({std::string(name), {}});
  const Contents expected = restore(all, options_for("3.5")).contents;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Contents some = all;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(restore(some, options_for("3.5")).contents, expected) << all[i].first;
  }
}

TEST(RestoreTransform, KeepsBucketsThatNoEtcdKnows) {
  const Contents restored =
      restore({{"a", {{"k", "v"}}}, {"m", {}}, {"zz", {{"k", "w"}}}}, options_for("3.4")).contents;
  EXPECT_EQ(restored.size(), kKnownBuckets.size() + 3);
  EXPECT_EQ(restored.front(), (std::pair<std::string, Bucket>("a", {{"k", "v"}})));
  EXPECT_EQ(restored.back(), (std::pair<std::string, Bucket>("zz", {{"k", "w"}})));
}

TEST(RestoreTransform, TurnsAuthenticationOffWhenAskedToAndKeepsTheUsers) {
  const Bucket users = {{"root", "secret"}};
  const auto snapshot = [&](const std::string& enabled) {
    return Contents{{"auth", {{"authEnabled", enabled}, {"authRevision", word(5)}}},
                    {"authUsers", users}};
  };
  auto options = options_for("3.5");
  Restored kept = restore(snapshot("\x01"), options);
  EXPECT_EQ(value_of(kept.contents, "auth", "authEnabled"), "\x01");
  EXPECT_THAT(kept.notes, IsEmpty());
  options.turn_auth_off = true;
  Restored off = restore(snapshot("\x01"), options);
  EXPECT_EQ(value_of(off.contents, "auth", "authEnabled"), "absent");
  EXPECT_EQ(value_of(off.contents, "auth", "authRevision"), word(5));
  EXPECT_EQ(bucket_of(off.contents, "authUsers"), users);
  EXPECT_THAT(off.notes, ElementsAre(HasSubstr("asks for a user")));
  EXPECT_THAT(restore(snapshot(std::string(1, '\0')), options).notes, IsEmpty());
}

TEST(RestoreTransform, RefusesBucketsInAnotherOrder) {
  EXPECT_THROW(restore({{"meta", {}}, {"key", {}}}, options_for("3.5")), base::Error);
  EXPECT_THROW(restore({{"key", {}}, {"key", {}}}, options_for("3.5")), base::Error);
}

TEST(RestoreTransform, LeavesNothingOfTheOldMembership) {
  Contents restored = restore({{"members", {{"1", "{}"}, {"ffffffffffffffff", "{}"}}},
                               {"members_removed", {{"2", "removed"}}},
                               {"meta", {{"confState", "{}"}, {"term", word(9)}}}},
                              options_for("3.5"))
                          .contents;
  EXPECT_EQ(bucket_of(restored, kMembersBucket).size(), 3u);
  EXPECT_THAT(bucket_of(restored, kMembersRemovedBucket), IsEmpty());
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaConfState), kConfState);
  EXPECT_EQ(value_of(restored, kMetaBucket, kMetaTerm), word(1));
}

// The recorder checks the order: 10 stands before 2.
TEST(RestoreTransform, PutsMembersInTheOrderOfTheirKeys) {
  auto options = options_for("3.5");
  options.cluster.members = {{0x2, "a", {"http://h:1"}}, {0x10, "b", {"http://h:2"}}};
  Contents restored = restore({}, options).contents;
  EXPECT_EQ(bucket_of(restored, kMembersBucket).front().first, "10");
}

// ---- Notes

TEST(RestoreTransform, LeavesAlarmsOutAndCountsThem) {
  const auto alarm = [](std::uint64_t member, std::uint64_t type) {
    return std::pair(std::string(as_text(WireWriter().varint(1, member).varint(2, type).take())),
                     std::string());
  };
  Restored restored = restore({{"alarm", {alarm(1, 1), alarm(1, 2), alarm(2, 1), {"\xff", ""}}}},
                              options_for("3.5"));
  EXPECT_THAT(bucket_of(restored.contents, kAlarmBucket), IsEmpty());
  EXPECT_THAT(restored.notes, ElementsAre("4 alarms of the old cluster left out (NOSPACE 2, "
                                          "CORRUPT 1, other 1)"));
}

TEST(RestoreTransform, TellsOfADowngradeUnderWay) {
  const auto with_downgrade = [](std::string info) {
    return Contents{{"cluster", {{"clusterVersion", "3.5.0"}, {"downgrade", std::move(info)}}}};
  };
  Restored restored =
      restore(with_downgrade(R"({"target-version":"3.4.0","enabled":true})"), options_for("3.5"));
  EXPECT_THAT(restored.notes, ElementsAre(HasSubstr("downgrade cancel")));
  EXPECT_EQ(bucket_of(restored.contents, kClusterBucket).size(), 2u);
  for (const char* info : {R"({"target-version":"","enabled":false})", "{}", "junk", ""}) {
    EXPECT_THAT(restore(with_downgrade(info), options_for("3.5")).notes, IsEmpty()) << info;
  }
}

}  // namespace
}  // namespace lifeboat::etcd
