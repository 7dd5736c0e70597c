// Help that a person can learn from, made from the commands and their flag tables.
#pragma once

#include <ostream>
#include <string>

#include "cli/command.h"

namespace lifeboat::cli {

// What `lifeboat --help` says.
void print_program_help(std::ostream& out);

// What `lifeboat COMMAND --help` says.
void print_command_help(std::ostream& out, const CommandEntry& entry);

// "-o, --output table|json": how a flag is written.
std::string flag_usage(const Flag& flag);

// Where else a flag's value may come from: "LIFEBOAT_CACERT, ETCDCTL_CACERT".
std::string flag_variables(const Flag& flag);

}  // namespace lifeboat::cli
