// Protocol Buffers' wire format (protobuf.dev, "Encoding"), as far as etcd's stored messages go.
//
// The messages in the database are small and read by the million, so they are read in place
// instead of being built as objects. Reading is total: any bytes in, fields or Error kCorrupt out.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace lifeboat::etcd {

struct WireField {
  std::uint32_t number = 0;
  bool is_bytes = false;
  std::uint64_t varint = 0;  // when it is not bytes; fixed-width values land here too
  base::Bytes bytes;         // borrowed from the message
};

class WireReader {
 public:
  // Borrows `message`.
  explicit WireReader(base::Bytes message) : rest_(message) {}

  // The next field; nullopt at the end. Throws kCorrupt for a varint or length that leads out of
  // the message, field number 0, and the long abandoned group types.
  std::optional<WireField> next();

 private:
  std::uint64_t take_varint();
  base::Bytes take(std::uint64_t count);
  std::uint64_t take_fixed(std::uint64_t count);

  base::Bytes rest_;
};

// What a field of known type holds. Throw kCorrupt when it is of the other type.
std::uint64_t varint_of(const WireField& field);
base::Bytes bytes_of(const WireField& field);

// Puts a message together, field by field, in the order of the calls. Nothing is left out: whether
// a zero is written is the caller's choice, because it is the message's (proto3 leaves it out,
// etcd's proto2 messages do not).
class WireWriter {
 public:
  WireWriter& varint(std::uint32_t number, std::uint64_t value);
  WireWriter& bytes(std::uint32_t number, base::Bytes value);

  // The message so far; the writer is empty afterwards.
  base::Buffer take() { return std::exchange(message_, {}); }

 private:
  void put_varint(std::uint64_t value);

  base::Buffer message_;
};

}  // namespace lifeboat::etcd
