// CRC-32C (Castagnoli, RFC 3720 appendix B.4): what etcd hashes its keyspace, its WAL and its
// raft snapshots with. Reflected, initial value and final XOR 0xFFFFFFFF.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace lifeboat::base {

// The checksum of what `crc` stands for followed by `bytes`; begin with 0. Uses the processor's
// own instruction where it has one.
std::uint32_t crc32c(std::uint32_t crc, Bytes bytes);

// The checksum of a stream that is seen from its end: whole pieces are put in front of what is
// already there. A CRC is linear over GF(2), so the pieces' own checksums suffice: putting a piece
// in front multiplies its checksum by x^(8 n), n being the length of what follows it.
class ReverseCrc32c {
 public:
  // Puts a piece in front, by its checksum and its length.
  void prepend(std::uint32_t piece_crc, std::uint64_t piece_size_bytes);

  // Of all pieces so far.
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
  // x^(8 n) modulo the polynomial, reflected; 1 for n = 0.
  std::uint32_t shift_ = 0x80000000;
};

}  // namespace lifeboat::base
