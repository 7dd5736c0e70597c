// Pieces of any size on one side, buffers of one size on the other.
#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace lifeboat::base {

// Appends the front of `bytes` to `buffer`, a vector or string that holds no more than
// `full_bytes`, until it holds as many; returns what did not fit.
template <typename Container>
Bytes fill_up(Container* buffer, std::size_t full_bytes, Bytes bytes) {
  const std::size_t size = std::min(bytes.size(), full_bytes - buffer->size());
  const Bytes front = bytes.first(size);
  buffer->insert(buffer->end(), front.begin(), front.end());
  return bytes.subspan(size);
}

}  // namespace lifeboat::base
