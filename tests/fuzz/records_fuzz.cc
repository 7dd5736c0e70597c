// Any bytes as what etcd stores: revisions, records, leases, and a keyspace made of them.
#include <algorithm>

#include "base/error.h"
#include "etcd/key_value.h"
#include "etcd/keyspace.h"
#include "etcd/schema.h"

namespace {

namespace base = lifeboat::base;
namespace etcd = lifeboat::etcd;

void check_revision(base::Bytes bytes) {
  try {
    const etcd::RevisionKey key = etcd::decode_revision_key(bytes);
    if (!std::ranges::equal(etcd::encode_revision_key(key), bytes)) __builtin_trap();
  } catch (const base::Error&) {
  }
}

void check_messages(base::Bytes bytes) {
  try {
    (void)etcd::decode_key_value(bytes);
    (void)etcd::decode_lease(bytes);
  } catch (const base::Error&) {
  }
}

// Cuts the input into records: a byte of length, the revision's last bytes, the value.
void check_keyspace(base::Bytes bytes) {
  etcd::Findings findings;
  etcd::KeyspaceScan scan({3, 20}, {7}, findings);
  etcd::SchemaCheck schema(findings);
  while (bytes.size() > 4) {
    const std::size_t size = std::min<std::size_t>(bytes[0] & 0x3F, bytes.size() - 4);
    const etcd::RevisionKey key{{bytes[1] & 0x1F, bytes[2] & 0x03}, (bytes[3] & 1) != 0};
    const base::Bytes value = bytes.subspan(4, size);
    scan.add(etcd::encode_revision_key(key), value);
    schema.entry(bytes[3] % 3 == 0   ? "lease"
                 : bytes[3] % 3 == 1 ? "meta"
                                     : "members",
                 value, value);
    bytes = bytes.subspan(4 + size);
  }
  scan.finish();
  schema.finish(scan.records());
  if (!scan.hash_kv(3) || !scan.hash_kv(7)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes bytes(data, size);
  check_revision(bytes);
  check_messages(bytes);
  check_keyspace(bytes);
  return 0;
}
