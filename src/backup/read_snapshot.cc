#include "backup/read_snapshot.h"

#include <utility>

#include "backup/background_task.h"
#include "base/stop.h"
#include "base/text.h"
#include "bbolt/format.h"
#include "etcd/snapshot.h"

namespace lifeboat::backup {
namespace {

constexpr std::size_t kHashBufferBytes = 1024 * 1024;

// Reports what passes through it.
class ReportingSource : public base::RandomSource {
 public:
  ReportingSource(base::RandomSource& source, base::Progress& progress)
      : source_(source), progress_(progress) {}

  std::uint64_t size_bytes() override { return source_.size_bytes(); }
  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    const std::size_t count = source_.read_at(offset, buffer);
    progress_.advance(count);
    return count;
  }

 private:
  base::RandomSource& source_;
  base::Progress& progress_;
};

// Begins with `head` instead of the file's own first bytes.
etcd::SnapshotHasher hash_file(base::RandomSource& file, base::Bytes head, base::Progress& progress,
                               const std::stop_token& stop) {
  base::Buffer buffer(kHashBufferBytes);
  etcd::SnapshotHasher hasher;
  hasher.update(head);
  for (;;) {
    base::throw_if_stopped(stop);
    const std::size_t count = file.read_at(hasher.size_bytes(), buffer);
    if (count == 0) return hasher;
    hasher.update(base::Bytes(buffer).first(count));
    progress.advance(count);
  }
}

// Costs another pass for each explanation that is tried, and only where a trailer does not match.
bool would_match_before_reopening(base::RandomSource& file, const std::stop_token& stop) {
  constexpr std::size_t kTwoLargestPages = 2 * bbolt::kPageSizeMax;
  base::Buffer head(kTwoLargestPages);
  head.resize(file.read_at(0, head));
  base::Progress silent;
  for (const base::Buffer& before : etcd::heads_before_reopening(head)) {
    if (hash_file(file, before, silent, stop).trailer_matches()) return true;
  }
  return false;
}

bool is_asked_for(const etcd::Finding& finding, const SnapshotChecks& checks) {
  return finding.check == "pages" ? checks.pages : checks.records;
}

etcd::Inspection walk(base::RandomSource& file, const SnapshotChecks& checks,
                      const etcd::InspectOptions& options, std::stop_token stop) {
  etcd::Inspection inspection = etcd::inspect_database(file, options, std::move(stop));
  etcd::Findings asked;
  for (const etcd::Finding& finding : inspection.findings.kept()) {
    if (is_asked_for(finding, checks)) {
      asked.add(finding);
    } else if (checks.hash_kv) {
      // Beside damage a hash proves nothing.
      asked.add({"hash_kv", finding.where, finding.message});
    }
  }
  // Of those beyond the limit nobody knows what they are about: then none is left out.
  const bool all_kept = inspection.findings.total() == inspection.findings.kept().size();
  if (all_kept) inspection.findings = asked;
  return inspection;
}

}  // namespace

std::optional<std::string> describe_end(std::uint64_t size_bytes) {
  const std::uint64_t excess = size_bytes % etcd::kImageUnitBytes;
  if (excess == 0) return std::nullopt;
  return base::cat("it ends in ", base::count_of(excess, "byte"),
                   ", neither part of a page nor the SHA-256 that etcd sends with a snapshot");
}

SnapshotReading read_snapshot(const OpenFile& open, const SnapshotChecks& checks,
                              const etcd::InspectOptions& options, base::Progress& progress,
                              std::stop_token stop) {
  const auto walked = open();
  SnapshotReading reading;
  reading.size_bytes = walked->size_bytes();
  if (!checks.hash) {
    ReportingSource source(*walked, progress);
    if (checks.walks()) reading.inspection = walk(source, checks, options, std::move(stop));
    return reading;
  }

  const auto hashed = open();
  BackgroundTask<etcd::SnapshotHasher> hash(
      [&](const std::stop_token& token) { return hash_file(*hashed, {}, progress, token); }, stop);
  if (checks.walks()) reading.inspection = walk(*walked, checks, options, stop);
  const etcd::SnapshotHasher hasher = hash.get();
  reading.sha256 = base::to_hex(hasher.file_digest());
  reading.has_trailer = etcd::has_trailer_length(hasher.size_bytes());
  reading.trailer_matches = hasher.trailer_matches();
  if (reading.has_trailer && !reading.trailer_matches) {
    reading.was_reopened = would_match_before_reopening(*hashed, stop);
  }
  return reading;
}

}  // namespace lifeboat::backup
