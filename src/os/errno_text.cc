#include "os/errno_text.h"

#include <cstring>

namespace lifeboat::os {

std::string errno_text(int number) {
  char buffer[128];
  return ::strerror_r(number, buffer, sizeof(buffer));
}

}  // namespace lifeboat::os
