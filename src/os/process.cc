// fork and execve by hand: posix_spawn can't ask the kernel to end the child with its parent.
// Between the two only calls that are safe after fork in a program with threads.
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "os/descriptor.h"
#include "os/errno_text.h"
#include "os/paths.h"

namespace lifeboat::os {
namespace {

using base::cat;
using base::Code;
using base::Error;
using Steady = std::chrono::steady_clock;

// A descriptor that tells of a process's end (pidfd) would be exact, but kernels before 5.3, which
// are in use, have none.
constexpr std::chrono::milliseconds kLookInterval{10};

constexpr int kAfterFork = 127;

Error start_failure(const std::string& path, int number) {
  const std::string message =
      cat("cannot start ", base::printable(path, 1000), ": ", errno_text(number));
  if (number == ENOENT) {
    return Error(Code::kNotFound, message, "the file, or the loader that it asks for, is missing");
  }
  if (number == EACCES || number == EPERM) {
    return Error(Code::kDenied, message,
                 "check its mode, and that its file system is not mounted with noexec");
  }
  if (number == ENOEXEC) {
    return Error(Code::kInvalid, message, "it is no program for this kind of machine");
  }
  return Error(Code::kIo, message);
}

bool is_executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::vector<char*> to_vector(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs, made ready before fork: it may not allocate.
struct ChildPlan {
  const char* path;
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int report;  // takes the errno of what fails
  pid_t parent;
};

void close_the_rest_on_exec() {
  constexpr unsigned kFirst = 3;
  if (::close_range(kFirst, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  // A kernel before 5.11. Our own files are marked already; these are others', from before us.
  constexpr int kInherited = 1024;
  for (int number = kFirst; number < kInherited; ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const ChildPlan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that.
  if (::getppid() != plan.parent) ::_exit(kAfterFork);
  reset_signals();
  const bool ready = ::dup2(plan.input, STDIN_FILENO) != -1 &&
                     ::dup2(plan.output, STDOUT_FILENO) != -1 &&
                     ::dup2(plan.output, STDERR_FILENO) != -1;
  if (ready) {
    close_the_rest_on_exec();
    ::execve(plan.path, plan.arguments, plan.environment);
  }
  const int number = errno;
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &number, sizeof(number));
  ::_exit(kAfterFork);
}

Descriptor open_or_throw(const std::string& path, int flags) {
  constexpr mode_t kMode = 0600;
  const int number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, kMode);
  if (number == -1) {
    throw Error(Code::kIo,
                cat("cannot open ", base::printable(path, 1000), ": ", errno_text(errno)));
  }
  return Descriptor(number);
}

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) == -1) {
    throw Error(Code::kIo, cat("cannot make a pipe: ", errno_text(errno)));
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

class PosixProcess : public Process {
 public:
  explicit PosixProcess(pid_t id) : id_(id) {}
  ~PosixProcess() override {
    if (ended_) return;
    ::kill(-id_, SIGKILL);
    reap(0);
  }
  PosixProcess(const PosixProcess&) = delete;
  PosixProcess& operator=(const PosixProcess&) = delete;

  bool wait(std::chrono::milliseconds timeout, std::stop_token stop) override {
    const auto deadline = Steady::now() + timeout;
    for (;;) {
      base::throw_if_stopped(stop);
      reap(WNOHANG);
      if (ended_ || Steady::now() >= deadline) return ended_;
      ::poll(nullptr, 0, static_cast<int>(kLookInterval.count()));
    }
  }

  bool shut_down(std::chrono::milliseconds grace, std::stop_token stop) override {
    reap(WNOHANG);
    if (ended_) return true;
    ::kill(-id_, SIGTERM);
    if (wait(grace, std::move(stop))) return true;
    ::kill(-id_, SIGKILL);
    reap(0);
    return false;
  }

  std::string end() const override {
    if (!ended_) return {};
    if (WIFSIGNALED(status_)) return cat("signal ", WTERMSIG(status_));
    return cat("exit status ", WEXITSTATUS(status_));
  }

 private:
  void reap(int flags) {
    if (ended_) return;
    pid_t found = 0;
    do {
      found = ::waitpid(id_, &status_, flags);
    } while (found == -1 && errno == EINTR);
    ended_ = found != 0;
  }

  const pid_t id_;
  int status_ = 0;
  bool ended_ = false;
};

// Throws what kept the program from starting.
void check_report(const Descriptor& report, const std::string& path) {
  int number = 0;
  ssize_t count = 0;
  do {
    count = ::read(report.get(), &number, sizeof(number));
  } while (count == -1 && errno == EINTR);
  if (count == sizeof(number)) throw start_failure(path, number);
}

}  // namespace

std::optional<std::string> PosixPrograms::find(const std::string& name,
                                               const std::string& search_path) {
  if (name.find('/') != std::string::npos) {
    return is_executable(name) ? std::optional(name) : std::nullopt;
  }
  for (const std::string& folder : base::split(search_path, ':')) {
    std::string path = join_path(folder, name);
    if (is_executable(path)) return path;
  }
  return std::nullopt;
}

std::unique_ptr<Process> PosixPrograms::start(const ProgramStart& start) {
  const Descriptor input = open_or_throw("/dev/null", O_RDONLY);
  const Descriptor output = open_or_throw(start.output_path, O_WRONLY | O_CREAT | O_APPEND);
  auto [report, told] = make_pipe();
  std::vector<std::string> arguments = {start.path};
  arguments.insert(arguments.end(), start.arguments.begin(), start.arguments.end());
  std::vector<std::string> environment = start.environment;
  const std::vector<char*> argument_list = to_vector(arguments);
  const std::vector<char*> environment_list = to_vector(environment);
  const ChildPlan plan{.path = start.path.c_str(),
                       .arguments = argument_list.data(),
                       .environment = environment_list.data(),
                       .input = input.get(),
                       .output = output.get(),
                       .report = told.get(),
                       .parent = ::getpid()};
  const pid_t id = ::fork();
  if (id == 0) run_child(plan);
  if (id == -1) throw start_failure(start.path, errno);
  // Both sides do it, so that it is done for whoever comes first.
  ::setpgid(id, id);
  auto process = std::make_unique<PosixProcess>(id);
  ::close(told.release());
  check_report(report, start.path);
  return process;
}

}  // namespace lifeboat::os
