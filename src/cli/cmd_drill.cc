#include "backup/drill_report.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/drill_output.h"
#include "cli/encoding_options.h"
#include "cli/output.h"
#include "cli/snapshot_argument.h"
#include "vault/drill_record.h"
#include "version.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

class DrillCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "drill",
        .arguments = "ID | latest | FILE.db",
        .summary = "rehearses a restore: starts a real etcd on it, compares, measures, reports",
        .description =
            "Restores the backup into a fresh folder, starts etcd on it on free ports of "
            "127.0.0.1, and compares what it serves with the backup: HashKV, the number of keys, a "
            "sample of keys byte for byte. Then it writes a key, starts etcd again and reads the "
            "key. The seconds that it took are the recovery time of this backup on this machine. "
            "The exit status is 4 if anything differs, and 6 if etcd does not start.\n\n"
            "The etcd program is looked for in PATH; it has to be of the backup's minor version, "
            "or one above. In the copy etcd asks for no user, so that no password is needed. While "
            "the drill runs, every user of this machine can reach that etcd: run it where "
            "nobody else logs in, such as in a pod.\n\n"
            "Nothing but the fresh folder is touched, and it is removed at the end. The drill of a "
            "stored backup is recorded in the vault, where list shows it.",
        .examples = {{"lifeboat drill latest --vault /backups --report /tmp/drill.html",
                      "Rehearses the newest backup, with a page for the auditors."},
                     {"lifeboat drill ./snapshot.db --etcd ./etcd --scratch /mnt/fast -o json",
                      "Rehearses any snapshot file with a given etcd."}},
        .argument_choices = {"latest"}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &vault_options_);
    flags.group("Drill");
    flags.text("etcd", "PATH", "the etcd program", &etcd_);
    flags.duration("timeout", "how long etcd may take until it serves", &timeout_);
    flags.list("report", "FILE", "write a report to FILE.json or FILE.html, or to both",
               &report_files_);
    flags.toggle("no-record", "do not record the drill in the vault", &no_record_);
    flags.toggle("skip-hash-check", "take a snapshot without the SHA-256 at its end",
                 &skip_hash_check_);
    declare_reading_flags(flags, &reading_options_);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 1, 1, "the id of a backup, latest, or a file");
    if (context.arguments.front() == "-") {
      throw Error(Code::kInvalid, "a drill reads the snapshot more than once: name a file");
    }
    for (const std::string& file : report_files_) check_report_file(file, context.world.fs);
    SnapshotArgument snapshot(context.arguments.front(), vault_options_, reading_options_, context,
                              stop);
    backup::DrillReport report;
    report.tool_version = kVersion;
    report.node = context.world.host_name;
    if (snapshot.backup() != nullptr) report.cluster = snapshot.vault()->cluster();
    report.result = rehearse(context, snapshot, std::move(stop));
    report.report_files = report_files_;
    if (snapshot.backup() != nullptr && !no_record_) record(context, snapshot, report);
    write_reports(report, context.world.fs);
    print(context, report);
    return verdict(context, report);
  }

 private:
  std::string find_etcd(World& world) const {
    const auto found = world.programs.find(etcd_, environment_value(world.environment, "PATH", ""));
    if (found) return *found;
    throw Error(Code::kNotFound, cat("there is no etcd program ", in_quotes(etcd_)),
                "name one with --etcd PATH; without internet, copy it out of the image that the "
                "cluster runs: id=$(podman create IMAGE) && podman cp $id:/usr/bin/etcd .");
  }

  backup::DrillResult rehearse(Context& context, SnapshotArgument& snapshot,
                               std::stop_token stop) const {
    World& world = context.world;
    backup::DrillOptions options;
    options.etcd_program = find_etcd(world);
    options.scratch = scratch_folder(reading_options_.scratch, world);
    options.timeout = timeout_;
    options.skip_hash_check = skip_hash_check_;
    if (const auto* backup = snapshot.backup()) {
      const vault::CatalogEtcd& etcd = backup->catalog.etcd;
      options.expected_keys = etcd.keys;
      if (etcd.hash_kv) {
        options.expected_hash = {.revision = etcd.hash_kv->revision,
                                 .compact_revision = etcd.hash_kv->compact_revision,
                                 .hash = etcd.hash_kv->hash};
      }
    }
    const backup::DrillContext drill{
        .restore = {world.fs, world.clock, context.log, context.progress},
        .programs = world.programs,
        .connect = [&world](const std::string& url) {
          rpc::ClientOptions client;
          client.endpoints = {url};
          return world.connect_key_value(client);
        }};
    const backup::RestoreSource source = snapshot.source_at_hand();
    return backup::run_drill(drill, source, options, std::move(stop));
  }

  // A drill that is not recorded is a drill all the same: the vault may be read-only on purpose, or
  // a backup may be at work on it.
  static void record(Context& context, const SnapshotArgument& snapshot,
                     backup::DrillReport& report) {
    vault::ClusterVault& vault = *snapshot.vault();
    try {
      const auto lock = vault.lock();
      const auto name = vault::next_drill_name(
          vault.store(), vault.cluster(), snapshot.backup()->catalog.id, report.result.started);
      report.record = vault::drill_blob_name(vault.cluster(), name);
      vault::put_drill(vault.store(), vault.cluster(), name, backup::to_json(report).dump() + "\n");
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      report.record.clear();
      report.warnings.push_back(cat("the drill is not recorded in the vault: ", error.what()));
      context.log.warning(report.warnings.back());
    }
  }

  static void print(Context& context, const backup::DrillReport& report) {
    if (context.json) {
      print_json(context.world.out, backup::to_json(report));
    } else {
      print_drill(context.world.out, report);
    }
  }

  static ExitCode verdict(Context& context, const backup::DrillReport& report) {
    if (const auto& failure = report.result.etcd_failure) {
      context.log.error(failure->what(), failure->hint());
      return exit_code_for(failure->code());
    }
    if (!report.result.ok()) {
      context.log.error(cat("the drill of ", report.result.subject, " failed"),
                        "take a new backup, and look at what differs: `lifeboat verify`");
      return kCorrupt;
    }
    return report.warnings.empty() ? kDone : kAttention;
  }

  VaultOptions vault_options_;
  ReadingOptions reading_options_;
  std::string etcd_ = "etcd";
  std::chrono::milliseconds timeout_ = backup::DrillOptions().timeout;
  std::vector<std::string> report_files_;
  bool no_record_ = false;
  bool skip_hash_check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_drill_command() { return std::make_unique<DrillCommand>(); }

}  // namespace lifeboat::cli
