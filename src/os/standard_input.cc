#include "os/standard_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "os/errno_text.h"

namespace lifeboat::os {
namespace {

// How long a stop may go unnoticed.
constexpr int kPollMilliseconds = 100;

[[noreturn]] void fail() {
  throw base::Error(base::Code::kIo, base::cat("cannot read standard input: ", errno_text(errno)));
}

}  // namespace

std::size_t StandardInput::read(base::MutableBytes buffer) {
  for (;;) {
    base::throw_if_stopped(stop_);
    pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kPollMilliseconds);
    if (ready == -1 && errno != EINTR) fail();
    if (ready <= 0) continue;
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) fail();
  }
}

}  // namespace lifeboat::os
