// Files of variables that a shell is meant to source: OpenShift's etcd.env, which Go writes with
// %q, and /run/etcd/environment. Parsed, never executed.
//
//   export ETCDCTL_CERT="/etc/kubernetes/peer.crt"   # so
//   ETCD_NAME='cp 0' ETCD_DNS_NAME=etcd-0.example.com
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace lifeboat::node {

using ShellVariables = std::map<std::string, std::string>;

// The variables as a shell would set them, the last assignment of a name winning. In double quotes
// Go's escapes mean what they mean to Go ("\n", "\x41", "\u00e9"): it is Go that wrote them, and a
// shell would keep the backslash. Lines may end as those of DOS. Total: throws kInvalid, naming
// `shown_path`, line and why, for anything but assignments, comments and blank lines, above all for
// what only a shell can work out: $NAME, $(command), `command`, pipes and several commands, where
// no quotes make them plain text.
ShellVariables parse_shell_assignments(std::string_view text, std::string_view shown_path);

}  // namespace lifeboat::node
