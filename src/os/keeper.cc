#include "os/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>
#include <string_view>

#include "os/descriptor.h"

namespace lifeboat::os {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{5};
constexpr timespec kLookInterval{.tv_sec = 0, .tv_nsec = 10'000'000};

void do_nothing(int) {}

// Until something happens to a child, `commands` has something to say, or `timeout` is over, for
// which null is never. The signal of a child gets through here and nowhere else, so that none is
// missed between a look and the wait.
bool wait_for_news(int commands, const timespec* timeout) {
  sigset_t mask;
  sigfillset(&mask);
  sigdelset(&mask, SIGCHLD);
  pollfd file{.fd = commands, .events = POLLIN, .revents = 0};
  return ::ppoll(&file, 1, timeout, &mask) == 1;
}

// Reaps orphans on the way, but not the program: until it is reaped, dead or not, its number is
// the name of no other group.
bool has_ended(pid_t program) {
  for (;;) {
    siginfo_t child{};
    if (::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == -1) return true;
    if (child.si_pid == 0) return false;
    if (child.si_pid == program) return true;
    ::waitpid(child.si_pid, nullptr, 0);
  }
}

// Whether any child is left that has not ended.
bool reap_children(pid_t program, int& program_status) {
  for (;;) {
    int status = 0;
    const pid_t child = ::waitpid(-1, &status, WNOHANG);
    if (child <= 0) return child == 0;
    if (child == program) program_status = status;
  }
}

// 0 for what is no number.
pid_t to_id(std::string_view text) {
  pid_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() ? id : 0;
}

// The parent of the process whose folder in `proc` has that name; 0 if it is gone.
pid_t parent_of(int proc, std::string_view name) {
  constexpr std::string_view kFile = "/stat";
  std::array<char, 32> path{};
  if (name.size() + kFile.size() >= path.size()) return 0;
  std::ranges::copy(kFile, std::ranges::copy(name, path.begin()).out);
  const Descriptor file(::openat(proc, path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> buffer;
  const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
  if (size <= 0) return 0;
  // "7 (the name) S 1 ...": a name may hold anything, so it ends with the last bracket.
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  constexpr std::size_t kStateSize = 4;  // ") S "
  const std::size_t bracket = text.rfind(')');
  if (bracket == text.npos || bracket + kStateSize >= text.size()) return 0;
  return to_id(text.substr(bracket + kStateSize));
}

// Their list (/proc/PID/task/PID/children) is not in every kernel, and reliable for processes only
// that stand still; so everybody is asked for the parent. The number of a child can't have become
// another's: it is free only after it was reaped here.
void kill_children() {
  const Descriptor proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  alignas(dirent64) std::array<char, 8192> buffer;
  const pid_t self = ::getpid();
  for (;;) {
    const ssize_t size = ::getdents64(proc.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      const pid_t id = to_id(entry->d_name);
      if (id > 0 && parent_of(proc.get(), entry->d_name) == self) ::kill(id, SIGKILL);
    }
  }
}

// In rounds, because the children of what was killed come to the keeper only then.
int kill_all(pid_t program) {
  int program_status = SIGKILL;
  ::kill(-program, SIGKILL);
  const auto deadline = Steady::now() + kPatience;
  while (reap_children(program, program_status) && Steady::now() < deadline) {
    kill_children();
    wait_for_news(-1, &kLookInterval);
  }
  return program_status;
}

void close_files(unsigned first, unsigned last) {
  if (first > last || ::close_range(first, last, 0) == 0) return;
  // A kernel before 5.9.
  constexpr unsigned kOpenMax = 1024;
  for (unsigned number = first; number <= std::min(last, kOpenMax); ++number) {
    ::close(static_cast<int>(number));
  }
}

}  // namespace

void become_keeper(std::span<int> kept) {
  ::setpgid(0, 0);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  // Ignored, as it may have been handed down to this program, it would lose the children's ends.
  ::signal(SIGCHLD, &do_nothing);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  close_files_but(kept);
}

// Locks of this program would be held by the keeper, too, and pipes of it would not end.
void close_files_but(std::span<int> kept) {
  std::ranges::sort(kept);
  unsigned next = 0;
  for (const int number : kept) {
    const auto file = static_cast<unsigned>(number);
    if (file > next) close_files(next, file - 1);
    next = file + 1;
  }
  close_files(next, ~0U);
}

int keep(pid_t program, int commands) {
  while (!has_ended(program)) {
    if (!wait_for_news(commands, nullptr)) continue;
    char command = 0;
    if (::read(commands, &command, 1) != 1) break;
    if (command == kKeeperTerminates) ::kill(-program, SIGTERM);
  }
  return kill_all(program);
}

}  // namespace lifeboat::os
