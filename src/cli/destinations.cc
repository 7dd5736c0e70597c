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

// The same text for one place, as far as text can tell: "/a", "/a/", "/./a". What stands behind a
// bucket counts: with another endpoint it is another place.
std::string normal_form(const std::string& location) {
  std::vector<std::string> parts = base::split(location, '/');
  std::erase(parts, ".");
  return cat(location.starts_with('/') ? "/" : "", base::join(parts, "/"));
}

// A folder's name may have commas in it: these flags are given again instead.
void take_whole_values(Flag& flag, std::vector<std::string>* target) {
  flag.set = [target](const std::string& value) { target->push_back(value); };
}

// A folder may have many paths: "backups", "/srv/backups", a link to it.
std::optional<std::string> named_twice(const std::vector<std::string>& texts, const World& world) {
  std::set<std::string> places;
  std::set<os::FileId> folders;
  for (const std::string& text : texts) {
    const std::string location = parse_vault_location(text, {}).location;
    if (!places.insert(normal_form(location)).second) return text;
    const auto folder = folder_id(location, world);
    if (folder && !folders.insert(*folder).second) return text;
  }
  return std::nullopt;
}

std::vector<std::string> all_locations(const DestinationOptions& options, const World& world) {
  std::vector<std::string> locations = options.vaults;
  std::ranges::copy(options.also_to, std::back_inserter(locations));
  if (options.vaults.empty()) {
    throw Error(Code::kInvalid, "--vault is needed: where the backup is to be kept",
                "give --vault DIR or --vault s3://BUCKET/PREFIX, or set LIFEBOAT_VAULT");
  }
  if (locations.size() == 1) return locations;
  if (const auto again = named_twice(locations, world)) {
    throw Error(Code::kInvalid, cat(in_quotes(*again), " is named twice"), "name each vault once");
  }
  return locations;
}

std::vector<std::string> flag_names(const FlagTable& table) {
  std::vector<std::string> names;
  for (const Flag& flag : table.flags()) names.push_back(flag.name);
  return names;
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
  check_location(result.location, flag_names(table));
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
                           const EncodingOptions& encoding, const World& world,
                           const std::stop_token& stop)
    : cluster_(options.cluster) {
  const std::vector<std::string> locations = all_locations(options, world);
  refuse_lock_without_bucket(options.s3, locations);
  for (const std::string& text : locations) {
    const VaultLocation location = parse_vault_location(text, usual);
    stores_.push_back(open_store(location.location, options.s3, world, stop));
    destinations_.push_back(
        {.vault = nullptr,
         .retention = location.retention,
         .encoding = make_encoding(encoding, world.fs, is_bucket(location.location)),
         .allow_plain = encoding.allow_plain});
  }
  // Bad names are told now, which may be long before the vaults are asked for anything.
  if (!cluster_.empty()) vault::ClusterVault(*stores_.front(), cluster_);
  if (stores_.size() > 1 && cluster_.empty()) {
    throw Error(Code::kInvalid, "--cluster is needed where a backup goes into several vaults",
                "name the cluster with --cluster NAME");
  }
  if (stores_.size() == 1 && !stores_.front()->is_remote()) stores_.front()->check();
}

const std::vector<backup::Destination>& Destinations::choose_cluster(base::Log& log) {
  std::string cluster = cluster_;
  if (stores_.size() == 1) {
    stores_.front()->check();
    cluster = choose_cluster_to_write({.vault = {}, .cluster = cluster_}, *stores_.front(), log);
  }
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    vaults_.push_back(std::make_unique<vault::ClusterVault>(*stores_[i], cluster));
    destinations_[i].vault = vaults_.back().get();
  }
  return destinations_;
}

std::vector<std::string> Destinations::locations() const {
  std::vector<std::string> locations;
  for (const auto& store : stores_) locations.push_back(store->location());
  return locations;
}

}  // namespace lifeboat::cli
