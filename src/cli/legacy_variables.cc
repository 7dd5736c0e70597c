#include "cli/legacy_variables.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kPrefix = "OCP_BACKUP_";

// Where it wrote to: below this, its pod had the volume.
constexpr std::string_view kOldMount = "/backup";

// Keys are no settings: nobody may see them in one.
struct LegacyKey {
  std::string_view ours;
  std::string_view theirs;
};
constexpr LegacyKey kLegacyKeys[] = {{"AWS_ACCESS_KEY_ID", "OCP_BACKUP_S3_ACCESS_KEY"},
                                     {"AWS_SECRET_ACCESS_KEY", "OCP_BACKUP_S3_SECRET_KEY"}};

class Translation {
 public:
  explicit Translation(const Environment& environment) : environment_(environment) {}

  LegacySettings run() {
    if (wants_bucket()) {
      translate_bucket();
    } else {
      translate_folder();
    }
    translate_retention();
    name_the_rest();
    return std::move(result_);
  }

 private:
  std::string value(std::string_view name) const {
    const auto found = environment_.find(cat(kPrefix, name));
    return found == environment_.end() ? std::string() : found->second;
  }

  bool wants_bucket() const {
    const std::string wanted = value("S3");
    if (wanted.empty() || wanted == "false") return false;
    if (wanted == "true") return true;
    throw Error(Code::kInvalid,
                cat("OCP_BACKUP_S3 is ", in_quotes(wanted), " and not true or false"));
  }

  void translate_bucket() {
    const std::string bucket = value("S3_BUCKET");
    if (bucket.empty()) {
      throw Error(Code::kInvalid, "OCP_BACKUP_S3 is true, and there is no OCP_BACKUP_S3_BUCKET",
                  "name the bucket with --vault s3://BUCKET/PREFIX");
    }
    std::string folder = value("SUBDIR");
    while (folder.starts_with('/')) folder.erase(0, 1);
    while (folder.ends_with('/')) folder.pop_back();
    set("S3_BUCKET", "vault", cat("s3://", bucket, folder.empty() ? "" : "/", folder));
    if (const std::string host = value("S3_HOST"); !host.empty()) {
      set("S3_HOST", "s3-endpoint", host);
    }
    for (const auto& [ours, theirs] : kLegacyKeys) {
      if (environment_.contains(std::string(theirs))) {
        result_.lines.push_back(cat(theirs, " is ", ours, " here"));
      }
    }
  }

  void translate_folder() {
    std::string folder = value("SUBDIR");
    if (folder.empty()) return;
    folder = cat(kOldMount, folder.starts_with('/') ? "" : "/", folder);
    while (folder.ends_with('/')) folder.pop_back();
    set("SUBDIR", "vault", folder);
  }

  void translate_retention() {
    const std::string type = value("EXPIRE_TYPE");
    if (type.empty()) return;
    if (type == "days") {
      set("KEEP_DAYS", "keep-within", cat(number("KEEP_DAYS", "30"), "d"));
    } else if (type == "count") {
      set("KEEP_COUNT", "keep-last", number("KEEP_COUNT", "10"));
    } else if (type == "never") {
      set("EXPIRE_TYPE", "keep-last", "0");
    } else {
      throw Error(Code::kInvalid, cat("OCP_BACKUP_EXPIRE_TYPE is ", in_quotes(type),
                                      " and not days, count or never"));
    }
  }

  std::string number(std::string_view name, std::string_view otherwise) const {
    const std::string text = value(name);
    if (text.empty()) return std::string(otherwise);
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (digits && text.find_first_not_of('0') != std::string::npos) return text;
    throw Error(Code::kInvalid,
                cat(kPrefix, name, " is ", in_quotes(text), " and not a number from 1 on"));
  }

  void set(std::string_view name, const std::string& flag, const std::string& text) {
    const std::string variable = cat(kPrefix, name);
    result_.settings.push_back({flag, text, variable, Setting::Source::kLegacy});
    result_.lines.push_back(
        cat(variable, " is --", flag, " ", base::printable(text, 200), " here"));
  }

  void name_the_rest() {
    for (const auto& [variable, text] : environment_) {
      if (!variable.starts_with(kPrefix) || variable == cat(kPrefix, "S3")) continue;
      const bool used = std::ranges::count(result_.settings, variable, &Setting::origin) > 0;
      const bool is_key =
          wants_bucket() && std::ranges::count(kLegacyKeys, variable, &LegacyKey::theirs) > 0;
      if (used || is_key || variable == cat(kPrefix, "EXPIRE_TYPE")) continue;
      result_.lines.push_back(cat(variable, " has no effect here: ", reason(variable)));
    }
  }

  static std::string_view reason(std::string_view variable) {
    const std::string_view name = variable.substr(kPrefix.size());
    if (name == "DIRNAME") return "a backup is called by its UTC time";
    if (name == "S3_NAME") return "a bucket needs no name besides its own";
    if (name == "SUBDIR") return "it is a part of --vault";
    if (name.starts_with("S3_")) return "OCP_BACKUP_S3 does not ask for it";
    if (name == "UMASK") return "files are always 0600, folders 0700";
    if (name == "KEEP_DAYS" || name == "KEEP_COUNT") {
      return "OCP_BACKUP_EXPIRE_TYPE does not ask for it";
    }
    return "see \"lifeboat help backup\" for what does the same";
  }

  const Environment& environment_;
  LegacySettings result_;
};

}  // namespace

Environment with_legacy_keys(Environment environment) {
  const auto wanted = environment.find("OCP_BACKUP_S3");
  if (wanted == environment.end() || wanted->second != "true") return environment;
  for (const auto& [ours, theirs] : kLegacyKeys) {
    const auto found = environment.find(std::string(theirs));
    // Weaker than what is named as everybody else names it.
    if (found != environment.end()) environment.emplace(ours, found->second);
  }
  return environment;
}

LegacySettings legacy_settings(const Environment& environment) {
  return Translation(environment).run();
}

}  // namespace lifeboat::cli
