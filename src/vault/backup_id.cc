#include "vault/backup_id.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "base/time.h"

namespace lifeboat::vault {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view mark_text(Mark mark) { return mark == Mark::kNone ? "" : kPossiblyDirty; }

}  // namespace

std::string BackupId::text() const {
  const std::string stamp = base::format_stamp(time);
  return sequence == 1 ? stamp : base::cat(stamp, "_", sequence);
}

std::optional<BackupId> BackupId::parse(std::string_view text) {
  constexpr std::size_t kStampBytes = std::string_view("2026-11-21_060000").size();
  const auto time = base::parse_stamp(text.substr(0, kStampBytes));
  if (!time) return std::nullopt;
  BackupId id{*time, 1};
  if (text.size() > kStampBytes + 1) {
    std::from_chars(text.data() + kStampBytes + 1, text.data() + text.size(), id.sequence);
  }
  // One text for one id: "_1", "_02" and whatever else is not made here is no id.
  if (id.sequence == 0 || id.text() != text) return std::nullopt;
  return id;
}

BackupId next_id(std::chrono::sys_seconds now, const std::optional<BackupId>& newest) {
  if (!newest || now > newest->time) return {now, 1};
  if (newest->sequence == std::numeric_limits<unsigned>::max()) {
    return {newest->time + std::chrono::seconds(1), 1};
  }
  return {newest->time, newest->sequence + 1};
}

bool is_cluster_name(std::string_view name) {
  constexpr std::size_t kNameBytesMax = 100;
  const auto is_allowed = [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

std::string backups_folder(std::string_view cluster) { return base::cat(cluster, "/backups"); }

std::string backup_folder(std::string_view cluster, const BackupId& id) {
  return base::cat(backups_folder(cluster), "/", id.text());
}

std::string blob_name(std::string_view cluster, const BackupId& id, std::string_view file) {
  return base::cat(backup_folder(cluster, id), "/", file);
}

std::string lock_name(std::string_view cluster) { return base::cat(cluster, "/.lock"); }

std::string snapshot_file_name(const BackupId& id, Mark mark) {
  return base::cat("snapshot_", id.text(), mark_text(mark), ".db");
}

std::string static_pods_file_name(const BackupId& id, Mark mark) {
  return base::cat("static_kuberesources_", id.text(), mark_text(mark), ".tar.gz");
}

std::string revision_file_name(const BackupId& id) {
  return base::cat("revision_", id.text(), ".json");
}

}  // namespace lifeboat::vault
