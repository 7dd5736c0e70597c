// What the system calls an error, in words. Inside this folder only.
#pragma once

#include <string>

namespace lifeboat::os {

// Of an errno. Unlike strerror, for any thread.
std::string errno_text(int number);

}  // namespace lifeboat::os
