// Goes through the files of another root in the order in which an archive has them.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "os/host_tree.h"

namespace lifeboat::node {

struct HostWalk {
  std::string base;                // a folder of the node
  std::vector<std::string> paths;  // below it, none of them below another
  // The folder of the vault, which is reported instead of visited: backups are not taken of
  // backups, and the one that is being written would never end.
  std::vector<os::FileId> vaults = {};
  // Each file, folder and link: its path below `base`, and what it was a moment ago. May throw.
  std::function<void(const std::string& path, const os::HostFileInfo& info)> visit;
  // What could not be visited, with all that is below it, and why: a sentence.
  std::function<void(const std::string& path, const std::string& problem)> report;
};

// Visits what is at `paths`, and below the folders among it: by name, byte by byte, where the name
// of a folder ends in a slash. Links are not followed. Trees that no node has (64 folders deep,
// 200,000 files) are cut off there, and reported. Throws kCancelled and what `visit` throws.
void walk_host(os::HostTree& host, const HostWalk& walk, const std::stop_token& stop);

}  // namespace lifeboat::node
