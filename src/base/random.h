// Numbers that nobody can foresee, for names that must not meet.
#pragma once

#include <cstdint>
#include <random>

namespace lifeboat::base {

inline std::uint64_t random_number() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

}  // namespace lifeboat::base
