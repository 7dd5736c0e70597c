// Any bytes as a snapshot of etcd, read whole.
#include <cstring>

#include "base/error.h"
#include "base/io.h"
#include "bbolt/format.h"
#include "etcd/inspect.h"
#include "etcd/snapshot.h"

namespace base = lifeboat::base;
namespace etcd = lifeboat::etcd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes image(data, size);
  etcd::SnapshotHasher hasher;
  hasher.update(image.first(size / 3));
  hasher.update(image.subspan(size / 3));
  if (hasher.size_bytes() != size) __builtin_trap();
  (void)hasher.trailer_matches();
  base::MemorySource source(image);
  try {
    const etcd::Inspection inspection = etcd::inspect_database(source, {{5, 100}}, {});
    if (inspection.findings.kept().size() > etcd::Findings::kLimit) __builtin_trap();
  } catch (const base::Error&) {
  }
  return 0;
}
