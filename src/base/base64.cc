#include "base/base64.h"

#include <algorithm>
#include <cstdint>

namespace lifeboat::base {
namespace {

std::optional<std::uint32_t> digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string result;
  result.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;  // the bits that are not in the result yet, at its end
  int bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto value = digit_value(c);
    if (!value || padding > 0) return std::nullopt;
    ++digits;
    group = group << 6 | *value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    result.push_back(static_cast<char>(group >> bits));
    group &= (1U << bits) - 1;
  }
  if ((digits + padding) % 4 != 0 || padding > 2 || group != 0) return std::nullopt;
  return result;
}

std::string encode_base64(Bytes bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? std::uint32_t{bytes[i]} : 0; };
    const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    result.push_back(kDigits[group >> 18]);
    result.push_back(kDigits[group >> 12 & 63]);
    result.push_back(bytes.size() > 1 ? kDigits[group >> 6 & 63] : '=');
    result.push_back(bytes.size() > 2 ? kDigits[group & 63] : '=');
  }
  return result;
}

}  // namespace lifeboat::base
