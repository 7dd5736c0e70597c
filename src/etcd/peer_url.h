// The URL under which etcd's members reach each other, as `--initial-cluster` takes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::etcd {

// `text` without surrounding blanks and with its scheme in small letters, which is the form that
// etcd hashes into ids: http or https with host:port and nothing after it, or unix or unixs with a
// path. Throws kInvalid.
//
// Stricter than etcd in what can only be a mistake: a user, a query, an empty host, no port or one
// that does not exist, characters that no host name has.
std::string parse_peer_url(std::string_view text);

// URLs with commas between, in ascending order. Throws kInvalid, also when there are none.
std::vector<std::string> parse_peer_urls(std::string_view text);

}  // namespace lifeboat::etcd
