#include "cli/config.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;

std::string at_line(const std::string& path, const YAML::Mark& mark) {
  // yaml-cpp counts from 0, and gives -1 where it knows no place.
  return mark.line < 0 ? path : base::cat(path, " line ", mark.line + 1);
}

std::string to_flag_name(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

[[noreturn]] void refuse_unknown(const std::string& where, const std::string& name,
                                 const std::vector<std::string>& known_flags) {
  std::vector<std::string> names;
  for (std::string flag : known_flags) {
    std::replace(flag.begin(), flag.end(), '-', '_');
    names.push_back(std::move(flag));
  }
  const std::string meant = suggest(name, names);
  throw Error(Code::kInvalid, base::cat(where, ": unknown name ", in_quotes(name)),
              meant.empty() ? "the names are those of the flags, with underscores"
                            : base::cat("did you mean ", meant, "?"));
}

// Takes no notice of anything: for looking how many documents there are.
class DeafHandler : public YAML::EventHandler {
  using Mark = YAML::Mark;
  using Anchor = YAML::anchor_t;
  using Style = YAML::EmitterStyle::value;
  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const std::string&, Anchor, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

// What stands behind the first document, be it another one or rubbish, would not be read. (LoadAll
// is no way to find out: on some rubbish it never ends.)
void refuse_second_document(std::string_view text, const std::string& path) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  DeafHandler handler;
  if (!parser.HandleNextDocument(handler) || !parser.HandleNextDocument(handler)) return;
  throw Error(Code::kInvalid, base::cat(path, ": more than one YAML document"),
              "write all settings into one, without \"---\" between them");
}

// Reads the map member by member, and keeps the settings.
class ConfigReader {
 public:
  ConfigReader(const std::string& path, const std::vector<std::string>& known_flags)
      : path_(path), known_flags_(known_flags) {}

  std::vector<Setting> read(const YAML::Node& document) {
    if (document.IsNull()) return {};  // an empty file, or comments only
    if (!document.IsMap()) {
      throw Error(Code::kInvalid,
                  base::cat(at_line(path_, document.Mark()), ": not a map from names to values"),
                  "write a line for each setting, such as \"vault: /backups\"");
    }
    for (const auto& member : document) take_member(member.first, member.second);
    return std::move(settings_);
  }

 private:
  void take_member(const YAML::Node& name_node, const YAML::Node& value) {
    const std::string where = at_line(path_, name_node.Mark());
    if (!name_node.IsScalar()) throw Error(Code::kInvalid, base::cat(where, ": not a name"));
    const std::string& name = name_node.Scalar();
    const std::string flag = to_flag_name(name);
    const bool known =
        std::find(known_flags_.begin(), known_flags_.end(), flag) != known_flags_.end();
    // The flag's own spelling is not the file's: one way to write a thing.
    if (!known || name.find('-') != std::string::npos) refuse_unknown(where, name, known_flags_);
    if (!seen_.insert(flag).second) {
      throw Error(Code::kInvalid, base::cat(where, ": ", name, " is there twice"));
    }
    take_value(flag, base::cat(where, ": ", name), value);
  }

  void take_value(const std::string& flag, const std::string& origin, const YAML::Node& value) {
    if (value.IsSequence() && value.size() > 0) {
      for (const YAML::Node& element : value) take_scalar(flag, origin, element);
    } else {
      take_scalar(flag, origin, value);
    }
  }

  void take_scalar(const std::string& flag, const std::string& origin, const YAML::Node& value) {
    if (!value.IsScalar()) {
      throw Error(
          Code::kInvalid,
          base::cat(origin, ": ", value.IsNull() ? "has no value" : "is not a plain value"));
    }
    settings_.push_back({flag, value.Scalar(), origin, Setting::Source::kConfigFile});
  }

  const std::string& path_;
  const std::vector<std::string>& known_flags_;
  std::vector<Setting> settings_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<Setting> parse_config(std::string_view text, const std::string& path,
                                  const std::vector<std::string>& known_flags) {
  try {
    refuse_second_document(text, path);
    return ConfigReader(path, known_flags).read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    throw Error(Code::kInvalid,
                base::cat(at_line(path, error.mark), ": not valid YAML: ", error.msg));
  }
}

}  // namespace lifeboat::cli
