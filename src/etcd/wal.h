// A member's write-ahead log: a file of records, each with the checksum of all data up to it.
// Paper: docs/formats/data-dir.md; etcd: server/storage/wal/, versions 3.4 to 3.7.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "etcd/membership.h"
#include "etcd/raft_message.h"

namespace lifeboat::etcd {

enum class WalRecordType : std::uint32_t {
  kMetadata = 1,  // WalMetadata, the same in every file
  kEntry = 2,     // Entry
  kState = 3,     // HardState
  kCrc = 4,       // no data: carries the running checksum over from the file before
  kSnapshot = 5,  // WalSnapshot
};

// Which member of which cluster the log belongs to.
struct WalMetadata {
  std::uint64_t node_id = 0;
  std::uint64_t cluster_id = 0;

  bool operator==(const WalMetadata&) const = default;
};

base::Buffer encode_wal_metadata(const WalMetadata& metadata);
WalMetadata decode_wal_metadata(base::Bytes bytes);

// Says that everything up to an entry is in the database and the .snap file.
struct WalSnapshot {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::optional<ConfState> conf_state;  // since 3.5; not in the one that opens a log

  bool operator==(const WalSnapshot&) const = default;
};

base::Buffer encode_wal_snapshot(const WalSnapshot& snapshot);
WalSnapshot decode_wal_snapshot(base::Bytes bytes);

struct WalRecord {
  WalRecordType type = WalRecordType::kCrc;
  std::uint32_t crc = 0;
  base::Bytes data;  // borrowed from the file
};

// Puts a WAL file together. It begins with the record that carries the running checksum on.
class WalWriter {
 public:
  // `crc` is the checksum at the end of the file before, 0 for the first file.
  explicit WalWriter(std::uint32_t crc = 0);

  // `type` is not kCrc.
  void append(WalRecordType type, base::Bytes data);

  const base::Buffer& bytes() const { return bytes_; }
  std::uint32_t crc() const { return crc_; }

 private:
  void put(base::Bytes record);

  base::Buffer bytes_;
  std::uint32_t crc_;
};

// Reads a WAL file record by record. Total: any bytes in, records or Error kCorrupt with the offset
// of the record out.
//
//   while (const auto record = reader.next()) { ... }
//   if (reader.torn()) { ... }
class WalReader {
 public:
  // Borrows `file`, the whole of it. `crc` is the checksum at the end of the file before; 0 where
  // reading begins.
  explicit WalReader(base::Bytes file, std::uint32_t crc = 0) : file_(file), crc_(crc) {}

  // The next record, its checksum checked; nullopt where the records end: at zeros, at the end of
  // the file, or at a record that was only partly written.
  std::optional<WalRecord> next();

  // Whether the records ended in one that a power cut left incomplete: the file ends before it
  // does, or one of the 512-byte sectors that it covers was never written, or zeros come instead of
  // it and something comes after them. etcd forgives that in the last file of a log, by cutting it
  // off; anywhere else it is damage.
  bool torn() const { return torn_; }

  // Where the last whole record ended.
  std::uint64_t offset() const { return offset_; }
  // The running checksum there.
  std::uint32_t crc() const { return crc_; }

 private:
  struct Frame {
    base::Bytes record;
    base::Bytes padded;  // with the zeros behind it
  };
  std::optional<Frame> next_frame();
  WalRecord decode(base::Bytes record) const;
  void check_chain(const WalRecord& record);
  bool has_unwritten_sector(base::Bytes padded) const;

  const base::Bytes file_;
  std::uint64_t offset_ = 0;
  std::uint32_t crc_;
  bool torn_ = false;
};

// The log of a member of a restored cluster: one file, up to the end of its last record. Adds every
// member, commits that, and says that the database holds it already. The same for all members but
// for `own_id`, which is one of theirs.
base::Buffer restored_wal(const RestoredCluster& cluster, std::uint64_t own_id);

}  // namespace lifeboat::etcd
