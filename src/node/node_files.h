// Reads the files that tell how a node's etcd is reached, and says in the operator's words what is
// missing. Inside this folder only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "node/control_plane.h"
#include "os/host_tree.h"

namespace lifeboat::node {

// Whether something is at `path`, symbolic links followed. What may not be looked at counts as
// there: whoever reads it next is told why it can't be.
bool is_there(os::HostTree& host, const std::string& path);

// For errors about files below `folder` of the node: mount it, or go without.
std::string access_hint(std::string_view folder);

// Everything below reads files of at most a megabyte, symbolic links followed, and throws kInvalid
// for larger ones. `what` is what the file is to the operator, `folder` what to mount.

// Nullopt if it is not there.
std::optional<std::string> read_node_file(os::HostTree& host, const std::string& path);

// Throws kNotFound.
std::string require_node_file(os::HostTree& host, const std::string& path, std::string_view what,
                              std::string_view folder);

// The first of `paths`, of which there is one at least, that is there. Throws kNotFound, naming
// all.
NodePem require_pem(os::HostTree& host, const std::vector<std::string>& paths,
                    std::string_view what, std::string_view folder);

// "https://10.0.0.5:2379" gives "10.0.0.5"; an IPv6 address keeps its brackets.
std::string host_of_url(std::string_view url);

// What stands first in `endpoints` is this node's own; the second and later ones that are there
// already go.
std::vector<std::string> without_repetitions(const std::vector<std::string>& endpoints);

}  // namespace lifeboat::node
