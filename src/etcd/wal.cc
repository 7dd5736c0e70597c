#include "etcd/wal.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/integers.h"
#include "base/text.h"
#include "etcd/wire.h"

namespace lifeboat::etcd {
namespace {

using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

// A record follows its length: 56 bits for the bytes of the record, then a byte that says how many
// zeros fill it up to a multiple of 8, so that no length is ever torn apart by a sector's border.
constexpr std::size_t kLengthSizeBytes = 8;
constexpr unsigned kLengthBits = 56;
constexpr std::uint64_t kLengthMask = (std::uint64_t{1} << kLengthBits) - 1;
constexpr std::uint64_t kPaddingMark = 0x80;

// What a disk writes whole or not at all.
constexpr std::uint64_t kSectorSizeBytes = 512;

constexpr std::uint64_t padding_of(std::uint64_t record_size) { return (8 - record_size % 8) % 8; }

std::uint64_t length_word(std::uint64_t record_size) {
  const std::uint64_t padding = padding_of(record_size);
  return padding == 0 ? record_size : record_size | (kPaddingMark | padding) << kLengthBits;
}

bool is_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

WalRecordType record_type(std::uint64_t number) {
  if (number < static_cast<std::uint64_t>(WalRecordType::kMetadata) ||
      number > static_cast<std::uint64_t>(WalRecordType::kSnapshot)) {
    throw Error(Code::kCorrupt, cat("a record of the unknown type ", number));
  }
  return static_cast<WalRecordType>(number);
}

}  // namespace

base::Buffer encode_wal_metadata(const WalMetadata& metadata) {
  return WireWriter().varint(1, metadata.node_id).varint(2, metadata.cluster_id).take();
}

WalMetadata decode_wal_metadata(Bytes bytes) {
  WalMetadata metadata;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) metadata.node_id = varint_of(*field);
    if (field->number == 2) metadata.cluster_id = varint_of(*field);
  }
  return metadata;
}

base::Buffer encode_wal_snapshot(const WalSnapshot& snapshot) {
  WireWriter writer;
  writer.varint(1, snapshot.index).varint(2, snapshot.term);
  if (snapshot.conf_state) writer.bytes(3, encode_conf_state(*snapshot.conf_state));
  return writer.take();
}

WalSnapshot decode_wal_snapshot(Bytes bytes) {
  WalSnapshot snapshot;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) snapshot.index = varint_of(*field);
    if (field->number == 2) snapshot.term = varint_of(*field);
    if (field->number == 3) snapshot.conf_state = decode_conf_state(bytes_of(*field));
  }
  return snapshot;
}

// ---- Writing

WalWriter::WalWriter(std::uint32_t crc) : crc_(crc) {
  put(WireWriter()
          .varint(1, static_cast<std::uint64_t>(WalRecordType::kCrc))
          .varint(2, crc)
          .take());
}

void WalWriter::append(WalRecordType type, Bytes data) {
  LIFEBOAT_CHECK(type != WalRecordType::kCrc);
  crc_ = base::crc32c(crc_, data);
  put(WireWriter()
          .varint(1, static_cast<std::uint64_t>(type))
          .varint(2, crc_)
          .bytes(3, data)
          .take());
}

void WalWriter::put(Bytes record) {
  const base::le64 length = length_word(record.size());
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + sizeof(length));
  std::memcpy(bytes_.data() + begin, &length, sizeof(length));
  bytes_.insert(bytes_.end(), record.begin(), record.end());
  bytes_.resize(bytes_.size() + static_cast<std::size_t>(padding_of(record.size())));
}

// ---- Reading

std::optional<WalRecord> WalReader::next() {
  if (torn_) return std::nullopt;
  try {
    const auto frame = next_frame();
    if (!frame) return std::nullopt;
    try {
      const WalRecord record = decode(frame->record);
      check_chain(record);
      offset_ += kLengthSizeBytes + frame->padded.size();
      return record;
    } catch (const Error&) {
      if (!has_unwritten_sector(frame->padded)) throw;
      torn_ = true;
      return std::nullopt;
    }
  } catch (const Error& error) {
    throw error.with_context(cat("record at byte ", offset_));
  }
}

std::optional<WalReader::Frame> WalReader::next_frame() {
  const Bytes rest = file_.subspan(static_cast<std::size_t>(offset_));
  if (rest.size() < kLengthSizeBytes) {
    torn_ = !rest.empty();
    return std::nullopt;
  }
  base::le64 word;
  std::memcpy(&word, rest.data(), sizeof(word));
  if (word == 0) {
    // What comes after an unwritten sector was never synced, and etcd wipes it.
    torn_ = !is_zero(rest);
    return std::nullopt;
  }
  const std::uint64_t size = word & kLengthMask;
  if (word != length_word(size)) throw Error(Code::kCorrupt, "a length with the wrong padding");
  const Bytes body = rest.subspan(kLengthSizeBytes);
  const std::uint64_t padded_size = size + padding_of(size);
  if (padded_size > body.size()) {
    torn_ = true;
    return std::nullopt;
  }
  return Frame{body.first(static_cast<std::size_t>(size)),
               body.first(static_cast<std::size_t>(padded_size))};
}

WalRecord WalReader::decode(Bytes bytes) const {
  std::uint64_t type = 0;
  std::uint64_t crc = 0;
  WalRecord record;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) type = varint_of(*field);
    if (field->number == 2) crc = varint_of(*field);
    if (field->number == 3) record.data = bytes_of(*field);
  }
  record.type = record_type(type);
  if (crc > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Code::kCorrupt, "a checksum of more than 32 bits");
  }
  record.crc = static_cast<std::uint32_t>(crc);
  return record;
}

// A checksum record continues what came before it; at the very beginning nothing did, and it sets
// the value that the first file's records are chained to.
void WalReader::check_chain(const WalRecord& record) {
  if (record.type != WalRecordType::kCrc) {
    if (offset_ == 0) throw Error(Code::kCorrupt, "the file begins with no checksum record");
    const std::uint32_t crc = base::crc32c(crc_, record.data);
    if (crc != record.crc) throw Error(Code::kCorrupt, "the checksum does not match");
    crc_ = crc;
    return;
  }
  if (!record.data.empty()) throw Error(Code::kCorrupt, "a checksum record with data");
  if (crc_ != 0 && crc_ != record.crc) {
    throw Error(Code::kCorrupt, "the checksum does not continue the one before");
  }
  crc_ = record.crc;
}

bool WalReader::has_unwritten_sector(Bytes padded) const {
  std::uint64_t position = offset_ + kLengthSizeBytes;
  while (!padded.empty()) {
    const std::uint64_t to_border = kSectorSizeBytes - position % kSectorSizeBytes;
    const std::size_t size = std::min(padded.size(), static_cast<std::size_t>(to_border));
    if (is_zero(padded.first(size))) return true;
    padded = padded.subspan(size);
    position += size;
  }
  return false;
}

// ---- Restoring

namespace {

base::Buffer adding_entry(const RestoredMember& member, std::uint64_t index) {
  const std::string context = member_json(member);
  ConfChange change;
  change.node_id = member.id;
  change.context = base::as_bytes(context);
  const base::Buffer data = encode_conf_change(change);
  return encode_entry({EntryType::kConfChange, RestoredCluster::kTerm, index, data});
}

}  // namespace

base::Buffer restored_wal(const RestoredCluster& cluster, std::uint64_t own_id) {
  const auto& members = cluster.members;
  LIFEBOAT_CHECK(std::ranges::count(members, own_id, &RestoredMember::id) == 1);
  WalWriter writer;
  writer.append(WalRecordType::kMetadata, encode_wal_metadata({own_id, cluster.id}));
  writer.append(WalRecordType::kSnapshot, encode_wal_snapshot({}));
  for (std::size_t i = 0; i < members.size(); ++i) {
    writer.append(WalRecordType::kEntry, adding_entry(members[i], i + 1));
  }
  const std::uint64_t last = cluster.last_index();
  // Whom the vote went to does not matter in a term that nobody stands for any more; etcd's own
  // restore names the first member, on each of them.
  writer.append(WalRecordType::kState,
                encode_hard_state({RestoredCluster::kTerm, members.front().id, last}));
  writer.append(WalRecordType::kSnapshot,
                encode_wal_snapshot({last, RestoredCluster::kTerm, cluster.conf_state()}));
  return writer.bytes();
}

}  // namespace lifeboat::etcd
