// docs/CONFIGURATION.md, made from the flag tables so that it can't be wrong.
#pragma once

#include <ostream>

namespace lifeboat::cli {

// A test compares the file with this; to write it anew: lifeboat help --configuration-md.
void print_configuration_page(std::ostream& out);

}  // namespace lifeboat::cli
