#include "cli/command.h"
#include "cli/output.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

class ShowCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "show",
            .arguments = "ID | latest",
            .summary = "prints the catalog of one backup",
            .description =
                "Prints everything that was written down about a backup when it was taken: where "
                "it came from, the members of the cluster, its files with their hashes, which "
                "checks it passed, and warnings. With -o json, prints the catalog itself.",
            .examples = {{"lifeboat show latest --vault /backups", "The newest backup."},
                         {"lifeboat show 2026-11-21_060000 --vault /backups --cluster prod -o json",
                          "The catalog of one backup, for scripts."}},
            .argument_choices = {"latest"}};
  }

  void declare_flags(FlagTable& flags) override { declare_vault_flags(flags, &options_); }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 1, 1, "the id of a backup, or latest");
    const auto store = open_vault(options_, context.world, stop);
    vault::ClusterVault vault(*store, choose_cluster(options_, *store));
    const vault::StoredBackup backup = vault.find(context.arguments.front());
    if (context.json) {
      print_json(context.world.out, to_json(backup));
    } else {
      print_details(context.world.out, backup);
    }
    return kDone;
  }

 private:
  VaultOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_show_command() { return std::make_unique<ShowCommand>(); }

}  // namespace lifeboat::cli
