#include "backup/deliver.h"

#include <algorithm>

#include "backup/copy.h"
#include "backup/retention_run.h"
#include "backup/scratch_folder.h"
#include "backup/sealed.h"
#include "base/error.h"
#include "base/text.h"
#include "store/dir_store.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::BackupId;

// A destination, and what one run knows and holds of it.
struct Target {
  const Destination* destination = nullptr;
  Delivery* delivery = nullptr;
  std::unique_ptr<store::StoreLock> lock = {};
  vault::Inventory inventory = {};

  vault::ClusterVault& vault() const { return *destination->vault; }
  bool failed() const { return delivery->failure.has_value(); }
  const vault::BackupEncoding& encoding() const { return destination->encoding; }
};

// Whether a vault is to blame, so that another one may do better.
bool is_of_a_vault(const Error& error) {
  const Code code = error.code();
  return code == Code::kBusy || code == Code::kNoSpace || code == Code::kIo ||
         code == Code::kDenied || code == Code::kNotFound || code == Code::kExists;
}

class DeliverRun {
 public:
  DeliverRun(const DeliverContext& context, const TakeOptions& options,
             const std::vector<Destination>& destinations, std::stop_token stop)
      : context_(context), options_(options), stop_(std::move(stop)) {
    result_.deliveries.resize(destinations.size());
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      result_.deliveries[i].location = destinations[i].vault->store().location();
      targets_.push_back({.destination = &destinations[i], .delivery = &result_.deliveries[i]});
    }
  }

  DeliverResult run() {
    for (Target& target : targets_) attempt(target, [&] { open(target); });
    while (!take()) {
    }
    for (Target& target : targets_) {
      if (target.delivery->backup || target.failed()) continue;
      attempt(target, [&] { deliver(target); });
    }
    if (std::ranges::all_of(targets_, &Target::failed)) throw *targets_.front().delivery->failure;
    return std::move(result_);
  }

 private:
  template <typename Action>
  void attempt(Target& target, Action action) {
    try {
      action();
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      fail(target, error);
    }
  }

  // A run that has one vault tells of it by ending; one that has several goes on.
  void fail(Target& target, const Error& error) {
    target.delivery->failure = error;
    target.lock.reset();
    if (targets_.size() == 1) throw error;
    const std::string hint = error.hint().empty() ? "" : cat(" (", error.hint(), ")");
    warn(cat("no backup in ", target.delivery->location, ": ", error.what(), hint));
  }

  void warn(std::string warning) {
    context_.log.warning(warning);
    result_.needs_attention = true;
    result_.warnings.push_back(std::move(warning));
  }

  void open(Target& target) {
    vault::ClusterVault& vault = target.vault();
    target.lock = vault.lock();
    target.inventory = vault.inventory();
    const auto& backups = target.inventory.backups;
    if (!backups.empty() && !target.destination->allow_plain) {
      refuse_to_become_plain(
          backups.back().catalog, target.delivery->location, [&](std::string_view role) {
            const bool is_stored = role == vault::kRoleSnapshot || context_.node != nullptr;
            return !is_stored || !target.encoding().for_role(role).recipients.empty();
          });
    }
  }

  // What is sealed there can't be read again here. So the others take it as it is, for the same
  // recipients, and what has to be read back, as a script's archive has, is not sealed there.
  bool can_work_in(const Target& target) const {
    const vault::BackupEncoding& encoding = target.encoding();
    if (!encoding.snapshot.is_plain() || target.vault().store().is_remote()) return false;
    if (encoding.node_files.is_plain() || context_.node == nullptr) return true;
    return options_.method == Method::kNative &&
           std::ranges::all_of(targets_, [&](const Target& other) {
             return other.encoding().node_files.recipients == encoding.node_files.recipients;
           });
  }

  // Takes the backup in the first vault that it can be taken in, or in the scratch folder. False if
  // that vault failed, so that it is to be tried without it.
  bool take() {
    const auto target = std::ranges::find_if(
        targets_, [this](const Target& each) { return !each.failed() && can_work_in(each); });
    if (target == targets_.end()) {
      take_in_scratch();
      return true;
    }
    try {
      take_in(*target);
      return true;
    } catch (const Error& error) {
      if (targets_.size() == 1 || !is_of_a_vault(error)) throw;
      fail(*target, error);
      return false;
    }
  }

  void take_in(Target& target) {
    TakeOptions options = options_;
    options.retention = target.destination->retention;
    options.node_files = target.encoding().node_files;
    TakeResult taken = take_into(target.vault(), options, &target.inventory);
    target.delivery->pruned = std::move(taken.pruned);
    target.delivery->backup = taken.backup;
    working_vault_ = &target.vault();
    tell_of(target);
  }

  void take_in_scratch() {
    if (std::ranges::all_of(targets_, &Target::failed)) throw *targets_.front().delivery->failure;
    scratch_.emplace(context_.fs, context_.scratch, context_.log);
    context_.log.info(
        cat("the backup can't be taken in a vault, where it is to be encoded or far "
            "away, so it is put into ",
            base::printable(context_.scratch, 1000),
            " first, where it takes as much room as the database and 5 %"));
    scratch_store_.emplace(context_.fs, scratch_->path());
    scratch_vault_.emplace(*scratch_store_, targets_.front().vault().cluster());
    for (Target& target : targets_) look_after(target);
    TakeOptions options = options_;
    options.retention = {};
    options.retention.keep_last = 0;
    try {
      take_into(*scratch_vault_, options, nullptr);
    } catch (const Error& error) {
      if (error.code() != Code::kNoSpace) throw;
      throw Error(error.code(), error.what(),
                  "name a folder with room for the database with --scratch DIR");
    }
    working_vault_ = &*scratch_vault_;
  }

  TakeResult take_into(vault::ClusterVault& vault, const TakeOptions& options,
                       const vault::Inventory* inventory) {
    TakeContext context{.endpoints = context_.endpoints,
                        .vault = vault,
                        .clock = context_.clock,
                        .log = context_.log,
                        .progress = context_.progress,
                        .node = context_.node,
                        .inventory = inventory,
                        .elsewhere = {},
                        .connect_further = context_.connect_further};
    for (const Target& target : targets_) {
      if (!target.failed() && target.destination->vault != &vault) {
        context.elsewhere.push_back(target.inventory);
      }
    }
    TakeResult taken = take_backup(context, options, stop_);
    if (taken.needs_attention) result_.needs_attention = true;
    for (const auto* warnings : {&taken.backup.warnings, &taken.late_warnings}) {
      result_.warnings.insert(result_.warnings.end(), warnings->begin(), warnings->end());
    }
    taken_ = taken.backup;
    return taken;
  }

  // What take_backup does in the vault that it works in.
  void look_after(Target& target) {
    if (target.failed()) return;
    for (const auto& backup : target.inventory.unreadable) {
      warn(cat(target.delivery->location, ": ", describe(backup)));
    }
    remove_leftovers(target.vault(), context_.log);
  }

  void deliver(Target& target) {
    if (!scratch_) look_after(target);
    RetentionRun retention(target.vault(), target.destination->retention, target.inventory,
                           context_.log);
    try {
      retention.make_room(taken_, taken_.size_bytes(), stop_);
      target.delivery->backup = copy_to(target);
    } catch (const Error& error) {
      target.delivery->pruned = retention.pruned();
      if (error.code() != Code::kExists) discard(target.vault());
      throw;
    }
    tell_of(target);
    if (const auto failure = retention.apply(*target.delivery->backup, stop_)) {
      warn(cat(target.delivery->location, ": ", *failure));
    }
    target.delivery->pruned = retention.pruned();
  }

  // So that a run that is stopped later has said what is done.
  void tell_of(const Target& target) {
    if (targets_.size() == 1) return;
    context_.log.info(cat("backup ", taken_.id.text(), " is in ", target.delivery->location));
  }

  vault::Catalog copy_to(Target& target) {
    const ReadingContext reading{.fs = context_.fs,
                                 .log = context_.log,
                                 .progress = context_.progress,
                                 .keyring = no_keys_,
                                 .scratch = context_.scratch};
    const CopyOptions options{
        .encoding = target.encoding(), .keep_encrypted = true, .allow_plain = true};
    const vault::StoredBackup backup{.catalog = taken_};
    return copy_backup(*working_vault_, backup, target.vault(), options, reading, stop_).catalog;
  }

  void discard(vault::ClusterVault& vault) {
    try {
      vault.remove(taken_.id);
    } catch (const Error&) {
      // What made it fail is what the operator must read; the next run removes the leftovers.
    }
  }

  const DeliverContext& context_;
  const TakeOptions& options_;
  const std::stop_token stop_;
  DeliverResult result_;
  std::vector<Target> targets_;
  std::optional<ScratchFolder> scratch_;
  std::optional<store::DirStore> scratch_store_;
  std::optional<vault::ClusterVault> scratch_vault_;
  vault::ClusterVault* working_vault_ = nullptr;
  vault::Catalog taken_;
  const codec::Keyring no_keys_;  // what is copied here is plain, or stays sealed
};

}  // namespace

const vault::Catalog& DeliverResult::backup() const {
  const auto found = std::ranges::find_if(
      deliveries, [](const Delivery& delivery) { return delivery.backup.has_value(); });
  LIFEBOAT_CHECK(found != deliveries.end());
  return *found->backup;
}

DeliverResult take_and_deliver(const DeliverContext& context, const TakeOptions& options,
                               const std::vector<Destination>& destinations, std::stop_token stop) {
  LIFEBOAT_CHECK(!destinations.empty());
  return DeliverRun(context, options, destinations, std::move(stop)).run();
}

}  // namespace lifeboat::backup
