#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/completion.h"

namespace lifeboat::cli {
namespace {

class CompletionCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "completion",
            .arguments = "bash | zsh | fish",
            .summary = "prints a script that completes commands and flags in a shell",
            .description =
                "Prints what makes the TAB key complete commands, flags and their values "
                "in bash, zsh or fish. The script is always the plain text, whatever -o "
                "says.",
            .examples = {{"source <(lifeboat completion bash)", "For this shell only."},
                         {"lifeboat completion fish > ~/.config/fish/completions/lifeboat.fish",
                          "For good, in fish."}},
            .argument_choices = {"bash", "zsh", "fish"}};
  }

  void declare_flags(FlagTable&) override {}

  ExitCode run(Context& context, std::stop_token) override {
    check_arguments(context, 1, 1, "bash, zsh or fish");
    context.world.out << script(context.arguments.front());
    return kDone;
  }

 private:
  static std::string script(const std::string& shell) {
    const CommandEntries commands = all_commands();
    if (shell == "bash") return bash_completion(commands);
    if (shell == "zsh") return zsh_completion(commands);
    if (shell == "fish") return fish_completion(commands);
    throw base::Error(base::Code::kInvalid, base::cat("no completion for ", in_quotes(shell)),
                      "there is bash, zsh and fish");
  }
};

}  // namespace

std::unique_ptr<Command> make_completion_command() { return std::make_unique<CompletionCommand>(); }

}  // namespace lifeboat::cli
