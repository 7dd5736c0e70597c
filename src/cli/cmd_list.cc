#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

class ListCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "list",
        .arguments = "",
        .summary = "lists the backups of a vault",
        .description =
            "Prints a line for each backup, oldest first: its id, age and size, what is known "
            "of the etcd in it, when it was proven, and how long ago its restore was rehearsed. "
            "Without --cluster, the backups of all "
            "clusters in the vault are listed.\n\n"
            "Only backups with a readable catalog are listed. Others are named in warnings, and "
            "the exit status is 8.",
        .examples = {{"lifeboat list --vault /backups", "All backups in a vault."},
                     {"lifeboat list --vault /backups --cluster prod -o json | jq -r "
                      "'.backups[-1].id'",
                      "The id of the newest backup of one cluster."}},
        .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override { declare_vault_flags(flags, &options_); }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 0, 0, "");
    const auto vault = open_vault(options_, context.world, stop);
    for (const std::string& cluster : clusters_to_list(*vault)) {
      take_cluster(*vault, cluster, context.log);
    }
    if (backups_.empty()) context.log.info(base::cat("no backups in ", vault->location()));
    print(context);
    return has_unreadable_ ? kAttention : kDone;
  }

 private:
  std::vector<std::string> clusters_to_list(store::Store& vault) const {
    if (!options_.cluster.empty()) return {choose_cluster(options_, vault)};
    return vault::list_clusters(vault);
  }

  void take_cluster(store::Store& store, const std::string& cluster, base::Log& log) {
    vault::Inventory inventory = vault::ClusterVault(store, cluster).inventory();
    const vault::DrillInventory drills = vault::list_drills(store, cluster);
    for (const auto& backup : inventory.unreadable) log.warning(vault::describe(backup));
    for (const std::string& record : drills.unreadable) log.warning(record);
    has_unreadable_ =
        has_unreadable_ || !inventory.unreadable.empty() || !drills.unreadable.empty();
    for (auto& backup : inventory.backups) {
      const auto* drill = vault::newest_drill(drills.records, backup.catalog.id);
      backups_.push_back(
          {std::move(backup), drill == nullptr ? std::nullopt : std::optional(*drill)});
    }
  }

  // People read cluster by cluster, scripts take the last element for the newest.
  void print(Context& context) {
    if (!context.json) {
      print_list(context.world.out, backups_, context.world.clock.now());
      return;
    }
    std::stable_sort(backups_.begin(), backups_.end(), [](const auto& left, const auto& right) {
      return left.backup.catalog.id < right.backup.catalog.id;
    });
    base::Json list = base::Json::array();
    for (const auto& listed : backups_) list.push(to_json(listed));
    print_json(context.world.out, base::Json::object().set("backups", std::move(list)));
  }

  VaultOptions options_;
  std::vector<ListedBackup> backups_;
  bool has_unreadable_ = false;
};

}  // namespace

std::unique_ptr<Command> make_list_command() { return std::make_unique<ListCommand>(); }

}  // namespace lifeboat::cli
