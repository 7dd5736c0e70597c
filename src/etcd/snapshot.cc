#include "etcd/snapshot.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "bbolt/format.h"

namespace lifeboat::etcd {
namespace {

bbolt::MetaBody load_meta(base::Bytes image, std::size_t page_offset) {
  bbolt::MetaBody meta;
  std::memcpy(&meta, image.data() + page_offset + sizeof(bbolt::PageHeader), sizeof(meta));
  return meta;
}

void store_meta(base::Buffer& image, std::size_t page_offset, bbolt::MetaBody meta,
                std::uint64_t txid) {
  meta.txid = txid;
  meta.checksum = bbolt::meta_checksum(meta);
  std::memcpy(image.data() + page_offset + sizeof(bbolt::PageHeader), &meta, sizeof(meta));
}

}  // namespace

void SnapshotHasher::update(base::Bytes bytes) {
  size_bytes_ += bytes.size();
  if (bytes.size() >= kTrailerSizeBytes) {
    // The usual case: what was held back and all but the end of `bytes` belong to the image.
    image_.update(tail_);
    const auto tail = bytes.last(kTrailerSizeBytes);
    image_.update(bytes.first(bytes.size() - kTrailerSizeBytes));
    tail_.assign(tail.begin(), tail.end());
    return;
  }
  tail_.insert(tail_.end(), bytes.begin(), bytes.end());
  const std::size_t surplus = tail_.size() - std::min<std::size_t>(tail_.size(), kTrailerSizeBytes);
  image_.update(base::Bytes(tail_).first(surplus));
  tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(surplus));
}

base::Sha256::Digest SnapshotHasher::file_digest() const {
  base::Sha256 whole(image_);
  whole.update(tail_);
  return whole.digest();
}

bool SnapshotHasher::trailer_matches() const {
  return has_trailer_length(size_bytes_) && std::ranges::equal(image_.digest(), tail_);
}

std::vector<base::Buffer> heads_before_reopening(base::Bytes head) {
  constexpr std::uint64_t kTimesMax = 3;
  constexpr std::size_t kMetaEnd = sizeof(bbolt::PageHeader) + sizeof(bbolt::MetaBody);
  if (head.size() < kMetaEnd) return {};
  const bbolt::MetaBody first = load_meta(head, 0);
  const std::size_t page_size = first.page_size;
  if (page_size < kMetaEnd || head.size() < page_size + kMetaEnd) return {};
  const bbolt::MetaBody second = load_meta(head, page_size);
  // A commit that changed data has moved the root.
  if (first.root != second.root || first.high_water_mark != second.high_water_mark) return {};

  // As etcd sends them, page 0 has the txid of the snapshot and page 1 the one before.
  std::vector<base::Buffer> candidates;
  const std::uint64_t newest = std::max<std::uint64_t>(first.txid, second.txid);
  for (std::uint64_t times = 1; times <= kTimesMax && times < newest; ++times) {
    base::Buffer candidate(head.begin(), head.end());
    store_meta(candidate, 0, first, newest - times);
    store_meta(candidate, page_size, first, newest - times - 1);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace lifeboat::etcd
