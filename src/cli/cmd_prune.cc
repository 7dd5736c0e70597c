#include "backup/retention_run.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/destinations.h"
#include "cli/output.h"
#include "cli/table.h"
#include "vault/retention.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

class PruneCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "prune",
            .arguments = "",
            .summary = "applies retention: removes backups that no rule keeps",
            .description =
                "Prints keep or delete and why, a line for each backup, and removes what no rule "
                "keeps, and what runs that died have left behind. With --dry-run nothing is "
                "removed. \"lifeboat backup\" does the same after each backup.\n\n"
                "Pinned backups and the newest proven one are kept whatever the rules say. Ages "
                "count back from the newest backup, so a clock that is wrong now can't remove "
                "anything. One that was ahead when the newest backup was taken can: then "
                "--keep-within counts from its time.",
            .examples = {{"lifeboat prune --vault /backups --keep-last 5 --keep-daily 7 --dry-run",
                          "What these rules would keep and delete."},
                         {"lifeboat prune --vault /backups --cluster prod --keep-within 30d "
                          "--max-size 18Gi",
                          "Keeps a month, and no more than fits."}},
            .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &options_);
    declare_retention_flags(flags, &policy_);
    flags.group("Prune");
    flags.toggle("dry-run", "only say what would be done", &dry_run_);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 0, 0, "");
    const auto store = open_vault(options_, context.world, stop);
    // What the vault says of its own retention is all that counts, as in a backup.
    policy_ = parse_vault_location(options_.vault, policy_).retention;
    vault::ClusterVault vault(*store, choose_cluster(options_, *store));
    const auto lock = dry_run_ ? nullptr : vault.lock();
    const vault::Inventory inventory = vault.inventory();
    const auto decisions =
        vault::apply_retention(policy_, vault::retention_candidates(inventory.backups));
    if (dry_run_) {
      context.log.info("dry run: nothing is removed");
    } else {
      remove(vault, decisions, context.log, stop);
    }
    print(context, decisions);
    for (const auto& backup : inventory.unreadable) context.log.warning(vault::describe(backup));
    return inventory.unreadable.empty() ? kDone : kAttention;
  }

 private:
  static void remove(vault::ClusterVault& vault,
                     const std::vector<vault::RetentionDecision>& decisions, base::Log& log,
                     std::stop_token stop) {
    for (const vault::RetentionDecision& decision : decisions) {
      base::throw_if_stopped(stop);
      if (!decision.keep) vault.remove(decision.id);
    }
    backup::remove_leftovers(vault, log);
  }

  static void print(Context& context, const std::vector<vault::RetentionDecision>& decisions) {
    if (context.json) {
      print_json(context.world.out, document(decisions));
      return;
    }
    Table table({{"ACTION"}, {"ID"}, {"WHY"}});
    for (const vault::RetentionDecision& decision : decisions) {
      table.add_row({decision.keep ? "keep" : "delete", decision.id.text(),
                     base::join(decision.reasons, ", ")});
    }
    table.print(context.world.out);
  }

  static base::Json document(const std::vector<vault::RetentionDecision>& decisions) {
    base::Json keep = base::Json::array();
    base::Json removed = base::Json::array();
    for (const vault::RetentionDecision& decision : decisions) {
      base::Json entry = base::Json::object();
      entry.set("id", decision.id.text()).set("reasons", base::Json::strings(decision.reasons));
      (decision.keep ? keep : removed).push(std::move(entry));
    }
    return base::Json::object().set("keep", std::move(keep)).set("delete", std::move(removed));
  }

  VaultOptions options_;
  vault::RetentionPolicy policy_;
  bool dry_run_ = false;
};

}  // namespace

std::unique_ptr<Command> make_prune_command() { return std::make_unique<PruneCommand>(); }

}  // namespace lifeboat::cli
