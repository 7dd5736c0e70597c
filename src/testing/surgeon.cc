#include "testing/surgeon.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/error.h"
#include "base/hash.h"
#include "etcd/key_value.h"

namespace lifeboat::testing {
namespace {

using bbolt::PageHeader;
using bbolt::PageId;

constexpr std::size_t element_offset(std::size_t index) {
  return sizeof(PageHeader) + index * sizeof(bbolt::LeafElement);
}

}  // namespace

template <typename Struct>
Struct Surgeon::load(std::size_t offset) const {
  LIFEBOAT_CHECK(offset + sizeof(Struct) <= image_.size());
  Struct value;
  std::memcpy(&value, image_.data() + offset, sizeof(value));
  return value;
}

template <typename Struct>
void Surgeon::store(std::size_t offset, const Struct& value) {
  LIFEBOAT_CHECK(offset + sizeof(Struct) <= image_.size());
  std::memcpy(image_.data() + offset, &value, sizeof(value));
}

Surgeon::Surgeon(base::Buffer image) : image_(std::move(image)), page_size_(0) {
  page_size_ = load<bbolt::MetaBody>(sizeof(PageHeader)).page_size;
}

std::size_t Surgeon::offset_of(PageId id) const {
  return static_cast<std::size_t>(id) * page_size_;
}

std::uint64_t Surgeon::page_count() const { return meta(0).high_water_mark; }

PageHeader Surgeon::header(PageId id) const { return load<PageHeader>(offset_of(id)); }

void Surgeon::set_header(PageId id, const PageHeader& header) { store(offset_of(id), header); }

bbolt::MetaBody Surgeon::meta(PageId id) const {
  return load<bbolt::MetaBody>(offset_of(id) + sizeof(PageHeader));
}

void Surgeon::set_meta(PageId id, bbolt::MetaBody meta) {
  meta.checksum = bbolt::meta_checksum(meta);
  store(offset_of(id) + sizeof(PageHeader), meta);
}

bbolt::LeafElement Surgeon::leaf_element(PageId id, std::size_t index) const {
  return load<bbolt::LeafElement>(offset_of(id) + element_offset(index));
}

void Surgeon::set_leaf_element(PageId id, std::size_t index, const bbolt::LeafElement& element) {
  store(offset_of(id) + element_offset(index), element);
}

bbolt::BranchElement Surgeon::branch_element(PageId id, std::size_t index) const {
  return load<bbolt::BranchElement>(offset_of(id) + element_offset(index));
}

void Surgeon::set_branch_element(PageId id, std::size_t index,
                                 const bbolt::BranchElement& element) {
  store(offset_of(id) + element_offset(index), element);
}

std::vector<PageId> Surgeon::reached_pages() const {
  std::vector<PageId> pages{meta(0).root};
  for (std::size_t next = 0; next < pages.size(); ++next) {
    const PageId id = pages[next];
    for (std::size_t i = 0; i < header(id).count; ++i) {
      if (header(id).flags == bbolt::kBranchPage) {
        pages.push_back(branch_element(id, i).child);
        continue;
      }
      const bbolt::LeafElement element = leaf_element(id, i);
      if (element.flags != bbolt::kBucketFlag) continue;
      const std::size_t value =
          offset_of(id) + element_offset(i) + element.position + element.key_size;
      const auto bucket = load<bbolt::BucketHeader>(value);
      if (bucket.root != 0) pages.push_back(bucket.root);
    }
  }
  return pages;
}

std::optional<PageId> Surgeon::find_page(std::uint16_t flags, std::size_t min_count) const {
  for (const PageId id : reached_pages()) {
    if (header(id).flags == flags && header(id).count >= min_count) return id;
  }
  return std::nullopt;
}

bbolt::PageId Surgeon::find_records(std::size_t min_count) const {
  for (const bbolt::PageId id : reached_pages()) {
    const PageHeader page = header(id);
    if (page.flags != bbolt::kLeafPage || page.count < min_count) continue;
    if (leaf_element(id, 0).key_size == etcd::kRevisionSizeBytes) return id;
  }
  throw std::runtime_error("there is no such page");
}

void Surgeon::fix_trailer() {
  constexpr std::size_t kTrailerBytes = base::Sha256::kSizeBytes;
  LIFEBOAT_CHECK(image_.size() >= kTrailerBytes);
  const auto digest = base::sha256(base::Bytes(image_).first(image_.size() - kTrailerBytes));
  std::ranges::copy(digest, image_.end() - kTrailerBytes);
}

}  // namespace lifeboat::testing
