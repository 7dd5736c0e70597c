#include "bbolt/run_reader.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::bbolt {
namespace {

using base::Bytes;

// Pages further apart than this on average are read one by one: a window that is mostly gaps would
// read more than it saves.
constexpr std::uint64_t kStridePagesMax = 8;

// The pages after the last one named in a window, for its overflow.
constexpr std::uint64_t kTailPages = 4;

}  // namespace

RunReader::RunReader(Database& database) : database_(database), window_(kWindowSize) {}

bool RunReader::in_window(std::uint64_t offset, std::uint64_t size) const {
  return offset >= window_offset_ && offset - window_offset_ <= window_filled_ &&
         size <= window_filled_ - (offset - window_offset_);
}

Bytes RunReader::window_bytes(std::uint64_t offset, std::uint64_t size) const {
  return Bytes(window_).subspan(static_cast<std::size_t>(offset - window_offset_),
                                static_cast<std::size_t>(size));
}

// Takes in pages from the front of `upcoming` as long as they all fit one window closely.
void RunReader::fill_window(std::span<const PageId> upcoming) {
  const Meta& meta = database_.meta();
  const std::uint64_t window_pages = kWindowSize / meta.page_size_bytes;
  PageId lowest = upcoming.front();
  PageId highest = upcoming.front();
  std::uint64_t taken = 0;
  for (const PageId id : upcoming) {
    if (id >= meta.high_water_mark) break;
    const PageId new_lowest = std::min(lowest, id);
    const PageId new_highest = std::max(highest, id);
    const std::uint64_t spread = new_highest - new_lowest + 1;
    if (spread + kTailPages > window_pages || spread > (taken + 1) * kStridePagesMax) break;
    lowest = new_lowest;
    highest = new_highest;
    ++taken;
  }
  const PageId end = std::min(highest + 1 + kTailPages, meta.high_water_mark);
  window_offset_ = lowest * meta.page_size_bytes;
  const auto size = static_cast<std::size_t>((end - lowest) * meta.page_size_bytes);
  window_filled_ = 0;
  window_filled_ =
      database_.source().read_at(window_offset_, base::MutableBytes(window_).first(size));
}

Bytes RunReader::read(std::span<const PageId> upcoming) {
  const PageId id = upcoming.front();
  const Meta& meta = database_.meta();
  const std::uint64_t page_size = meta.page_size_bytes;
  const std::uint64_t offset = id * page_size;
  if (id < kMetaPageCount || id >= meta.high_water_mark) {
    throw base::Error(base::Code::kCorrupt, base::cat("page ", id, ": there is no such page"));
  }
  if (!in_window(offset, page_size)) fill_window(upcoming);
  if (in_window(offset, page_size)) {
    const PageHeader header = read_header(window_bytes(offset, page_size));
    const std::uint64_t size = database_.run_length(id, header) * page_size;
    if (in_window(offset, size)) return window_bytes(offset, size);
  }
  single_ = database_.read_run(id);
  return single_;
}

}  // namespace lifeboat::bbolt
