// The configuration file: flags that stay the same from run to run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.h"

namespace lifeboat::cli {

// A YAML map from flag names with underscores to scalars or lists of scalars. Total: throws
// kInvalid naming `path`, line and what is wrong. `known_flags` are the names of the flags of all
// commands: one file serves them all, and a name that none of them knows is refused.
std::vector<Setting> parse_config(std::string_view text, const std::string& path,
                                  const std::vector<std::string>& known_flags);

}  // namespace lifeboat::cli
