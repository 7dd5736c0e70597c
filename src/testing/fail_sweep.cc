#include "testing/fail_sweep.h"

#include <exception>
#include <string>

#include "base/text.h"

namespace lifeboat::testing {
namespace {

constexpr std::uint64_t kMaxCalls = 10000;

// What `run` died of, or "" if it came to its end.
std::string run_to_its_end(const SweepSteps& steps, FaultFs& fs) {
  try {
    steps.run(fs);
    return "";
  } catch (const FaultFs::Killed&) {
    return "killed";
  } catch (const base::Error& error) {
    return error.what();
  }
}

// Returns whether there are more calls to fail.
bool sweep_one(const SweepSteps& steps, const SweepMode& mode, std::uint64_t call) {
  FaultFs fs;
  steps.prepare(fs);
  fs.fail_at(call, mode.fault);
  const std::string failure = run_to_its_end(steps, fs);
  const bool fault_happened = fs.fault_happened();
  if (!fault_happened && !failure.empty()) ADD_FAILURE() << "without a fault: " << failure;
  if (mode.power_cut) {
    fs.power_cut();
  } else {
    fs.process_death();
  }
  steps.check(fs);
  return fault_happened;
}

}  // namespace

void fail_sweep(const SweepSteps& steps) {
  for (const SweepMode& mode : kSweepModes) {
    bool more = true;
    for (std::uint64_t call = 1; more && call <= kMaxCalls; ++call) {
      SCOPED_TRACE(base::cat("call ", call, " meets ", mode.name));
      more = sweep_one(steps, mode, call);
      // One broken promise is enough to read; the same one at every later call is noise.
      if (::testing::Test::HasFailure()) return;
    }
    if (more) {
      ADD_FAILURE() << "the run has no end under " << mode.name;
      return;
    }
  }
}

}  // namespace lifeboat::testing
