// Integers of a given byte order that need no alignment.
//
// On-disk structs are plain structs of these, laid over the bytes of a file, so that a layout reads
// like its paper. Files come from machines of any kind and fields may start anywhere.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lifeboat::base {

template <std::unsigned_integral T, std::endian kOrder>
class Integer {
 public:
  Integer() = default;
  Integer(T value) { *this = value; }

  Integer& operator=(T value) {
    value = in_order(value);
    std::memcpy(bytes_, &value, sizeof(T));
    return *this;
  }

  operator T() const {
    T value;
    std::memcpy(&value, bytes_, sizeof(T));
    return in_order(value);
  }

 private:
  static constexpr T in_order(T value) {
    if constexpr (kOrder == std::endian::native) {
      return value;
    } else {
      T swapped = 0;
      for (std::size_t i = 0; i < sizeof(T); ++i) {
        swapped = static_cast<T>((swapped << 8) | ((value >> (8 * i)) & 0xFF));
      }
      return swapped;
    }
  }

  unsigned char bytes_[sizeof(T)] = {};
};

using le16 = Integer<std::uint16_t, std::endian::little>;
using le32 = Integer<std::uint32_t, std::endian::little>;
using le64 = Integer<std::uint64_t, std::endian::little>;
using be32 = Integer<std::uint32_t, std::endian::big>;
using be64 = Integer<std::uint64_t, std::endian::big>;

}  // namespace lifeboat::base
