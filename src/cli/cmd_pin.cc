#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

// `pin` and `unpin`.
class PinCommand : public Command {
 public:
  explicit PinCommand(bool pin) : pin_(pin) {}

  CommandHelp help() const override { return pin_ ? pin_help() : unpin_help(); }

  void declare_flags(FlagTable& flags) override { declare_vault_flags(flags, &options_); }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 1, 1, "the id of a backup, or latest");
    const auto store = open_vault(options_, context.world, stop);
    vault::ClusterVault vault(*store, choose_cluster(options_, *store));
    const auto lock = vault.lock();
    const vault::BackupId id = chosen_id(vault, context.arguments.front());
    if (pin_) {
      vault.pin(id);
    } else {
      vault.unpin(id);
    }
    print(context, id);
    return kDone;
  }

 private:
  static CommandHelp pin_help() {
    return {.name = "pin",
            .arguments = "ID | latest",
            .summary = "keeps a backup from retention",
            .description =
                "A pinned backup is kept whatever retention and its size limit say, "
                "until it is unpinned: the backup from before an upgrade, for one. "
                "Pinning twice does no harm.",
            .examples = {{"lifeboat pin latest --vault /backups", "Keeps the newest backup."},
                         {"lifeboat pin 2026-11-21_060000 --vault /backups --cluster prod",
                          "Keeps one backup of one cluster."}},
            .argument_choices = {"latest"}};
  }

  static CommandHelp unpin_help() {
    return {.name = "unpin",
            .arguments = "ID | latest",
            .summary = "gives a pinned backup back to retention",
            .description =
                "The backup is from now on kept or removed as the rules of retention "
                "say. Nothing is removed by this command itself.",
            .examples = {{"lifeboat unpin 2026-11-21_060000 --vault /backups",
                          "Gives a backup back to retention."},
                         {"lifeboat list --vault /backups -o json | jq -r '.backups[] | "
                          "select(.pinned).id'",
                          "Which backups are pinned."}},
            .argument_choices = {"latest"}};
  }

  // A backup whose catalog can't be read may be pinned by its id: it may be mended one day.
  static vault::BackupId chosen_id(vault::ClusterVault& vault, const std::string& argument) {
    const auto id = vault::BackupId::parse(argument);
    return id ? *id : vault.find(argument).catalog.id;
  }

  void print(Context& context, const vault::BackupId& id) const {
    if (context.json) {
      print_json(context.world.out, base::Json::object().set("id", id.text()).set("pinned", pin_));
    } else {
      context.world.out << id.text() << (pin_ ? " is pinned\n" : " is not pinned\n");
    }
  }

  const bool pin_;
  VaultOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_pin_command() { return std::make_unique<PinCommand>(true); }
std::unique_ptr<Command> make_unpin_command() { return std::make_unique<PinCommand>(false); }

}  // namespace lifeboat::cli
