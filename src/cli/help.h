// Help that a person can learn from, made from the commands and their flag tables.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/topics.h"

namespace lifeboat::cli {

inline constexpr std::string_view kProgramDescription =
    "Lifeboat backs up the etcd of a Kubernetes or OpenShift cluster and proves that the backup is "
    "good.";

inline constexpr std::string_view kWhereValuesComeFrom =
    "Every flag can also be set by an environment variable (--vault: LIFEBOAT_VAULT) or in a YAML "
    "file (--config FILE). etcdctl's ETCDCTL_ variables work too.";

// What `lifeboat --help` says.
void print_program_help(std::ostream& out);

// What `lifeboat COMMAND --help` says.
void print_command_help(std::ostream& out, const CommandEntry& entry);

// What `lifeboat help TOPIC` says.
void print_topic_help(std::ostream& out, const Topic& topic);

// "-o, --output table|json": how a flag is written.
std::string flag_usage(const Flag& flag);

// What it means, its default and its variables.
std::string flag_text(const Flag& flag);

// Where else a flag's value may come from: "LIFEBOAT_CACERT, ETCDCTL_CACERT".
std::string flag_variables(const Flag& flag);

}  // namespace lifeboat::cli
