// Other programs, as the few things this program does with them: find one, start it without a
// shell, ask whether it lives, end it.
//
// A started program stands alone: its own process group, standard input empty, no file of ours
// open, no variable but those that it was given, signals as a shell would leave them. It does not
// outlive this program, however that ends. What it starts in turn is killed once it has ended, by
// itself or not, as long as that stays in its group; with ProgramStart::take_descendants wherever
// it goes, save for what some service (systemd, a container runtime) starts on its behalf.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace lifeboat::os {

struct ProgramStart {
  std::string path;
  std::vector<std::string> arguments = {};    // without the program's own name
  std::vector<std::string> environment = {};  // "NAME=value": all that it sees
  // Takes its standard output and error: made with mode 0600, or appended to.
  std::string output_path;
  // The folder that becomes its root, with "/" in there as its working folder; `path` is within,
  // `output_path` is not. Empty: it has our root and our working folder. Takes CAP_SYS_CHROOT.
  std::string root = {};
  // As soon as it ends, or is ended, every descendant that is left is killed, also those that have
  // left its process group (setsid, a double fork); wait() is true only after that.
  bool take_descendants = false;
};

// One that was started. Used by one thread, the one that started it: where the kernel ends it
// together with this program, it does so when that thread ends.
class Process {
 public:
  // Kills it if it still lives.
  virtual ~Process() = default;

  // Whether it ended within that time. Throws kCancelled soon after `stop` is requested.
  virtual bool wait(std::chrono::milliseconds timeout, std::stop_token stop) = 0;

  // SIGTERM, and SIGKILL if it is still there after `grace`: then the answer is false. Harmless for
  // one that has ended. Throws kCancelled as wait does.
  virtual bool shut_down(std::chrono::milliseconds grace, std::stop_token stop) = 0;

  // How it ended: "exit status 1", "signal 9", "an unknown end"; "" while it lives.
  virtual std::string end() const = 0;
};

class Programs {
 public:
  virtual ~Programs() = default;

  // The path of an executable file. A `name` with a slash is a path; others are looked for in the
  // folders of `search_path`, which are separated by colons. Nullopt if there is none.
  virtual std::optional<std::string> find(const std::string& name,
                                          const std::string& search_path) = 0;

  // Throws kNotFound, kDenied, kInvalid or kIo, naming the path, if it can't be started; naming the
  // root, if it is that which can't be changed.
  virtual std::unique_ptr<Process> start(const ProgramStart& start) = 0;
};

// With whose rights this program runs.
std::uint32_t effective_user_id();

class PosixPrograms : public Programs {
 public:
  std::optional<std::string> find(const std::string& name, const std::string& search_path) override;
  std::unique_ptr<Process> start(const ProgramStart& start) override;
};

}  // namespace lifeboat::os
