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

class Translation {
 public:
  explicit Translation(const Environment& environment) : environment_(environment) {}

  LegacySettings run() {
    refuse_bucket();
    translate_folder();
    translate_retention();
    name_the_rest();
    return std::move(result_);
  }

 private:
  std::string value(std::string_view name) const {
    const auto found = environment_.find(cat(kPrefix, name));
    return found == environment_.end() ? std::string() : found->second;
  }

  void refuse_bucket() const {
    const std::string wanted = value("S3");
    if (wanted.empty() || wanted == "false") return;
    throw Error(Code::kUnsupported,
                "OCP_BACKUP_S3 asks for a bucket in a way that is not understood here",
                "set it to false, and name the bucket with --vault s3://BUCKET/PREFIX");
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
      if (used || variable == cat(kPrefix, "EXPIRE_TYPE")) continue;
      result_.lines.push_back(cat(variable, " has no effect here: ", reason(variable)));
    }
  }

  static std::string_view reason(std::string_view variable) {
    const std::string_view name = variable.substr(kPrefix.size());
    if (name == "DIRNAME") return "a backup is called by its UTC time";
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

LegacySettings legacy_settings(const Environment& environment) {
  return Translation(environment).run();
}

}  // namespace lifeboat::cli
