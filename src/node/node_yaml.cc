#include "node/node_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::node {

using base::Code;
using base::Error;

namespace {

constexpr std::size_t kDepthMax = 64;
constexpr int kEmptyDocumentsMax = 8;

[[noreturn]] void refuse(std::string_view path, const YAML::Mark& mark, std::string_view why) {
  const std::string shown = base::printable(path, 1000);
  // yaml-cpp counts from 0, and gives -1 where it knows no place.
  if (mark.line < 0) throw Error(Code::kInvalid, base::cat(shown, ": ", why));
  throw Error(Code::kInvalid, base::cat(shown, " line ", mark.line + 1, ": ", why));
}

}  // namespace

// Makes the tree while yaml-cpp reads. Its own tree (YAML::Load) would resolve aliases and nest as
// deep as the text says.
class NodeYamlBuilder : public YAML::EventHandler {
 public:
  // Borrows `path`, for messages.
  explicit NodeYamlBuilder(std::string_view path) : path_(path) {}

  NodeYaml take() { return std::move(root_); }

 private:
  using Mark = YAML::Mark;
  using Anchor = YAML::anchor_t;
  using Style = YAML::EmitterStyle::value;
  using Kind = NodeYaml::Kind;

  // A list or map that is not closed yet.
  struct Open {
    NodeYaml value;
    std::unordered_set<std::string> names = {};  // of a map
    bool awaits_name = false;                    // of a map: the next value is a name
  };

  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark& mark, Anchor) override { put(mark, NodeYaml()); }
  void OnAlias(const Mark& mark, Anchor) override {
    refuse(path_, mark, "an alias, of which a file like this has no need");
  }
  void OnScalar(const Mark& mark, const std::string&, Anchor, const std::string& text) override {
    NodeYaml value;
    value.kind_ = Kind::kText;
    value.text_ = text;
    put(mark, std::move(value));
  }
  void OnSequenceStart(const Mark& mark, const std::string&, Anchor, Style) override {
    open(mark, Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const Mark& mark, const std::string&, Anchor, Style) override {
    open(mark, Kind::kMap);
  }
  void OnMapEnd() override { close(); }

  void open(const Mark& mark, Kind kind) {
    if (open_.size() == kDepthMax) refuse(path_, mark, "values nested too deep");
    if (!open_.empty() && open_.back().awaits_name) refuse(path_, mark, "not a name");
    open_.push_back({.value = {}, .awaits_name = kind == Kind::kMap});
    open_.back().value.kind_ = kind;
  }

  void close() {
    NodeYaml value = std::move(open_.back().value);
    open_.pop_back();
    put(YAML::Mark::null_mark(), std::move(value));
  }

  void put(const Mark& mark, NodeYaml value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.kind_ == Kind::kList) {
      parent.value.items_.push_back(std::move(value));
      return;
    }
    if (parent.awaits_name) {
      put_name(mark, parent, value);
    } else {
      parent.value.values_.push_back(std::move(value));
    }
    parent.awaits_name = !parent.awaits_name;
  }

  void put_name(const Mark& mark, Open& map, const NodeYaml& value) const {
    if (value.kind_ != Kind::kText) refuse(path_, mark, "not a name");
    if (!map.names.insert(value.text_).second) {
      refuse(path_, mark, base::cat(base::printable(value.text_), " is there twice"));
    }
    map.value.names_.push_back(value.text_);
  }

  const std::string_view path_;
  NodeYaml root_;
  std::vector<Open> open_;
};

NodeYaml NodeYaml::parse(std::string_view text, std::string_view shown_path) {
  if (text.size() > kNodeYamlMaxBytes) {
    refuse(shown_path, YAML::Mark::null_mark(),
           base::cat("more than ", kNodeYamlMaxBytes, " bytes"));
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    NodeYamlBuilder first(shown_path);
    if (!parser.HandleNextDocument(first)) return {};
    // What stands behind it, be it rubbish or a second Pod, would not be read. On some rubbish
    // yaml-cpp finds further documents for ever.
    for (int i = 0; i < kEmptyDocumentsMax; ++i) {
      NodeYamlBuilder next(shown_path);
      if (!parser.HandleNextDocument(next)) return first.take();
      if (next.take().kind() != Kind::kNull) break;
    }
    refuse(shown_path, YAML::Mark::null_mark(), "more than one YAML document");
  } catch (const YAML::Exception& error) {
    refuse(shown_path, error.mark, base::cat("not valid YAML: ", base::printable(error.msg)));
  }
}

std::optional<std::string> NodeYaml::text() const {
  if (kind_ != Kind::kText) return std::nullopt;
  return text_;
}

std::vector<std::string> NodeYaml::texts() const {
  std::vector<std::string> texts;
  for (const NodeYaml& item : items_) {
    if (item.kind_ == Kind::kText) texts.push_back(item.text_);
  }
  return texts;
}

const NodeYaml& NodeYaml::at(std::string_view name) const {
  static const NodeYaml kNothing;
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) return kNothing;
  return values_[static_cast<std::size_t>(found - names_.begin())];
}

}  // namespace lifeboat::node
