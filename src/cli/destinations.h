// Where a backup goes: one vault or several, each with its own retention where it says so.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backup/deliver.h"
#include "cli/command.h"
#include "cli/encoding_options.h"
#include "cli/options.h"
#include "vault/retention.h"

namespace lifeboat::cli {

// "/backups", "s3://bucket/prefix?region=eu-central-1&keep-last=30".
struct VaultLocation {
  std::string location;  // without what is about retention
  vault::RetentionPolicy retention;
};

// Takes keep-last, keep-hourly, ..., keep-within and max-size out of what stands behind the '?';
// whoever says nothing there has `usual`. Throws kInvalid, naming the location and the value.
VaultLocation parse_vault_location(std::string_view text, const vault::RetentionPolicy& usual);

struct DestinationOptions {
  std::vector<std::string> vaults;
  std::vector<std::string> also_to;
  std::string cluster;
  S3Flags s3;
};

void declare_destination_flags(FlagTable& flags, DestinationOptions* options);

// The vaults that were named, opened.
class Destinations {
 public:
  // Connects nothing. Throws kInvalid, and where there is one vault only, and it is a folder, what
  // is wrong with that: of several, one may fail later on its own.
  Destinations(const DestinationOptions& options, const vault::RetentionPolicy& usual,
               const EncodingOptions& encoding, const World& world, const std::stop_token& stop);

  std::vector<std::string> locations() const;

  // All of them, borrowed from this. A single vault is asked which cluster it holds: throws what
  // opening it throws. Called once.
  const std::vector<backup::Destination>& choose_cluster(base::Log& log);

 private:
  const std::string cluster_;  // as given
  std::vector<std::unique_ptr<store::Store>> stores_;
  std::vector<std::unique_ptr<vault::ClusterVault>> vaults_;
  std::vector<backup::Destination> destinations_;
};

}  // namespace lifeboat::cli
