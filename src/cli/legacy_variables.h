// The variables of openshift-etcd-backup (the CronJob and Helm chart of adfinis), so that its
// ConfigMap serves on the day of the move. Names and meanings: its backup-config.yaml and
// backup.sh.
#pragma once

#include <string>
#include <vector>

#include "cli/flags.h"

namespace lifeboat::cli {

struct LegacySettings {
  std::vector<Setting> settings;   // weaker than any other source
  std::vector<std::string> lines;  // one for each variable that is set: what it is called here
};

// Throws kInvalid for a value that the old tool could not have meant, where going on would put the
// backups elsewhere than was meant.
LegacySettings legacy_settings(const Environment& environment);

// The environment with the keys of its bucket, where it asks for one, under the names that tools
// of Amazon have for them.
Environment with_legacy_keys(Environment environment);

}  // namespace lifeboat::cli
