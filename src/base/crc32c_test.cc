#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace lifeboat::base {
namespace {

TEST(Crc32c, EqualsPublishedValues) {
  EXPECT_EQ(crc32c(0, {}), 0U);
  EXPECT_EQ(crc32c(0, as_bytes("123456789")), 0xE3069283U);
  // RFC 3720, B.4: 32 bytes of zeroes, of ones.
  EXPECT_EQ(crc32c(0, Buffer(32, 0x00)), 0x8A9136AAU);
  EXPECT_EQ(crc32c(0, Buffer(32, 0xFF)), 0x62A8AB43U);
}

TEST(Crc32c, GoesOnWhereItStopped) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  const std::uint32_t whole = crc32c(0, as_bytes(text));
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const std::uint32_t front = crc32c(0, as_bytes(text.substr(0, i)));
    EXPECT_EQ(crc32c(front, as_bytes(text.substr(i))), whole) << "split at " << i;
  }
}

TEST(ReverseCrc32c, EqualsTheForwardChecksumOfTheSameStream) {
  std::mt19937 random(20261121);
  std::vector<Buffer> pieces;
  for (const std::size_t size :
       {0U, 1U, 7U, 8U, 255U, 256U, 257U, 4096U, 65535U, 65536U, 100001U}) {
    Buffer piece(size);
    for (auto& byte : piece) byte = static_cast<std::uint8_t>(random());
    pieces.push_back(piece);
  }
  std::uint32_t forward = 0;
  for (const Buffer& piece : pieces) forward = crc32c(forward, piece);

  ReverseCrc32c reverse;
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    reverse.prepend(crc32c(0, *piece), piece->size());
  }
  EXPECT_EQ(reverse.value(), forward);
}

}  // namespace
}  // namespace lifeboat::base
