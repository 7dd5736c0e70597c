// Snapshots of a real etcd of every version: what is read from them equals what the servers said.
#include "etcd/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "bbolt/builder.h"
#include "bbolt/checker.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::etcd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_golden;
using testing::Surgeon;

constexpr char kTree[] = "etcd/3.4.23-tree.snapshot.db";

Inspection inspect(const base::Buffer& image) {
  base::MemorySource source(image);
  return inspect_database(source, {}, {});
}

TEST(Inspect, ReadsWhatTheLiveServersSaid) {
  for (const auto& golden : testing::golden_snapshots()) {
    SCOPED_TRACE(golden.name);
    const Inspection result = inspect(read_golden(golden.name));
    EXPECT_EQ(result.findings.total(), 0U);
    EXPECT_THAT(result.notes, IsEmpty());
    EXPECT_EQ(result.storage_version, golden.storage_version);
    EXPECT_EQ(result.revision, golden.revision);
    EXPECT_EQ(result.compact_revision, golden.compact_revision);
    EXPECT_EQ(result.keys, golden.keys);
    EXPECT_EQ(result.records, golden.records);
    EXPECT_EQ(result.leases, golden.leases);
    ASSERT_EQ(result.hashes.size(), 1U);
    EXPECT_EQ(result.hashes[0], (HashKv{golden.revision, golden.compact_revision, golden.hash_kv}));
  }
}

TEST(Inspect, HashesForCompactionsThatCameLater) {
  // The compacted file is the other one, two writes and a compaction to 154 later.
  const base::Buffer image = read_golden(kTree);
  base::MemorySource source(image);
  const Inspection result = inspect_database(source, {{154, -1}}, {});
  ASSERT_EQ(result.hashes.size(), 2U);
  EXPECT_EQ(result.hashes[1].compact_revision, 154);
  EXPECT_NE(result.hashes[1].hash, result.hashes[0].hash);
}

TEST(Inspect, CountsKubernetesObjectsByTheirPrefix) {
  const Inspection result = inspect(read_golden(kTree));
  // 150 pods, 10 deleted; 4 and 1 overwritten with what is no object.
  EXPECT_EQ(result.kubernetes.objects, 136U);
  EXPECT_EQ(result.kubernetes.objects_by_prefix.at("/registry/"), 136U);
}

TEST(Inspect, IgnoresWhatLiesBeyondTheDatabasesPages) {
  base::Buffer image = read_golden(kTree);
  image.resize(image.size() + 300'000, 0xEE);  // as a live file that grew ahead of its use
  EXPECT_EQ(inspect(image).findings.total(), 0U);
}

// ---- Page sizes -------------------------------------------------------------------------------

class BufferSink : public base::RandomSink {
 public:
  void append(base::Bytes bytes) override {
    content.insert(content.end(), bytes.begin(), bytes.end());
  }
  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    LIFEBOAT_CHECK(offset + bytes.size() <= content.size());
    std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  base::Buffer content;
};

class CopyVisitor : public bbolt::Visitor {
 public:
  explicit CopyVisitor(bbolt::Builder& builder) : builder_(builder) {}

  void bucket(base::Bytes name) override { builder_.begin_bucket(name); }
  void item(base::Bytes key, base::Bytes value) override { builder_.put(key, value); }
  void problem(const bbolt::Problem& problem) override { ADD_FAILURE() << problem.message; }

 private:
  bbolt::Builder& builder_;
};

// The same database as etcd makes it on a machine with other pages.
base::Buffer with_page_size(const base::Buffer& image, std::uint32_t page_size_bytes) {
  base::MemorySource source(image);
  bbolt::Database database(source);
  BufferSink sink;
  bbolt::Builder builder(sink, {.page_size_bytes = page_size_bytes});
  CopyVisitor visitor(builder);
  bbolt::check_database(database, bbolt::Direction::kForward, visitor, {});
  builder.finish();
  return sink.content;
}

TEST(Inspect, ReadsTheSameFromPagesOfEverySize) {
  for (const auto& golden : testing::golden_snapshots()) {
    const base::Buffer original = read_golden(golden.name);
    const Inspection expected = inspect(original);
    for (std::uint32_t size = bbolt::kPageSizeMin; size <= bbolt::kPageSizeMax; size *= 2) {
      SCOPED_TRACE(base::cat(golden.name, " with pages of ", size));
      const Inspection result = inspect(with_page_size(original, size));
      EXPECT_EQ(result.page_size_bytes, size);
      EXPECT_EQ(result.image_size_bytes % size, 0U);
      EXPECT_EQ(result.findings.total(), 0U);
      EXPECT_THAT(result.notes, IsEmpty());
      EXPECT_EQ(result.storage_version, expected.storage_version);
      EXPECT_EQ(result.revision, expected.revision);
      EXPECT_EQ(result.keys, expected.keys);
      EXPECT_EQ(result.records, expected.records);
      EXPECT_EQ(result.leases, expected.leases);
      EXPECT_EQ(result.kubernetes.objects, expected.kubernetes.objects);
      EXPECT_EQ(result.hashes, expected.hashes);
    }
  }
}

// The first meta page lies in the first kilobyte, whatever the size; the second one does not.
TEST(Inspect, FindsTheSecondMetaPageWhateverThePageSize) {
  const base::Buffer original = read_golden(kTree);
  for (std::uint32_t size = bbolt::kPageSizeMin; size <= bbolt::kPageSizeMax; size *= 2) {
    base::Buffer image = with_page_size(original, size);
    std::fill_n(image.begin(), 100, std::uint8_t{0});
    const Inspection result = inspect(image);
    EXPECT_EQ(result.page_size_bytes, size);
    EXPECT_EQ(result.keys, 142U) << size;
    EXPECT_EQ(result.findings.total(), 1U) << size;
  }
}

// ---- The buckets beside the keyspace ----------------------------------------------------------

// Puts `to` wherever `from` stands: free pages hold older copies of most entries.
base::Buffer replaced(base::Buffer image, std::string_view from, std::string_view to) {
  LIFEBOAT_CHECK(from.size() == to.size());
  const base::Bytes before = base::as_bytes(from);
  auto begin = image.begin();
  int count = 0;
  for (;; ++count) {
    const auto place = std::search(begin, image.end(), before.begin(), before.end());
    if (place == image.end()) break;
    begin = std::ranges::copy(base::as_bytes(to), place).out;
  }
  LIFEBOAT_CHECK(count > 0);
  return image;
}

std::vector<std::string> findings(const base::Buffer& image) {
  std::vector<std::string> texts;
  const Inspection result = inspect(image);
  for (const Finding& finding : result.findings.kept()) {
    texts.push_back(finding.where + ": " + finding.message);
  }
  return texts;
}

TEST(Inspect, MissesABucketThatEveryEtcdHas) {
  const base::Buffer image = read_golden("etcd/3.5.30-s0.snapshot.db");
  const base::Buffer renamed = replaced(image, "lease", "leasf");
  EXPECT_THAT(findings(renamed), ::testing::Contains("bucket lease: is missing"));
  EXPECT_THAT(inspect(renamed).notes,
              ::testing::Contains("bucket leasf is of no known version of etcd"));
}

TEST(Inspect, ChecksTheMetaBucket) {
  const base::Buffer image = read_golden("etcd/3.6.14-s0.snapshot.db");
  EXPECT_THAT(findings(replaced(image, "consistent_index", "consistent_indey")),
              ::testing::Contains("bucket meta: consistent_index is missing"));
  EXPECT_THAT(findings(replaced(image, "3.6.0", "3.6.x")),
              ::testing::Contains("bucket meta: entry storageVersion: no version number"));
  EXPECT_THAT(findings(replaced(image, "{\"voters\"", "[\"voters\"")),
              ::testing::Contains(HasSubstr("bucket meta: entry confState: not valid JSON")));
  EXPECT_THAT(findings(replaced(image, "{\"voters\"", "{\"foters\"")),
              ::testing::Contains("bucket meta: entry confState: no voters"));
  EXPECT_THAT(findings(replaced(image, "3.6.0", "3.5.0")),
              ::testing::Contains("bucket meta: entry storageVersion: etcd 3.5.0 writes none"));
}

// The value of a key in the meta bucket lies right behind it.
base::Buffer with_meta(const base::Buffer& image, std::string_view key, std::string_view value) {
  base::Buffer changed = image;
  const std::string_view text = base::as_text(changed);
  for (std::size_t at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
    std::ranges::copy(base::as_bytes(value),
                      changed.begin() + static_cast<std::ptrdiff_t>(at + key.size()));
  }
  return changed;
}

TEST(Inspect, ChecksTheCountsOfTheMetaBucket) {
  const base::Buffer image = read_golden("etcd/3.5.30-s0.snapshot.db");
  const std::string_view none("\0\0\0\0\0\0\0\0", 8);
  const std::string_view most("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  for (const std::string name : {"consistent_index", "term"}) {
    EXPECT_THAT(findings(with_meta(image, name, none)),
                ::testing::Contains("bucket meta: entry " + name + ": is 0"));
    EXPECT_THAT(findings(with_meta(image, name, most)),
                ::testing::Contains("bucket meta: entry " + name +
                                    ": is 18446744073709551615, beyond reach"));
  }
}

TEST(Inspect, ChecksTheMarksOfCompactions) {
  const base::Buffer image = read_golden("etcd/3.5.30-s2.snapshot.db");
  for (const std::string name : {"scheduledCompactRev", "finishedCompactRev"}) {
    const base::Buffer damaged = with_meta(image, name, "\x7f");
    EXPECT_THAT(findings(damaged), ElementsAre(HasSubstr(name + ": a revision beyond reach: 91")));
    // The other mark and the last record still tell where the store stands.
    EXPECT_EQ(inspect(damaged).revision, inspect(image).revision);
    EXPECT_EQ(inspect(damaged).compact_revision, inspect(image).compact_revision);
  }
}

TEST(Inspect, TellsOfAVersionThatIsNewerThanAllItKnows) {
  const base::Buffer image = read_golden("etcd/3.6.14-s0.snapshot.db");
  const base::Buffer newer = replaced(image, "3.6.0", "3.9.0");
  EXPECT_THAT(findings(newer), ::testing::IsEmpty());
  EXPECT_THAT(inspect(newer).notes, ::testing::Contains(HasSubstr("storage version 3.9.0")));
  EXPECT_THAT(inspect(image).notes, ::testing::IsEmpty());
}

TEST(Inspect, ChecksLeasesAndMembers) {
  const base::Buffer image = read_golden("etcd/3.5.30-s0.snapshot.db");
  const std::string_view lease("\x08\xe9\x07\x10\x90\x1c", 6);
  const std::string_view other("\x08\xe8\x07\x10\x90\x1c", 6);
  EXPECT_THAT(findings(replaced(image, lease, other)),
              ::testing::Contains("bucket lease: lease 3e9 says of itself that its id is 3e8 and "
                                  "its TTL 3600 s"));
  EXPECT_THAT(findings(replaced(image, "{\"id\":", "{\"ie\":")),
              ::testing::Contains(HasSubstr("does not say its own id")));
}

}  // namespace
}  // namespace lifeboat::etcd
