#include "cli/help.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/docs.h"

namespace lifeboat::cli {
namespace {

constexpr std::size_t kWidth = 96;

// Breaks at blanks. An empty line in `text` stays one.
void print_wrapped(std::ostream& out, const std::string& text, std::size_t indent) {
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out << std::string(indent, ' ') << line << '\n';
    line.clear();
  };
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n", start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) flush();
    if (!word.empty()) line += (line.empty() ? "" : " ") + word;
    if (text.compare(end, 2, "\n\n") == 0) {
      flush();
      out << '\n';
    }
    start = end + 1;
  }
  flush();
}

void print_padded(std::ostream& out, const std::string& name, std::size_t width,
                  std::string_view text) {
  out << "  " << name << std::string(width - name.size() + 2, ' ') << text << '\n';
}

std::string usage_line(const CommandHelp& help) {
  return base::cat("lifeboat ", help.name, help.arguments.empty() ? "" : " ", help.arguments,
                   " [flags]");
}

// The text of a flag, its default and its variables.
std::string flag_text(const Flag& flag) {
  std::string text = flag.help;
  if (!flag.default_value.empty()) text += base::cat(" (default ", flag.default_value, ")");
  return flag.from_environment ? base::cat(text, " [", flag_variables(flag), "]") : text;
}

void print_flags(std::ostream& out, const FlagTable& table) {
  std::string group;
  for (const Flag& flag : table.flags()) {
    if (flag.group != group) out << '\n' << flag.group << '\n';
    group = flag.group;
    out << "  " << flag_usage(flag) << '\n';
    print_wrapped(out, flag_text(flag), 6);
  }
}

void print_exit_codes(std::ostream& out) {
  out << "\nExit status\n";
  for (const ExitCodeMeaning& entry : kExitCodes) {
    print_padded(out, std::to_string(entry.code), 1, entry.meaning);
  }
}

class HelpCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "help",
            .arguments = "[COMMAND]",
            .summary = "explains a command",
            .description =
                "Prints what a command does, its flags with their defaults and "
                "environment variables, and examples. Without a command, lists all "
                "of them.",
            .examples = {{"lifeboat help backup", "Everything about taking backups."},
                         {"lifeboat help --configuration-md",
                          "All flags, variables and file names on one page, as Markdown."}},
            .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    flags.group("Help");
    Flag& flag =
        flags.toggle("configuration-md", "print docs/CONFIGURATION.md, made from the flag tables",
                     &configuration_md_);
    flag.from_environment = flag.from_file = false;
  }

  ExitCode run(Context& context, std::stop_token) override {
    check_arguments(context, 0, 1, "a command");
    if (configuration_md_) {
      print_configuration_page(context.world.out);
    } else if (context.arguments.empty()) {
      print_program_help(context.world.out);
    } else {
      const CommandEntries commands = all_commands();
      print_command_help(context.world.out, find_command(commands, context.arguments.front()));
    }
    return kDone;
  }

 private:
  bool configuration_md_ = false;
};

}  // namespace

void print_program_help(std::ostream& out) {
  out << "Lifeboat backs up the etcd of a Kubernetes or OpenShift cluster and proves that the "
         "backup is good.\n\nUsage\n  lifeboat COMMAND [flags]\n\nCommands\n";
  const CommandEntries commands = all_commands();
  std::size_t width = 0;
  for (const auto& entry : commands) width = std::max(width, entry->help.name.size());
  for (const auto& entry : commands) {
    print_padded(out, entry->help.name, width, entry->help.summary);
  }
  out << "\nStart here\n"
         "  mkdir -p /backups\n"
         "  lifeboat backup --vault /backups --cluster prod --endpoints 127.0.0.1:2379\n"
         "  lifeboat list --vault /backups\n\n"
         "Every flag can also be set by an environment variable (--vault: LIFEBOAT_VAULT) or in a\n"
         "YAML file (--config FILE). etcdctl's ETCDCTL_ variables work too.\n";
  print_exit_codes(out);
  out << "\n\"lifeboat help COMMAND\" explains a command.\n";
}

void print_command_help(std::ostream& out, const CommandEntry& entry) {
  const CommandHelp& help = entry.help;
  out << "lifeboat " << help.name << ": " << help.summary << "\n\nUsage\n  " << usage_line(help)
      << "\n\n";
  print_wrapped(out, help.description, 0);
  out << "\nExamples\n";
  for (const Example& example : help.examples) {
    print_wrapped(out, "# " + example.explanation, 2);
    out << "  " << example.command << '\n';
  }
  print_flags(out, entry.flags);
  print_exit_codes(out);
}

std::string flag_usage(const Flag& flag) {
  if (!flag.from_arguments) return flag.env_name() + "=" + flag.value_name;
  std::string text = flag.short_name == 0 ? "" : std::string("-") + flag.short_name + ", ";
  text += "--" + flag.name;
  return flag.is_switch() ? text : text + " " + flag.value_name;
}

std::string flag_variables(const Flag& flag) {
  std::vector<std::string> names{flag.env_name()};
  if (!flag.etcdctl_env.empty()) names.push_back(flag.etcdctl_env);
  names.insert(names.end(), flag.aws_envs.begin(), flag.aws_envs.end());
  return base::join(names, ", ");
}

std::unique_ptr<Command> make_help_command() { return std::make_unique<HelpCommand>(); }

}  // namespace lifeboat::cli
