#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/docs.h"
#include "cli/help.h"
#include "cli/man_page.h"
#include "cli/topics.h"

namespace lifeboat::cli {
namespace {

class HelpCommand : public Command {
 public:
  CommandHelp help() const override {
    std::vector<std::string> topics;
    for (const Topic& topic : all_topics()) topics.emplace_back(topic.name);
    return {.name = "help",
            .arguments = "[COMMAND | TOPIC]",
            .summary = "explains a command or a topic",
            .description =
                "Prints what a command does, its flags with their defaults and "
                "environment variables, and examples; or what belongs to no single command. "
                "Without either, lists all of them.",
            .examples = {{"lifeboat help backup", "Everything about taking backups."},
                         {"lifeboat help retention", "Which backups are kept, and which go."},
                         {"lifeboat help backup --man | man -l -",
                          "The same as a manual page; --man alone is the program's."},
                         {"lifeboat help --configuration-md",
                          "All flags, variables and file names on one page, as Markdown."}},
            .argument_choices = std::move(topics)};
  }

  void declare_flags(FlagTable& flags) override {
    flags.group("Help");
    Flag& page =
        flags.toggle("configuration-md", "print docs/CONFIGURATION.md, made from the flag tables",
                     &configuration_md_);
    page.from_environment = page.from_file = false;
    Flag& man = flags.toggle("man", "print a manual page, for man(1)", &man_);
    man.from_environment = man.from_file = false;
  }

  ExitCode run(Context& context, std::stop_token) override {
    check_arguments(context, 0, 1, "a command or a topic");
    std::ostream& out = context.world.out;
    if (configuration_md_) {
      print_configuration_page(out);
    } else if (context.arguments.empty()) {
      man_ ? print_program_man_page(out) : print_program_help(out);
    } else {
      explain(out, context.arguments.front());
    }
    return kDone;
  }

 private:
  // A name may be that of both; one that is neither is refused as that of a command.
  void explain(std::ostream& out, const std::string& name) const {
    const CommandEntries commands = all_commands();
    const Topic* const topic = find_topic(name);
    const bool is_command =
        topic == nullptr ||
        std::ranges::any_of(commands, [&](const auto& entry) { return entry->help.name == name; });
    const CommandEntry* const command = is_command ? &find_command(commands, name) : nullptr;
    if (man_) {  // topics are in the program's page
      return command ? print_command_man_page(out, *command) : print_program_man_page(out);
    }
    if (command) print_command_help(out, *command);
    if (command && topic) out << '\n';
    if (topic) print_topic_help(out, *topic);
  }

  bool configuration_md_ = false;
  bool man_ = false;
};

}  // namespace

std::unique_ptr<Command> make_help_command() { return std::make_unique<HelpCommand>(); }

}  // namespace lifeboat::cli
