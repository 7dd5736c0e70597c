// The items of a tree that are not on a page yet, on one level, and where bbolt would part them.
//
// bbolt gathers a level's items in memory and parts them into pages when it commits: a page is cut
// before the item that would fill it beyond a given size, but has at least two items, and three are
// left for the next one; what is no larger than a page, or has no more than four items, stays
// whole. So a page is settled three items after its end at the latest, and a stream can be cut in
// the same places.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "bbolt/format.h"

namespace lifeboat::bbolt {

struct SplitRule {
  std::size_t page_size_bytes = 0;
  std::size_t fill_size_bytes = 0;  // no larger than a page
};

// Used by one thread at a time.
class NodeBuilder {
 public:
  // `flags` is kLeafPage or kBranchPage.
  NodeBuilder(PageFlags flags, const SplitRule& rule) : flags_(flags), rule_(rule) {}

  // Copies. `tag` is a leaf item's flags or a branch item's child; a branch's `value` is empty.
  void add(base::Bytes key, base::Bytes value, std::uint64_t tag);

  std::size_t count() const { return items_.size(); }
  // Of a node of all the items.
  std::size_t size_bytes() const { return size_bytes_; }
  // Borrowed until the next change.
  base::Bytes first_key() const;
  std::uint64_t first_tag() const { return items_.front().tag; }

  // How many items make the first page whatever comes after the last; 0 if that is not settled.
  std::size_t settled_count() const;
  // The same if nothing comes.
  std::size_t final_count() const;

  // The node of the first `count` items.
  std::size_t front_size_bytes(std::size_t count) const;
  // Fills all of `page`, which holds the node and is as long as its pages.
  void encode_front(std::size_t count, PageId id, std::uint32_t overflow,
                    base::MutableBytes page) const;
  void remove_front(std::size_t count);

 private:
  struct Item {
    std::uint32_t key_size;
    std::uint32_t value_size;
    std::uint64_t tag;
  };

  void measure(std::size_t index);
  std::size_t data_size_bytes(std::size_t count) const;

  const PageFlags flags_;
  const SplitRule rule_;
  std::vector<Item> items_;
  base::Buffer data_;  // keys and values as they will follow the elements
  std::size_t size_bytes_ = sizeof(PageHeader);
  std::size_t split_count_ = 0;  // items before the one that is too many; 0 if none is
};

}  // namespace lifeboat::bbolt
