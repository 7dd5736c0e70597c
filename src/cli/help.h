// Help that a person can learn from, made from the commands and their flag tables.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

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

// What stands between the empty lines of a description, or of a topic.
std::vector<std::string> paragraphs(std::string_view text);

// One that begins with two blanks is something to copy, or a picture: its lines are not broken
// anew.
bool is_printed_as_it_is(std::string_view paragraph);

// "-o, --output table|json": how a flag is written.
std::string flag_usage(const Flag& flag);

// What it means, its default and its variables.
std::string flag_text(const Flag& flag);

// Where else a flag's value may come from: "LIFEBOAT_CACERT, ETCDCTL_CACERT".
std::string flag_variables(const Flag& flag);

}  // namespace lifeboat::cli
