// One branch or leaf page with its overflow, checked as a whole before anything is read from it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "bbolt/format.h"

namespace lifeboat::bbolt {

// The fixed part of a page, from its first bytes, of which there are enough.
PageHeader read_header(base::Bytes bytes);

// A view: borrows the bytes it was made from, and so does everything it returns. Indices are
// below count(); kinds are asked for first.
class Page {
 public:
  // `bytes` is the page and all its overflow. Throws kCorrupt if it does not call itself `id`, is
  // neither branch nor leaf, or has an element, key or value that does not lie within it, or keys
  // that do not ascend.
  static Page parse(base::Bytes bytes, PageId id);

  // The same bytes once more, without the checks: they passed parse before.
  static Page view(base::Bytes bytes) { return Page(bytes, read_header(bytes)); }

  bool is_leaf() const { return leaf_; }
  std::size_t count() const { return count_; }

  base::Bytes key(std::size_t index) const;

  // Of a leaf.
  base::Bytes value(std::size_t index) const;
  bool is_bucket(std::size_t index) const;

  // Of a branch.
  PageId child(std::size_t index) const;

 private:
  Page(base::Bytes bytes, const PageHeader& header);

  template <typename Element>
  Element element(std::size_t index) const;
  void check_element(std::size_t index) const;

  base::Bytes bytes_;
  bool leaf_;
  std::size_t count_;
};

// -1, 0 or 1: the order of bbolt's keys, which is that of unsigned bytes.
int compare_keys(base::Bytes left, base::Bytes right);

}  // namespace lifeboat::bbolt
