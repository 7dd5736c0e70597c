// Reads the pages of a tree walk with few, large reads.
//
// Sibling pages mostly lie next to each other, in the order in which they were written. The walk
// says which pages come next; as many of them as lie close together are read in one go.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "bbolt/database.h"

namespace lifeboat::bbolt {

class RunReader {
 public:
  // Borrows `database`. Keeps one window of kWindowSize bytes.
  explicit RunReader(Database& database);

  static constexpr std::uint64_t kWindowSize = 512 * 1024;

  // The page `upcoming[0]` with its overflow, borrowed until the next call; the rest are the pages
  // that will be asked for next, in that order. Throws as Database::read_run does.
  base::Bytes read(std::span<const PageId> upcoming);

 private:
  bool in_window(std::uint64_t offset, std::uint64_t size) const;
  base::Bytes window_bytes(std::uint64_t offset, std::uint64_t size) const;
  void fill_window(std::span<const PageId> upcoming);

  Database& database_;
  base::Buffer window_;
  std::uint64_t window_offset_ = 0;
  std::uint64_t window_filled_ = 0;  // bytes
  base::Buffer single_;              // a run that does not fit the window
};

}  // namespace lifeboat::bbolt
