#include "vault/drill_record.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace lifeboat::vault {
namespace {

using base::cat;
using base::Code;
using base::Error;
using base::Json;

constexpr std::string_view kBetween = "_of_";
constexpr std::string_view kEnd = ".json";

[[noreturn]] void refuse(std::string_view member) {
  throw Error(Code::kCorrupt, cat("no record of a drill: \"", member, "\" is missing or wrong"));
}

const std::string& text_member(const Json& document, std::string_view name) {
  const Json* member = document.find(name);
  if (member == nullptr || member->as_string() == nullptr) refuse(name);
  return *member->as_string();
}

std::optional<double> seconds_member(const Json& document, std::string_view name) {
  const Json* member = document.find(name);
  if (member == nullptr || member->is_null()) return std::nullopt;
  const auto seconds = member->as_double();
  if (!seconds || !(*seconds >= 0)) refuse(name);
  return seconds;
}

void check_format(const Json& document) {
  const Json* format = document.find("format");
  const auto number = format == nullptr ? std::nullopt : format->as_int();
  if (!number || *number < 1) refuse("format");
  if (*number <= kDrillFormat) return;
  throw Error(Code::kUnsupported, cat("the drill's record has format ", *number,
                                      ", and this version knows ", kDrillFormat, " at most"));
}

std::vector<DrillName> list_names(store::Store& store, const std::string& cluster) {
  std::vector<DrillName> names;
  for (const store::BlobInfo& blob : store.list(drills_folder(cluster)).blobs) {
    if (const auto name = DrillName::parse(blob.name)) names.push_back(*name);
  }
  std::ranges::sort(names);
  return names;
}

// Damage to one record must not hide the others.
bool is_about_one_record(Code code) {
  return code == Code::kCorrupt || code == Code::kUnsupported || code == Code::kIo ||
         code == Code::kDenied;
}

}  // namespace

std::string DrillName::text() const { return cat(time.text(), kBetween, backup.text(), kEnd); }

std::optional<DrillName> DrillName::parse(std::string_view text) {
  const auto between = text.find(kBetween);
  if (between == text.npos || !text.ends_with(kEnd)) return std::nullopt;
  const auto begin = between + kBetween.size();
  if (begin + kEnd.size() > text.size()) return std::nullopt;
  const auto time = BackupId::parse(text.substr(0, between));
  const auto backup = BackupId::parse(text.substr(begin, text.size() - kEnd.size() - begin));
  if (!time || !backup) return std::nullopt;
  return DrillName{*time, *backup};
}

std::string drills_folder(std::string_view cluster) { return cat(cluster, "/drills"); }

std::string drill_blob_name(std::string_view cluster, const DrillName& name) {
  return cat(drills_folder(cluster), "/", name.text());
}

DrillRecord decode_drill_record(std::string_view text) {
  const Json document = Json::parse(text);
  check_format(document);
  DrillRecord record;
  const auto backup = BackupId::parse(text_member(document, "id"));
  if (!backup) refuse("id");
  record.backup = *backup;
  const auto at = base::parse_time(text_member(document, "at"));
  if (!at) refuse("at");
  record.at = *at;
  const Json* ok = document.find("ok");
  if (ok == nullptr || !ok->as_bool()) refuse("ok");
  record.ok = *ok->as_bool();
  record.restore_seconds = seconds_member(document, "restore_seconds");
  record.boot_seconds = seconds_member(document, "boot_seconds");
  record.etcd_version = text_member(document, "etcd_version");
  return record;
}

DrillInventory list_drills(store::Store& store, const std::string& cluster) {
  DrillInventory inventory;
  for (const DrillName& name : list_names(store, cluster)) {
    const std::string blob = drill_blob_name(cluster, name);
    try {
      DrillRecord record = decode_drill_record(store::get_text(store, blob, kDrillMaxBytes));
      if (record.backup != name.backup) {
        throw Error(Code::kCorrupt, cat("it is of another backup, ", record.backup.text()));
      }
      inventory.records.push_back(std::move(record));
    } catch (const Error& error) {
      // Between the listing and now another run may have removed it.
      if (error.code() == Code::kNotFound) continue;
      if (!is_about_one_record(error.code())) throw;
      inventory.unreadable.push_back(cat("the record ", store.location(), "/", blob,
                                         " does not count: ", base::printable(error.what(), 500)));
    }
  }
  return inventory;
}

DrillName next_drill_name(store::Store& store, const std::string& cluster, const BackupId& backup,
                          base::TimePoint now) {
  const auto names = list_names(store, cluster);
  const auto newest = names.empty() ? std::nullopt : std::optional(names.back().time);
  return {next_id(std::chrono::floor<std::chrono::seconds>(now), newest), backup};
}

void put_drill(store::Store& store, const std::string& cluster, const DrillName& name,
               std::string_view document) {
  store::put_text(store, drill_blob_name(cluster, name), document);
  const auto names = list_names(store, cluster);
  for (std::size_t i = 0; i + kDrillsKept < names.size(); ++i) {
    store.remove(drill_blob_name(cluster, names[i]));
  }
  store.remove_unfinished(drills_folder(cluster));
}

const DrillRecord* newest_drill(const std::vector<DrillRecord>& records, const BackupId& backup) {
  const auto found = std::find_if(records.rbegin(), records.rend(), [&](const DrillRecord& record) {
    return record.backup == backup;
  });
  return found == records.rend() ? nullptr : &*found;
}

}  // namespace lifeboat::vault
