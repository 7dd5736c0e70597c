// What one run removes from one vault: before its new backup, so that this one fits, and after it,
// as retention says.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backup/space.h"
#include "base/error.h"
#include "base/log.h"
#include "vault/retention.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// Removes what runs that died have left in the vault, whose lock is held, and says so.
void remove_leftovers(vault::ClusterVault& vault, base::Log& log);

class RetentionRun {
 public:
  // `inventory` is what the vault holds now, and its lock is held. Borrows `vault` and `log`.
  RetentionRun(vault::ClusterVault& vault, const vault::RetentionPolicy& policy,
               const vault::Inventory& inventory, base::Log& log);

  // Whether make_room would find enough.
  bool can_make_room(const vault::Catalog& planned, std::uint64_t size_bytes) const;

  // Sees to it that a backup of that size fits, of which `planned` has id and start so far, and
  // some more, since it may grow: removes what retention would remove afterwards anyway, oldest
  // first, and only as many as it takes. Throws kNoSpace, nothing having been removed, if that is
  // not enough; kCancelled.
  void make_room(const vault::Catalog& planned, std::uint64_t size_bytes,
                 const std::stop_token& stop);

  // Removes what retention does not keep now that `backup` is there. The backup exists: what goes
  // wrong is returned as a sentence. Throws kCancelled.
  std::optional<std::string> apply(const vault::Catalog& backup, const std::stop_token& stop);

  // All that were removed, oldest first.
  std::vector<vault::BackupId> pruned() const;

 private:
  // Nullopt where nobody can say how much room there is.
  std::optional<RoomPlan> plan(const vault::Catalog& planned, std::uint64_t size_bytes) const;
  void remove(const vault::BackupId& id, std::string_view why);
  base::Error no_room(std::uint64_t size_bytes, std::uint64_t removable) const;

  vault::ClusterVault& vault_;
  const vault::RetentionPolicy policy_;
  base::Log& log_;
  std::vector<vault::RetentionCandidate> candidates_;
  std::vector<vault::BackupId> pruned_;
};

}  // namespace lifeboat::backup
