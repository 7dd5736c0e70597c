#include "backup/take.h"

#include <algorithm>

#include "backup/background_task.h"
#include "backup/choose.h"
#include "backup/node_files.h"
#include "backup/other_members.h"
#include "backup/progress_piece.h"
#include "backup/receive.h"
#include "backup/retention_run.h"
#include "backup/script_files.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::BackupId;
using vault::CatalogFile;

Error no_member_could(const std::vector<Error>& failures) {
  std::vector<std::string> reasons;
  for (const Error& failure : failures) reasons.emplace_back(failure.what());
  const bool all_corrupt = std::ranges::all_of(
      failures, [](const Error& failure) { return failure.code() == Code::kCorrupt; });
  return Error(all_corrupt ? Code::kCorrupt : Code::kUnavailable,
               cat(all_corrupt ? "no member gave a snapshot that is whole: "
                               : "no member could give a snapshot: ",
                   base::join(reasons, "; ")),
               failures.front().hint());
}

// One run. What it learns goes from step to step through the members; what becomes of it is the
// catalog.
class TakeRun {
 public:
  TakeRun(const TakeContext& context, const TakeOptions& options, std::stop_token stop)
      : context_(context), options_(options), stop_(std::move(stop)) {
    catalog_.started = context.clock.now();
    catalog_.method = "native";
  }

  // The steps of a backup in their order. Every file is stored and safe on disk before the catalog
  // is; further files than the snapshot have their place before publish().
  TakeResult run() {
    const auto lock = context_.inventory ? nullptr : context_.vault.lock();
    look_into_vault();
    choose_members();
    check_settled();
    name_backup();
    look_at_node();
    make_room();
    seek_other_members();
    try {
      if (!store_what_the_script_makes()) store_ourselves();
      store_revision();
      publish();
    } catch (...) {
      discard();
      throw;
    }
    return apply_retention();
  }

 private:
  // The inventory comes first: it counts leftovers, so that no id is ever used twice.
  void look_into_vault() {
    inventory_ = context_.inventory ? *context_.inventory : context_.vault.inventory();
    for (const auto& backup : inventory_.unreadable) warn(describe(backup));
    remove_leftovers(context_.vault, context_.log);
    retention_.emplace(context_.vault, options_.retention, inventory_, context_.log);
  }

  void choose_members() {
    survey_ = survey_cluster(context_.endpoints, stop_);
    choice_ = choose_member(survey_);
    for (const std::string& warning : survey_.warnings) warn(warning);
    for (const std::string& warning : choice_.warnings) warn(warning);
    for (const std::string& note : choice_.notes) context_.log.info(note);
    context_.log.info(choice_.reason);
    warn_of_another_cluster();
  }

  // Two clusters that share a name would push each other's backups out.
  void warn_of_another_cluster() {
    const std::optional<std::uint64_t> before = newest_known_cluster_id();
    const std::uint64_t now = choice_.candidates.front()->status->cluster_id;
    if (!before || *before == now) return;
    warn(cat("the backups of ", context_.vault.cluster(), " in this vault came from etcd cluster ",
             base::to_hex_id(*before), " until now, this one is from ", base::to_hex_id(now),
             ": expected after a restore, a mix-up of names otherwise"));
  }

  std::optional<std::uint64_t> newest_known_cluster_id() const {
    if (const auto id = vault::newest_known_cluster_id(inventory_)) return id;
    for (const vault::Inventory& other : context_.elsewhere) {
      if (const auto id = vault::newest_known_cluster_id(other)) return id;
    }
    return std::nullopt;
  }

  // Of the platforms, only OpenShift has operators that could be asked.
  void check_settled() {
    if (!on(node::Platform::kOpenShift) || options_.settled == Settled::kIgnore) return;
    const node::SettledAnswer answer = context_.node->ask_whether_settled(stop_);
    if (answer.settled) return;
    const std::string what = cat("the control plane may be changing: ", answer.reason);
    if (options_.settled == Settled::kRequire) {
      throw Error(Code::kUnavailable, what,
                  "try again when `oc get clusteroperators` says that nothing is progressing, or "
                  "take the backup all the same with --settled mark");
    }
    mark_ = vault::Mark::kPossiblyDirty;
    warn(cat(what, "; the names of the files say ", vault::kPossiblyDirty));
  }

  bool on(node::Platform platform) const {
    return context_.node != nullptr && context_.node->platform == platform;
  }

  void name_backup() {
    const auto now = std::chrono::floor<std::chrono::seconds>(catalog_.started);
    auto newest = inventory_.newest_id();
    for (const vault::Inventory& other : context_.elsewhere) {
      newest = std::max(newest, other.newest_id());
    }
    catalog_.id = vault::next_id(now, newest);
    if (!newest || now >= newest->time) return;
    warn(cat("the clock says ", base::format_time(catalog_.started), ", which is before backup ",
             newest->text(), ": this one is called ", catalog_.id.text(),
             " to come after it; check the clock"));
  }

  void look_at_node() {
    if (context_.node == nullptr) {
      context_.log.info(
          "this backup holds etcd's data alone: give --host-root to have the control plane's "
          "manifests and certificates in it as well");
      return;
    }
    for (const std::string& problem :
         node::remove_script_leftovers(context_.node->tree, context_.node->fs, context_.log)) {
      warn(problem);
    }
    node_files_.emplace(*context_.node, options_.node_files, stop_);
  }

  void make_room() {
    while (!retention_->can_make_room(catalog_, size_bytes()) && node_files_ &&
           node_files_->give_up_some()) {
    }
    retention_->make_room(catalog_, size_bytes(), stop_);
  }

  std::uint64_t size_bytes() const {
    return db_size_bytes() + (node_files_ ? node_files_->estimated_bytes() : 0);
  }

  // Any of the candidates may have to stand in for the first.
  std::uint64_t db_size_bytes() const {
    std::uint64_t largest = 0;
    for (const EndpointReport* candidate : choice_.candidates) {
      largest = std::max(largest, candidate->status->db_size_bytes);
    }
    return largest;
  }

  // False if the script is not to be used, or failed where this program may take its place.
  bool store_what_the_script_makes() {
    if (options_.method == Method::kNative) return false;
    LIFEBOAT_CHECK(context_.node != nullptr);
    const std::optional<Error> failure = store_from_script();
    if (!failure) return true;
    if (options_.method == Method::kScript) throw Error(*failure);
    const std::string what =
        cat("OpenShift's own script gave no backup, so this program takes it: ", failure->what());
    // That was asked for: written down, but nothing to look after.
    context_.log.warning(what);
    catalog_.warnings.push_back(what);
    context_.vault.remove(catalog_.id);
    catalog_.files.clear();
    return false;
  }

  // Returns what is wrong with the script or with what it left, if anything. Throws what is not its
  // fault: that of the vault, or of the control plane.
  std::optional<Error> store_from_script() {
    std::unique_ptr<node::ScriptBackup> script;
    try {
      const bool force = options_.settled == Settled::kIgnore || mark_ != vault::Mark::kNone;
      script = context_.node->run_script(force, stop_);
      require_room_for(context_.node->fs, *script, context_.vault);
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      return error;
    }
    if (script->possibly_dirty()) heed_mark_of_script();
    try {
      store_and_prove(*script);
      return std::nullopt;
    } catch (const Error& error) {
      const bool is_of_the_files = error.code() == Code::kCorrupt ||
                                   error.code() == Code::kUnsupported ||
                                   error.code() == Code::kUnavailable;
      if (!is_of_the_files) throw;
      return error;
    }
  }

  void store_and_prove(const node::ScriptBackup& script) {
    ScriptFiles files = store_script_files(context_.node->fs, script, context_.vault, catalog_.id,
                                           mark_, context_.progress, stop_);
    const EndpointReport& member = nodes_own_member();
    describe_etcd(*member.endpoint, *member.status, files.snapshot.size_bytes);
    catalog_.files = {std::move(files.snapshot), std::move(files.static_pods)};
    ProveOptions prove = options_.prove;
    // What the catalog says of the member is true only if the script asked the same cluster.
    prove.require_witness = true;
    Proof proof;
    if (const auto failure = prove_snapshot_of(member, prove, &proof)) throw *failure;
    check_that_it_is_new(proof.inspection.revision, member.status->revision);
    describe_proof(proof);
    catalog_.method = "script";
  }

  // A script may hand over any file. One from before this run is no backup of now, however whole.
  static void check_that_it_is_new(std::int64_t revision, std::int64_t revision_before) {
    if (revision >= revision_before) return;
    throw Error(Code::kCorrupt,
                cat("the snapshot that the script left is at revision ", revision,
                    ", and etcd was at ", revision_before, " before the script began"));
  }

  // Whoever takes the backup in the end: the control plane is what it is.
  void heed_mark_of_script() {
    if (mark_ != vault::Mark::kNone) return;
    const std::string what = "OpenShift's script says that the control plane may be changing";
    if (options_.settled == Settled::kRequire) throw Error(Code::kUnavailable, what);
    mark_ = vault::Mark::kPossiblyDirty;
    warn(what);
  }

  // The script asks the etcd on its own node, whose endpoint comes first.
  const EndpointReport& nodes_own_member() const {
    for (const EndpointReport& report : survey_.reports) {
      if (report.status && !report.status->learner) return report;
    }
    return *choice_.candidates.front();
  }

  void store_ourselves() {
    store_snapshot();
    if (!node_files_) return;
    auto file =
        node_files_->store_static_pods(context_.vault, catalog_.id, mark_, context_.progress);
    if (file) catalog_.files.push_back(*std::move(file));
  }

  void store_revision() {
    if (!node_files_) return;
    auto file = node_files_->store_revision(context_.vault, catalog_.id);
    if (file) catalog_.files.push_back(*std::move(file));
    for (const std::string& warning : node_files_->warnings()) warn(warning);
  }

  void store_snapshot() {
    std::vector<Error> failures;
    for (std::size_t i = 0; i < choice_.candidates.size(); ++i) {
      const EndpointReport& member = *choice_.candidates[i];
      Proof proof;
      auto failure = store_snapshot_from(member);
      if (!failure) failure = prove_snapshot_of(member, options_.prove, &proof);
      if (!failure) return describe_proof(proof);
      failures.push_back(*failure);
      if (i + 1 == choice_.candidates.size()) break;
      warn(cat(failure->what(), "; taking the snapshot from ",
               choice_.candidates[i + 1]->endpoint->url(), " instead"));
    }
    throw no_member_could(failures);
  }

  // Returns what was wrong with the member, if anything: then nothing of its snapshot is left.
  std::optional<Error> store_snapshot_from(const EndpointReport& member) {
    const ProgressPiece piece(context_.progress, "snapshot", member.status->db_size_bytes);
    const std::string name = vault::snapshot_file_name(catalog_.id, mark_);
    const auto sink = context_.vault.put_file(catalog_.id, name);
    const Reception reception = receive_snapshot(*member.endpoint, *sink, context_.progress, stop_);
    if (reception.failure) return reception.failure;
    sink->finish();
    describe_etcd(*member.endpoint, *member.status, reception.size_bytes);
    const std::string sha256 = base::to_hex(reception.sha256);
    catalog_.files.push_back({.role = std::string(vault::kRoleSnapshot),
                              .name = name,
                              .size_bytes = reception.size_bytes,
                              .sha256 = sha256,
                              .encoding = {},
                              .plain_size_bytes = reception.size_bytes,
                              .plain_sha256 = sha256});
    return std::nullopt;
  }

  void describe_etcd(const etcd::Endpoint& endpoint, const etcd::MemberStatus& status,
                     std::uint64_t snapshot_size_bytes) {
    vault::CatalogEtcd& etcd = catalog_.etcd;
    etcd.version = status.version;
    etcd.cluster_id = status.cluster_id;
    etcd.member_id = status.member_id;
    etcd.endpoint = endpoint.url();
    etcd.leader = status.leader_id == status.member_id;
    etcd.raft_term = status.raft_term;
    etcd.raft_index = status.raft_index;
    // Of what was stored: the database may have grown since the member was asked.
    etcd.db_size_bytes = snapshot_size_bytes - etcd::kTrailerSizeBytes;
    etcd.db_size_in_use_bytes = status.db_size_in_use_bytes;
  }

  // Returns what is wrong with the snapshot, if anything: then nothing of it is left. What goes
  // wrong with the file itself is thrown, since no other member can mend that.
  std::optional<Error> prove_snapshot_of(const EndpointReport& member, const ProveOptions& options,
                                         Proof* proof) {
    const vault::CatalogFile& snapshot = catalog_.files.front();
    const ProgressPiece piece(context_.progress, "prove", snapshot.size_bytes);
    try {
      const auto open = [&] { return context_.vault.open_file(catalog_.id, snapshot.name); };
      *proof = prove_snapshot(open, live_members(member), options, context_.progress, stop_);
      return std::nullopt;
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt && error.code() != Code::kUnsupported) throw;
      remove_stored_files();
      return error.with_context(member.endpoint->url());
    }
  }

  void remove_stored_files() {
    for (const CatalogFile& file : catalog_.files) {
      context_.vault.remove_file(catalog_.id, file.name);
    }
    catalog_.files.clear();
  }

  // While the snapshot comes: a member that does not answer takes its time.
  void seek_other_members() {
    if (!options_.prove.live_check || !context_.connect_further) return;
    search_.emplace(
        [this](const std::stop_token& token) {
          return find_other_members(survey_, context_.connect_further, token);
        },
        stop_);
  }

  const OtherMembers& other_members() {
    if (search_) {
      others_ = search_->get();
      search_.reset();
      for (const std::string& note : others_.notes) context_.log.info(note);
    }
    return others_;
  }

  // Every member that answered, the snapshot's own first. Learners don't answer such questions.
  std::vector<LiveMember> live_members(const EndpointReport& source) {
    std::vector<LiveMember> members{{source.endpoint, source.status->member_id}};
    for (const EndpointReport& report : survey_.reports) {
      if (!report.status || report.status->learner) continue;
      const std::uint64_t id = report.status->member_id;
      if (std::ranges::count(members, id, &LiveMember::member_id) > 0) continue;
      members.push_back({report.endpoint, id});
    }
    const auto& others = other_members().reached;
    members.insert(members.end(), others.begin(), others.end());
    return members;
  }

  void describe_proof(const Proof& proof) {
    describe_content(proof.inspection, proof.hash_kv, proof.live.live, &catalog_.etcd);
    for (const std::string& note : proof.inspection.notes) context_.log.info(note);
    for (const std::string& warning : proof.live.warnings) warn(warning);
    catalog_.verified =
        vault::CatalogVerified{context_.clock.now(), {"trailer", "pages", "records"}};
    if (proof.live.live == "equal") catalog_.verified->checks.emplace_back("hash_kv");
    if (!options_.prove.live_check) {
      // The operator's own choice: written down, but nothing to look after.
      catalog_.warnings.emplace_back(
          "the snapshot was not compared with the living members: --no-live-check was given");
    }
  }

  void publish() {
    base::throw_if_stopped(stop_);
    catalog_.cluster = context_.vault.cluster();
    catalog_.tool_name = "lifeboat";
    catalog_.tool_version = options_.tool_version;
    const auto platform =
        context_.node == nullptr ? node::Platform::kNone : context_.node->platform;
    catalog_.platform = node::platform_name(platform);
    catalog_.node = options_.node;
    for (const etcd::ClusterMember& member : survey_.members) {
      catalog_.members.push_back({.name = member.name,
                                  .member_id = member.id,
                                  .peer_urls = member.peer_urls,
                                  .client_urls = member.client_urls,
                                  .learner = member.learner});
    }
    catalog_.finished = context_.clock.now();
    context_.vault.publish(catalog_);
  }

  // Gives up what was stored of a backup that is not to be.
  void discard() {
    try {
      context_.vault.remove(catalog_.id);
    } catch (const Error&) {
      // What made the run fail is what the operator must read; the next run removes the leftovers.
    }
  }

  // The backup exists: whatever fails from here on is told, and does not make it a failed run. Its
  // catalog is written and can't take it up any more.
  TakeResult apply_retention() {
    const std::optional<std::string> failure = retention_->apply(catalog_, stop_);
    TakeResult result{std::move(catalog_), retention_->pruned(), {}, needs_attention_};
    if (failure) {
      context_.log.warning(*failure);
      result.late_warnings.push_back(*failure);
      result.needs_attention = true;
    }
    return result;
  }

  void warn(const std::string& warning) {
    catalog_.warnings.push_back(warning);
    needs_attention_ = true;
    context_.log.warning(warning);
  }

  const TakeContext& context_;
  const TakeOptions& options_;
  const std::stop_token stop_;

  vault::Inventory inventory_;
  std::optional<RetentionRun> retention_;
  Survey survey_;
  OtherMembers others_;
  Choice choice_;
  vault::Mark mark_ = vault::Mark::kNone;
  std::optional<NodeFiles> node_files_;
  vault::Catalog catalog_;
  bool needs_attention_ = false;
  std::optional<BackgroundTask<OtherMembers>> search_;  // it uses the survey
};

}  // namespace

TakeResult take_backup(const TakeContext& context, const TakeOptions& options,
                       std::stop_token stop) {
  return TakeRun(context, options, std::move(stop)).run();
}

}  // namespace lifeboat::backup
