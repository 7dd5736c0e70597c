// Appends the pages of a bbolt file in the order of their ids, many of them in one write.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/io.h"
#include "bbolt/format.h"

namespace lifeboat::bbolt {

// Used by one thread at a time. Throws what the target throws; it is of no use after that.
class RunWriter {
 public:
  // Borrows `target`, which is empty. Leaves the place of the meta pages zeroed: until they are
  // written over it, the last of all, the file is no database.
  RunWriter(base::RandomSink& target, std::uint32_t page_size_bytes);

  std::uint32_t page_size_bytes() const { return page_size_bytes_; }

  // The id of the page to come, which is also the number of those there are.
  PageId next() const { return next_; }

  // How many pages hold a node of `size_bytes`.
  std::uint64_t page_count(std::uint64_t size_bytes) const {
    return (size_bytes + page_size_bytes_ - 1) / page_size_bytes_;
  }

  // Takes the next pages and returns their bytes, all of which the caller sets, before any further
  // call. What they held is undefined. Memory grows to the largest run asked for.
  base::MutableBytes add_run(std::uint64_t page_count);

  // A run of `head`, `tail` and zeros. For what is large: memory does not grow.
  void add_run(base::Bytes head, base::Bytes tail);

  // Hands the target all that is still here.
  void flush();

 private:
  void write(base::Bytes bytes);

  base::RandomSink& target_;
  const std::uint32_t page_size_bytes_;
  PageId next_ = 0;
  base::Buffer buffer_;
  std::size_t used_bytes_ = 0;
};

}  // namespace lifeboat::bbolt
