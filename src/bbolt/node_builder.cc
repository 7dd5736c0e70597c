#include "bbolt/node_builder.h"

#include <algorithm>
#include <cstring>

namespace lifeboat::bbolt {
namespace {

using base::Bytes;

constexpr std::size_t kElementSize = sizeof(LeafElement);
static_assert(sizeof(BranchElement) == kElementSize);

// bbolt's numbers.
constexpr std::size_t kKeysPerPageMin = 2;
constexpr std::size_t kKeysLeftMin = 3;

std::uint32_t narrow(std::size_t value) { return static_cast<std::uint32_t>(value); }

}  // namespace

void NodeBuilder::add(Bytes key, Bytes value, std::uint64_t tag) {
  items_.push_back({narrow(key.size()), narrow(value.size()), tag});
  data_.insert(data_.end(), key.begin(), key.end());
  data_.insert(data_.end(), value.begin(), value.end());
  measure(items_.size() - 1);
}

// Takes the item into account; those before it were.
void NodeBuilder::measure(std::size_t index) {
  const Item& item = items_[index];
  const std::size_t size = kElementSize + item.key_size + item.value_size;
  const bool too_many = size_bytes_ + size > rule_.fill_size_bytes;
  if (split_count_ == 0 && index >= kKeysPerPageMin && too_many) split_count_ = index;
  size_bytes_ += size;
}

Bytes NodeBuilder::first_key() const {
  return items_.empty() ? Bytes() : Bytes(data_).first(items_.front().key_size);
}

std::size_t NodeBuilder::settled_count() const {
  const bool settled = split_count_ != 0 && count() >= split_count_ + kKeysLeftMin &&
                       size_bytes_ >= rule_.page_size_bytes;
  return settled ? split_count_ : 0;
}

std::size_t NodeBuilder::final_count() const {
  if (count() <= 2 * kKeysPerPageMin || size_bytes_ < rule_.page_size_bytes) return count();
  const std::size_t most = count() - kKeysLeftMin;
  return split_count_ == 0 ? most : std::min(split_count_, most);
}

std::size_t NodeBuilder::data_size_bytes(std::size_t count) const {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += items_[i].key_size + items_[i].value_size;
  return size;
}

std::size_t NodeBuilder::front_size_bytes(std::size_t count) const {
  return sizeof(PageHeader) + count * kElementSize + data_size_bytes(count);
}

void NodeBuilder::encode_front(std::size_t count, PageId id, std::uint32_t overflow,
                               base::MutableBytes page) const {
  const PageHeader header{id, flags_, static_cast<std::uint16_t>(count), overflow};
  std::uint8_t* out = page.data();
  std::memcpy(out, &header, sizeof(header));
  out += sizeof(header);
  std::size_t data_size = 0;
  for (std::size_t i = 0; i < count; ++i, out += kElementSize) {
    const Item& item = items_[i];
    const std::uint32_t position = narrow((count - i) * kElementSize + data_size);
    if (flags_ == kLeafPage) {
      const LeafElement element{narrow(item.tag), position, item.key_size, item.value_size};
      std::memcpy(out, &element, sizeof(element));
    } else {
      const BranchElement element{position, item.key_size, item.tag};
      std::memcpy(out, &element, sizeof(element));
    }
    data_size += item.key_size + item.value_size;
  }
  out = std::copy_n(data_.data(), data_size, out);
  std::fill(out, page.data() + page.size(), std::uint8_t{0});
}

void NodeBuilder::remove_front(std::size_t count) {
  const auto data_end = data_.begin() + static_cast<std::ptrdiff_t>(data_size_bytes(count));
  data_.erase(data_.begin(), data_end);
  items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(count));
  size_bytes_ = sizeof(PageHeader);
  split_count_ = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) measure(i);
}

}  // namespace lifeboat::bbolt
