#include "node/gzip_check.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/integers.h"
#include "node/tar_reader.h"

namespace lifeboat::node {
namespace {

using base::le32;

// The last bytes of a member.
struct Trailer {
  le32 crc32;
  le32 size_bytes;  // unpacked, modulo 2^32
};

constexpr std::array<std::uint32_t, 256> make_table() {
  constexpr std::uint32_t kPolynomial = 0xEDB88320;  // reflected
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) * kPolynomial);
    table[byte] = value;
  }
  return table;
}

// CRC-32 of ISO 3309, which base/crc32c.h is not.
class Crc32 {
 public:
  void update(base::Bytes bytes) {
    static constexpr auto kTable = make_table();
    for (const std::uint8_t byte : bytes) state_ = (state_ >> 8) ^ kTable[(state_ ^ byte) & 0xFF];
  }
  std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFF;
};

bool is_gzip(base::RandomSource& source) {
  std::array<std::uint8_t, 2> head{};
  return source.read_at(0, head) == head.size() && head[0] == 0x1F && head[1] == 0x8B;
}

Trailer read_trailer(base::RandomSource& source) {
  std::array<std::uint8_t, sizeof(Trailer)> bytes{};
  const std::uint64_t size_bytes = source.size_bytes();
  if (size_bytes < bytes.size() ||
      source.read_at(size_bytes - bytes.size(), bytes) < bytes.size()) {
    throw base::Error(base::Code::kCorrupt, "its end is missing");
  }
  Trailer trailer;
  std::memcpy(&trailer, bytes.data(), sizeof(trailer));
  return trailer;
}

}  // namespace

void check_gzip(base::RandomSource& source, const std::stop_token& stop) {
  if (!is_gzip(source)) return;
  const Trailer trailer = read_trailer(source);
  Crc32 crc;
  std::uint64_t size_bytes = 0;
  TarReader unpacked(source, stop, Unpacked::kAnything);
  while (unpacked.next()) {
    for (auto piece = unpacked.read(); !piece.empty(); piece = unpacked.read()) {
      crc.update(piece);
      size_bytes += piece.size();
    }
  }
  if (crc.value() == trailer.crc32 &&
      static_cast<std::uint32_t>(size_bytes) == trailer.size_bytes) {
    return;
  }
  throw base::Error(base::Code::kCorrupt,
                    "what it unpacks to does not match the checksum that gzip put at its end");
}

}  // namespace lifeboat::node
