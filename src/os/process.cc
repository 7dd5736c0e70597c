// fork and execve by hand: posix_spawn can't ask the kernel to end the child with its parent.
// Between the two only calls that are safe after fork in a program with threads.
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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
#include "os/keeper.h"
#include "os/paths.h"
#include "os/posix_calls.h"

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

// What a child says that could not become the program.
struct ChildFailure {
  enum class Step { kRoot, kRun };
  Step step;
  int number;  // errno
};

Error root_failure(const std::string& root, int number) {
  const std::string message =
      cat("cannot make ", base::printable(root, 1000), " the root: ", errno_text(number));
  if (number == EPERM || number == EACCES) {
    return Error(Code::kDenied, message,
                 "it takes user 0 with the capability SYS_CHROOT; in a pod, a securityContext with "
                 "runAsUser: 0 and privileged: true");
  }
  if (number == ENOENT) return Error(Code::kNotFound, message);
  return Error(number == ENOTDIR ? Code::kInvalid : Code::kIo, message);
}

Error start_failure(const ProgramStart& start, const ChildFailure& failure) {
  const auto [step, number] = failure;
  if (step == ChildFailure::Step::kRoot) return root_failure(start.root, number);
  const std::string where =
      start.root.empty() ? "" : cat(" in the root ", base::printable(start.root, 1000));
  const std::string message =
      cat("cannot start ", base::printable(start.path, 1000), where, ": ", errno_text(number));
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
  const char* root;  // empty: ours
  const char* path;
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int report;  // takes the ChildFailure
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

[[noreturn]] void give_up(const ChildPlan& plan, ChildFailure::Step step) {
  const ChildFailure failure{.step = step, .number = errno};
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &failure, sizeof(failure));
  ::_exit(kAfterFork);
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
  if (!ready) give_up(plan, ChildFailure::Step::kRun);
  close_the_rest_on_exec();
  const bool has_root = plan.root[0] != 0;
  if (has_root && (::chroot(plan.root) == -1 || ::chdir("/") == -1)) {
    give_up(plan, ChildFailure::Step::kRoot);
  }
  ::execve(plan.path, plan.arguments, plan.environment);
  give_up(plan, ChildFailure::Step::kRun);
}

// Ends the keeper as the program ended.
[[noreturn]] void end_with(int wait_status) {
  if (!WIFSIGNALED(wait_status)) ::_exit(WEXITSTATUS(wait_status));
  const int number = WTERMSIG(wait_status);
  // The memory is this program's: no core file of it.
  ::prctl(PR_SET_DUMPABLE, 0);
  ::signal(number, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
  ::raise(number);
  constexpr int kBySignal = 128;  // as a shell has it
  ::_exit(kBySignal + number);
}

// The end of `commands` is what tells it that this program has ended: it needs no signal for that.
[[noreturn]] void run_keeper(ChildPlan plan, int commands) {
  std::array<int, 4> needed = {plan.input, plan.output, plan.report, commands};
  become_keeper(needed);
  plan.parent = ::getpid();
  const pid_t program = ::fork();
  if (program == 0) run_child(plan);
  if (program == -1) give_up(plan, ChildFailure::Step::kRun);
  ::setpgid(program, program);
  close_files_but({&commands, 1});
  end_with(keep(program, commands));
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

std::pair<Descriptor, Descriptor> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == -1) {
    throw Error(Code::kIo, cat("cannot make a pair of sockets: ", errno_text(errno)));
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// The program itself, or its keeper, which ends as the program did.
class PosixProcess : public Process {
 public:
  PosixProcess(pid_t id, std::optional<Descriptor> keeper) : id_(id), keeper_(std::move(keeper)) {}
  ~PosixProcess() override {
    if (!ended_) kill_and_reap();
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
    terminate();
    if (wait(grace, std::move(stop))) return true;
    kill_and_reap();
    return false;
  }

  std::string end() const override {
    if (!ended_) return {};
    if (lost_) return "an unknown end";
    if (WIFSIGNALED(status_)) return cat("signal ", WTERMSIG(status_));
    return cat("exit status ", WEXITSTATUS(status_));
  }

 private:
  void terminate() {
    if (!keeper_) {
      ::kill(-id_, SIGTERM);
    } else {
      ::send(keeper_->get(), &kKeeperTerminates, 1, MSG_NOSIGNAL);
    }
  }

  void kill_and_reap() {
    if (!keeper_) {
      ::kill(-id_, SIGKILL);
    } else {
      keeper_.reset();
    }
    reap(0);
  }

  // Until it is reaped, ended or not, its number is the name of no other group than its own: what
  // is left there is killed before.
  void reap(int flags) {
    if (ended_) return;
    siginfo_t child{};
    const int looked = uninterrupted(
        [&] { return ::waitid(P_PID, static_cast<id_t>(id_), &child, WEXITED | WNOWAIT | flags); });
    const bool lives = looked == 0 && child.si_pid == 0;
    if (lives) return;
    if (looked == 0) ::kill(-id_, SIGKILL);
    ended_ = true;
    // Where this program was started with SIGCHLD ignored, the kernel keeps no status.
    lost_ = uninterrupted([&] { return ::waitpid(id_, &status_, 0); }) == -1;
  }

  const pid_t id_;
  std::optional<Descriptor> keeper_;  // takes commands
  int status_ = 0;
  bool ended_ = false;
  bool lost_ = false;
};

// Throws what kept the program from starting.
void check_report(const Descriptor& report, const ProgramStart& start) {
  ChildFailure failure{};
  const ssize_t count =
      uninterrupted([&] { return ::read(report.get(), &failure, sizeof(failure)); });
  if (count == sizeof(failure)) throw start_failure(start, failure);
}

std::unique_ptr<PosixProcess> start_child(const ProgramStart& start, const ChildPlan& plan) {
  const pid_t id = ::fork();
  if (id == 0) run_child(plan);
  if (id == -1) throw start_failure(start, {ChildFailure::Step::kRun, errno});
  // Both sides do it, so that it is done for whoever comes first.
  ::setpgid(id, id);
  return std::make_unique<PosixProcess>(id, std::nullopt);
}

std::unique_ptr<PosixProcess> start_keeper(const ProgramStart& start, const ChildPlan& plan) {
  auto [ours, its] = make_socket_pair();
  const pid_t id = ::fork();
  if (id == 0) run_keeper(plan, its.get());
  if (id == -1) throw start_failure(start, {ChildFailure::Step::kRun, errno});
  return std::make_unique<PosixProcess>(id, std::move(ours));
}

}  // namespace

std::uint32_t effective_user_id() { return ::geteuid(); }

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
  const ChildPlan plan{.root = start.root.c_str(),
                       .path = start.path.c_str(),
                       .arguments = argument_list.data(),
                       .environment = environment_list.data(),
                       .input = input.get(),
                       .output = output.get(),
                       .report = told.get(),
                       .parent = ::getpid()};
  auto process = start.take_descendants ? start_keeper(start, plan) : start_child(start, plan);
  ::close(told.release());
  check_report(report, start);
  return process;
}

}  // namespace lifeboat::os
