#include "bbolt/checker.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "bbolt/run_reader.h"

namespace lifeboat::bbolt {
namespace {

using base::Buffer;
using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

// Deeper than any healthy tree; bounds the recursion on a hostile one.
constexpr std::size_t kDepthMax = 40;
// etcd nests no buckets; bbolt may, and a hostile file may without end.
constexpr std::size_t kNestingMax = 8;

// The keys that a subtree may hold: from `low` up to but without `high`.
struct Bounds {
  std::optional<Bytes> low;
  std::optional<Bytes> high;
};

class Walk {
 public:
  Walk(Database& database, Direction direction, Visitor& visitor, std::stop_token stop)
      : database_(database),
        direction_(direction),
        visitor_(visitor),
        stop_(std::move(stop)),
        reader_(database),
        reached_(database.meta().high_water_mark) {}

  void run() {
    if (!database_.other_meta_problem().empty()) {
      visitor_.problem({"meta pages", database_.other_meta_problem()});
    }
    for (PageId id = 0; id < std::min<PageId>(kMetaPageCount, reached_.size()); ++id) {
      reached_[id] = true;
    }
    walk_tree(database_.meta().root, 0);
    check_freelist();
  }

 private:
  // `nesting` 0 is the tree of buckets, 1 their items, more are nested buckets.
  void walk_tree(PageId root, std::size_t nesting) {
    walk_page(std::span(&root, 1), {}, nesting, 0);
  }

  // Visits `upcoming[0]`; the rest are its siblings still to come.
  void walk_page(std::span<const PageId> upcoming, const Bounds& bounds, std::size_t nesting,
                 std::size_t depth) {
    base::throw_if_stopped(stop_);
    const PageId id = upcoming.front();
    if (depth == kDepthMax) {
      report(id, cat("the tree is deeper than ", kDepthMax));
      return;
    }
    const std::optional<Bytes> bytes = load(upcoming, bounds);
    if (!bytes) return;
    const Page page = Page::view(*bytes);
    if (page.is_leaf()) {
      walk_leaf(*bytes, id, nesting);
    } else {
      walk_branch(Buffer(bytes->begin(), bytes->end()), bounds, nesting, depth);
    }
  }

  // The page, checked; nullopt if it can't be entered, which was reported.
  std::optional<Bytes> load(std::span<const PageId> upcoming, const Bounds& bounds) {
    const PageId id = upcoming.front();
    try {
      const Bytes bytes = reader_.read(upcoming);
      if (!mark_reached(id, bytes.size() / database_.meta().page_size_bytes)) return std::nullopt;
      check_bounds(id, Page::parse(bytes, id), bounds);
      return bytes;
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt) throw;
      report(id, error.what());
      return std::nullopt;
    }
  }

  // The branch keeps its own copy of the page: its children are read over the reader's.
  void walk_branch(const Buffer& bytes, const Bounds& bounds, std::size_t nesting,
                   std::size_t depth) {
    const Page page = Page::view(bytes);
    std::vector<PageId> order(page.count());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = page.child(child_index(page, i));
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::size_t index = child_index(page, i);
      Bounds child_bounds{page.key(index), bounds.high};
      if (index + 1 < page.count()) child_bounds.high = page.key(index + 1);
      walk_page(std::span(order).subspan(i), child_bounds, nesting, depth + 1);
    }
  }

  std::size_t child_index(const Page& page, std::size_t step) const {
    return direction_ == Direction::kForward ? step : page.count() - 1 - step;
  }

  // Leaves are views into the reader's window, which a nested walk replaces: then they are copied.
  void walk_leaf(Bytes bytes, PageId id, std::size_t nesting) {
    const Page page = Page::view(bytes);
    bool has_buckets = false;
    for (std::size_t i = 0; i < page.count(); ++i) has_buckets |= page.is_bucket(i);
    if (!has_buckets) return walk_items(page, id, nesting);
    const Buffer copy(bytes.begin(), bytes.end());
    walk_items(Page::view(copy), id, nesting);
  }

  void walk_items(const Page& page, PageId id, std::size_t nesting) {
    for (std::size_t i = 0; i < page.count(); ++i) {
      const std::size_t index = child_index(page, i);
      if (page.is_bucket(index)) {
        walk_bucket(page.key(index), page.value(index), id, nesting);
      } else if (nesting == 0) {
        report(id, cat("\"", base::printable(base::as_text(page.key(index)), 60),
                       "\" stands among the buckets but is none"));
      } else if (nesting == 1) {
        visitor_.item(page.key(index), page.value(index));
      }
    }
  }

  void walk_bucket(Bytes name, Bytes value, PageId id, std::size_t nesting) {
    if (nesting == kNestingMax) {
      report(id, cat("buckets are nested deeper than ", kNestingMax));
      return;
    }
    if (nesting == 0) visitor_.bucket(name);
    const std::optional<Bucket> bucket = load_bucket(name, value);
    if (!bucket) return;
    if (bucket->root != 0) return walk_tree(bucket->root, nesting + 1);
    walk_items(Page::view(bucket->inline_page), id, nesting + 1);
  }

  // The bucket, its inline page checked; nullopt if it can't be entered, which was reported.
  std::optional<Bucket> load_bucket(Bytes name, Bytes value) {
    try {
      Bucket bucket = Bucket::parse(value);
      if (bucket.root == 0 && !Page::parse(bucket.inline_page, 0).is_leaf()) {
        throw Error(Code::kCorrupt, "an inline bucket that is no leaf");
      }
      return bucket;
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt) throw;
      visitor_.problem({cat("bucket ", base::printable(base::as_text(name), 60)), error.what()});
      return std::nullopt;
    }
  }

  // False if a page of the run was reached before: it is reported and not entered again.
  bool mark_reached(PageId id, std::uint64_t length) {
    bool fresh = true;
    for (PageId page = id; page < id + length; ++page) {
      if (reached_[page]) {
        report(page, "is reached more than once");
        fresh = false;
      }
      reached_[page] = true;
    }
    return fresh;
  }

  void check_bounds(PageId id, const Page& page, const Bounds& bounds) {
    if (page.count() == 0) return;
    if (bounds.low && compare_keys(page.key(0), *bounds.low) < 0) {
      report(id, "its first key is below the key that its parent has for it");
    }
    if (bounds.high && compare_keys(page.key(page.count() - 1), *bounds.high) >= 0) {
      report(id, "its last key is not below the key that its parent has for the next page");
    }
  }

  // A stored freelist names exactly the pages that nothing reaches. Without one there is nothing to
  // disagree with.
  void check_freelist() {
    const PageId freelist = database_.meta().freelist;
    if (freelist == kNoFreelist) return;
    try {
      const Buffer bytes = database_.read_run(freelist);
      if (!mark_reached(freelist, bytes.size() / database_.meta().page_size_bytes)) return;
      check_free_pages(bytes, freelist);
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt) throw;
      report(freelist, error.what());
    }
  }

  void check_free_pages(Bytes bytes, PageId freelist) {
    const PageHeader header = read_header(bytes);
    if (header.flags != kFreelistPage || header.id != freelist) {
      throw Error(Code::kCorrupt, "is not the freelist that the meta page names");
    }
    std::uint64_t count = header.count;
    std::size_t begin = sizeof(PageHeader);
    if (count == kCountInBody) {
      count = read_word(bytes, begin);
      begin += sizeof(base::le64);
    }
    if (count > (bytes.size() - begin) / sizeof(base::le64)) {
      throw Error(Code::kCorrupt, cat("a freelist with room for fewer than its ", count, " ids"));
    }
    std::vector<bool> free(reached_.size());
    for (std::uint64_t i = 0; i < count; ++i) {
      check_free_page(read_word(bytes, begin + i * sizeof(base::le64)), free);
    }
    for (PageId id = 0; id < reached_.size(); ++id) {
      if (!reached_[id] && !free[id]) report(id, "is neither reached nor free");
    }
  }

  void check_free_page(PageId id, std::vector<bool>& free) {
    if (id >= free.size()) {
      report(id, "is free, but there is no such page");
    } else if (free[id]) {
      report(id, "is in the freelist twice");
    } else if (reached_[id]) {
      report(id, "is free, but also reached");
    } else {
      free[id] = true;
    }
  }

  static std::uint64_t read_word(Bytes bytes, std::size_t offset) {
    if (offset + sizeof(base::le64) > bytes.size()) {
      throw Error(Code::kCorrupt, "a freelist that ends within an id");
    }
    base::le64 word;
    std::memcpy(&word, bytes.data() + offset, sizeof(word));
    return word;
  }

  void report(PageId id, const std::string& message) {
    const std::string where = cat("page ", id);
    // Some messages come with their page already.
    const std::string prefix = where + ": ";
    visitor_.problem(
        {where, message.starts_with(prefix) ? message.substr(prefix.size()) : message});
  }

  Database& database_;
  const Direction direction_;
  Visitor& visitor_;
  const std::stop_token stop_;
  RunReader reader_;
  std::vector<bool> reached_;
};

}  // namespace

void check_database(Database& database, Direction direction, Visitor& visitor,
                    std::stop_token stop) {
  Walk(database, direction, visitor, std::move(stop)).run();
}

}  // namespace lifeboat::bbolt
