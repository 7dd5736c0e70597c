// Protocol Buffers' wire format (protobuf.dev, "Encoding"), as far as etcd's stored messages go.
//
// The messages in the database are small and read by the million, so they are read in place
// instead of being built as objects. Total: any bytes in, fields or Error kCorrupt out.
#pragma once

#include <cstdint>
#include <optional>

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

}  // namespace lifeboat::etcd
