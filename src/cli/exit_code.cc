#include "cli/exit_code.h"

namespace lifeboat::cli {

ExitCode exit_code_for(base::Code code) {
  using base::Code;
  switch (code) {
    case Code::kInvalid:
    case Code::kExists:
    case Code::kUnsupported:
      return kUsage;
    case Code::kNotFound:
      return kNotFound;
    case Code::kCorrupt:
      return kCorrupt;
    case Code::kDenied:
    case Code::kNoSpace:
    case Code::kIo:
      return kStorage;
    case Code::kUnavailable:
      return kEtcd;
    case Code::kBusy:
      return kBusy;
    case Code::kCancelled:
      break;  // main ends the process by the signal and asks for no code
  }
  LIFEBOAT_CHECK(false);
}

}  // namespace lifeboat::cli
