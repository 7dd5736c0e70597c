// A tree of files and folders that remembers what a power cut would leave of it.
//
// Every node has two states, what processes see and what is safe on the disk. Symbolic links point
// nowhere. Not thread-safe; testing/fault_fs.h guards it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "os/fs.h"

namespace lifeboat::testing {

// "cannot ACTION PATH: WHY", as the real file system words it.
base::Error cannot(base::Code code, std::string_view action, std::string_view path,
                   std::string_view why);

class TwoStateTree {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  using Entries = std::map<std::string, NodePtr>;

  struct Node {
    os::FileType type = os::FileType::kFile;
    bool locked = false;
    std::string content;
    std::string safe_content;
    os::Owner owner;
    os::Owner safe_owner;
    Entries entries;
    Entries safe_entries;
  };

  TwoStateTree();

  // Nullptr if nothing is there.
  NodePtr find(std::string_view path) const;
  // Throws kNotFound, or kInvalid if the path goes through a file. `action` is for the message.
  NodePtr require(std::string_view action, std::string_view path) const;
  NodePtr require_folder(std::string_view action, std::string_view path) const;

  // A new, empty node. Throws kExists.
  NodePtr add(std::string_view action, const std::string& path, os::FileType type);
  // Throws kInvalid unless what is there is a folder, or is none, as `folder` says; kIo if it is a
  // folder with something in it.
  void remove(std::string_view action, const std::string& path, bool folder);
  // One step, also to a power cut: syncing either of the two folders makes all of it safe.
  void rename(const std::string& from, const std::string& to);
  // Likewise, the other way as well.
  void exchange(const std::string& one, const std::string& other);
  void sync_folder(const std::string& path);

  // Makes what is to be at `path`, and the folders above it, safe at once.
  NodePtr put(const std::string& path, os::FileType type, std::string_view content);

  void power_cut();
  void free_locks();

  // Of all files that can be seen.
  std::uint64_t used_bytes() const;
  // Sorted, folders with a slash at the end.
  std::vector<std::string> paths() const;

 private:
  struct Move {
    NodePtr from_folder;
    std::string from_name;
    NodePtr to_folder;
    std::string to_name;
    bool is_exchange = false;
  };

  Move make_move(std::string_view action, const std::string& from, const std::string& to) const;
  void check_target(const Node& moved, const std::string& from, const std::string& to) const;

  NodePtr root_;
  std::vector<Move> unsafe_moves_;  // between folders
};

}  // namespace lifeboat::testing
