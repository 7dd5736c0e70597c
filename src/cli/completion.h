// Shell completion scripts, made from the commands and their flag tables. They are complete in
// themselves: pressing TAB starts no lifeboat.
#pragma once

#include <string>

#include "cli/command.h"

namespace lifeboat::cli {

std::string bash_completion(const CommandEntries& commands);
std::string zsh_completion(const CommandEntries& commands);
std::string fish_completion(const CommandEntries& commands);

}  // namespace lifeboat::cli
