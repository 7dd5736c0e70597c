#include "backup/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/text.h"
#include "bbolt/builder.h"
#include "etcd/schema.h"
#include "testing/golden.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class BufferSink : public base::RandomSink {
 public:
  void append(base::Bytes bytes) override {
    content.insert(content.end(), bytes.begin(), bytes.end());
  }
  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  base::Buffer content;
};

// A keyspace that is written record by record.
class Keyspace {
 public:
  Keyspace() { builder_.begin_bucket(as_bytes(etcd::kKeyBucket)); }

  void put(const std::string& key) {
    // mvccpb.KeyValue: key, mod revision.
    std::string record = base::cat('\x0A', static_cast<char>(key.size()), key);
    record += "\x2A\x01v";  // value "v"
    builder_.put(etcd::encode_revision_key({{++revision_, 0}, false}), as_bytes(record));
  }
  void remove(const std::string& key) {
    const std::string record = base::cat('\x0A', static_cast<char>(key.size()), key);
    builder_.put(etcd::encode_revision_key({{++revision_, 0}, true}), as_bytes(record));
  }
  base::Buffer finish() {
    builder_.finish();
    return sink_.content;
  }

 private:
  BufferSink sink_;
  bbolt::Builder builder_{sink_, {.page_size_bytes = 4096, .txid = 1}};
  std::int64_t revision_ = 1;
};

std::vector<std::string> names(const std::vector<SampledKey>& sample) {
  std::vector<std::string> result;
  for (const SampledKey& sampled : sample) result.push_back(sampled.key);
  return result;
}

std::vector<std::string> sample_names(const base::Buffer& image, const SampleOptions& options) {
  base::MemorySource source(image);
  return names(sample_keys(source, options, {}));
}

TEST(Sample, TakesAllKeysWhereThereAreFew) {
  for (const auto& golden : testing::golden_snapshots()) {
    const base::Buffer image = testing::read_golden(golden.name);
    base::MemorySource source(image);
    const auto sample = sample_keys(source, {.keys = 10000}, {});
    EXPECT_EQ(sample.size(), golden.keys) << golden.name;
    for (const SampledKey& sampled : sample) {
      const etcd::StoredKey stored = read_sampled(source, sampled);
      EXPECT_EQ(stored.mod_revision, sampled.revision.main);
      EXPECT_GE(stored.version, 1);
      EXPECT_LE(stored.create_revision, stored.mod_revision);
    }
  }
}

TEST(Sample, TakesTheNewestRecordAndNoDeletedKey) {
  Keyspace keyspace;
  keyspace.put("a");     // 2
  keyspace.put("b");     // 3
  keyspace.put("a");     // 4
  keyspace.put("c");     // 5
  keyspace.remove("b");  // 6
  keyspace.remove("c");  // 7
  keyspace.put("c");     // 8
  const base::Buffer image = keyspace.finish();
  base::MemorySource source(image);
  const auto sample = sample_keys(source, {}, {});
  ASSERT_THAT(names(sample), ElementsAre("a", "c"));
  EXPECT_EQ(sample[0].revision.main, 4);
  EXPECT_EQ(sample[1].revision.main, 8);
}

TEST(Sample, IsSpreadOverAllKeysAndAnotherForAnotherSeed) {
  Keyspace keyspace;
  for (int i = 0; i < 5000; ++i) keyspace.put(base::cat("/registry/", 10000 + i));
  for (int i = 0; i < 5000; i += 2) keyspace.remove(base::cat("/registry/", 10000 + i));
  const base::Buffer image = keyspace.finish();
  const auto one = sample_names(image, {.keys = 100, .seed = 1});
  EXPECT_THAT(one, SizeIs(100));
  EXPECT_EQ(one, sample_names(image, {.keys = 100, .seed = 1}));
  const auto other = sample_names(image, {.keys = 100, .seed = 2});
  EXPECT_NE(one, other);
  // Every tenth of the keyspace is there: to miss one has a chance of 3 in 100000.
  std::set<char> tenths;
  for (const std::string& name : one) tenths.insert(name[11]);
  EXPECT_THAT(tenths, SizeIs(5));
  for (const std::string& name : one) EXPECT_EQ((name.back() - '0') % 2, 1) << name;
}

TEST(Sample, RefusesADamagedFile) {
  base::Buffer image = testing::read_golden("etcd/3.5.30-s0.snapshot.db");
  image.resize(3000);
  base::MemorySource source(image);
  EXPECT_THROW(sample_keys(source, {}, {}), base::Error);
}

}  // namespace
}  // namespace lifeboat::backup
