#include "cli/destinations.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/store_options.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

// The same text for one place, as far as text can tell: "/a", "/a/", "/./a", "/a?keep-last=1".
std::string normal_form(const std::string& location) {
  std::vector<std::string> parts = base::split(location.substr(0, location.find('?')), '/');
  std::erase(parts, ".");
  return cat(location.starts_with('/') ? "/" : "", base::join(parts, "/"));
}

// A folder's name may have commas in it: these flags are given again instead.
void take_whole_values(Flag& flag, std::vector<std::string>* target) {
  flag.set = [target](const std::string& value) { target->push_back(value); };
}

std::vector<std::string> all_locations(const DestinationOptions& options) {
  std::vector<std::string> locations = options.vaults;
  std::ranges::copy(options.also_to, std::back_inserter(locations));
  if (options.vaults.empty()) {
    throw Error(Code::kInvalid, "--vault is needed: where the backup is to be kept",
                "give --vault DIR or --vault s3://BUCKET/PREFIX, or set LIFEBOAT_VAULT");
  }
  std::set<std::string> seen;
  for (const std::string& location : locations) {
    if (seen.insert(normal_form(location)).second) continue;
    throw Error(Code::kInvalid, cat(in_quotes(location), " is named twice"),
                "name each vault once");
  }
  return locations;
}

std::string choose_cluster_for(const DestinationOptions& options, store::Store& only, bool several,
                               base::Log& log) {
  if (!several) {
    only.check();
    return choose_cluster_to_write({.vault = {}, .cluster = options.cluster}, only, log);
  }
  if (!options.cluster.empty()) return options.cluster;
  throw Error(Code::kInvalid, "--cluster is needed where a backup goes into several vaults",
              "name the cluster with --cluster NAME");
}

// The vault's own retention, as a setting of the flag that has this name; nullopt for other names.
std::optional<Setting> retention_setting(const FlagTable& table, std::string_view part,
                                         std::string_view location) {
  const std::size_t equals = part.find('=');
  const std::string name(part.substr(0, equals));
  if (equals == std::string_view::npos || table.find(name) == nullptr) return std::nullopt;
  return Setting{.flag = name,
                 .value = std::string(part.substr(equals + 1)),
                 .origin = cat(in_quotes(location), ": ", name)};
}

}  // namespace

VaultLocation parse_vault_location(std::string_view text, const vault::RetentionPolicy& usual) {
  VaultLocation result{.location = std::string(text), .retention = {}};
  FlagTable table;
  declare_retention_flags(table, &result.retention);
  std::vector<Setting> settings;
  const std::size_t question = text.find('?');
  if (question != std::string_view::npos) {
    std::vector<std::string> rest;
    for (const std::string& part : base::split(text.substr(question + 1), '&')) {
      if (auto setting = retention_setting(table, part, text)) {
        settings.push_back(*std::move(setting));
      } else {
        rest.push_back(part);
      }
    }
    if (!settings.empty()) {
      result.location = std::string(text.substr(0, question));
      if (!rest.empty()) result.location += cat("?", base::join(rest, "&"));
    }
  }
  if (settings.empty()) {
    result.retention = usual;
    return result;
  }
  result.retention.keep_last = 0;  // what is said for this vault is all that counts for it
  apply_settings(table, settings);
  return result;
}

void declare_destination_flags(FlagTable& flags, DestinationOptions* options) {
  flags.group("Vault");
  take_whole_values(
      flags.list("vault", "DIR|URL", "where the backups are: a folder, or s3://BUCKET/PREFIX",
                 &options->vaults),
      &options->vaults);
  take_whole_values(
      flags.list("also-to", "DIR|URL",
                 "a further vault for the same backup: \"s3://bucket/prefix?keep-last=30\"",
                 &options->also_to),
      &options->also_to);
  flags.text("cluster", "NAME", "which cluster; not needed where the vault holds one cluster only",
             &options->cluster);
  declare_s3_flags(flags, &options->s3);
}

Destinations::Destinations(const DestinationOptions& options, const vault::RetentionPolicy& usual,
                           const EncodingOptions& encoding, const Context& context,
                           const std::stop_token& stop) {
  const World& world = context.world;
  std::vector<vault::RetentionPolicy> retentions;
  std::vector<vault::BackupEncoding> encodings;
  for (const std::string& text : all_locations(options)) {
    const VaultLocation location = parse_vault_location(text, usual);
    retentions.push_back(location.retention);
    encodings.push_back(make_encoding(encoding, world.fs, is_bucket(location.location)));
    stores_.push_back(open_store(location.location, options.s3, world, stop));
  }
  const std::string cluster =
      choose_cluster_for(options, *stores_.front(), stores_.size() > 1, context.log);
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    vaults_.push_back(std::make_unique<vault::ClusterVault>(*stores_[i], cluster));
    destinations_.push_back({.vault = vaults_.back().get(),
                             .retention = retentions[i],
                             .encoding = encodings[i],
                             .allow_plain = encoding.allow_plain});
  }
}

std::vector<std::string> Destinations::locations() const {
  std::vector<std::string> locations;
  for (const auto& store : stores_) locations.push_back(store->location());
  return locations;
}

}  // namespace lifeboat::cli
