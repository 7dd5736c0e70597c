// What a command is: a name, words for its help, flags, and a function that does the work.
//
// A command writes data to Context::out and everything else through the log. It is tested in
// process, with its own streams, file system, clock and a fake etcd.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "base/io.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/exit_code.h"
#include "cli/flags.h"
#include "cli/options.h"
#include "etcd/cluster.h"
#include "node/settled.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/host_tree.h"
#include "os/process.h"
#include "rpc/etcd_client.h"
#include "rpc/tls_probe.h"

namespace lifeboat::cli {

using Connect = std::function<etcd::Endpoints(const rpc::ClientOptions&)>;
using ConnectKeyValue =
    std::function<std::unique_ptr<etcd::KeyValueEndpoint>(const rpc::ClientOptions&)>;
using OpenHostTree = std::function<std::unique_ptr<os::HostTree>(const std::string& root)>;
using Probe = std::function<rpc::ProbeResult(const rpc::EndpointUrl&, const rpc::ClientOptions&,
                                             std::stop_token)>;

// The world, as main builds it and tests fake it. All borrowed.
struct World {
  base::Source& in;
  std::ostream& out;
  std::ostream& err;
  os::FileSystem& fs;
  const os::Clock& clock;
  const Environment& environment;
  os::Programs& programs;
  Connect connect;
  ConnectKeyValue connect_key_value;
  Probe probe;
  OpenHostTree open_host_tree;
  node::MakeHttpClient make_http_client;
  std::string host_name;
  std::string working_folder;  // absolute
  bool err_is_terminal = false;
};

// The world, and what the common flags made of it.
struct Context {
  World& world;
  base::Log& log;
  base::Progress& progress;
  bool json = false;  // -o json
  std::vector<std::string> arguments;
};

struct Example {
  std::string command;      // to copy and paste
  std::string explanation;  // what it does, in a sentence
};

struct CommandHelp {
  std::string name;         // "verify"
  std::string arguments;    // "[ID | latest | --all]"
  std::string summary;      // one line for the list of commands
  std::string description;  // paragraphs, an empty line between them
  std::vector<Example> examples;
  std::vector<std::string> argument_choices;  // words that its arguments may be, for completion
};

class Command {
 public:
  virtual ~Command() = default;
  virtual CommandHelp help() const = 0;
  // Declares the command's own flags; they set members of this object.
  virtual void declare_flags(FlagTable& flags) = 0;
  // Throws base::Error for what fails; the caller logs it and makes the exit code.
  virtual ExitCode run(Context& context, std::stop_token stop) = 0;
};

// One per cmd_<verb>.cc.
std::unique_ptr<Command> make_adopt_command();
std::unique_ptr<Command> make_backup_command();
std::unique_ptr<Command> make_completion_command();
std::unique_ptr<Command> make_doctor_command();
std::unique_ptr<Command> make_drill_command();
std::unique_ptr<Command> make_copy_command();
std::unique_ptr<Command> make_export_command();
std::unique_ptr<Command> make_help_command();
std::unique_ptr<Command> make_idle_command();
std::unique_ptr<Command> make_keygen_command();
std::unique_ptr<Command> make_list_command();
std::unique_ptr<Command> make_manifests_command();
std::unique_ptr<Command> make_pin_command();
std::unique_ptr<Command> make_prune_command();
std::unique_ptr<Command> make_restore_command();
std::unique_ptr<Command> make_show_command();
std::unique_ptr<Command> make_unpin_command();
std::unique_ptr<Command> make_verify_command();
std::unique_ptr<Command> make_version_command();

// A command with all its flags, its own and the common ones: ready to run, or to be described by
// help, completion and docs.
struct CommandEntry {
  explicit CommandEntry(std::unique_ptr<Command> made);
  CommandEntry(const CommandEntry&) = delete;  // the flags point into it
  CommandEntry& operator=(const CommandEntry&) = delete;

  const std::unique_ptr<Command> command;
  const CommandHelp help;
  CommonOptions common;
  FlagTable flags;
};

using CommandEntries = std::vector<std::unique_ptr<CommandEntry>>;

// All of them, in the order of the help.
CommandEntries all_commands();

// The one called `name`. Throws kInvalid with the nearest name.
CommandEntry& find_command(const CommandEntries& commands, const std::string& name);

// Throws kInvalid if a command got other than `min` to `max` arguments. `what` says what they are.
void check_arguments(const Context& context, std::size_t min, std::size_t max,
                     std::string_view what);

// Runs `lifeboat ARGV...`: finds the command, parses its flags and the common ones (-o, --quiet,
// --log-format, --config, --help), runs it, reports what it throws. Throws kCancelled through.
ExitCode run_program(const std::vector<std::string>& argv, World& world, std::stop_token stop);

}  // namespace lifeboat::cli
