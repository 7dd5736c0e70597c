// Builds files and reads them back with the checker, which knows nothing of the builder.
#include "bbolt/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "bbolt/node_builder.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::bbolt {
namespace {

using base::as_bytes;
using base::as_text;
using base::Code;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Surgeon;

using Items = std::map<std::string, std::string>;
using Buckets = std::map<std::string, Items>;

class MemorySink : public base::RandomSink {
 public:
  void append(base::Bytes bytes) override {
    append_sizes.push_back(bytes.size());
    image.insert(image.end(), bytes.begin(), bytes.end());
  }
  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    ASSERT_LE(offset + bytes.size(), image.size());
    std::ranges::copy(bytes, image.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  base::Buffer image;
  std::vector<std::size_t> append_sizes;
};

// The whole content; everything that the checker finds wrong fails the test.
class Reading : public Visitor {
 public:
  explicit Reading(const base::Buffer& image) {
    base::MemorySource source(image);
    Database database(source);
    EXPECT_EQ(database.meta().size_bytes(), image.size());
    EXPECT_EQ(database.meta().freelist, kNoFreelist);
    check_database(database, Direction::kForward, *this, {});
  }

  void bucket(base::Bytes name) override { items_ = &buckets[std::string(as_text(name))]; }
  void item(base::Bytes key, base::Bytes value) override { (*items_)[text(key)] = text(value); }
  void problem(const Problem& problem) override {
    ADD_FAILURE() << problem.where << ": " << problem.message;
  }

  Buckets buckets;

 private:
  static std::string text(base::Bytes bytes) { return std::string(as_text(bytes)); }
  Items* items_ = nullptr;
};

base::Buffer build(const Buckets& buckets, const BuilderOptions& options = {}) {
  MemorySink sink;
  Builder builder(sink, options);
  for (const auto& [name, items] : buckets) {
    builder.begin_bucket(as_bytes(name));
    for (const auto& [key, value] : items) builder.put(as_bytes(key), as_bytes(value));
  }
  const std::uint64_t size_bytes = builder.finish();
  EXPECT_EQ(size_bytes, sink.image.size());
  return std::move(sink.image);
}

// Every page is reached, which the checker can't tell of a file without a freelist.
void expect_no_waste(const base::Buffer& image) {
  Surgeon surgeon(image);
  std::uint64_t pages = kMetaPageCount;
  for (const PageId id : surgeon.reached_pages()) pages += surgeon.header(id).overflow + 1;
  EXPECT_EQ(pages, surgeon.page_count());
}

// The image, for a further look.
base::Buffer expect_round_trip(const Buckets& buckets, const BuilderOptions& options = {}) {
  base::Buffer image = build(buckets, options);
  EXPECT_TRUE(Reading(image).buckets == buckets);
  expect_no_waste(image);
  return image;
}

std::string number(std::uint32_t value) {
  std::string text(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) text[i] = static_cast<char>(value >> (24 - 8 * i));
  return text;
}

Items numbered(std::uint32_t count, std::size_t value_size) {
  Items items;
  for (std::uint32_t i = 0; i < count; ++i) items[number(i)] = std::string(value_size, 'v');
  return items;
}

std::vector<std::uint16_t> counts_of(const Surgeon& surgeon, PageFlags flags) {
  std::vector<std::uint16_t> counts;
  for (PageId id = kMetaPageCount; id < surgeon.page_count();) {
    const PageHeader header = surgeon.header(id);
    if (header.flags == flags) counts.push_back(header.count);
    id += header.overflow + 1;
  }
  return counts;
}

constexpr std::uint32_t kPageSizes[] = {1024, 2048, 4096, 8192, 16384, 32768, 65536};

TEST(Builder, WritesEmptyDatabasesAndEmptyBuckets) {
  expect_round_trip({});
  expect_round_trip({{"a", {}}});
  expect_round_trip({{"a", {}}, {"b", {}}, {"c", {{"key", ""}}}});
  EXPECT_EQ(build({}).size(), 3U * 4096) << "two meta pages and an empty leaf";
}

TEST(Builder, WritesEveryPageSize) {
  for (const std::uint32_t size : kPageSizes) {
    SCOPED_TRACE(size);
    const Buckets buckets = {{"empty", {}},
                             {"large", {{"k", std::string(5 * size, 'x')}, {"l", ""}}},
                             {"many", numbered(2000, 100)},
                             {"small", {{"k", "v"}}}};
    expect_round_trip(buckets, {.page_size_bytes = size});
  }
}

TEST(Builder, InlinesUpToAQuarterOfAPage) {
  for (const std::uint32_t size : kPageSizes) {
    const std::size_t fits = size / 4 - sizeof(PageHeader) - sizeof(LeafElement) - 1;
    for (const std::size_t more : {0U, 1U}) {
      const Buckets buckets = {{"b", {{"k", std::string(fits + more, 'v')}}}};
      const base::Buffer image = expect_round_trip(buckets, {.page_size_bytes = size});
      base::MemorySource source(image);
      EXPECT_EQ(Database(source).bucket(as_bytes("b"))->root == 0, more == 0) << size;
    }
  }
}

TEST(Builder, KeepsTheSequenceOfABucketInlineOrNot) {
  for (const std::size_t value_size : {1U, 4000U}) {
    MemorySink sink;
    Builder builder(sink, {});
    builder.begin_bucket(as_bytes("b"), 0x1234567890);
    builder.put(as_bytes("k"), base::Buffer(value_size, 'v'));
    builder.finish();
    const Surgeon surgeon(sink.image);
    const PageId root = surgeon.meta(0).root;
    const LeafElement element = surgeon.leaf_element(root, 0);
    BucketHeader header;
    const std::size_t offset = root * 4096 + sizeof(PageHeader) + element.position + 1;
    std::memcpy(&header, sink.image.data() + offset, sizeof(header));
    EXPECT_EQ(header.sequence, 0x1234567890U);
    EXPECT_EQ(header.root == 0, value_size == 1);
  }
}

TEST(Builder, StacksBranchesOnBranches) {
  const base::Buffer image =
      expect_round_trip({{"key", numbered(60'000, 20)}}, {.page_size_bytes = 1024});
  base::MemorySource source(image);
  Database database(source);
  int levels = 1;
  PageId id = database.bucket(as_bytes("key"))->root;
  for (; Surgeon(image).header(id).flags == kBranchPage; ++levels) {
    id = Surgeon(image).branch_element(id, 0).child;
  }
  EXPECT_EQ(levels, 4) << "leaves and three levels of branches";
  EXPECT_EQ(as_text(*database.get(as_bytes("key"), as_bytes(number(59'999)))),
            std::string(20, 'v'));
}

// Every number of items around which a page, and a branch, comes to its end.
TEST(Builder, EndsWellWhereverTheItemsEnd) {
  for (std::uint32_t count = 0; count < 700; ++count) {
    SCOPED_TRACE(count);
    const BuilderOptions options{.page_size_bytes = 1024};
    const Buckets buckets = {{"key", numbered(count, 150)}};
    expect_round_trip(buckets, options);
    EXPECT_THAT(counts_of(Surgeon(build(buckets, options)), kBranchPage), Each(::testing::Ge(2U)));
  }
}

TEST(Builder, CutsPagesWhereBboltDoes) {
  struct Case {
    const char* name;
    std::vector<std::size_t> value_sizes;
    unsigned fill_percent;
    std::vector<std::uint16_t> leaves;
  };
  // An element and its key are 20 bytes together, a page of 1024 has 1008 for items.
  const Case cases[] = {
      {"no larger than a page stays whole", std::vector<std::size_t>(10, 80), 50, {10}},
      {"a page exactly full is parted", std::vector<std::size_t>(9, 92), 90, {6, 3}},
      {"a page less one byte is not", {92, 92, 92, 92, 92, 92, 92, 92, 91}, 90, {9}},
      {"four items stay together whatever their size", std::vector<std::size_t>(4, 2000), 90, {4}},
      {"five do not: two, and three are left", std::vector<std::size_t>(5, 2000), 90, {2, 3}},
      {"at least two to a page", std::vector<std::size_t>(9, 1100), 90, {2, 2, 2, 3}},
      {"up to nine tenths of a page", std::vector<std::size_t>(30, 80), 90, {9, 9, 9, 3}},
      {"up to half a page", std::vector<std::size_t>(30, 80), 50, {4, 4, 4, 4, 4, 10}},
      {"up to a whole one", std::vector<std::size_t>(30, 80), 100, {10, 10, 10}},
  };
  for (const Case& test : cases) {
    Items items;
    for (std::uint32_t i = 0; i < test.value_sizes.size(); ++i) {
      items[number(i)] = std::string(test.value_sizes[i], 'v');
    }
    const BuilderOptions options{.page_size_bytes = 1024, .fill_percent = test.fill_percent};
    std::vector<std::uint16_t> leaves =
        counts_of(Surgeon(build({{"b", items}}, options)), kLeafPage);
    leaves.pop_back();  // the tree of buckets
    EXPECT_EQ(leaves, test.leaves) << test.name;
  }
}

TEST(Builder, GivesLargeItemsLeavesOfTheirOwn) {
  constexpr std::size_t kLarge = 16 * 1024 - 4;
  const BuilderOptions options{.page_size_bytes = 1024};
  Items items = numbered(8, 100);
  items[number(3)] = std::string(kLarge, 'a');
  items[number(5)] = std::string(10 * kLarge, 'b');
  items[number(6)] = std::string(kLarge - 1, 'c');
  EXPECT_THAT(counts_of(Surgeon(expect_round_trip({{"b", items}}, options)), kLeafPage),
              ElementsAre(3, 1, 1, 1, 2, 1));
  expect_round_trip({{"alone", {{"k", std::string(2'000'000, 'x')}}}}, options);
  expect_round_trip({{"keys", {{std::string(kKeySizeMax, 'k'), ""}}}}, options);
}

TEST(Builder, HasRoomForTheLongestKeysInBranches) {
  Items items;
  for (std::uint32_t i = 0; i < 40; ++i) {
    items[std::string(kKeySizeMax - 4, 'k') + number(i)] = "v";
  }
  for (const std::uint32_t size : {1024U, 4096U, 65536U}) {
    expect_round_trip({{"b", items}}, {.page_size_bytes = size});
  }
}

TEST(Builder, WritesATreeOfManyBuckets) {
  Buckets buckets;
  for (std::uint32_t i = 0; i < 3000; ++i) buckets["b" + number(i)] = numbered(i % 40, 30);
  expect_round_trip(buckets, {.page_size_bytes = 1024});
}

TEST(Builder, CopesWithWhateverIsSorted) {
  std::mt19937 engine(20261121);
  const auto below = [&engine](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(engine);
  };
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    Buckets buckets;
    const std::size_t longest = std::size_t{1} << below(16);
    for (std::size_t i = below(5); i > 0; --i) {
      Items& items = buckets[std::string(1 + below(20), static_cast<char>('a' + below(26)))];
      for (std::size_t j = below(600); j > 0; --j) {
        std::string key(1 + below(40), '\0');
        for (char& byte : key) byte = static_cast<char>(below(256));
        items[key] = std::string(below(longest), static_cast<char>(below(256)));
      }
    }
    expect_round_trip(buckets, {.page_size_bytes = kPageSizes[below(7)],
                                .fill_percent = 10 + static_cast<unsigned>(below(91))});
  }
}

TEST(Builder, RebuildsFilesOfTheRealEtcd) {
  std::vector<std::string> names = {"etcd/3.4.23-tree.snapshot.db", "etcd/3.4.23-empty.snapshot.db",
                                    "etcd/3.4.23-compacted.snapshot.db"};
  for (const auto& golden : testing::golden_snapshots()) names.push_back(golden.name);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    base::Buffer image = testing::read_golden(name);
    image.erase(image.end() - 32, image.end());  // the trailer
    const Buckets buckets = Reading(image).buckets;
    EXPECT_GE(buckets.size(), 6U);
    EXPECT_LE(expect_round_trip(buckets).size(), image.size());
  }
}

TEST(Builder, PutsTheTransactionOnThePageThatItBelongsTo) {
  for (const std::uint64_t txid : {std::uint64_t{1}, std::uint64_t{6}, ~std::uint64_t{0}}) {
    const Surgeon surgeon(build({}, {.txid = txid}));
    EXPECT_EQ(surgeon.meta(txid % 2).txid, txid);
    EXPECT_EQ(surgeon.meta(1 - txid % 2).txid, txid - 1);
    Surgeon old = surgeon;
    old.image()[(txid % 2) * 4096 + 16] ^= 1;
    base::MemorySource source(old.image());
    EXPECT_EQ(Database(source).meta().txid, txid - 1) << "the other page does as well";
  }
}

TEST(Builder, WritesTheSameBytesForTheSameItems) {
  const Buckets buckets = {{"a", numbered(3, 5)}, {"key", numbered(5000, 100)}};
  EXPECT_TRUE(build(buckets) == build(buckets));
}

TEST(Builder, WritesInLargePieces) {
  MemorySink sink;
  Builder builder(sink, {});
  builder.begin_bucket(as_bytes("key"));
  const base::Buffer value(1000, 'v');
  for (std::uint32_t i = 0; i < 20'000; ++i) builder.put(as_bytes(number(i)), value);
  builder.finish();
  sink.append_sizes.pop_back();
  EXPECT_THAT(sink.append_sizes, Each(::testing::Ge(256U * 1024)));
}

// ---- Refusals -----------------------------------------------------------------------------------

std::string refusal(const std::function<void(Builder&)>& use, const BuilderOptions& options = {}) {
  MemorySink sink;
  try {
    Builder builder(sink, options);
    use(builder);
  } catch (const base::Error& error) {
    return std::string(code_name(error.code())) + ": " + error.what();
  }
  return "nothing was thrown";
}

TEST(Builder, RefusesWhatBboltWouldNotTake) {
  const auto put = [](const std::vector<std::string>& keys) {
    return [keys](Builder& builder) {
      builder.begin_bucket(as_bytes("b"));
      for (const std::string& key : keys) builder.put(as_bytes(key), as_bytes("v"));
    };
  };
  const auto begin = [](const std::vector<std::string>& names) {
    return [names](Builder& builder) {
      for (const std::string& name : names) builder.begin_bucket(as_bytes(name));
    };
  };
  EXPECT_EQ(refusal(put({"b", "a"})),
            "invalid: cannot build bucket b: key 61 is not above the one before it, 62");
  EXPECT_THAT(refusal(put({"a", "a"})), HasSubstr("not above"));
  EXPECT_THAT(refusal(put({"aa", "a"})), HasSubstr("not above"));
  EXPECT_THAT(refusal(put({"\xFF", "\x01"})), HasSubstr("not above"));
  EXPECT_EQ(refusal(put({""})), "invalid: cannot build bucket b: an empty key");
  EXPECT_THAT(refusal(put({std::string(kKeySizeMax + 1, 'k')})), HasSubstr("32769 bytes"));
  EXPECT_EQ(refusal(put({std::string(kKeySizeMax, 'k')})), "nothing was thrown");
  EXPECT_THAT(refusal(begin({"b", "a"})),
              HasSubstr("the tree of buckets: key 61 is not above the one before it, 62"));
  EXPECT_THAT(refusal(begin({"a", "a"})), HasSubstr("not above"));
  EXPECT_THAT(refusal(begin({""})), HasSubstr("an empty key"));
  EXPECT_THAT(refusal(begin({std::string(kKeySizeMax + 1, 'k')})), HasSubstr("32769 bytes"));
  // Only the size of it is looked at.
  const std::uint8_t byte = 0;
  const base::Bytes too_large(&byte, std::size_t{kValueSizeMax} + 1);
  EXPECT_THAT(refusal([&](Builder& builder) {
                builder.begin_bucket(as_bytes("b"));
                builder.put(as_bytes("k"), too_large);
              }),
              HasSubstr("a value of 2147483647 bytes"));
}

TEST(Builder, RefusesOptionsThatAreNone) {
  const auto nothing = [](Builder&) {};
  for (const std::uint32_t size : {0U, 512U, 4095U, 131072U}) {
    EXPECT_THAT(refusal(nothing, {.page_size_bytes = size}), HasSubstr("a page size of"));
  }
  EXPECT_THAT(refusal(nothing, {.txid = 0}), HasSubstr("transaction 0"));
  EXPECT_THAT(refusal(nothing, {.fill_percent = 9}), HasSubstr("9 % full"));
  EXPECT_THAT(refusal(nothing, {.fill_percent = 101}), HasSubstr("101 % full"));
}

class FailingSink : public MemorySink {
 public:
  explicit FailingSink(std::size_t calls) : calls_left_(calls) {}
  void append(base::Bytes bytes) override {
    count();
    MemorySink::append(bytes);
  }
  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    count();
    MemorySink::overwrite(offset, bytes);
  }

 private:
  void count() {
    if (calls_left_ == 0) throw base::Error(Code::kNoSpace, "the disk is full");
    --calls_left_;
  }

  std::size_t calls_left_;
};

TEST(Builder, PassesOnWhatTheTargetThrowsAndThenTheFileIsNoDatabase) {
  for (std::size_t calls = 0; calls < 10; ++calls) {
    FailingSink sink(calls);
    try {
      Builder builder(sink, {});
      builder.begin_bucket(as_bytes("key"));
      const base::Buffer value(3000, 'v');
      for (std::uint32_t i = 0; i < 500; ++i) builder.put(as_bytes(number(i)), value);
      builder.finish();
      EXPECT_EQ(calls, sink.append_sizes.size() + 1);
      return;
    } catch (const base::Error& error) {
      EXPECT_EQ(code_name(error.code()), code_name(Code::kNoSpace));
    }
    base::MemorySource source(sink.image);
    EXPECT_THROW(Database{source}, base::Error);
  }
  FAIL() << "it never came to an end";
}

// ---- Memory -------------------------------------------------------------------------------------

// Feeds a level on its own: what is not settled is all that it keeps.
TEST(NodeBuilder, KeepsLittleMoreThanAPage) {
  NodeBuilder node(kLeafPage, {.page_size_bytes = 4096, .fill_size_bytes = 3686});
  std::size_t largest = 0;
  std::size_t pages = 0;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    node.add(as_bytes(number(i)), base::Buffer(i % 300, 'v'), 0);
    largest = std::max(largest, node.size_bytes());
    while (const std::size_t count = node.settled_count()) {
      node.remove_front(count);
      ++pages;
    }
  }
  EXPECT_LT(largest, 4096U + 4 * 320);
  EXPECT_GT(pages, 4000U);
}

}  // namespace
}  // namespace lifeboat::bbolt
