// Memory for keys and passphrases: it is wiped before it is given back.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace lifeboat::codec {

// Overwrites `bytes` with zeros in a way that no optimizer takes out.
void wipe(base::MutableBytes bytes);

// Wipes whatever it gives back, also what a vector leaves behind when it grows.
template <typename T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) {
    wipe({reinterpret_cast<std::uint8_t*>(memory), count * sizeof(T)});
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

// A key, a passphrase, or text that holds one. A std::string is no place for these: it keeps short
// texts where nothing wipes them.
using Secret = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

}  // namespace lifeboat::codec
