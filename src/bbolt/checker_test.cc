// Damages a real file in one place at a time and asks for the finding that names it.
#include "bbolt/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/error.h"
#include "base/io.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::bbolt {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_golden;
using testing::Surgeon;

constexpr char kTree[] = "etcd/3.4.23-tree.snapshot.db";

class Recorder : public Visitor {
 public:
  void bucket(base::Bytes name) override { bucket_ = base::as_text(name); }
  void item(base::Bytes key, base::Bytes) override {
    keys[bucket_].emplace_back(base::as_text(key));
  }
  void problem(const Problem& problem) override {
    problems.push_back(problem.where + ": " + problem.message);
  }

  std::map<std::string, std::vector<std::string>> keys;
  std::vector<std::string> problems;

 private:
  std::string bucket_;
};

Recorder check(const base::Buffer& image, Direction direction = Direction::kBackward) {
  base::MemorySource source(image);
  Database database(source);
  Recorder recorder;
  check_database(database, direction, recorder, {});
  return recorder;
}

std::string all_problems(const base::Buffer& image) {
  std::string text;
  for (const std::string& problem : check(image).problems) text += problem + "\n";
  return text;
}

TEST(Checker, FindsNothingWrongWithFilesOfTheRealEtcd) {
  for (const auto& golden : testing::golden_snapshots()) {
    EXPECT_THAT(check(read_golden(golden.name)).problems, IsEmpty()) << golden.name;
  }
}

TEST(Checker, ShowsTheSameItemsInBothDirections) {
  const base::Buffer image = read_golden(kTree);
  Recorder forward = check(image, Direction::kForward);
  Recorder backward = check(image, Direction::kBackward);
  EXPECT_EQ(forward.keys.at("key").size(), 166U);
  EXPECT_TRUE(std::ranges::is_sorted(forward.keys.at("key")));
  for (auto& [bucket, keys] : backward.keys) std::ranges::reverse(keys);
  EXPECT_EQ(forward.keys, backward.keys);
}

TEST(Checker, StopsOnRequest) {
  const base::Buffer image = read_golden(kTree);
  base::MemorySource source(image);
  Database database(source);
  Recorder recorder;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(check_database(database, Direction::kForward, recorder, stop.get_token()),
               base::Error);
}

// ---- One kind of damage each ------------------------------------------------------------------

struct Damage {
  const char* name;
  std::function<void(Surgeon&)> inflict;
  const char* finding;
};

void change_leaf_element(Surgeon& surgeon, const std::function<void(LeafElement&)>& change) {
  const PageId leaf = *surgeon.find_page(kLeafPage, 5);
  LeafElement element = surgeon.leaf_element(leaf, 2);
  change(element);
  surgeon.set_leaf_element(leaf, 2, element);
}

void change_header(Surgeon& surgeon, std::uint16_t flags,
                   const std::function<void(PageHeader&)>& change) {
  const PageId id = *surgeon.find_page(flags, 2);
  PageHeader header = surgeon.header(id);
  change(header);
  surgeon.set_header(id, header);
}

void change_branch(Surgeon& surgeon, const std::function<void(BranchElement&)>& change) {
  const PageId branch = *surgeon.find_page(kBranchPage, 3);
  BranchElement element = surgeon.branch_element(branch, 1);
  change(element);
  surgeon.set_branch_element(branch, 1, element);
}

const Damage kDamages[] = {
    {"another page id",
     [](Surgeon& s) { change_header(s, kLeafPage, [](auto& h) { h.id = 999; }); },
     "calls itself page 999"},
    {"another type", [](Surgeon& s) { change_header(s, kLeafPage, [](auto& h) { h.flags = 8; }); },
     "neither branch nor leaf (flags 8)"},
    {"a meta page in the tree",
     [](Surgeon& s) { change_header(s, kLeafPage, [](auto& h) { h.flags = kMetaPage; }); },
     "neither branch nor leaf"},
    {"the largest count",
     [](Surgeon& s) { change_header(s, kLeafPage, [](auto& h) { h.count = 0xFFFF; }); },
     "has room for fewer than its 65535 elements"},
    {"a branch without children",
     [](Surgeon& s) { change_header(s, kBranchPage, [](auto& h) { h.count = 0; }); },
     "is a branch without children"},
    {"an overflow out of the file",
     [](Surgeon& s) { change_header(s, kLeafPage, [](auto& h) { h.overflow = 0xFFFFFFFF; }); },
     "lead beyond the database's"},
    {"an overflow into other pages",
     [](Surgeon& s) { change_header(s, kLeafPage, [](auto& h) { h.overflow = 2; }); },
     "is reached more than once"},
    {"a key of no bytes",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.key_size = 0; }); },
     "element 2: a key of 0 bytes"},
    {"a key too long",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.key_size = 40000; }); },
     "element 2: a key of 40000 bytes"},
    {"a value out of the page",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.value_size = 100000; }); },
     "element 2: its data lies outside the page"},
    {"a value of the largest size",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.value_size = 0xFFFFFFFF; }); },
     "element 2: a value of 4294967295 bytes"},
    {"data within the element table",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.position = 0; }); },
     "element 2: its data lies outside the page"},
    {"data at the largest position",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.position = 0xFFFFFFFF; }); },
     "element 2: its data lies outside the page"},
    {"unknown element flags",
     [](Surgeon& s) { change_leaf_element(s, [](auto& e) { e.flags = 6; }); },
     "element 2: unknown flags 6"},
    {"the same key twice in a page",
     [](Surgeon& s) {
       const PageId leaf = *s.find_page(kLeafPage, 5);
       LeafElement element = s.leaf_element(leaf, 1);
       element.position = element.position - 16;
       s.set_leaf_element(leaf, 2, element);
     },
     "element 2: its key is not above the one before it"},
    {"two children swapped",
     [](Surgeon& s) {
       const PageId branch = *s.find_page(kBranchPage, 3);
       BranchElement first = s.branch_element(branch, 0);
       BranchElement second = s.branch_element(branch, 1);
       const PageId child = first.child;
       first.child = second.child;
       second.child = child;
       s.set_branch_element(branch, 0, first);
       s.set_branch_element(branch, 1, second);
     },
     "its last key is not below the key that its parent has for the next page"},
    {"a child named twice",
     [](Surgeon& s) {
       const PageId branch = *s.find_page(kBranchPage, 3);
       const PageId other = s.branch_element(branch, 0).child;
       change_branch(s, [other](auto& e) { e.child = other; });
     },
     "is reached more than once"},
    {"a circle",
     [](Surgeon& s) {
       const PageId branch = *s.find_page(kBranchPage, 3);
       change_branch(s, [branch](auto& e) { e.child = branch; });
     },
     "is reached more than once"},
    {"a child beyond the end",
     [](Surgeon& s) { change_branch(s, [](auto& e) { e.child = 1'000'000; }); },
     "page 1000000: there is no such page"},
    {"a child that is a meta page",
     [](Surgeon& s) { change_branch(s, [](auto& e) { e.child = 1; }); },
     "page 1: there is no such page"},
    {"a broken meta page", [](Surgeon& s) { s.image()[16] ^= 1; },
     "meta page 0: the magic number is wrong"},
    {"a meta page with a flipped bit", [](Surgeon& s) { s.image()[4096 + 16 + 40] ^= 1; },
     "meta page 1: the checksum does not match"},
};

TEST(Checker, NamesEachKindOfDamage) {
  const base::Buffer healthy = read_golden(kTree);
  for (const Damage& damage : kDamages) {
    Surgeon surgeon(healthy);
    damage.inflict(surgeon);
    EXPECT_THAT(all_problems(surgeon.image()), HasSubstr(damage.finding)) << damage.name;
  }
}

TEST(Checker, GoesOnBesideADamagedPage) {
  Surgeon surgeon(read_golden(kTree));
  const PageId branch = *surgeon.find_page(kBranchPage, 3);
  const PageId leaf = surgeon.branch_element(branch, 1).child;
  PageHeader header = surgeon.header(leaf);
  header.id = 999;
  surgeon.set_header(leaf, header);
  const Recorder recorder = check(surgeon.image());
  EXPECT_EQ(recorder.problems.size(), 1U);
  EXPECT_GT(recorder.keys.at("key").size(), 100U);
}

// ---- A stored freelist, which etcd never writes but other users of bbolt do -------------------

// Stores `ids` as the freelist of a healthy image, in the page after its last.
base::Buffer with_freelist(const std::vector<PageId>& ids) {
  const base::Buffer healthy = read_golden(kTree);
  Surgeon surgeon(healthy);
  const PageId freelist = surgeon.page_count();
  surgeon.image().resize((freelist + 1) * surgeon.page_size_bytes());
  PageHeader header;
  header.id = freelist;
  header.flags = kFreelistPage;
  header.count = static_cast<std::uint16_t>(ids.size());
  header.overflow = 0;
  surgeon.set_header(freelist, header);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const base::le64 id = ids[i];
    std::memcpy(surgeon.image().data() + freelist * surgeon.page_size_bytes() + 16 + i * 8, &id, 8);
  }
  for (const PageId id : {PageId{0}, PageId{1}}) {
    MetaBody meta = surgeon.meta(id);
    meta.freelist = freelist;
    meta.high_water_mark = freelist + 1;
    surgeon.set_meta(id, meta);
  }
  return surgeon.image();
}

std::vector<PageId> free_pages() {
  const Surgeon surgeon(read_golden(kTree));
  std::vector<bool> used(surgeon.page_count());
  used[0] = used[1] = true;
  for (const PageId id : surgeon.reached_pages()) {
    for (PageId page = id; page <= id + surgeon.header(id).overflow; ++page) used[page] = true;
  }
  std::vector<PageId> free;
  for (PageId id = 0; id < used.size(); ++id) {
    if (!used[id]) free.push_back(id);
  }
  return free;
}

TEST(Checker, AcceptsAFreelistThatAgrees) {
  EXPECT_THAT(check(with_freelist(free_pages())).problems, IsEmpty());
}

TEST(Checker, ComparesAFreelistWithWhatIsReached) {
  const std::vector<PageId> free = free_pages();
  ASSERT_GE(free.size(), 2U);

  auto missing = free;
  missing.pop_back();
  EXPECT_THAT(all_problems(with_freelist(missing)), HasSubstr("is neither reached nor free"));

  auto twice = free;
  twice.push_back(free.back());
  EXPECT_THAT(all_problems(with_freelist(twice)), HasSubstr("is in the freelist twice"));

  auto reached = free;
  reached.push_back(Surgeon(read_golden(kTree)).meta(0).root);
  EXPECT_THAT(all_problems(with_freelist(reached)), HasSubstr("is free, but also reached"));

  auto beyond = free;
  beyond.push_back(777'777);
  EXPECT_THAT(all_problems(with_freelist(beyond)), HasSubstr("there is no such page"));
}

}  // namespace
}  // namespace lifeboat::bbolt
