#include "testing/golden.h"

#include <zlib.h>

#include "base/error.h"

namespace lifeboat::testing {

base::Buffer read_golden(const std::string& name) {
  const std::string path = std::string(LIFEBOAT_SOURCE_DIR) + "/tests/data/" + name + ".gz";
  const gzFile file = gzopen(path.c_str(), "rb");
  LIFEBOAT_CHECK(file != nullptr);
  base::Buffer content;
  base::Buffer chunk(64 * 1024);
  for (;;) {
    const int count = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()));
    LIFEBOAT_CHECK(count >= 0);
    if (count == 0) break;
    content.insert(content.end(), chunk.begin(), chunk.begin() + count);
  }
  gzclose(file);
  return content;
}

const std::vector<GoldenSnapshot>& golden_snapshots() {
  // empty: of an etcd that was just started. s0: before any compaction; s1: after more writes and a
  // lease's end; s2: compacted at a tombstone's revision. `tree` has branch pages, an overflow run,
  // a lease, a user and a role.
  static const std::vector<GoldenSnapshot> kSnapshots{
      {"etcd/3.4.23-empty.snapshot.db", "3.4", 1, -1, 0, 0, 0, 1084519789},
      {"etcd/3.4.23-s0.snapshot.db", "3.4", 11, -1, 7, 15, 2, 2220312578},
      {"etcd/3.4.23-s1.snapshot.db", "3.4", 15, -1, 6, 20, 1, 3870841988},
      {"etcd/3.4.23-s2.snapshot.db", "3.4", 16, 14, 7, 7, 1, 3395615623},
      {"etcd/3.4.23-tree.snapshot.db", "3.4", 158, -1, 142, 166, 1, 3724433995},
      {"etcd/3.4.23-compacted.snapshot.db", "3.4", 160, 154, 143, 165, 1, 3914167788},
      {"etcd/3.5.30-s0.snapshot.db", "3.5", 11, -1, 7, 15, 2, 2220312578},
      {"etcd/3.5.30-s1.snapshot.db", "3.5", 15, -1, 6, 20, 1, 3870841988},
      {"etcd/3.5.30-s2.snapshot.db", "3.5", 16, 14, 7, 8, 1, 3395615623},
      {"etcd/3.6.14-s0.snapshot.db", "3.6", 11, -1, 7, 15, 2, 2220312578},
      {"etcd/3.6.14-s1.snapshot.db", "3.6", 15, -1, 6, 20, 1, 3870841988},
      {"etcd/3.6.14-s2.snapshot.db", "3.6", 16, 14, 7, 8, 1, 3395615623},
      {"etcd/3.7.1-s0.snapshot.db", "3.7", 11, -1, 7, 15, 2, 2220312578},
      {"etcd/3.7.1-s1.snapshot.db", "3.7", 15, -1, 6, 20, 1, 3870841988},
      {"etcd/3.7.1-s2.snapshot.db", "3.7", 16, 14, 7, 8, 1, 3395615623},
  };
  return kSnapshots;
}

}  // namespace lifeboat::testing
