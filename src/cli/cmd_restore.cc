#include "backup/restore.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/encoding_options.h"
#include "cli/output.h"
#include "cli/restore_options.h"
#include "cli/restore_plan.h"
#include "cli/snapshot_argument.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Json;

Json to_json(const backup::RestoredMemberResult& member) {
  return Json::object()
      .set("name", member.name)
      .set("member_id", base::to_hex_id(member.member_id))
      .set("data_dir", member.data_dir)
      .set("replaced", member.replaced.member.empty() ? Json() : Json(member.replaced.member));
}

// With --all-members, data_dir is the folder of them all and there is no one member_id.
Json document(const backup::RestoreResult& result, const std::string& all_members) {
  const bool one = all_members.empty();
  Json members = Json::array();
  for (const auto& member : result.members) members.push(to_json(member));
  const std::string member_id = base::to_hex_id(result.members.front().member_id);
  return Json::object()
      .set("data_dir", one ? result.members.front().data_dir : all_members)
      .set("revision", result.revision)
      .set("cluster_id", base::to_hex_id(result.cluster_id))
      .set("member_id", one ? Json(member_id) : Json())
      .set("keys", result.keys)
      .set("bumped_to", result.bumped_to ? Json(*result.bumped_to) : Json())
      .set("hash_kv", std::uint64_t{result.hash_kv.hash})
      .set("etcd_version", result.etcd_version)
      .set("db_size", result.size_bytes)
      .set("members", std::move(members))
      .set("warnings", Json::strings(result.warnings));
}

std::string revision_text(const backup::RestoreResult& result) {
  if (!result.bumped_to) return std::to_string(result.revision);
  return cat(result.revision, ", bumped to ", *result.bumped_to, " and compacted there");
}

void print_summary(std::ostream& out, const backup::RestoreResult& result) {
  Fields fields;
  for (const auto& member : result.members) {
    fields.emplace_back("data dir", cat(member.data_dir, " (", member.name, ", member ",
                                        base::to_hex_id(member.member_id), ")"));
    if (!member.replaced.member.empty()) fields.emplace_back("kept", member.replaced.member);
    if (!member.replaced.wal_dir.empty()) fields.emplace_back("kept", member.replaced.wal_dir);
  }
  fields.emplace_back("cluster", base::to_hex_id(result.cluster_id));
  fields.emplace_back("etcd", cat(result.etcd_version, " is to be started on it"));
  fields.emplace_back("revision", revision_text(result));
  fields.emplace_back("keys", std::to_string(result.keys));
  fields.emplace_back("size", base::format_size(result.size_bytes));
  fields.emplace_back("HashKV", std::to_string(result.hash_kv.hash));
  print_fields(out, fields);
}

class RestoreCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "restore",
        .arguments = "ID | latest | FILE.db | -",
        .summary = "makes an etcd data directory from a backup or any snapshot",
        .description =
            "Proves the snapshot, writes its database anew (packed, with the members of the new "
            "cluster instead of the old), reads that once more, and puts the data directory in "
            "place at the very end: a run that fails or is stopped leaves nothing. What is there "
            "already is refused; with --replace it is kept beside. Flags that etcdutl has mean "
            "what they mean there.\n\n"
            "Where the snapshot holds Kubernetes objects, revisions go up by 1000000000 and older "
            "ones are marked as compacted, so that no watcher sees one revision twice; "
            "--bump-revision 0 turns that off.\n\n"
            "Run it on each member with the same --initial-cluster and token, or once with "
            "--all-members. Stop etcd first. --plan prints every step, and does nothing.",
        .examples = {{"lifeboat restore latest --vault /backups --data-dir /var/lib/etcd-restored",
                      "A cluster of one member, as etcdutl's defaults make it."},
                     {"lifeboat restore 2026-11-21_060000 --vault /backups --cluster prod \\\n"
                      "    --name cp-0 --data-dir /var/lib/etcd --replace --owner etcd:etcd \\\n"
                      "    --initial-cluster cp-0=https://10.0.0.5:2380,cp-1=https://10.0.0.6:2380",
                      "One of two members, in the place of what was there, which is kept."}},
        .argument_choices = {"latest"}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &vault_options_);
    declare_restore_flags(flags, &restore_flags_);
    declare_reading_flags(flags, &reading_options_);
    Flag& plan =
        flags.toggle("plan", "print the steps to take, with real paths; touch nothing", &plan_);
    plan.from_environment = plan.from_file = false;
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 1, 1, "the id of a backup, latest, a file, or - for standard input");
    const std::string& argument = context.arguments.front();
    const auto options = make_restore_options(restore_flags_, context.world.fs);
    SnapshotArgument snapshot(argument, vault_options_, reading_options_, context, stop);
    if (plan_) return print_plan(context, snapshot, options);
    const backup::RestoreContext restore{.fs = context.world.fs,
                                         .clock = context.world.clock,
                                         .log = context.log,
                                         .progress = context.progress,
                                         .scratch = reading_options_.scratch};
    const auto result = backup::restore_snapshot(restore, snapshot.source(), options, stop);
    for (const std::string& note : result.notes) context.log.info(note);
    if (context.json) {
      print_json(context.world.out, document(result, restore_flags_.all_members));
    } else {
      print_summary(context.world.out, result);
    }
    return result.warnings.empty() ? kDone : kAttention;
  }

 private:
  // Flags, names and files that would be refused have no plan.
  ExitCode print_plan(const Context& context, SnapshotArgument& snapshot,
                      const backup::RestoreOptions& options) const {
    snapshot.check();
    const vault::StoredBackup* backup = snapshot.backup();
    backup::check_restore_options(options, backup == nullptr ? "" : backup->catalog.etcd.version);
    const std::string text =
        restore_plan_text({context.arguments.front(), backup, vault_options_, reading_options_,
                           restore_flags_, options, context.world.working_folder});
    if (context.json) {
      print_json(context.world.out, Json::object().set("plan", text));
    } else {
      context.world.out << text;
    }
    return kDone;
  }

  VaultOptions vault_options_;
  ReadingOptions reading_options_;
  RestoreFlags restore_flags_;
  bool plan_ = false;
};

}  // namespace

std::unique_ptr<Command> make_restore_command() { return std::make_unique<RestoreCommand>(); }

}  // namespace lifeboat::cli
