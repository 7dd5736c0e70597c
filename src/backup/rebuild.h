// Copies the database of a snapshot, item by item, into the fresh one that restored members start
// on: packed, without the free pages of the old, and with what a new cluster needs changed
// (etcd/restore_transform.h).
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/io.h"
#include "base/progress.h"
#include "etcd/restore_transform.h"

namespace lifeboat::backup {

struct RebuildResult {
  std::uint64_t size_bytes = 0;
  // What could not be carried over because it is damaged: empty unless damage was allowed.
  std::vector<std::string> losses;
  std::uint64_t losses_left_out = 0;  // more than are listed
  std::vector<std::string> notes;     // of the transform
};

struct RebuildOptions {
  etcd::RestoreTransformOptions transform;
  bool allow_damage = false;  // carry over what can be read
};

// Reads `source`, an image of a bbolt file, once, forwards, and writes every target with the same
// bytes. Throws kCorrupt at the first damage unless it is allowed; kCancelled; what source and
// targets throw.
RebuildResult rebuild_database(base::RandomSource& source, const RebuildOptions& options,
                               const std::vector<base::RandomSink*>& targets,
                               base::Progress& progress, std::stop_token stop);

}  // namespace lifeboat::backup
