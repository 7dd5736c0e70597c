// Any bytes as a .snap file: no crash, and what is accepted survives a round trip.
#include <algorithm>

#include "base/crc32c.h"
#include "base/error.h"
#include "etcd/raft_snap.h"
#include "etcd/wire.h"

namespace {

namespace base = lifeboat::base;
namespace etcd = lifeboat::etcd;

void check_file(base::Bytes file) {
  try {
    const etcd::RaftSnap snap = etcd::decode_raft_snap(file);
    const base::Buffer written = etcd::encode_raft_snap(snap);
    const etcd::RaftSnap again = etcd::decode_raft_snap(written);
    if (again.index != snap.index || again.term != snap.term ||
        !(again.conf_state == snap.conf_state) || !std::ranges::equal(again.data, snap.data)) {
      __builtin_trap();
    }
  } catch (const base::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes bytes(data, size);
  check_file(bytes);
  // A wrong checksum would end nearly every run there.
  check_file(etcd::WireWriter().varint(1, base::crc32c(0, bytes)).bytes(2, bytes).take());
  return 0;
}
