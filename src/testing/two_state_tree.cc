#include "testing/two_state_tree.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "os/paths.h"

namespace lifeboat::testing {
namespace {

using base::Code;
using os::FileType;

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

TwoStateTree::NodePtr make_node(FileType type) {
  auto node = std::make_shared<TwoStateTree::Node>();
  node->type = type;
  return node;
}

TwoStateTree::NodePtr child(const TwoStateTree::Node& folder, const std::string& name) {
  const auto entry = folder.entries.find(name);
  return entry == folder.entries.end() ? nullptr : entry->second;
}

using Visitor = std::function<void(const std::string& path, TwoStateTree::Node& node)>;

void visit_below(const TwoStateTree::Node& folder, const std::string& path,
                 const Visitor& visitor) {
  for (const auto& [name, node] : folder.entries) {
    const std::string node_path = path + "/" + name;
    visitor(node_path, *node);
    visit_below(*node, node_path, visitor);
  }
}

void forget_unsafe(TwoStateTree::Node& node) {
  node.content = node.safe_content;
  node.owner = node.safe_owner;
  node.entries = node.safe_entries;
  for (const auto& entry : node.entries) forget_unsafe(*entry.second);
}

}  // namespace

base::Error cannot(Code code, std::string_view action, std::string_view path,
                   std::string_view why) {
  return base::Error(code, base::cat("cannot ", action, " ", path, ": ", why));
}

TwoStateTree::TwoStateTree() : root_(make_node(FileType::kDirectory)) {}

TwoStateTree::NodePtr TwoStateTree::find(std::string_view path) const {
  NodePtr node = root_;
  for (const std::string& part : parts_of(path)) {
    node = child(*node, part);
    if (node == nullptr) break;
  }
  return node;
}

TwoStateTree::NodePtr TwoStateTree::require(std::string_view action, std::string_view path) const {
  NodePtr node = root_;
  for (const std::string& part : parts_of(path)) {
    if (node->type == FileType::kFile) {
      throw cannot(Code::kInvalid, action, path, "Not a directory");
    }
    node = child(*node, part);
    if (node == nullptr) throw cannot(Code::kNotFound, action, path, "No such file or directory");
  }
  return node;
}

TwoStateTree::NodePtr TwoStateTree::require_folder(std::string_view action,
                                                   std::string_view path) const {
  NodePtr node = require(action, path);
  if (node->type == FileType::kSymlink) {
    throw cannot(Code::kDenied, action, path, "it is a symbolic link");
  }
  if (node->type != FileType::kDirectory) {
    throw cannot(Code::kInvalid, action, path, "Not a directory");
  }
  return node;
}

TwoStateTree::NodePtr TwoStateTree::add(std::string_view action, const std::string& path,
                                        FileType type) {
  const NodePtr folder = require_folder(action, os::parent_path(path));
  const auto [entry, added] = folder->entries.emplace(os::base_name(path), nullptr);
  if (!added) throw cannot(Code::kExists, action, path, "File exists");
  entry->second = make_node(type);
  return entry->second;
}

void TwoStateTree::remove(std::string_view action, const std::string& path, bool folder) {
  const NodePtr node = require(action, path);
  if ((node->type == FileType::kDirectory) != folder) {
    throw cannot(Code::kInvalid, action, path, folder ? "Not a directory" : "Is a directory");
  }
  if (!node->entries.empty()) throw cannot(Code::kIo, action, path, "Directory not empty");
  require_folder(action, os::parent_path(path))->entries.erase(os::base_name(path));
}

void TwoStateTree::check_target(const Node& moved, const std::string& from,
                                const std::string& to) const {
  const bool moves_folder = moved.type == FileType::kDirectory;
  if (moves_folder && to.starts_with(from + "/")) {
    throw cannot(Code::kIo, "rename", from, "Invalid argument");
  }
  const NodePtr target = find(to);
  if (target == nullptr) return;
  if (moves_folder != (target->type == FileType::kDirectory)) {
    throw cannot(Code::kInvalid, "rename", from,
                 moves_folder ? "Not a directory" : "Is a directory");
  }
  if (!target->entries.empty()) throw cannot(Code::kIo, "rename", from, "Directory not empty");
}

TwoStateTree::Move TwoStateTree::make_move(std::string_view action, const std::string& from,
                                           const std::string& to) const {
  return {require_folder(action, os::parent_path(from)), os::base_name(from),
          require_folder(action, os::parent_path(to)), os::base_name(to)};
}

void TwoStateTree::rename(const std::string& from, const std::string& to) {
  const NodePtr node = require("rename", from);
  const Move move = make_move("rename", from, to);
  if (from == to) return;
  check_target(*node, from, to);
  move.from_folder->entries.erase(move.from_name);
  move.to_folder->entries[move.to_name] = node;
  if (move.from_folder != move.to_folder) unsafe_moves_.push_back(move);
}

void TwoStateTree::exchange(const std::string& one, const std::string& other) {
  const NodePtr node = require("exchange", one);
  const NodePtr other_node = require("exchange", other);
  if (one.starts_with(other + "/") || other.starts_with(one + "/")) {
    throw cannot(Code::kUnsupported, "exchange", one, "one is within the other");
  }
  Move move = make_move("exchange", one, other);
  move.is_exchange = true;
  move.from_folder->entries[move.from_name] = other_node;
  move.to_folder->entries[move.to_name] = node;
  if (move.from_folder != move.to_folder) unsafe_moves_.push_back(move);
}

void TwoStateTree::sync_folder(const std::string& path) {
  const NodePtr folder = require_folder("sync", path);
  std::erase_if(unsafe_moves_, [&folder](const Move& move) {
    if (move.from_folder != folder && move.to_folder != folder) return false;
    const auto moved = move.from_folder->safe_entries.extract(move.from_name);
    Entries::node_type target;
    if (move.is_exchange) target = move.to_folder->safe_entries.extract(move.to_name);
    // A node that was not safe under its old name is not made so in the other folder.
    if (!moved.empty()) move.to_folder->safe_entries[move.to_name] = moved.mapped();
    if (!target.empty()) move.from_folder->safe_entries[move.from_name] = target.mapped();
    return true;
  });
  folder->safe_entries = folder->entries;
  for (const auto& [name, node] : folder->entries) node->safe_owner = node->owner;
}

TwoStateTree::NodePtr TwoStateTree::put(const std::string& path, FileType type,
                                        std::string_view content) {
  NodePtr node = root_;
  const std::vector<std::string> parts = parts_of(path);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    NodePtr next = child(*node, parts[i]);
    if (next == nullptr) next = make_node(last ? type : FileType::kDirectory);
    node->entries[parts[i]] = next;
    node->safe_entries[parts[i]] = next;
    node = next;
  }
  node->type = type;
  node->content = node->safe_content = content;
  return node;
}

void TwoStateTree::power_cut() {
  unsafe_moves_.clear();
  forget_unsafe(*root_);
}

void TwoStateTree::free_locks() {
  visit_below(*root_, "", [](const std::string&, Node& node) { node.locked = false; });
}

std::uint64_t TwoStateTree::used_bytes() const {
  std::uint64_t used = 0;
  visit_below(*root_, "",
              [&used](const std::string&, const Node& node) { used += node.content.size(); });
  return used;
}

std::vector<std::string> TwoStateTree::paths() const {
  std::vector<std::string> paths;
  visit_below(*root_, "", [&paths](const std::string& path, const Node& node) {
    paths.push_back(node.type == FileType::kDirectory ? path + "/" : path);
  });
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace lifeboat::testing
