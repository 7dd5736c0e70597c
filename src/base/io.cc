#include "base/io.h"

#include <algorithm>

#include "base/stop.h"

namespace lifeboat::base {

std::size_t MemorySource::read_at(std::uint64_t offset, MutableBytes buffer) {
  if (offset >= bytes_.size()) return 0;
  const Bytes rest = bytes_.subspan(static_cast<std::size_t>(offset));
  const std::size_t count = std::min(rest.size(), buffer.size());
  std::copy_n(rest.begin(), count, buffer.begin());
  return count;
}

std::size_t MemoryStream::read(MutableBytes buffer) {
  const std::size_t count = std::min(rest_.size(), buffer.size());
  std::copy_n(rest_.begin(), count, buffer.begin());
  rest_ = rest_.subspan(count);
  return count;
}

std::uint64_t copy(Source& source, Sink& sink, std::stop_token stop) {
  constexpr std::size_t kBufferBytes = 256 * 1024;
  Buffer buffer(kBufferBytes);
  std::uint64_t total = 0;
  for (;;) {
    throw_if_stopped(stop);
    const std::size_t count = source.read(buffer);
    if (count == 0) return total;
    sink.write(Bytes(buffer).first(count));
    total += count;
  }
}

}  // namespace lifeboat::base
