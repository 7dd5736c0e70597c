// Files made by a real etcd, kept small under tests/data.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace lifeboat::testing {

// The unpacked content of tests/data/NAME.gz. Ends the test program if it is not there.
base::Buffer read_golden(const std::string& name);

// One snapshot, with what the live server said of the same moment.
struct GoldenSnapshot {
  const char* name;  // below tests/data
  const char* storage_version;
  std::int64_t revision;
  std::int64_t compact_revision;
  std::uint64_t keys;
  std::uint64_t records;
  std::uint64_t leases;
  std::uint32_t hash_kv;
};

// Of etcd 3.4 to 3.7, before and after compaction, with leases, users and roles.
const std::vector<GoldenSnapshot>& golden_snapshots();

}  // namespace lifeboat::testing
