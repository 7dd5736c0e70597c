// What `doctor` looks at. Each check turns what it finds into lines and throws nothing for it;
// kCancelled passes through.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/choose.h"
#include "cli/command.h"
#include "store/store.h"

namespace lifeboat::cli {

enum class Health { kOk, kWarning, kFailed };

struct Diagnosis {
  std::string check;    // "endpoint", "member", "certificate", "vault", "space", "clock"
  std::string subject;  // what was looked at
  Health health = Health::kOk;
  std::string message;
  std::string hint;  // what to mend; empty when all is well
};

using Diagnoses = std::vector<Diagnosis>;

// "ok", "warning", "failed".
std::string_view health_name(Health health);

// Each endpoint: does it answer, what is it, does it know a leader.
Diagnoses check_endpoints(const backup::Survey& survey);

// Alarms, learners, members that lag; and which member a backup would be taken from.
Diagnoses check_members(const backup::Survey& survey);

// How long the certificates are still good: those in files, and those of the servers that answered.
Diagnoses check_certificates(const rpc::ClientOptions& options, const backup::Survey& survey,
                             const World& world, std::stop_token stop);

// Whether backups could be written now, and whether those of `cluster` are in order. `cluster` may
// be one that the vault does not hold yet, or "" where it holds none.
Diagnoses check_vault(store::Store& store, const std::string& cluster, base::TimePoint now);

// How many more snapshots of the size of the database fit; 0 when its size is not known.
Diagnoses check_space(store::Store& store, std::uint64_t database_bytes);

}  // namespace lifeboat::cli
