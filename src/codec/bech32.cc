#include "codec/bech32.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lifeboat::codec {
namespace {

constexpr std::string_view kDigits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumDigits = 6;

// The remainder in BIP 173's code over GF(32), digit by digit.
class Checksum {
 public:
  // The prefix counts as its letters' high bits, a zero, their low bits.
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<std::uint8_t>(c) >> 5);
    add(0);
    for (const char c : prefix) add(static_cast<std::uint8_t>(c) & 31);
  }

  void add(std::uint32_t digit) {
    constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                         0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ffffff) << 5 ^ digit;
    for (std::size_t i = 0; i < kGenerator.size(); ++i) {
      if ((top >> i & 1) != 0) state_ ^= kGenerator[i];
    }
  }

  bool matches() const { return state_ == 1; }

  std::uint32_t digit(std::size_t index) {
    Checksum whole = *this;
    for (std::size_t i = 0; i < kChecksumDigits; ++i) whole.add(0);
    return (whole.state_ ^ 1) >> (5 * (kChecksumDigits - 1 - index)) & 31;
  }

 private:
  std::uint32_t state_ = 1;
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_visible(char c) { return c > ' ' && c <= '~'; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// Five bits a digit to eight bits a byte; nullopt if what is left over is a digit or not zero.
std::optional<Secret> to_bytes(base::Bytes digits) {
  Secret bytes;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const std::uint8_t digit : digits) {
    group = group << 5 | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>(group >> bits));
    group &= (1U << bits) - 1;
  }
  if (bits >= 5 || group != 0) return std::nullopt;
  return bytes;
}

}  // namespace

Secret encode_bech32(std::string_view prefix, base::Bytes data) {
  Secret text(prefix.begin(), prefix.end());
  text.push_back('1');
  Checksum checksum(prefix);
  const auto put = [&](std::uint32_t digit) {
    text.push_back(static_cast<std::uint8_t>(kDigits[digit]));
    checksum.add(digit);
  };
  std::uint32_t group = 0;  // only its lowest `bits` count
  unsigned bits = 0;
  for (const std::uint8_t byte : data) {
    group = group << 8 | byte;
    for (bits += 8; bits >= 5; bits -= 5) put(group >> (bits - 5) & 31);
  }
  if (bits > 0) put(group << (5 - bits) & 31);
  for (std::size_t i = 0; i < kChecksumDigits; ++i) {
    text.push_back(static_cast<std::uint8_t>(kDigits[checksum.digit(i)]));
  }
  return text;
}

std::optional<Bech32> decode_bech32(std::string_view text) {
  const auto one = text.rfind('1');
  if (one == text.npos || one == 0 || text.size() - one - 1 < kChecksumDigits) return std::nullopt;
  if (!std::ranges::all_of(text, is_visible)) return std::nullopt;
  if (std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower)) {
    return std::nullopt;
  }
  Bech32 result;
  std::ranges::transform(text.substr(0, one), std::back_inserter(result.prefix), to_lower);
  Checksum checksum(result.prefix);
  Secret digits;
  for (const char c : text.substr(one + 1)) {
    const auto digit = kDigits.find(to_lower(c));
    if (digit == kDigits.npos) return std::nullopt;
    digits.push_back(static_cast<std::uint8_t>(digit));
    checksum.add(digits.back());
  }
  if (!checksum.matches()) return std::nullopt;
  auto data = to_bytes(base::Bytes(digits).first(digits.size() - kChecksumDigits));
  if (!data) return std::nullopt;
  result.data = std::move(*data);
  return result;
}

}  // namespace lifeboat::codec
