#include <algorithm>

#include "backup/copy.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/destinations.h"
#include "cli/encoding_options.h"
#include "cli/output.h"
#include "cli/store_options.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;
using base::Json;

// What came of one backup.
struct Copied {
  std::string id;
  bool was_there = false;
  std::optional<Error> failure;
};

class CopyCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "copy",
            .arguments = "ID... | latest | --all",
            .summary = "copies backups from one vault into another",
            .description =
                "Reads each backup, compares it with its catalog, stores it in the other vault "
                "and compares it there once more; its catalog comes last. What the other vault "
                "has is passed over, and a copy that was cut off goes on with the files that "
                "are whole. Nothing is removed: `lifeboat prune` does that. Pins are not "
                "copied.\n\n"
                "Files are copied as they are stored, for which no key is needed, unless "
                "--compress or --encrypt-to asks for something else.",
            .examples = {{"lifeboat copy --all --vault /backups --cluster prod \\\n"
                          "    --to s3://backups/clusters --s3-endpoint https://s3.example.com",
                          "Every backup of a cluster into a bucket."},
                         {"lifeboat copy latest --vault /backups --to /mnt/safe \\\n"
                          "    --compress zstd --encrypt-to age1...",
                          "The newest one onto a disk that leaves the house."}},
            .argument_choices = {"latest"}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &vault_options_);
    flags.group("Copy");
    flags.text("to", "VAULT", "the vault to copy into: a folder, or a bucket's URL", &to_);
    flags.text("to-cluster", "NAME", "under another name there", &to_cluster_);
    Flag& all = flags.toggle("all", "every backup of the cluster", &all_);
    all.from_environment = all.from_file = false;
    declare_encoding_flags(flags, &encoding_options_);
    declare_reading_flags(flags, &reading_options_);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_flags(context);
    const auto from_store = open_vault(vault_options_, context.world, stop);
    vault::ClusterVault from(*from_store, choose_cluster(vault_options_, *from_store));
    const auto to_store =
        open_store(parse_vault_location(to_, {}).location, vault_options_.s3, context.world, stop);
    vault::ClusterVault to(*to_store, to_cluster_.empty() ? from.cluster() : to_cluster_);
    const codec::Keyring keyring = make_keyring(reading_options_, context.world.fs);
    const auto reading = reading_context(reading_options_, keyring, context);
    backup::CopyOptions options = copy_options(context.world.fs);
    const auto backups = choose_backups(context, from);
    const auto lock = to.lock();
    std::vector<vault::StoredBackup> there;
    if (!options.allow_plain) there = to.inventory().backups;
    if (!there.empty()) options.newest_there = &there.back().catalog;
    std::vector<Copied> results;
    for (const vault::StoredBackup& backup : backups) {
      results.push_back(copy(from, backup, to, options, reading, context.log, stop));
    }
    print(context, results);
    return verdict(results);
  }

 private:
  void check_flags(const Context& context) const {
    if (to_.empty()) {
      throw Error(Code::kInvalid, "--to is missing: the vault to copy into",
                  "give --to DIR or --to s3://BUCKET/PREFIX");
    }
    refuse_lock_without_bucket(vault_options_.s3, {to_});
    if (all_ == context.arguments.empty()) return;
    throw Error(Code::kInvalid, all_ ? "--all and the name of a backup contradict each other"
                                     : "which backups? Give ids, latest, or --all");
  }

  backup::CopyOptions copy_options(os::FileSystem& fs) const {
    backup::CopyOptions options{.allow_plain = encoding_options_.allow_plain};
    if (asks_for_encoding(encoding_options_)) {
      options.encoding = make_encoding(encoding_options_, fs, is_bucket(to_));
      options.keep_compression = encoding_options_.compress.empty();
    }
    return options;
  }

  std::vector<vault::StoredBackup> choose_backups(Context& context, vault::ClusterVault& from) {
    std::vector<vault::StoredBackup> backups;
    if (all_) {
      vault::Inventory inventory = from.inventory();
      for (const auto& unreadable : inventory.unreadable) {
        context.log.warning(vault::describe(unreadable));
        has_unreadable_ = true;
      }
      backups = std::move(inventory.backups);
      if (backups.empty()) from.find("latest");  // which says why there is none
    }
    for (const std::string& id : context.arguments) {
      vault::StoredBackup backup = from.find(id);
      const bool named_before = std::ranges::any_of(
          backups, [&](const auto& other) { return other.catalog.id == backup.catalog.id; });
      if (!named_before) backups.push_back(std::move(backup));
    }
    return backups;
  }

  // One that can't be copied is no reason to leave the others where they are.
  static Copied copy(vault::ClusterVault& from, const vault::StoredBackup& backup,
                     vault::ClusterVault& to, const backup::CopyOptions& options,
                     const backup::ReadingContext& reading, base::Log& log,
                     const std::stop_token& stop) {
    Copied copied;
    copied.id = backup.catalog.id.text();
    try {
      const auto result = backup::copy_backup(from, backup, to, options, reading, stop);
      copied.was_there = result.was_there;
      log.info(cat("backup ", copied.id, copied.was_there ? " was in " : " is in ",
                   to.store().location()));
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      log.error(cat("backup ", copied.id, " is not copied: ", error.what()), error.hint());
      copied.failure = error;
    }
    return copied;
  }

  static std::string outcome(const Copied& copied) {
    if (copied.failure) return cat("failed: ", copied.failure->what());
    return copied.was_there ? "was there" : "copied";
  }

  void print(Context& context, const std::vector<Copied>& results) const {
    if (!context.json) {
      Fields fields{{"to", to_}};
      for (const Copied& copied : results) fields.emplace_back(copied.id, outcome(copied));
      return print_fields(context.world.out, fields);
    }
    Json list = Json::array();
    for (const Copied& copied : results) {
      Json entry = Json::object();
      entry.set("id", copied.id).set("ok", !copied.failure).set("was_there", copied.was_there);
      if (copied.failure) entry.set("error", copied.failure->what());
      list.push(std::move(entry));
    }
    print_json(context.world.out, Json::object().set("to", to_).set("copies", std::move(list)));
  }

  ExitCode verdict(const std::vector<Copied>& results) const {
    for (const Copied& copied : results) {
      if (copied.failure) return exit_code_for(copied.failure->code());
    }
    return has_unreadable_ ? kAttention : kDone;
  }

  VaultOptions vault_options_;
  EncodingOptions encoding_options_;
  ReadingOptions reading_options_;
  std::string to_;
  std::string to_cluster_;
  bool all_ = false;
  bool has_unreadable_ = false;
};

}  // namespace

std::unique_ptr<Command> make_copy_command() { return std::make_unique<CopyCommand>(); }

}  // namespace lifeboat::cli
