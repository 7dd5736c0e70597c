#include <condition_variable>
#include <mutex>

#include "cli/command.h"

namespace lifeboat::cli {
namespace {

// What keeps the pod for looking around alive: the image has no shell and no sleep.
class IdleCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "idle",
            .arguments = "",
            .summary = "does nothing until it is told to stop",
            .description =
                "Keeps a container alive that holds nothing but this program, so that other "
                "commands can be run in it. Ends with exit status 0 on SIGTERM or SIGINT.",
            .examples = {{"lifeboat idle", "As the program of a pod with the backups mounted."},
                         {"kubectl exec etcd-backup-inspect -- lifeboat list",
                          "The backups, seen from inside such a pod."}},
            .argument_choices = {}};
  }

  void declare_flags(FlagTable&) override {}

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 0, 0, "");
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_idle_command() { return std::make_unique<IdleCommand>(); }

}  // namespace lifeboat::cli
