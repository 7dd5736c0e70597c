#include "base/bytes.h"

#include <array>
#include <charconv>

namespace lifeboat::base {

std::string to_hex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 0x0F]);
  }
  return text;
}

std::string to_hex_id(std::uint64_t id) {
  std::array<char, 16> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), id, 16);
  return {digits.data(), result.ptr};
}

}  // namespace lifeboat::base
