// Receives one snapshot from one member: streamed, hashed and compared with etcd's own trailer on
// the way to where it is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/error.h"
#include "base/io.h"
#include "base/progress.h"
#include "etcd/cluster.h"
#include "etcd/snapshot.h"

namespace lifeboat::backup {

// What came of one attempt. What goes wrong at the member is told here, since another member may
// do better; what goes wrong at the sink is thrown, since no member can mend that.
struct Reception {
  std::optional<base::Error> failure;  // kCorrupt: the trailer is missing or wrong
  // Of all that was written, trailer included. Meaningless after a failure.
  std::uint64_t size_bytes = 0;
  base::Sha256::Digest sha256{};
};

// Writes the snapshot to `sink` and leaves finishing it to the caller, who does so only if there
// was no failure. Throws kCancelled soon after `stop` is requested.
Reception receive_snapshot(etcd::Endpoint& endpoint, base::Sink& sink, base::Progress& progress,
                           std::stop_token stop);

}  // namespace lifeboat::backup
