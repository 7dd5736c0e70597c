#include "cli/command.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/legacy_variables.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;

// The flags of all commands: what a configuration file and the environment may speak of.
std::vector<std::string> names_for_config(const CommandEntries& commands) {
  std::vector<std::string> names;
  for (const auto& entry : commands) {
    for (const Flag& flag : entry->flags.flags()) {
      if (flag.from_file) names.push_back(flag.name);
    }
  }
  return names;
}

std::vector<std::string> all_variables(const CommandEntries& commands) {
  std::vector<std::string> names;
  for (const auto& entry : commands) {
    for (const Flag& flag : entry->flags.flags()) {
      if (flag.from_environment) names.push_back(flag.env_name());
    }
  }
  return names;
}

// The winning value of a flag before flags are applied, "" if there is none.
std::string value_of(const FlagTable& table, std::string_view flag,
                     const std::vector<Setting>& settings) {
  const Setting* best = nullptr;
  for (const Setting& setting : settings) {
    const bool matches = setting.flag == flag && table.find(flag) != nullptr;
    if (matches && (best == nullptr || setting.source >= best->source)) best = &setting;
  }
  return best == nullptr ? "" : best->value;
}

// Data that did not arrive is a failure, whatever the command made of its work.
ExitCode finish(World& world, ExitCode code) {
  world.out.flush();
  if (world.out.good()) return code;
  throw Error(Code::kIo, "cannot write to standard output: it is closed, or its disk is full");
}

// One run of one command.
class Run {
 public:
  Run(CommandEntry& entry, const CommandEntries& commands, World& world)
      : entry_(entry), commands_(commands), world_(world) {}

  ExitCode operator()(const std::vector<std::string>& argv, std::stop_token stop) {
    try {
      CommandLine line = split_command_line(entry_.flags, argv);
      if (value_of(entry_.flags, "help", line.settings) == "true") {
        print_command_help(world_.out, entry_);
        return finish(world_, kDone);
      }
      apply(line.settings);
      return execute(std::move(line.arguments), stop);
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      return report(error);
    }
  }

 private:
  void apply(std::vector<Setting> settings) {
    const auto environment = environment_settings(entry_.flags, world_.environment);
    settings.insert(settings.end(), environment.begin(), environment.end());
    const std::string config = value_of(entry_.flags, "config", settings);
    if (!config.empty()) {
      const std::string text = read_named_file(world_.fs, "config", config);
      const auto from_file = parse_config(text, config, names_for_config(commands_));
      settings.insert(settings.end(), from_file.begin(), from_file.end());
    }
    if (entry_.help.name == "backup") {
      legacy_ = legacy_settings(world_.environment);
      settings.insert(settings.end(), legacy_.settings.begin(), legacy_.settings.end());
    }
    // Known before the flags, one of which may be wrong, so that this is told in the right format.
    if (value_of(entry_.flags, "log-format", settings) == "json") entry_.common.log_format = "json";
    apply_settings(entry_.flags, settings);
  }

  ExitCode execute(std::vector<std::string> arguments, std::stop_token stop) {
    base::Log log = make_log();
    for (const auto& line : unknown_variables(all_variables(commands_), world_.environment)) {
      log.warning(line);
    }
    for (const std::string& line : legacy_.lines) log.info(line);
    const bool draw = world_.err_is_terminal && !entry_.common.quiet && !json_log();
    const std::unique_ptr<base::Progress> progress =
        draw ? std::make_unique<base::ProgressBar>(world_.err, log)
             : std::make_unique<base::Progress>();
    Context context{world_, log, *progress, entry_.common.output == "json", std::move(arguments)};
    return finish(world_, entry_.command->run(context, stop));
  }

  ExitCode report(const Error& error) {
    std::string hint = error.hint();
    if (hint.empty() && error.code() == Code::kInvalid) {
      hint = base::cat("see \"lifeboat ", entry_.help.name, " --help\"");
    }
    make_log().error(error.what(), hint);
    return exit_code_for(error.code());
  }

  bool json_log() const { return entry_.common.log_format == "json"; }

  base::Log make_log() const {
    using base::Log;
    return Log(world_.err, json_log() ? Log::Format::kJson : Log::Format::kText,
               entry_.common.quiet ? Log::Level::kWarning : Log::Level::kInfo);
  }

  CommandEntry& entry_;
  const CommandEntries& commands_;
  World& world_;
  LegacySettings legacy_;
};

[[noreturn]] void refuse_flag_without_command(const std::string& flag) {
  throw Error(Code::kInvalid, base::cat("a command comes first, not ", base::printable(flag, 60)),
              "lifeboat COMMAND [flags]; see \"lifeboat --help\"");
}

ExitCode dispatch(const std::vector<std::string>& argv, World& world, std::stop_token stop) {
  if (argv.empty()) {
    print_program_help(world.err);
    return kUsage;
  }
  std::vector<std::string> rest(argv.begin() + 1, argv.end());
  std::string name = argv.front();
  if (name == "--help" || name == "-h") {
    print_program_help(world.out);
    return finish(world, kDone);
  }
  if (name == "--version") name = "version";
  if (name.starts_with('-')) refuse_flag_without_command(name);
  const CommandEntries commands = all_commands();
  return Run(find_command(commands, name), commands, world)(rest, stop);
}

}  // namespace

CommandEntry::CommandEntry(std::unique_ptr<Command> made)
    : command(std::move(made)), help(command->help()) {
  command->declare_flags(flags);
  declare_common_flags(flags, &common);
}

CommandEntries all_commands() {
  CommandEntries entries;
  for (const auto make :
       {&make_backup_command, &make_list_command, &make_show_command, &make_verify_command,
        &make_restore_command, &make_drill_command, &make_export_command, &make_adopt_command,
        &make_copy_command, &make_prune_command, &make_pin_command, &make_unpin_command,
        &make_keygen_command, &make_doctor_command, &make_manifests_command, &make_idle_command,
        &make_completion_command, &make_help_command, &make_version_command}) {
    entries.push_back(std::make_unique<CommandEntry>(make()));
  }
  return entries;
}

CommandEntry& find_command(const CommandEntries& commands, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& entry : commands) {
    if (entry->help.name == name) return *entry;
    names.push_back(entry->help.name);
  }
  const std::string meant = suggest(name, names);
  throw Error(Code::kInvalid, base::cat("unknown command ", in_quotes(name)),
              meant.empty() ? "see \"lifeboat --help\""
                            : base::cat("did you mean \"lifeboat ", meant, "\"?"));
}

void check_arguments(const Context& context, std::size_t min, std::size_t max,
                     std::string_view what) {
  const std::size_t count = context.arguments.size();
  if (count < min) throw Error(Code::kInvalid, base::cat("an argument is missing: ", what));
  if (count > max) {
    throw Error(Code::kInvalid,
                base::cat("one argument too many: ", in_quotes(context.arguments[max])));
  }
}

ExitCode run_program(const std::vector<std::string>& argv, World& world, std::stop_token stop) {
  try {
    return dispatch(argv, world, stop);
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    // Nothing is known of the log's format yet.
    base::Log(world.err, base::Log::Format::kText, base::Log::Level::kError)
        .error(error.what(), error.hint());
    return exit_code_for(error.code());
  }
}

}  // namespace lifeboat::cli
