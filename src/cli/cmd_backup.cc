#include "backup/take.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "cli/output.h"
#include "version.h"

namespace lifeboat::cli {
namespace {

std::vector<std::string> id_texts(const std::vector<vault::BackupId>& ids) {
  std::vector<std::string> texts;
  for (const vault::BackupId& id : ids) texts.push_back(id.text());
  return texts;
}

void print_summary(std::ostream& out, const backup::TakeResult& result) {
  const vault::Catalog& catalog = result.backup;
  const std::vector<std::string> none;
  const auto& checks = catalog.verified ? catalog.verified->checks : none;
  const std::string role = catalog.etcd.leader.value_or(false) ? "leader" : "follower";
  print_fields(
      out,
      {{"backup", catalog.id.text()},
       {"cluster", catalog.cluster},
       {"size", base::format_size(catalog.size_bytes())},
       {"member",
        base::cat(catalog.etcd.endpoint, " (etcd ", catalog.etcd.version, ", ", role, ")")},
       {"checks", checks.empty() ? "none" : base::join(checks, ", ")},
       {"pruned", result.pruned.empty() ? "nothing" : base::join(id_texts(result.pruned), ", ")},
       {"took", base::format_duration(catalog.finished - catalog.started)}});
}

base::Json document(const backup::TakeResult& result) {
  return base::Json::object()
      .set("backup", vault::to_json(result.backup))
      .set("pruned", base::Json::strings(id_texts(result.pruned)));
}

class BackupCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "backup",
        .arguments = "",
        .summary = "takes one backup, proves it, and applies retention",
        .description =
            "Asks every endpoint how it is, takes a snapshot from the member that is fit best "
            "(a caught-up follower before the leader; the next one if the stream breaks), "
            "compares it with the hash that etcd sends along, and stores it in the vault. Then "
            "reads "
            "it page by page and record by record, and compares its HashKV with that of every "
            "member. The backup exists only once all of that has succeeded; a member that "
            "disagrees is named, and the exit status is 8.\n\n"
            "Afterwards backups that no rule of retention keeps are removed, never the newest "
            "proven one nor a pinned one. What runs that died have left behind is removed too. "
            "Two runs never work on one cluster of a vault at once: the second ends with exit "
            "status 7.\n\n"
            "The vault's folder has to be there: a volume that is not mounted must not go "
            "unnoticed. --cluster may be left out where the vault holds exactly one cluster.",
        .examples = {{"lifeboat backup --vault /backups --cluster prod --endpoints 127.0.0.1:2379",
                      "One backup of an etcd on this machine, without TLS."},
                     {"lifeboat backup --vault /backups --cluster prod \\\n"
                      "    --endpoints https://10.0.0.5:2379,https://10.0.0.6:2379 \\\n"
                      "    --cacert ca.crt --cert client.crt --key client.key \\\n"
                      "    --keep-daily 7 --max-size 18Gi",
                      "With TLS and a client certificate; keeps the newest 5 and a week of days."}},
        .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &vault_options_);
    declare_node_flags(flags, &node_options_);
    declare_method_flags(flags, &method_options_);
    declare_script_flags(flags, &method_options_);
    declare_etcd_flags(flags, &etcd_options_);
    declare_retention_flags(flags, &take_options_.retention);
    flags.group("Proof");
    flags.toggle("no-live-check", "do not compare the snapshot with the living members",
                 &no_live_check_);
    flags.toggle("require-agreement", "fail unless the members agree with the snapshot",
                 &take_options_.prove.require_agreement);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 0, 0, "");
    if (no_live_check_ && take_options_.prove.require_agreement) {
      throw base::Error(base::Code::kInvalid,
                        "--no-live-check and --require-agreement contradict each other",
                        "give one of them");
    }
    take_options_.prove.live_check = !no_live_check_;
    World& world = context.world;
    const std::optional<Node> node = open_node(node_options_, etcd_options_, world);
    apply_method(method_options_, node, &take_options_);
    const auto node_context =
        make_node_context(vault_options_.vault, method_options_, node, context);
    const auto store = open_vault(vault_options_, world, stop);
    vault::ClusterVault vault(*store, choose_cluster_to_write(vault_options_, *store, context.log));
    const etcd::Endpoints endpoints =
        world.connect(make_client_options(etcd_options_, node, world.fs));
    take_options_.tool_version = kVersion;
    take_options_.node = node_name(node, world);
    const backup::TakeContext take{.endpoints = endpoints,
                                   .vault = vault,
                                   .clock = world.clock,
                                   .log = context.log,
                                   .progress = context.progress,
                                   .node = node_context ? &*node_context : nullptr};
    const backup::TakeResult result = backup::take_backup(take, take_options_, stop);
    if (context.json) {
      print_json(world.out, document(result));
    } else {
      print_summary(world.out, result);
    }
    return result.needs_attention ? kAttention : kDone;
  }

 private:
  VaultOptions vault_options_;
  NodeOptions node_options_;
  MethodOptions method_options_;
  EtcdOptions etcd_options_;
  backup::TakeOptions take_options_;
  bool no_live_check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_backup_command() { return std::make_unique<BackupCommand>(); }

}  // namespace lifeboat::cli
