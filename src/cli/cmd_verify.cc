#include <algorithm>

#include "backup/verify.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/encoding_options.h"
#include "cli/output.h"
#include "cli/snapshot_argument.h"
#include "cli/verify_output.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;

// A backup to look at, or one whose catalog already says no.
struct Target {
  std::optional<vault::StoredBackup> backup;
  std::optional<vault::UnreadableBackup> unreadable;

  const vault::BackupId& id() const { return backup ? backup->catalog.id : unreadable->id; }
};

// The backups of a cluster, readable or not, oldest first.
std::vector<Target> all_targets(vault::ClusterVault& vault) {
  vault::Inventory inventory = vault.inventory();
  std::vector<Target> targets;
  for (auto& backup : inventory.backups) targets.push_back({std::move(backup), std::nullopt});
  for (auto& backup : inventory.unreadable) targets.push_back({std::nullopt, std::move(backup)});
  std::sort(targets.begin(), targets.end(),
            [](const Target& left, const Target& right) { return left.id() < right.id(); });
  return targets;
}

class VerifyCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "verify",
            .arguments = "[ID | latest | --all | FILE.db]",
            .summary = "proves stored backups, or any snapshot file, again",
            .description =
                "Reads every file of a backup and compares it with its catalog; reads the snapshot "
                "page by page and record by record, and computes the hash that etcd itself would "
                "answer (HashKV). Without an argument, proves the newest backup. Nothing is "
                "changed.\n\n"
                "A file is any snapshot of etcd 3.4 to 3.7 or a copy of member/snap/db; it is told "
                "from an id by a slash in its name or .db at its end. A file without a trailer, "
                "as such a copy is, is proven by the rest.\n\n"
                "The exit status is 4 if anything is wrong; a catalog that can't be read counts as "
                "wrong. A snapshot that is encrypted, and that none of the keys given opens, is "
                "compared as it is stored, and named; if nothing else is wrong, the exit status "
                "is 5.",
            .examples = {{"lifeboat verify --all --vault /backups --cluster prod",
                          "Proves every backup of a cluster."},
                         {"lifeboat verify ./snapshot.db",
                          "Proves any snapshot file, from whatever tool."}},
            .argument_choices = {"latest"}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &options_);
    flags.group("Verify");
    Flag& all = flags.toggle("all", "every backup of the cluster", &all_);
    all.from_environment = all.from_file = false;
    Flag& checks = flags.list("checks", "CHECKS", "make only these checks", &checks_);
    checks.choices.assign(std::begin(backup::kCheckNames), std::end(backup::kCheckNames));
    flags.toggle("quick", "compare sizes, and checksums that the store has; read no file", &quick_);
    declare_reading_flags(flags, &reading_options_);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    const std::string wanted = wanted_subject(context);
    const backup::VerifyChecks checks = chosen_checks();
    const bool is_file = names_a_file(wanted);
    if (is_file) refuse_comparison();
    const Results results = is_file ? verify_file(context, wanted, checks, stop)
                                    : verify_backups(context, wanted, checks, stop);
    if (context.json) print_json(context.world.out, to_json(results, is_file));
    return verdict(results);
  }

 private:
  using Results = std::vector<backup::VerifyResult>;

  // Damage comes before what could not be looked at.
  static ExitCode verdict(const Results& results) {
    if (std::ranges::any_of(results, &backup::VerifyResult::is_damaged)) return kCorrupt;
    const bool ok = std::ranges::all_of(results, &backup::VerifyResult::ok);
    return ok ? kDone : exit_code_for(Code::kDenied);
  }

  // "" for all of them.
  std::string wanted_subject(const Context& context) const {
    check_arguments(context, 0, 1, "");
    if (quick_ && !checks_.empty()) {
      throw Error(Code::kInvalid, "--quick and --checks contradict each other",
                  "leave one of them out");
    }
    if (context.arguments.empty()) return all_ ? "" : "latest";
    const std::string& subject = context.arguments.front();
    if (subject == kStandardInput) {
      throw Error(Code::kInvalid, "standard input can't be verified: a proof reads it out of order",
                  "put it into a file first");
    }
    if (!all_) return subject;
    throw Error(Code::kInvalid,
                base::cat("--all and ", in_quotes(subject), " contradict each other"),
                "name one backup, or leave the name out and give --all");
  }

  // A file has no catalog: nothing would be checked, and called right.
  void refuse_comparison() const {
    const auto is_files = [](const std::string& check) { return check == "files"; };
    if (!quick_ && (checks_.empty() || !std::ranges::all_of(checks_, is_files))) return;
    const std::string flag = quick_ ? "--quick" : "--checks files";
    throw Error(Code::kInvalid, base::cat(flag, " compares with a catalog, and a file has none"),
                base::cat("leave ", flag, " out"));
  }

  backup::VerifyChecks chosen_checks() const {
    if (quick_) return {.quick = true};
    if (checks_.empty()) return {};
    const auto asked = [this](std::string_view name) {
      return std::ranges::count(checks_, name) > 0;
    };
    return {.files = asked("files"),
            .trailer = asked("trailer"),
            .pages = asked("pages"),
            .records = asked("records"),
            .hash_kv = asked("hash_kv")};
  }

  Results verify_file(Context& context, const std::string& path, const backup::VerifyChecks& checks,
                      const std::stop_token& stop) const {
    SnapshotArgument file(path, options_, reading_options_, context, stop);
    const auto open = [&] { return file.source_at_hand().open; };
    Results results{backup::verify_file(path, open, checks, context.progress, stop)};
    if (!context.json) print_result(context.world.out, results.front());
    return results;
  }

  // Each is told as soon as it is known: all of them take long.
  Results verify_backups(Context& context, const std::string& id,
                         const backup::VerifyChecks& checks, const std::stop_token& stop) const {
    const auto store = open_vault(options_, context.world, stop);
    vault::ClusterVault vault(*store, choose_cluster(options_, *store));
    const codec::Keyring keyring = make_keyring(reading_options_, context.world.fs);
    const auto reading = reading_context(reading_options_, keyring, context);
    Results results;
    for (const Target& target : choose_targets(vault, id)) {
      results.push_back(verify(vault, target, checks, reading, stop));
      const backup::VerifyResult& result = results.back();
      if (!context.json) print_result(context.world.out, result);
      if (!result.denied) continue;
      context.log.error(
          base::cat("backup ", result.subject, " is not proven: ", result.denied->what()),
          result.denied->hint());
    }
    return results;
  }

  static std::vector<Target> choose_targets(vault::ClusterVault& vault, const std::string& id) {
    std::vector<Target> targets = all_targets(vault);
    if (!targets.empty() && id.empty()) return targets;
    if (!targets.empty() && id == "latest") return {std::move(targets.back())};
    for (Target& target : targets) {
      if (target.id().text() == id) return {std::move(target)};
    }
    // It is not there; the vault knows how to say that.
    return {{vault.find(id.empty() ? "latest" : id), std::nullopt}};
  }

  static backup::VerifyResult verify(vault::ClusterVault& vault, const Target& target,
                                     const backup::VerifyChecks& checks,
                                     const backup::ReadingContext& reading,
                                     const std::stop_token& stop) {
    if (target.backup) return backup::verify_backup(vault, *target.backup, checks, reading, stop);
    backup::VerifyResult result;
    result.subject = target.id().text();
    result.checks = {"catalog"};
    result.findings = {{"catalog", std::string(vault::kCatalogName), target.unreadable->reason}};
    return result;
  }

  VaultOptions options_;
  ReadingOptions reading_options_;
  bool all_ = false;
  bool quick_ = false;
  std::vector<std::string> checks_;
};

}  // namespace

std::unique_ptr<Command> make_verify_command() { return std::make_unique<VerifyCommand>(); }

}  // namespace lifeboat::cli
