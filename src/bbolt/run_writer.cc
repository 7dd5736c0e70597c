#include "bbolt/run_writer.h"

#include <algorithm>

namespace lifeboat::bbolt {
namespace {

using base::Bytes;

// Small enough to stay in the processor's cache, large enough for few system calls.
constexpr std::size_t kBufferSize = 512 * 1024;

}  // namespace

RunWriter::RunWriter(base::RandomSink& target, std::uint32_t page_size_bytes)
    : target_(target), page_size_bytes_(page_size_bytes), buffer_(kBufferSize) {
  std::ranges::fill(add_run(kMetaPageCount), std::uint8_t{0});
}

base::MutableBytes RunWriter::add_run(std::uint64_t page_count) {
  const auto size = static_cast<std::size_t>(page_count * page_size_bytes_);
  if (size > buffer_.size() - used_bytes_) flush();
  if (size > buffer_.size()) buffer_.resize(size);
  const base::MutableBytes run = base::MutableBytes(buffer_).subspan(used_bytes_, size);
  used_bytes_ += size;
  next_ += page_count;
  return run;
}

void RunWriter::add_run(Bytes head, Bytes tail) {
  const std::uint64_t content = head.size() + tail.size();
  const std::uint64_t pages = page_count(content);
  write(head);
  write(tail);
  const base::Buffer padding(static_cast<std::size_t>(pages * page_size_bytes_ - content), 0);
  write(padding);
  next_ += pages;
}

void RunWriter::write(Bytes bytes) {
  if (bytes.size() > buffer_.size() - used_bytes_) flush();
  if (bytes.size() > buffer_.size()) return target_.append(bytes);
  std::ranges::copy(bytes, buffer_.begin() + static_cast<std::ptrdiff_t>(used_bytes_));
  used_bytes_ += bytes.size();
}

void RunWriter::flush() {
  if (used_bytes_ == 0) return;
  target_.append(Bytes(buffer_).first(used_bytes_));
  used_bytes_ = 0;
}

}  // namespace lifeboat::bbolt
