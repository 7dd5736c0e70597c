// Makes the B+ tree of one bucket out of sorted items, in one pass.
//
// A page is written as soon as it is settled which items it holds, and then stands as one item in
// the level above, which fills in the same way. So each level keeps little more than a page.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "bbolt/node_builder.h"
#include "bbolt/run_writer.h"

namespace lifeboat::bbolt {

// Used by one thread at a time. Throws what the writer throws.
class TreeBuilder {
 public:
  // Borrows `writer`. `name` says what is built in messages. Leaves and branches are cut where they
  // would be more than `fill_percent` of a page.
  TreeBuilder(RunWriter& writer, std::string name, unsigned fill_percent);

  // Throws kInvalid if an item of these can't be the next one: its key is empty, too large or not
  // above the one before, or its value is too large.
  void check_next(base::Bytes key, std::size_t value_size) const;

  // Checks and copies. `flags` is the leaf element's.
  void put(base::Bytes key, base::Bytes value, std::uint32_t flags);

  // The whole tree as a leaf page with id 0, if bbolt would keep that in the bucket's own value.
  std::optional<base::Buffer> inline_page() const;

  // Writes what is left and returns the root page. Nothing may follow.
  PageId finish();

 private:
  void add(std::size_t level, base::Bytes key, base::Bytes value, std::uint64_t tag);
  void add_large(base::Bytes key, base::Bytes value, std::uint32_t flags);
  // Writes all pages of a level, which gets no more items, or only after a cut.
  void drain(std::size_t level);
  void write_page(std::size_t level, std::size_t count);

  RunWriter& writer_;
  const std::string name_;
  const SplitRule rule_;
  base::Buffer previous_key_;
  std::deque<NodeBuilder> levels_;  // the leaves first; references survive growth
};

}  // namespace lifeboat::bbolt
