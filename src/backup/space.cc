#include "backup/space.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::backup {
namespace {

using vault::BackupId;
using vault::RetentionCandidate;

std::optional<BackupId> newest_proven(const std::vector<RetentionCandidate>& candidates) {
  std::optional<BackupId> newest;
  for (const RetentionCandidate& candidate : candidates) {
    if (candidate.proven && (!newest || candidate.id > *newest)) newest = candidate.id;
  }
  return newest;
}

// What retention would remove if the new backup were there already, oldest first.
std::vector<RetentionCandidate> removable(const RoomRequest& request) {
  std::map<BackupId, RetentionCandidate> by_id;
  for (const RetentionCandidate& candidate : request.existing) by_id[candidate.id] = candidate;
  std::vector<RetentionCandidate> all = request.existing;
  all.push_back(request.planned);
  const auto untouchable = newest_proven(request.existing);
  std::vector<RetentionCandidate> result;
  for (const auto& decision : vault::apply_retention(request.policy, all)) {
    const auto found = by_id.find(decision.id);
    if (decision.keep || decision.id == untouchable || found == by_id.end()) continue;
    result.push_back(found->second);
  }
  return result;
}

}  // namespace

std::uint64_t needed_bytes(std::uint64_t db_size_bytes) {
  return db_size_bytes + db_size_bytes / 20;
}

std::string describe_lack(std::string_view where, std::uint64_t needed_bytes,
                          std::uint64_t available_bytes) {
  return base::cat("not enough room in ", where, ": ", base::format_size(needed_bytes), " needed, ",
                   base::format_size(available_bytes), " free");
}

void require_room(std::string_view where, std::uint64_t needed_bytes, std::uint64_t available_bytes,
                  const std::string& hint) {
  if (available_bytes >= needed_bytes) return;
  throw base::Error(base::Code::kNoSpace, describe_lack(where, needed_bytes, available_bytes),
                    hint);
}

RoomPlan plan_room(const RoomRequest& request) {
  RoomPlan plan;
  plan.fits = request.available_bytes >= request.needed_bytes;
  std::uint64_t room = request.available_bytes;
  for (const RetentionCandidate& candidate : removable(request)) {
    plan.removable_bytes += candidate.size_bytes;
    if (plan.fits) continue;
    plan.remove.push_back(candidate.id);
    room += candidate.size_bytes;
    plan.fits = room >= request.needed_bytes;
  }
  if (!plan.fits) plan.remove.clear();
  return plan;
}

}  // namespace lifeboat::backup
