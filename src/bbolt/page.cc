#include "bbolt/page.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::bbolt {
namespace {

using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

[[noreturn]] void fail(const std::string& message) { throw Error(Code::kCorrupt, message); }

}  // namespace

int compare_keys(Bytes left, Bytes right) {
  const std::size_t common = std::min(left.size(), right.size());
  const int order = common == 0 ? 0 : std::memcmp(left.data(), right.data(), common);
  if (order != 0) return order < 0 ? -1 : 1;
  return left.size() == right.size() ? 0 : (left.size() < right.size() ? -1 : 1);
}

PageHeader read_header(Bytes bytes) {
  LIFEBOAT_CHECK(bytes.size() >= sizeof(PageHeader));
  PageHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

Page::Page(Bytes bytes, const PageHeader& header)
    : bytes_(bytes), leaf_(header.flags == kLeafPage), count_(header.count) {}

Page Page::parse(Bytes bytes, PageId id) {
  if (bytes.size() < sizeof(PageHeader)) fail("is shorter than a page header");
  const PageHeader header = read_header(bytes);
  if (header.id != id) fail(cat("calls itself page ", std::uint64_t{header.id}));
  if (header.flags != kLeafPage && header.flags != kBranchPage) {
    fail(cat("is neither branch nor leaf (flags ", std::uint16_t{header.flags}, ")"));
  }
  static_assert(sizeof(LeafElement) == sizeof(BranchElement));
  if (sizeof(PageHeader) + header.count * sizeof(LeafElement) > bytes.size()) {
    fail(cat("has room for fewer than its ", std::uint16_t{header.count}, " elements"));
  }
  const Page page(bytes, header);
  if (!page.leaf_ && page.count_ == 0) fail("is a branch without children");
  for (std::size_t i = 0; i < page.count_; ++i) page.check_element(i);
  for (std::size_t i = 1; i < page.count_; ++i) {
    if (compare_keys(page.key(i - 1), page.key(i)) >= 0) {
      fail(cat("element ", i, ": its key is not above the one before it"));
    }
  }
  return page;
}

template <typename Element>
Element Page::element(std::size_t index) const {
  Element element;
  std::memcpy(&element, bytes_.data() + sizeof(PageHeader) + index * sizeof(Element),
              sizeof(Element));
  return element;
}

void Page::check_element(std::size_t index) const {
  std::uint64_t position = 0;
  std::uint64_t key_size = 0;
  std::uint64_t value_size = 0;
  if (leaf_) {
    const auto leaf = element<LeafElement>(index);
    if (leaf.flags > kBucketFlag) {
      fail(cat("element ", index, ": unknown flags ", std::uint32_t{leaf.flags}));
    }
    position = leaf.position;
    key_size = leaf.key_size;
    value_size = leaf.value_size;
  } else {
    const auto branch = element<BranchElement>(index);
    position = branch.position;
    key_size = branch.key_size;
  }
  if (key_size == 0 || key_size > kKeySizeMax) {
    fail(cat("element ", index, ": a key of ", key_size, " bytes"));
  }
  if (value_size > kValueSizeMax) {
    fail(cat("element ", index, ": a value of ", value_size, " bytes"));
  }
  // All terms are below 2^33, so nothing overflows. Data that begins within the element table would
  // read elements as text.
  const std::uint64_t table_end = sizeof(PageHeader) + count_ * sizeof(LeafElement);
  const std::uint64_t begin = sizeof(PageHeader) + index * sizeof(LeafElement) + position;
  if (begin < table_end || begin + key_size + value_size > bytes_.size()) {
    fail(cat("element ", index, ": its data lies outside the page"));
  }
}

Bytes Page::key(std::size_t index) const {
  const std::size_t start = sizeof(PageHeader) + index * sizeof(LeafElement);
  if (leaf_) {
    const auto leaf = element<LeafElement>(index);
    return bytes_.subspan(start + leaf.position, leaf.key_size);
  }
  const auto branch = element<BranchElement>(index);
  return bytes_.subspan(start + branch.position, branch.key_size);
}

Bytes Page::value(std::size_t index) const {
  const std::size_t start = sizeof(PageHeader) + index * sizeof(LeafElement);
  const auto leaf = element<LeafElement>(index);
  return bytes_.subspan(start + leaf.position + leaf.key_size, leaf.value_size);
}

bool Page::is_bucket(std::size_t index) const {
  return element<LeafElement>(index).flags == kBucketFlag;
}

PageId Page::child(std::size_t index) const { return element<BranchElement>(index).child; }

}  // namespace lifeboat::bbolt
