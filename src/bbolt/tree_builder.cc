#include "bbolt/tree_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "bbolt/page.h"

namespace lifeboat::bbolt {
namespace {

using base::Buffer;
using base::Bytes;
using base::cat;

// An item of this many pages or more gets a leaf of its own and is written without being kept.
// bbolt puts two or more together whatever their size, which saves half a page for each on average:
// not worth the memory here.
constexpr std::uint64_t kLargeItemPages = 16;

}  // namespace

TreeBuilder::TreeBuilder(RunWriter& writer, std::string name, unsigned fill_percent)
    : writer_(writer),
      name_(std::move(name)),
      rule_{writer.page_size_bytes(), std::size_t{writer.page_size_bytes()} * fill_percent / 100} {
  levels_.emplace_back(kLeafPage, rule_);
}

void TreeBuilder::check_next(Bytes key, std::size_t value_size) const {
  std::string problem;
  if (key.empty()) {
    problem = "an empty key";
  } else if (key.size() > kKeySizeMax) {
    problem = cat("a key of ", key.size(), " bytes, more than ", kKeySizeMax);
  } else if (value_size > kValueSizeMax) {
    problem = cat("a value of ", value_size, " bytes, more than ", kValueSizeMax);
  } else if (compare_keys(previous_key_, key) >= 0) {
    problem = cat("key ", base::to_hex(key), " is not above the one before it, ",
                  base::to_hex(previous_key_));
  } else {
    return;
  }
  throw base::Error(base::Code::kInvalid, cat("cannot build ", name_, ": ", problem));
}

void TreeBuilder::put(Bytes key, Bytes value, std::uint32_t flags) {
  check_next(key, value.size());
  previous_key_.assign(key.begin(), key.end());
  if (key.size() + value.size() >= kLargeItemPages * writer_.page_size_bytes()) {
    add_large(key, value, flags);
  } else {
    add(0, key, value, flags);
  }
}

void TreeBuilder::add(std::size_t level, Bytes key, Bytes value, std::uint64_t tag) {
  if (level == levels_.size()) levels_.emplace_back(kBranchPage, rule_);
  NodeBuilder& node = levels_[level];
  node.add(key, value, tag);
  while (const std::size_t count = node.settled_count()) write_page(level, count);
}

void TreeBuilder::add_large(Bytes key, Bytes value, std::uint32_t flags) {
  drain(0);
  const PageId id = writer_.next();
  const std::uint64_t head_size = sizeof(PageHeader) + sizeof(LeafElement) + key.size();
  const std::uint64_t pages = writer_.page_count(head_size + value.size());
  const PageHeader header{id, kLeafPage, std::uint16_t{1}, static_cast<std::uint32_t>(pages - 1)};
  const LeafElement element{flags, std::uint32_t{sizeof(LeafElement)},
                            static_cast<std::uint32_t>(key.size()),
                            static_cast<std::uint32_t>(value.size())};
  Buffer head(static_cast<std::size_t>(head_size));
  std::memcpy(head.data(), &header, sizeof(header));
  std::memcpy(head.data() + sizeof(header), &element, sizeof(element));
  std::ranges::copy(key, head.begin() + sizeof(header) + sizeof(element));
  writer_.add_run(head, value);
  add(1, key, {}, id);
}

void TreeBuilder::drain(std::size_t level) {
  while (levels_[level].count() > 0) write_page(level, levels_[level].final_count());
}

void TreeBuilder::write_page(std::size_t level, std::size_t count) {
  NodeBuilder& node = levels_[level];
  const PageId id = writer_.next();
  const std::uint64_t pages = writer_.page_count(node.front_size_bytes(count));
  node.encode_front(count, id, static_cast<std::uint32_t>(pages - 1), writer_.add_run(pages));
  add(level + 1, node.first_key(), {}, id);
  node.remove_front(count);
}

std::optional<Buffer> TreeBuilder::inline_page() const {
  const NodeBuilder& leaf = levels_.front();
  if (levels_.size() > 1 || leaf.size_bytes() > rule_.page_size_bytes / 4) return std::nullopt;
  Buffer page(leaf.size_bytes());
  leaf.encode_front(leaf.count(), 0, 0, page);
  return page;
}

// A level with one page only is the tree, and the level above has nothing to say.
PageId TreeBuilder::finish() {
  if (levels_.size() == 1 && levels_.front().count() == 0) write_page(0, 0);
  std::size_t level = 0;
  for (;; ++level) {
    drain(level);
    const NodeBuilder& above = levels_[level + 1];
    if (level + 2 == levels_.size() && above.count() == 1) return above.first_tag();
  }
}

}  // namespace lifeboat::bbolt
