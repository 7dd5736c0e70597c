// Manual pages in the macros of man(7), made from the same texts and flag tables as the help.
#pragma once

#include <ostream>

#include "cli/command.h"

namespace lifeboat::cli {

// lifeboat(1): commands, topics, variables, exit status.
void print_program_man_page(std::ostream& out);

// lifeboat-backup(1).
void print_command_man_page(std::ostream& out, const CommandEntry& entry);

}  // namespace lifeboat::cli
