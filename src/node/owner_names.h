// The names of users and groups as the node itself has them, for an archive that will be unpacked
// there: a container's own are others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "os/host_tree.h"

namespace lifeboat::node {

using AccountNames = std::map<std::uint32_t, std::string>;  // by id

// Reads passwd(5) or group(5). The first name of an id counts, as it does to getpwuid(3). Lines
// that make no sense are passed over, names that don't fit an archive or have other than printable
// ASCII without blanks as well.
AccountNames parse_account_names(std::string_view text);

class OwnerNames {
 public:
  // From etc/passwd and etc/group. Where those can't be read, or don't name it, 0 is "root" all the
  // same, as on every node, and nobody else has a name. Throws kCancelled.
  explicit OwnerNames(os::HostTree& host);

  // Empty if the id has none.
  std::string user(std::uint32_t id) const;
  std::string group(std::uint32_t id) const;

 private:
  const AccountNames users_;
  const AccountNames groups_;
};

}  // namespace lifeboat::node
