// What `doctor` looks at. Each check turns what it finds into lines and throws nothing for it;
// kCancelled passes through.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/choose.h"
#include "backup/node_context.h"
#include "backup/take.h"
#include "cli/command.h"
#include "store/store.h"

namespace lifeboat::cli {

enum class Health { kOk, kWarning, kFailed };

struct Diagnosis {
  // "endpoint", "member", "certificate", "static pods", "settled", "script", "vault", "space",
  // "clock"
  std::string check;
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

struct NodeFindings {
  Diagnoses static_pods;
  Diagnoses settled;  // nothing where nobody would be asked
  Diagnoses script;   // and what killed ones left behind
  std::uint64_t static_pods_bytes = 0;
};

// What a backup with these options would meet on the control plane's node.
NodeFindings check_node(const backup::NodeContext& node, const backup::TakeOptions& options,
                        std::stop_token stop);

// How large a backup becomes, as far as that is known; 0 where it is not.
struct BackupSize {
  std::uint64_t database_bytes = 0;
  std::uint64_t static_pods_bytes = 0;  // does without them before it fails for want of room
};

// How many more backups of that size fit.
Diagnoses check_space(store::Store& store, const BackupSize& size);

}  // namespace lifeboat::cli
