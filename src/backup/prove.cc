#include "backup/prove.h"

#include <algorithm>
#include <optional>

#include "backup/background_task.h"
#include "base/error.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

etcd::Inspection walk(const OpenFile& open, std::vector<std::int64_t> compactions,
                      base::Progress& progress, std::stop_token stop) {
  SnapshotReading reading =
      read_snapshot(open, kWalkOnly, {std::move(compactions)}, progress, std::move(stop));
  return std::move(*reading.inspection);
}

void require_whole(const etcd::Inspection& inspection) {
  if (inspection.findings.total() == 0) return;
  const etcd::Finding& first = inspection.findings.kept().front();
  std::string message = cat("the snapshot is damaged: ", first.where, ": ", first.message);
  const std::uint64_t more = inspection.findings.total() - 1;
  if (more > 0) message += cat(" (and ", more, " more)");
  throw Error(Code::kCorrupt, message,
              "the member's own database may be damaged: check its disk, and its log for errors");
}

void require_agreement(const LiveVerdict& verdict) {
  if (verdict.live == "equal") return;
  throw Error(verdict.live == "different" ? Code::kCorrupt : Code::kUnavailable,
              cat("agreement of the members is required, and there is none: ",
                  base::join(verdict.warnings, "; ")),
              "without --require-agreement the backup is kept, and marked");
}

void require_witness(const LiveVerdict& verdict) {
  if (verdict.agreeing > 0) return;
  throw Error(Code::kCorrupt,
              cat("no member agrees with the snapshot, which may be of another cluster: ",
                  base::join(verdict.warnings, "; ")));
}

bool is_computed(const etcd::Inspection& inspection, std::int64_t compact_revision) {
  return compact_revision <= inspection.compact_revision ||
         std::ranges::count(inspection.hashes, compact_revision, &etcd::HashKv::compact_revision) >
             0;
}

// Those that the members made since: the file has to be read once more for them, which is rare.
std::vector<std::int64_t> later_compactions(const std::vector<LiveAnswer>& answers,
                                            const etcd::Inspection& inspection) {
  std::vector<std::int64_t> later = compactions_of(answers);
  std::erase_if(later, [&](std::int64_t revision) { return is_computed(inspection, revision); });
  return later;
}

}  // namespace

void describe_content(const etcd::Inspection& found, const etcd::HashKv& hash, std::string live,
                      vault::CatalogEtcd* etcd) {
  etcd->revision = found.revision;
  etcd->compact_revision = found.compact_revision;
  etcd->keys = found.keys;
  etcd->records = found.records;
  etcd->leases = found.leases;
  etcd->hash_kv = vault::CatalogHashKv{.revision = hash.revision,
                                       .compact_revision = hash.compact_revision,
                                       .hash = hash.hash,
                                       .live = std::move(live)};
}

Proof prove_snapshot(const OpenFile& open, const std::vector<LiveMember>& members,
                     const ProveOptions& options, base::Progress& progress, std::stop_token stop) {
  const etcd::KeyspaceBounds bounds = etcd::read_bounds(*open());
  // The members hash their databases while this one is read. Whatever goes wrong here ends their
  // questions too.
  std::optional<BackgroundTask<std::vector<LiveAnswer>>> asked;
  if (options.live_check) {
    asked.emplace(
        [&](const std::stop_token& token) { return ask_for_hashes(members, bounds, token); }, stop);
  }

  Proof proof;
  proof.inspection = walk(open, {}, progress, stop);
  require_whole(proof.inspection);
  std::vector<LiveAnswer> answers;
  if (asked) answers = asked->get();
  const auto later = later_compactions(answers, proof.inspection);
  if (!later.empty()) proof.inspection = walk(open, later, progress, std::move(stop));

  proof.live = judge_hashes(answers, proof.inspection.hashes);
  if (options.require_witness && options.live_check) require_witness(proof.live);
  if (options.require_agreement) require_agreement(proof.live);
  proof.hash_kv = proof.live.compared.value_or(proof.inspection.hashes.front());
  return proof;
}

}  // namespace lifeboat::backup
