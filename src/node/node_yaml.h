// The YAML of a node's own files, manifests and kubeconfigs, as a small tree of values. The one
// place of this room that knows yaml-cpp.
//
//   const NodeYaml pod = NodeYaml::parse(text, path);
//   for (const NodeYaml& container : pod.at("spec").at("containers").items()) {
//     if (container.at("name").text() == "etcd") ...
//
// Looking never fails: what is not there, or of another kind, is an empty value, which holds
// nothing. So a whole path can be asked for in one line, and absence is noticed at its end.
// Const members are thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lifeboat::node {

// Larger than any file that is read here has a reason to be.
inline constexpr std::size_t kNodeYamlMaxBytes = 1024 * 1024;

class NodeYaml {
 public:
  enum class Kind { kNull, kText, kList, kMap };

  // One document; behind it only empty ones. Total: throws kInvalid, naming `shown_path`, line and
  // what is wrong, for what is no YAML, is larger than kNodeYamlMaxBytes, nests deeper than 64
  // values, has an alias, or names a member twice. An empty text is a value of kind kNull.
  static NodeYaml parse(std::string_view text, std::string_view shown_path);

  NodeYaml() = default;  // kNull

  Kind kind() const { return kind_; }
  // The scalar as it is written, without its quotes: "true", "10"; nullopt for any other kind, null
  // included.
  std::optional<std::string> text() const;
  // Of a list; empty for any other kind.
  const std::vector<NodeYaml>& items() const { return items_; }
  // The texts among the items.
  std::vector<std::string> texts() const;
  // The member of that name; an empty value if there is none.
  const NodeYaml& at(std::string_view name) const;
  // The names of a map's members, in the file's order; empty for any other kind.
  const std::vector<std::string>& names() const { return names_; }

 private:
  friend class NodeYamlBuilder;

  Kind kind_ = Kind::kNull;
  std::string text_;
  std::vector<NodeYaml> items_;     // of a list
  std::vector<std::string> names_;  // of a map
  std::vector<NodeYaml> values_;    // one for each of names_
};

}  // namespace lifeboat::node
