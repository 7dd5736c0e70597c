// Arithmetic: polynomials over GF(2) modulo the Castagnoli polynomial, reflected, so that bit 31 is
// the coefficient of x^0. Appending n zero bytes to a message multiplies its (bare) checksum by
// x^(8 n); x^(8 n) is put together from tables, one for each byte of n. The initial value and the
// final XOR cancel out in the combination of checksums, as zlib's crc32_combine shows.
#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace lifeboat::base {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected
constexpr std::uint32_t kOne = 0x80000000;         // x^0

// ---- Checksum of bytes ------------------------------------------------------------------------

constexpr std::array<std::uint32_t, 256> make_byte_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

std::uint32_t update_portable(std::uint32_t crc, Bytes bytes) {
  static constexpr auto kTable = make_byte_table();
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ byte) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t update_sse42(std::uint32_t crc, Bytes bytes) {
  std::uint64_t wide = crc;
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    wide = _mm_crc32_u64(wide, word);
    bytes = bytes.subspan(8);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (const std::uint8_t byte : bytes) narrow = _mm_crc32_u8(narrow, byte);
  return narrow;
}
#endif

// ---- Products ---------------------------------------------------------------------------------

constexpr std::uint32_t multiply_portable(std::uint32_t left, std::uint32_t right) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = kOne; bit != 0; bit >>= 1) {
    if ((left & bit) != 0) product ^= right;
    right = (right >> 1) ^ ((right & 1) != 0 ? kPolynomial : 0);  // times x
  }
  return product;
}

#if defined(__x86_64__)
// The carry-less product has 63 bits; one shift makes it a reflected polynomial of 64, and the
// checksum instruction reduces that modulo the polynomial.
__attribute__((target("sse4.2,pclmul"))) std::uint32_t multiply_pclmul(std::uint32_t left,
                                                                       std::uint32_t right) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(left)),
                                               _mm_cvtsi32_si128(static_cast<int>(right)), 0);
  const auto wide = static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)) << 1;
  const auto low = static_cast<std::uint32_t>(wide);
  const auto high = static_cast<std::uint32_t>(wide >> 32);
  return _mm_crc32_u32(0, low) ^ high;
}
#endif

// ---- The processor at hand --------------------------------------------------------------------

struct Functions {
  std::uint32_t (*update)(std::uint32_t, Bytes) = &update_portable;
  std::uint32_t (*multiply)(std::uint32_t, std::uint32_t) = &multiply_portable;
};

Functions choose_functions() {
  Functions functions;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") != 0) functions.update = &update_sse42;
  if (__builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0) {
    functions.multiply = &multiply_pclmul;
  }
#endif
  return functions;
}

const Functions& functions() {
  static const Functions kFunctions = choose_functions();
  return kFunctions;
}

// table[k][b] is x^(8 * b * 256^k): the shift for byte k of a length.
using ShiftTable = std::array<std::array<std::uint32_t, 256>, 8>;

ShiftTable make_shift_table() {
  ShiftTable table;
  std::uint32_t step = kOne >> 8;  // x^8: one byte
  for (auto& row : table) {
    row[0] = kOne;
    for (std::size_t i = 1; i < row.size(); ++i) row[i] = multiply_portable(row[i - 1], step);
    step = multiply_portable(row[255], step);
  }
  return table;
}

std::uint32_t multiply_by_shift(std::uint32_t value, std::uint64_t size_bytes) {
  static const ShiftTable kTable = make_shift_table();
  for (std::size_t k = 0; size_bytes != 0; ++k, size_bytes >>= 8) {
    const std::size_t digit = size_bytes & 0xFF;
    if (digit != 0) value = functions().multiply(value, kTable[k][digit]);
  }
  return value;
}

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, Bytes bytes) { return ~functions().update(~crc, bytes); }

void ReverseCrc32c::prepend(std::uint32_t piece_crc, std::uint64_t piece_size_bytes) {
  value_ ^= functions().multiply(piece_crc, shift_);
  shift_ = multiply_by_shift(shift_, piece_size_bytes);
}

}  // namespace lifeboat::base
