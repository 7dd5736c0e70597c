// Proves a snapshot that was just stored: page by page, record by record, and against the members
// of the living cluster.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "backup/live_check.h"
#include "backup/read_snapshot.h"
#include "base/progress.h"
#include "etcd/inspect.h"
#include "vault/catalog.h"

namespace lifeboat::backup {

struct ProveOptions {
  // Ask the members for their hashes. Without it the snapshot is proven by itself alone.
  bool live_check = true;
  // Nothing but "equal" will do.
  bool require_agreement = false;
  // With the live check: one member at least has to agree. For a snapshot that another program
  // handed over, of which nothing else shows whether it is of this cluster.
  bool require_witness = false;
};

struct Proof {
  etcd::Inspection inspection;
  LiveVerdict live;
  // Of the snapshot: what was compared, or for the file's own compaction when nothing was.
  etcd::HashKv hash_kv;
};

// What the snapshot holds, for the catalog; `live` is how `hash` compares with the living members.
void describe_content(const etcd::Inspection& found, const etcd::HashKv& hash, std::string live,
                      vault::CatalogEtcd* etcd);

// `open` opens the stored file. `members` are asked while it is read; the first is the one that the
// snapshot came from. Throws kCorrupt if the snapshot is damaged, if a member disagrees and
// agreement is required, or if no member agrees and one has to; kUnavailable if none could be
// compared and agreement is required; kCancelled; what the file throws.
Proof prove_snapshot(const OpenFile& open, const std::vector<LiveMember>& members,
                     const ProveOptions& options, base::Progress& progress, std::stop_token stop);

}  // namespace lifeboat::backup
