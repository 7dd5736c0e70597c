#include <algorithm>

#include "backup/adopt.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/store_options.h"
#include "cli/table.h"
#include "version.h"

namespace lifeboat::cli {
namespace {

using base::Json;

Json to_json(const std::vector<backup::NamedBackup>& backups) {
  Json list = Json::array();
  for (const auto& [path, id] : backups) {
    list.push(Json::object().set("path", path).set("id", id.text()));
  }
  return list;
}

Json document(const backup::AdoptResult& result, bool dry_run) {
  Json adopted = Json::array();
  for (const auto& backup : result.adopted) adopted.push(vault::to_json(backup.catalog));
  Json failed = Json::array();
  for (const auto& failure : result.failed) {
    failed.push(Json::object().set("path", failure.path).set("reason", failure.reason));
  }
  Json json = Json::object();
  json.set("adopted", std::move(adopted));
  if (dry_run) json.set("planned", to_json(result.planned));
  return json.set("present", to_json(result.present)).set("failed", std::move(failed));
}

// The reason of a failure stands last: it is a sentence.
void print(std::ostream& out, const backup::AdoptResult& result) {
  if (result.found_nothing()) return;
  Table table({{"RESULT"}, {"ID"}, {"SIZE", Table::Align::kRight}, {"PATH"}, {"WHY"}});
  for (const auto& [path, catalog] : result.adopted) {
    table.add_row(
        {"adopted", catalog.id.text(), base::format_size(catalog.size_bytes()), path, ""});
  }
  for (const auto& [path, id] : result.planned) {
    table.add_row({"would be adopted", id.text(), "", path, ""});
  }
  for (const auto& [path, id] : result.present) {
    table.add_row({"already there", id.text(), "", path, ""});
  }
  for (const auto& failure : result.failed) {
    table.add_row({"failed", "", "", failure.path, failure.reason});
  }
  table.print(out);
}

ExitCode exit_code_of(const backup::AdoptResult& result) {
  if (result.found_nothing()) return kNotFound;
  if (result.failed.empty()) return kDone;
  const bool all_failed =
      result.adopted.empty() && result.planned.empty() && result.present.empty();
  if (!all_failed) return kAttention;
  const bool is_storage = std::ranges::all_of(
      result.failed, [](const auto& failure) { return exit_code_for(failure.code) == kStorage; });
  return is_storage ? kStorage : kCorrupt;
}

class AdoptCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "adopt",
        .arguments = "DIR",
        .summary = "takes backups made by cluster-backup.sh and tools around it into the vault",
        .description =
            "Looks through a folder, however deep, for snapshot_*.db with or without the "
            "static_kuberesources_*.tar.gz of the same stamp, for snapshot.db, and for "
            "snapshot_db_kuberesources_*.tar.gz, the one archive of OpenShift 4.1 to 4.3. Copies "
            "each into the vault and proves the copy as any other backup: the SHA-256 that etcd "
            "sent with it, every page, every record, the archive to its end. What fails is listed "
            "with the reason and not adopted. The folder itself is only read, and symbolic links "
            "in it are not followed.\n\n"
            "A backup is called by the time in its file's name, else in the name of a folder above "
            "it, else when the file was last written. What only a living member could tell stays "
            "open in its catalog. A snapshot that the vault has already is not taken twice, so "
            "that the command may be run again; one whose archive came later is, with its "
            "archive, as a backup of its own. With --dry-run nothing is proven.\n\n"
            "Retention is not applied, but the next \"lifeboat backup\" applies it to adopted "
            "backups as to any other: pin what has to stay, or run \"lifeboat prune --dry-run\" to "
            "see what would go.\n\n"
            "The exit status is 8 if some failed, 4 if all did (5 where the vault or the folder "
            "could not be written or read), and 3 if there is no backup in the folder.",
        .examples = {{"lifeboat adopt /mnt/old-backups --vault /backups --cluster prod --dry-run",
                      "What there is, and what it would be called."},
                     {"lifeboat adopt /mnt/old-backups --vault /backups --cluster prod",
                      "Proves all of it and takes it into the vault."}},
        .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &vault_options_);
    flags.group("Adopt");
    flags.toggle("dry-run", "only say what would be done", &adopt_options_.dry_run);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 1, 1, "the folder with the backups");
    const std::string& folder = context.arguments.front();
    World& world = context.world;
    check_vault_options(vault_options_);
    refuse_lock_without_bucket(vault_options_.s3, {vault_options_.vault});
    const auto store = open_vault(vault_options_, world, stop);
    vault::ClusterVault vault(*store, choose_cluster_to_write(vault_options_, *store, context.log));
    const auto source = world.open_host_tree(folder);
    adopt_options_.tool_version = kVersion;
    const backup::AdoptResult result = backup::adopt_backups({.source = *source,
                                                              .vault = vault,
                                                              .clock = world.clock,
                                                              .log = context.log,
                                                              .progress = context.progress},
                                                             adopt_options_, stop);
    if (context.json) {
      print_json(world.out, document(result, adopt_options_.dry_run));
    } else {
      print(world.out, result);
    }
    tell_the_rest(context, folder, result);
    return exit_code_of(result);
  }

 private:
  void tell_the_rest(Context& context, const std::string& folder,
                     const backup::AdoptResult& result) const {
    if (result.found_nothing()) {
      context.log.error(base::cat("there is no backup in ", base::printable(folder, 1000)),
                        "snapshot_*.db, snapshot.db and snapshot_db_kuberesources_*.tar.gz are "
                        "looked for, in folders below, too");
    }
    if (!result.adopted.empty()) {
      context.log.info(
          "retention was not applied: the next backup applies it to what was adopted, too; pin "
          "what has to stay");
    }
    if (adopt_options_.dry_run) context.log.info("dry run: nothing was adopted, nothing proven");
  }

  VaultOptions vault_options_;
  backup::AdoptOptions adopt_options_;
};

}  // namespace

std::unique_ptr<Command> make_adopt_command() { return std::make_unique<AdoptCommand>(); }

}  // namespace lifeboat::cli
