// Whom files belong to, as users write it.
#pragma once

#include <string>

#include "os/fs.h"

namespace lifeboat::cli {

// "etcd:etcd", "etcd" (with that user's own group), "1000:1000". Names are looked up in /etc/passwd
// and /etc/group alone: a static binary asks no directory service. Throws kInvalid, also for a name
// that is not there.
os::Owner parse_owner(const std::string& text, os::FileSystem& fs);

}  // namespace lifeboat::cli
