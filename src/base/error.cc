#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace lifeboat::base {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "invalid";
    case Code::kNotFound:
      return "not_found";
    case Code::kExists:
      return "exists";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kDenied:
      return "denied";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kNoSpace:
      return "no_space";
    case Code::kIo:
      return "io";
    case Code::kBusy:
      return "busy";
    case Code::kCancelled:
      return "cancelled";
  }
  LIFEBOAT_CHECK(false);
}

Error Error::with_context(std::string_view where) const {
  return Error(code_, std::string(where) + ": " + what(), hint_);
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "lifeboat: bug: %s does not hold (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace lifeboat::base
