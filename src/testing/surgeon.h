// Opens up a bbolt image and damages it on purpose, one field at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "bbolt/format.h"

namespace lifeboat::testing {

// Works on a copy of an image, trailer or not. Pages are named by id; meta checksums and trailers
// stay as they are unless asked for.
class Surgeon {
 public:
  explicit Surgeon(base::Buffer image);

  base::Buffer& image() { return image_; }
  std::uint32_t page_size_bytes() const { return page_size_; }
  // Pages that the meta pages count.
  std::uint64_t page_count() const;

  // Copies of on-disk structs, and their way back.
  bbolt::PageHeader header(bbolt::PageId id) const;
  void set_header(bbolt::PageId id, const bbolt::PageHeader& header);
  bbolt::MetaBody meta(bbolt::PageId id) const;
  // With a checksum that is right.
  void set_meta(bbolt::PageId id, bbolt::MetaBody meta);
  bbolt::LeafElement leaf_element(bbolt::PageId id, std::size_t index) const;
  void set_leaf_element(bbolt::PageId id, std::size_t index, const bbolt::LeafElement& element);
  bbolt::BranchElement branch_element(bbolt::PageId id, std::size_t index) const;
  void set_branch_element(bbolt::PageId id, std::size_t index, const bbolt::BranchElement& element);

  // The branch and leaf pages that are in use, by way of the whole tree. For a healthy image only.
  std::vector<bbolt::PageId> reached_pages() const;
  // The first of them with these flags and at least `min_count` elements.
  std::optional<bbolt::PageId> find_page(std::uint16_t flags, std::size_t min_count = 1) const;

  // The first leaf of the `key` bucket with at least `min_count` records: its first key is a
  // revision. Ends the test with an exception if there is none.
  bbolt::PageId find_records(std::size_t min_count = 1) const;

  // Makes the last 32 bytes the SHA-256 of what is before them.
  void fix_trailer();

 private:
  template <typename Struct>
  Struct load(std::size_t offset) const;
  template <typename Struct>
  void store(std::size_t offset, const Struct& value);
  std::size_t offset_of(bbolt::PageId id) const;

  base::Buffer image_;
  std::uint32_t page_size_;
};

}  // namespace lifeboat::testing
