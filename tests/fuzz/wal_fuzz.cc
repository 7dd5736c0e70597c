// Any bytes as a WAL file and as the messages in one: no crash, no loop, and what is accepted
// survives a round trip.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "etcd/raft_message.h"
#include "etcd/wal.h"

namespace {

namespace base = lifeboat::base;
namespace etcd = lifeboat::etcd;
using etcd::WalRecordType;

// Decodes `bytes`, and what is written of the result once more; both must be the same.
template <typename Decode, typename Encode>
void check_message(base::Bytes bytes, Decode decode, Encode encode) {
  try {
    const auto message = decode(bytes);
    const base::Buffer written = encode(message);
    if (!(decode(written) == message)) __builtin_trap();
  } catch (const base::Error&) {
  }
}

void check_messages(base::Bytes bytes) {
  check_message(bytes, etcd::decode_wal_metadata, etcd::encode_wal_metadata);
  check_message(bytes, etcd::decode_wal_snapshot, etcd::encode_wal_snapshot);
  check_message(bytes, etcd::decode_entry, etcd::encode_entry);
  check_message(bytes, etcd::decode_hard_state, etcd::encode_hard_state);
  check_message(bytes, etcd::decode_conf_state, etcd::encode_conf_state);
  check_message(bytes, etcd::decode_conf_change, etcd::encode_conf_change);
}

// Reads a file and writes its records again, a writer for each checksum record.
void check_file(base::Bytes file) {
  etcd::WalReader reader(file);
  std::optional<etcd::WalWriter> writer;
  try {
    while (const auto record = reader.next()) {
      if (record->type == WalRecordType::kCrc) {
        writer.emplace(record->crc);
      } else {
        writer->append(record->type, record->data);
        check_messages(record->data);
      }
      if (writer->crc() != record->crc || reader.crc() != record->crc) __builtin_trap();
    }
    if (reader.offset() > file.size()) __builtin_trap();
  } catch (const base::Error&) {
  }
}

// Cuts the input into records, writes a file of them, damages it in one place if told to, and reads
// it: without damage all must be there. Random bytes alone hardly ever have the right checksum.
void check_written(base::Bytes bytes) {
  if (bytes.size() < 4) return;
  const std::size_t damage_at = bytes[0] | std::size_t{bytes[1]} << 8;
  const std::uint8_t damage = bytes[2];
  etcd::WalWriter writer;
  std::size_t count = 1;
  for (bytes = bytes.subspan(3); bytes.size() > 1; ++count) {
    const auto type = static_cast<WalRecordType>(bytes[0] % 3 + 1);
    const std::size_t size = std::min<std::size_t>(bytes[0], bytes.size() - 1);
    writer.append(type, bytes.subspan(1, size));
    bytes = bytes.subspan(1 + size);
  }
  base::Buffer file = writer.bytes();
  if (damage_at < file.size()) file[damage_at] ^= damage;
  check_file(file);
  if (file != writer.bytes()) return;
  etcd::WalReader reader(file);
  while (reader.next()) --count;
  if (count != 0 || reader.torn() || reader.offset() != file.size()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes bytes(data, size);
  check_file(bytes);
  check_messages(bytes);
  check_written(bytes);
  return 0;
}
