// Takes one backup for one vault or several: once from etcd, and then into each, encoded as each
// wants it.
//
// Where a vault is a folder that stores the snapshot plain, the backup is taken right there, unless
// what it seals has to be read again here; otherwise in a scratch folder, which is gone afterwards,
// because proofs need the database at hand. A vault that fails costs the others nothing.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/node_context.h"
#include "backup/take.h"
#include "os/fs.h"
#include "vault/encoding.h"

namespace lifeboat::backup {

struct Destination {
  vault::ClusterVault* vault = nullptr;  // borrowed
  vault::RetentionPolicy retention;
  vault::BackupEncoding encoding;
  // Whether a backup may be plain where the newest that is there is encrypted.
  bool allow_plain = false;
};

// What came of one destination.
struct Delivery {
  std::string location;
  std::optional<base::Error> failure;    // nullopt: the backup is there
  std::optional<vault::Catalog> backup;  // as it stands there
  std::vector<vault::BackupId> pruned;   // oldest first
};

// As TakeContext, and where to work; all borrowed but the path.
struct DeliverContext {
  const etcd::Endpoints& endpoints;
  os::FileSystem& fs;
  const os::Clock& clock;
  base::Log& log;
  base::Progress& progress;
  const NodeContext* node = nullptr;
  std::string scratch;
  ConnectFurther connect_further = {};
};

struct DeliverResult {
  std::vector<Delivery> deliveries;  // one for each destination, in their order
  bool needs_attention = false;      // a warning, or a destination that failed
  // Each of these as a sentence: those of the catalog, those that came too late for it, and what
  // went wrong with a destination.
  std::vector<std::string> warnings = {};

  // The first that has it.
  const vault::Catalog& backup() const;
};

// `options` counts but for its retention. Throws as take_backup does, and what the first
// destination failed with if no destination has the backup in the end.
DeliverResult take_and_deliver(const DeliverContext& context, const TakeOptions& options,
                               const std::vector<Destination>& destinations, std::stop_token stop);

}  // namespace lifeboat::backup
