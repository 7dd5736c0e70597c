#include "backup/retention_run.h"

#include <algorithm>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::BackupId;

// What a backup will be that is not there yet, if all goes well.
vault::RetentionCandidate planned_candidate(const vault::Catalog& planned,
                                            std::uint64_t size_bytes) {
  auto candidate = vault::retention_candidate(planned, false);
  candidate.size_bytes = size_bytes;
  candidate.proven = true;
  return candidate;
}

}  // namespace

void remove_leftovers(vault::ClusterVault& vault, base::Log& log) {
  for (const BackupId& id : vault.remove_leftovers()) {
    log.info(cat("removed what a run that did not end left behind in ", vault.store().location(),
                 ": ", id.text()));
  }
}

RetentionRun::RetentionRun(vault::ClusterVault& vault, const vault::RetentionPolicy& policy,
                           const vault::Inventory& inventory, base::Log& log)
    : vault_(vault),
      policy_(policy),
      log_(log),
      candidates_(vault::retention_candidates(inventory.backups)) {}

std::optional<RoomPlan> RetentionRun::plan(const vault::Catalog& planned,
                                           std::uint64_t size_bytes) const {
  const auto available = vault_.store().available_bytes();
  if (!available) return std::nullopt;
  return plan_room({.needed_bytes = needed_bytes(size_bytes),
                    .available_bytes = *available,
                    .policy = policy_,
                    .existing = candidates_,
                    .planned = planned_candidate(planned, size_bytes)});
}

bool RetentionRun::can_make_room(const vault::Catalog& planned, std::uint64_t size_bytes) const {
  const auto room = plan(planned, size_bytes);
  return !room || room->fits;
}

void RetentionRun::make_room(const vault::Catalog& planned, std::uint64_t size_bytes,
                             const std::stop_token& stop) {
  const auto room = plan(planned, size_bytes);
  if (!room) return;
  if (!room->fits) throw no_room(size_bytes, room->removable_bytes);
  for (const BackupId& id : room->remove) {
    base::throw_if_stopped(stop);
    remove(id, "to make room for the new one; retention would have removed it afterwards");
    std::erase_if(candidates_, [&](const auto& candidate) { return candidate.id == id; });
  }
}

Error RetentionRun::no_room(std::uint64_t size_bytes, std::uint64_t removable) const {
  const std::uint64_t available = vault_.store().available_bytes().value_or(0);
  std::string message =
      describe_lack(vault_.store().location(), needed_bytes(size_bytes), available);
  if (removable > 0) {
    message +=
        cat("; what retention no longer keeps would free only ", base::format_size(removable));
  }
  return Error(Code::kNoSpace, message,
               "use a larger volume, or keep fewer backups (--keep-last, --max-size)");
}

std::optional<std::string> RetentionRun::apply(const vault::Catalog& backup,
                                               const std::stop_token& stop) {
  candidates_.push_back(vault::retention_candidate(backup, false));
  try {
    for (const auto& decision : vault::apply_retention(policy_, candidates_)) {
      if (decision.keep) continue;
      if (stop.stop_requested()) {
        return "stopped before retention was done; the next run goes on with it";
      }
      remove(decision.id, base::join(decision.reasons, ", "));
    }
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    return cat("the backup is done, but retention failed: ", error.what());
  }
  return std::nullopt;
}

std::vector<BackupId> RetentionRun::pruned() const {
  std::vector<BackupId> ids = pruned_;
  std::ranges::sort(ids);
  return ids;
}

void RetentionRun::remove(const BackupId& id, std::string_view why) {
  vault_.remove(id);
  pruned_.push_back(id);
  log_.info(cat("removed backup ", id.text(), ": ", why));
}

}  // namespace lifeboat::backup
