#include "etcd/key_value.h"

#include <cstring>

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

struct RevisionLayout {
  base::be64 main;
  std::uint8_t separator = '_';
  base::be64 sub;
};
static_assert(sizeof(RevisionLayout) == kRevisionSizeBytes);

constexpr std::uint8_t kTombstoneMark = 't';

std::int64_t as_signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

std::string Revision::text() const { return cat(main, ".", sub); }

RevisionKey decode_revision_key(Bytes key) {
  const bool tombstone = key.size() == kRevisionSizeBytes + 1;
  if (!tombstone && key.size() != kRevisionSizeBytes) {
    throw Error(Code::kCorrupt, cat("a revision of ", key.size(), " bytes"));
  }
  RevisionLayout layout;
  std::memcpy(&layout, key.data(), sizeof(layout));
  if (layout.separator != '_' || (tombstone && key.back() != kTombstoneMark)) {
    throw Error(Code::kCorrupt, cat("no revision: ", base::to_hex(key)));
  }
  const Revision revision{as_signed(layout.main), as_signed(layout.sub)};
  if (revision.main < 0 || revision.sub < 0) {
    throw Error(Code::kCorrupt, cat("a negative revision: ", base::to_hex(key)));
  }
  if (revision.main >= kRevisionLimit) {
    throw Error(Code::kCorrupt, cat("a revision beyond reach: ", revision.text()));
  }
  return {revision, tombstone};
}

base::Buffer encode_revision_key(const RevisionKey& key) {
  RevisionLayout layout;
  layout.main = static_cast<std::uint64_t>(key.revision.main);
  layout.sub = static_cast<std::uint64_t>(key.revision.sub);
  base::Buffer bytes(kRevisionSizeBytes);
  std::memcpy(bytes.data(), &layout, sizeof(layout));
  if (key.tombstone) bytes.push_back(kTombstoneMark);
  return bytes;
}

KeyValue decode_key_value(Bytes bytes) {
  KeyValue result;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    const bool is_text = field->number == 1 || field->number == 5;
    const bool is_known = field->number >= 1 && field->number <= 6;
    if (is_known && field->is_bytes != is_text) {
      throw Error(Code::kCorrupt, cat("field ", field->number, " has the wrong type"));
    }
    switch (field->number) {
      case 1:
        result.key = field->bytes;
        break;
      case 2:
        result.create_revision = as_signed(field->varint);
        break;
      case 3:
        result.mod_revision = as_signed(field->varint);
        break;
      case 4:
        result.version = as_signed(field->varint);
        break;
      case 5:
        result.value = field->bytes;
        break;
      case 6:
        result.lease = as_signed(field->varint);
        break;
      default:
        break;
    }
  }
  return result;
}

Lease decode_lease(Bytes bytes) {
  Lease lease;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number <= 3 && field->is_bytes) {
      throw Error(Code::kCorrupt, cat("field ", field->number, " has the wrong type"));
    }
    if (field->number == 1) lease.id = as_signed(field->varint);
    if (field->number == 2) lease.ttl_seconds = as_signed(field->varint);
    if (field->number == 3) lease.remaining_ttl_seconds = as_signed(field->varint);
  }
  return lease;
}

}  // namespace lifeboat::etcd
