// The members of a cluster that no given endpoint leads to, at the addresses that the cluster
// itself tells of them (client URLs of Cluster.MemberList), so that one endpoint is enough to
// compare a snapshot with all of them.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/choose.h"
#include "backup/live_check.h"
#include "etcd/cluster.h"

namespace lifeboat::backup {

// An endpoint at a further URL of the cluster, with the credentials of those that were given.
// Throws kInvalid for a URL or credentials that can't work. Called from several threads.
using ConnectFurther = std::function<std::unique_ptr<etcd::Endpoint>(const std::string& url)>;

struct OtherMembers {
  etcd::Endpoints endpoints;
  std::vector<LiveMember> reached;  // each borrows its endpoint
  // Of each that none of its addresses leads to, by name, and why.
  std::vector<std::string> notes;
};

// Asks each of those members, in a thread of its own, for its status at one of its URLs after the
// other. Only an answer with the cluster and member that the list names counts. Learners, who hash
// nothing, are left alone, and so are URLs without TLS where an endpoint with TLS answers: the
// credentials are not for them. Throws kCancelled on `stop`.
OtherMembers find_other_members(const Survey& survey, const ConnectFurther& connect,
                                std::stop_token stop);

}  // namespace lifeboat::backup
