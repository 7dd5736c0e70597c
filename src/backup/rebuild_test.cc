#include "backup/rebuild.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "bbolt/builder.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "etcd/key_value.h"
#include "testing/error_of.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using base::as_text;
using base::Code;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::Surgeon;

constexpr const char* kTree = "etcd/3.4.23-tree.snapshot.db";

using Items = std::map<std::string, std::string>;
using Buckets = std::map<std::string, Items>;

class MemorySink : public base::RandomSink {
 public:
  void append(base::Bytes bytes) override { image.insert(image.end(), bytes.begin(), bytes.end()); }
  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    std::ranges::copy(bytes, image.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  base::Buffer image;
};

class Reading : public bbolt::Visitor {
 public:
  void bucket(base::Bytes name) override { items_ = &buckets[std::string(as_text(name))]; }
  void item(base::Bytes key, base::Bytes value) override {
    (*items_)[std::string(as_text(key))] = as_text(value);
  }
  void problem(const bbolt::Problem& problem) override {
    ADD_FAILURE() << problem.where << ": " << problem.message;
  }

  Buckets buckets;

 private:
  Items* items_ = nullptr;
};

Buckets read_all(const base::Buffer& image) {
  base::MemorySource source(image);
  bbolt::Database database(source);
  Reading reading;
  bbolt::check_database(database, bbolt::Direction::kForward, reading, {});
  return reading.buckets;
}

RebuildOptions options(bool allow_damage) {
  return {.transform = {.cluster = etcd::restored_cluster(
                            {.members = "m1=http://h1:2380", .token = "token"}),
                        .target = {3, 5},
                        .bump = {}},
          .allow_damage = allow_damage};
}

struct Rebuilt {
  RebuildResult result;
  Buckets buckets;
};

Rebuilt rebuild(const base::Buffer& image, bool allow_damage, std::stop_token stop = {}) {
  base::MemorySource source(image);
  MemorySink target;
  base::Progress progress;
  RebuildResult result =
      rebuild_database(source, options(allow_damage), {&target}, progress, std::move(stop));
  EXPECT_EQ(result.size_bytes, target.image.size());
  return {std::move(result), read_all(target.image)};
}

base::Error error_of(const base::Buffer& image) {
  return testing::error_of([&] { rebuild(image, false); });
}

std::string revision(std::int64_t main) {
  return std::string(as_text(etcd::encode_revision_key({{main, 0}, false})));
}

// A put of "k": key, create and mod revision, version.
std::string record(char main) {
  return {'\x0A', '\x01', 'k', '\x10', main, '\x18', main, '\x20', '\x01'};
}

base::Buffer build(const Buckets& buckets) {
  MemorySink sink;
  bbolt::Builder builder(sink, {});
  for (const auto& [name, items] : buckets) {
    builder.begin_bucket(as_bytes(name));
    for (const auto& [key, value] : items) builder.put(as_bytes(key), as_bytes(value));
  }
  builder.finish();
  return sink.image;
}

TEST(Rebuild, CarriesOverEveryRecordAndWhatElseBelongsToTheKeyspace) {
  for (const testing::GoldenSnapshot& golden : testing::golden_snapshots()) {
    const base::Buffer image = testing::read_golden(golden.name);
    const Buckets before = read_all(image);
    for (const bool allow_damage : {false, true}) {
      Rebuilt rebuilt = rebuild(image, allow_damage);
      for (const char* bucket : {"key", "lease", "auth", "authUsers", "authRoles"}) {
        const auto expected = before.find(bucket);
        const Items items = expected == before.end() ? Items() : expected->second;
        EXPECT_EQ(rebuilt.buckets[bucket], items) << golden.name << " " << bucket;
      }
      EXPECT_THAT(rebuilt.buckets["members"], SizeIs(1));
      EXPECT_THAT(rebuilt.result.losses, IsEmpty());
    }
  }
}

TEST(Rebuild, WritesEveryTargetAlike) {
  const base::Buffer image = testing::read_golden(kTree);
  base::MemorySource source(image);
  MemorySink first;
  MemorySink second;
  base::Progress progress;
  rebuild_database(source, options(false), {&first, &second}, progress, {});
  EXPECT_EQ(first.image, second.image);
  EXPECT_THAT(first.image, ::testing::Not(IsEmpty()));
}

TEST(Rebuild, IsNoLargerThanWhatItIsMadeOf) {
  const base::Buffer image = testing::read_golden(kTree);
  EXPECT_LT(rebuild(image, false).result.size_bytes, image.size());
}

TEST(Rebuild, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  try {
    rebuild(testing::read_golden(kTree), false, stop.get_token());
    ADD_FAILURE() << "it went on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
}

// ---- Damage -------------------------------------------------------------------------------------

TEST(Rebuild, LosesAPageAndNothingElse) {
  Surgeon surgeon(testing::read_golden(kTree));
  const bbolt::PageId lost = surgeon.find_records(6);
  const std::size_t count = surgeon.header(lost).count;
  surgeon.set_header(lost, {});
  EXPECT_EQ(error_of(surgeon.image()).code(), Code::kCorrupt);
  EXPECT_THAT(error_of(surgeon.image()).what(), HasSubstr(base::cat("page ", lost)));

  Rebuilt rebuilt = rebuild(surgeon.image(), true);
  EXPECT_THAT(rebuilt.result.losses, Contains(StartsWith(base::cat("page ", lost, ": "))));
  Items before = read_all(testing::read_golden(kTree))["key"];
  EXPECT_THAT(rebuilt.buckets["key"], SizeIs(before.size() - count));
  for (const auto& [key, value] : rebuilt.buckets["key"]) EXPECT_EQ(before[key], value);
}

TEST(Rebuild, LeavesOutWhatEtcdWouldEndOn) {
  const Items records{{revision(2), record(2)},
                      {revision(3), "\xFF\xFF"},  // no message
                      {"short", record(3)},       // no revision
                      {revision(4), record(4)}};
  const Items leases{{std::string(8, '\1'), "\x08\x01\x10\x10"}, {std::string(8, '\2'), "\xFF"}};
  Rebuilt rebuilt = rebuild(build({{"key", records}, {"lease", leases}}), true);
  EXPECT_EQ(rebuilt.buckets["key"], (Items{{revision(2), record(2)}, {revision(4), record(4)}}));
  EXPECT_EQ(rebuilt.buckets["lease"], (Items{{std::string(8, '\1'), "\x08\x01\x10\x10"}}));
  EXPECT_THAT(rebuilt.result.losses,
              ElementsAre(StartsWith("bucket key: an item does not decode: "),
                          StartsWith("bucket key: an item does not decode: "),
                          StartsWith("bucket lease: an item does not decode: ")));
}

// Two pages have changed places: the items of the second can't come any more.
TEST(Rebuild, LeavesOutWhatComesOutOfOrder) {
  Surgeon surgeon(testing::read_golden(kTree));
  const bbolt::PageId branch = surgeon.find_page(bbolt::kBranchPage, 3).value();
  bbolt::BranchElement first = surgeon.branch_element(branch, 0);
  bbolt::BranchElement second = surgeon.branch_element(branch, 1);
  std::swap(first.child, second.child);
  surgeon.set_branch_element(branch, 0, first);
  surgeon.set_branch_element(branch, 1, second);
  const std::size_t lost = surgeon.header(second.child).count;

  const std::size_t before = read_all(testing::read_golden(kTree))["key"].size();
  Rebuilt rebuilt = rebuild(surgeon.image(), true);
  EXPECT_THAT(rebuilt.result.losses,
              Contains("bucket key: an item comes out of order").Times(static_cast<int>(lost)));
  EXPECT_THAT(rebuilt.buckets["key"], SizeIs(before - lost));
}

// A page is lost as a whole: no element of it is trusted once one is wrong.
TEST(Rebuild, LosesThePageOfAnElementThatIsOutOfPlace) {
  Surgeon surgeon(testing::read_golden(kTree));
  const bbolt::PageId page = surgeon.find_records(6);
  bbolt::LeafElement element = surgeon.leaf_element(page, 4);
  element.position = 0xFFFF;
  surgeon.set_leaf_element(page, 4, element);
  const std::size_t before = read_all(testing::read_golden(kTree))["key"].size();
  Rebuilt rebuilt = rebuild(surgeon.image(), true);
  EXPECT_THAT(rebuilt.result.losses, Contains(StartsWith(base::cat("page ", page, ": element 4"))));
  EXPECT_THAT(rebuilt.buckets["key"], SizeIs(before - surgeon.header(page).count));
}

TEST(Rebuild, ListsAHundredLossesAndCountsTheRest) {
  Items records;
  for (std::int64_t main = 2; main < 132; ++main) records[revision(main)] = "\xFF";
  const Rebuilt rebuilt = rebuild(build({{"key", records}}), true);
  EXPECT_THAT(rebuilt.result.losses, SizeIs(100));
  EXPECT_EQ(rebuilt.result.losses_left_out, 30U);
}

TEST(Rebuild, SurvivesDamageAnywhere) {
  const base::Buffer image = testing::read_golden(kTree);
  for (std::size_t at = 8192; at < image.size() - 32; at += 487) {
    base::Buffer damaged = image;
    damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 0x81);
    // The checker within says whether what was written is whole.
    rebuild(damaged, true);
  }
}

}  // namespace
}  // namespace lifeboat::backup
