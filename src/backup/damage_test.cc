// What `verify` makes of real snapshots that are damaged in every way: each case once with the
// trailer that it had, which finds all of them, and once with one that was made anew, as a member
// with a bad disk sends it. No case may crash, hang, or ask for memory without bound.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "backup/verify.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/progress.h"
#include "bbolt/format.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::backup {
namespace {

using bbolt::PageId;
using testing::Surgeon;

// A tree of several levels, whose history was never compacted; and one file of each later form,
// compacted, with leases.
constexpr std::string_view kTree = "etcd/3.4.23-tree.snapshot.db";
constexpr std::array<std::string_view, 4> kImages = {
    kTree, "etcd/3.5.30-s2.snapshot.db", "etcd/3.6.14-s2.snapshot.db", "etcd/3.7.1-s2.snapshot.db"};

constexpr std::array<std::uint32_t, 3> kExtremes = {0xFFFFFFFF, 0x7FFFFFFF, 0x80000000};

bool is_found(const base::Buffer& image) {
  base::Progress progress;
  const OpenFile open = [&] { return std::make_unique<base::MemorySource>(image); };
  return !verify_file("/tmp/damaged.db", [&] { return open; }, {}, progress, {}).ok();
}

std::int64_t peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

// Counts the cases of one kind, and says the share.
class Tally {
 public:
  explicit Tally(std::string kind) : kind_(std::move(kind)) {}

  ~Tally() {
    std::cout << "  " << kind_ << ": " << cases_ << " cases, found with the old trailer "
              << with_old_trailer_ << ", with a new one " << with_new_trailer_ << ", longest "
              << longest_.count() << " ms\n";
    EXPECT_GT(cases_, 0) << kind_;
    EXPECT_EQ(with_old_trailer_, cases_) << kind_;
    EXPECT_LT(longest_, std::chrono::seconds(20)) << kind_;
    // The sanitizer keeps a quarter of a GiB of what was freed.
    EXPECT_LT(peak_memory_mib() - memory_before_mib_, 512) << kind_;
  }
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  // True if it is found though its trailer is right.
  bool look_at(Surgeon damaged) {
    ++cases_;
    const auto begin = std::chrono::steady_clock::now();
    if (is_found(damaged.image())) ++with_old_trailer_;
    if (damaged.image().size() >= base::Sha256::kSizeBytes) damaged.fix_trailer();
    const bool found = is_found(damaged.image());
    if (found) ++with_new_trailer_;
    const auto end = std::chrono::steady_clock::now();
    longest_ =
        std::max(longest_, std::chrono::duration_cast<std::chrono::milliseconds>(end - begin));
    return found;
  }

 private:
  const std::string kind_;
  const std::int64_t memory_before_mib_ = peak_memory_mib();
  int cases_ = 0;
  int with_old_trailer_ = 0;
  int with_new_trailer_ = 0;
  std::chrono::milliseconds longest_{0};
};

class Damage : public ::testing::TestWithParam<std::string_view> {
 protected:
  const base::Buffer healthy_ = testing::read_golden(std::string(GetParam()));
  const std::size_t page_size_ = Surgeon(healthy_).page_size_bytes();
  const std::vector<PageId> reached_ = Surgeon(healthy_).reached_pages();
};

TEST_P(Damage, IsNotFoundWhereThereIsNone) {
  EXPECT_FALSE(is_found(healthy_));
  Surgeon surgeon(healthy_);
  surgeon.fix_trailer();
  EXPECT_EQ(surgeon.image(), healthy_);
}

// Not every bit matters to a database: free pages and the bytes of values hold no invariant.
TEST_P(Damage, OfBitsAndWordsAnywhere) {
  std::mt19937 random(20261121);
  const auto place = [&random](std::size_t limit) { return random() % limit; };
  const std::size_t samples = healthy_.size() / 50;
  Tally bits("flipped bits");
  for (std::size_t i = 0; i < samples; ++i) {
    Surgeon surgeon(healthy_);
    surgeon.image()[place(healthy_.size())] ^= static_cast<std::uint8_t>(1U << place(8));
    bits.look_at(std::move(surgeon));
  }
  Tally words("words at their extremes");
  for (std::size_t i = 0; i < samples; ++i) {
    Surgeon surgeon(healthy_);
    const std::size_t at = place(healthy_.size() / 4) * 4;
    const std::uint8_t extreme = std::array<std::uint8_t, 3>{0x00, 0xFF, 0x7F}[place(3)];
    std::fill_n(surgeon.image().begin() + static_cast<long>(at), 4, extreme);
    if (surgeon.image() != healthy_) words.look_at(std::move(surgeon));
  }
}

// Bytes of which every bit is under an invariant.
struct Place {
  std::string what;
  std::size_t offset = 0;
  std::size_t size = 0;
};

// Both meta pages, what each page in use says that it is, and the revisions of records.
std::vector<Place> covered_places(const base::Buffer& image) {
  const Surgeon surgeon(image);
  const std::size_t page_size = surgeon.page_size_bytes();
  std::vector<Place> places;
  for (PageId id = 0; id < 2; ++id) {
    places.push_back({"meta", id * page_size + sizeof(bbolt::PageHeader), sizeof(bbolt::MetaBody)});
  }
  for (const PageId id : surgeon.reached_pages()) {
    const bbolt::PageHeader header = surgeon.header(id);
    places.push_back({"page id", id * page_size, sizeof(header.id)});
    places.push_back({"page flags", id * page_size + sizeof(header.id), sizeof(header.flags)});
    if (header.flags != bbolt::kLeafPage) continue;
    for (std::size_t i = 0; i < header.count; ++i) {
      const bbolt::LeafElement element = surgeon.leaf_element(id, i);
      // A tombstone of which the mark is gone is a put without a value, which may be none.
      if (element.flags != 0 || element.key_size != 17) continue;
      const std::size_t at = id * page_size + sizeof(header) + i * sizeof(element);
      places.push_back({"revision", at + element.position, element.key_size});
    }
  }
  return places;
}

TEST_P(Damage, OfBitsUnderAnInvariantIsAlwaysFound) {
  const std::vector<Place> places = covered_places(healthy_);
  std::mt19937 random(20261123);
  std::vector<std::pair<const Place*, std::size_t>> bits;
  for (const Place& place : places) {
    for (std::size_t bit = 0; bit < place.size * 8; ++bit) bits.emplace_back(&place, bit);
  }
  std::ranges::shuffle(bits, random);
  bits.resize(std::min<std::size_t>(bits.size(), 4000));
  Tally covered("flipped bits under an invariant");
  for (const auto& [place, bit] : bits) {
    Surgeon surgeon(healthy_);
    surgeon.image()[place->offset + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_TRUE(covered.look_at(std::move(surgeon)))
        << place->what << " at " << place->offset << ", bit " << bit;
  }
}

// Of a file that has many pages.
class TreeDamage : public Damage {};

TEST_P(TreeDamage, OfLostAndSwappedPagesIsAlwaysFound) {
  Tally zeroed("zeroed pages");
  Tally swapped("swapped pages");
  for (const PageId id : reached_) {
    Surgeon surgeon(healthy_);
    const auto page = [this](PageId number) { return static_cast<long>(number * page_size_); };
    std::fill_n(surgeon.image().begin() + page(id), page_size_, std::uint8_t{0});
    EXPECT_TRUE(zeroed.look_at(std::move(surgeon))) << id;
    for (const PageId other : reached_) {
      if (other <= id) continue;
      Surgeon pair(healthy_);
      const auto begin = pair.image().begin();
      std::swap_ranges(begin + page(id), begin + page(id + 1), begin + page(other));
      EXPECT_TRUE(swapped.look_at(std::move(pair))) << id << " and " << other;
    }
  }
}

TEST_P(TreeDamage, OfPagesThatPointAtOthersIsAlwaysFound) {
  const Surgeon whole(healthy_);
  Tally pointers("pages that point at another");
  // The root as the root's own bucket, and every page below it.
  for (const PageId id : reached_) {
    bbolt::MetaBody meta = whole.meta(0);
    const PageId newer = whole.meta(1).txid > meta.txid ? 1 : 0;
    meta = whole.meta(newer);
    if (meta.root == id) continue;
    meta.root = id;
    Surgeon surgeon(healthy_);
    surgeon.set_meta(newer, meta);
    EXPECT_TRUE(pointers.look_at(std::move(surgeon))) << "root " << id;
  }
  for (const PageId id : reached_) {
    const bbolt::PageHeader header = whole.header(id);
    if (header.flags != bbolt::kBranchPage) continue;
    for (std::size_t i = 0; i < header.count; ++i) {
      bbolt::BranchElement element = whole.branch_element(id, i);
      const PageId child = element.child;
      for (const PageId other : reached_) {
        if (other == child) continue;
        element.child = other;
        Surgeon surgeon(healthy_);
        surgeon.set_branch_element(id, i, element);
        EXPECT_TRUE(pointers.look_at(std::move(surgeon))) << id << "." << i << " to " << other;
      }
    }
  }
}

TEST_P(Damage, OfCountsAndOffsetsAtTheirExtremesIsAlwaysFound) {
  const Surgeon whole(healthy_);
  Tally fields("counts and offsets at their extremes");
  const auto expect_found = [&fields](Surgeon surgeon, PageId id, std::string_view what) {
    EXPECT_TRUE(fields.look_at(std::move(surgeon))) << what << " of page " << id;
  };
  for (const PageId id : reached_) {
    const bbolt::PageHeader header = whole.header(id);
    bbolt::PageHeader changed = header;
    changed.count = 0xFFFF;
    Surgeon counted(healthy_);
    counted.set_header(id, changed);
    expect_found(std::move(counted), id, "count");
    for (const std::uint32_t extreme : kExtremes) {
      changed = header;
      changed.overflow = extreme;
      Surgeon surgeon(healthy_);
      surgeon.set_header(id, changed);
      expect_found(std::move(surgeon), id, "overflow");
    }
    if (header.flags != bbolt::kLeafPage) continue;
    for (std::size_t i = 0; i < header.count; i += 7) {
      const bbolt::LeafElement element = whole.leaf_element(id, i);
      for (const std::uint32_t extreme : kExtremes) {
        for (auto field : {&bbolt::LeafElement::position, &bbolt::LeafElement::key_size,
                           &bbolt::LeafElement::value_size}) {
          bbolt::LeafElement damaged = element;
          damaged.*field = extreme;
          Surgeon surgeon(healthy_);
          surgeon.set_leaf_element(id, i, damaged);
          expect_found(std::move(surgeon), id, "an element");
        }
      }
    }
  }
}

TEST_P(Damage, OfAnEndThatIsMissing) {
  Tally cut("truncations");
  for (std::size_t size = 0; size < healthy_.size(); size += 256) {
    for (const std::size_t exact : {size, size + 1, size + 32}) {
      // Without its trailer it is what a member's own database is: whole.
      if (exact >= healthy_.size() - base::Sha256::kSizeBytes) continue;
      Surgeon surgeon(healthy_);
      surgeon.image().resize(exact);
      cut.look_at(std::move(surgeon));
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<std::string_view>& image) {
  std::string name;
  for (const char letter : image.param.substr(5, 3)) name += letter == '.' ? '_' : letter;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Snapshots, Damage, ::testing::ValuesIn(kImages), name_of);
INSTANTIATE_TEST_SUITE_P(Snapshots, TreeDamage, ::testing::Values(kTree), name_of);

}  // namespace
}  // namespace lifeboat::backup
