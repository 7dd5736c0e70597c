// The flags of `lifeboat manifests`, and the options that are made of them.
#pragma once

#include <string>
#include <vector>

#include "cli/flags.h"
#include "cli/node_options.h"
#include "cli/options.h"
#include "manifests/options.h"
#include "vault/retention.h"

namespace lifeboat::cli {

struct ManifestFlags {
  std::string format = "kubernetes";
  std::string platform = "openshift";
  std::string mode = "control-plane";
  std::string rbac = "minimal";
  std::string render_dir;  // empty: to standard output
  std::vector<std::string> resources;
  std::vector<std::string> labels;
  std::vector<std::string> annotations;
  VaultOptions vault{.vault = "/backups", .cluster = ""};
  std::vector<std::string> encrypt_to;
  MethodOptions method;
  vault::RetentionPolicy retention;
  manifests::Options options;  // the rest, set by its flags as it is
};

void declare_manifest_flags(FlagTable& flags, ManifestFlags* values);

// Throws kInvalid for a "KEY=VALUE" that is none and for a recipient that age would not take. All
// other checks are of manifests::complete.
manifests::Options make_manifest_options(const ManifestFlags& values);

}  // namespace lifeboat::cli
