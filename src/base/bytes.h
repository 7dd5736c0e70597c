// Views of raw bytes, and the two conversions every layer needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::base {

// Borrowed, read-only. Whoever hands one out says how long it lives.
using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower case, two digits a byte.
std::string to_hex(Bytes bytes);

// An etcd cluster or member id as etcdctl prints it: lower-case hexadecimal, not padded.
std::string to_hex_id(std::uint64_t id);

}  // namespace lifeboat::base
