// Which member to take the snapshot from: what every endpoint says of itself, judged.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "etcd/cluster.h"

namespace lifeboat::backup {

// What one endpoint answered, or why it did not.
struct EndpointReport {
  etcd::Endpoint* endpoint = nullptr;  // borrowed
  std::optional<etcd::MemberStatus> status;
  std::optional<base::Error> failure;  // set when status is not
};

struct Survey {
  std::vector<EndpointReport> reports;  // in the order of the endpoints given
  std::vector<etcd::ClusterMember> members;
  std::vector<etcd::Alarm> alarms;
  // What could not be learnt, as sentences for the operator.
  std::vector<std::string> warnings;
};

// Asks all endpoints at once, one thread each, so that it takes no longer than the slowest; then
// the first that answers for members and alarms. Throws kCancelled on `stop`.
Survey survey_cluster(const etcd::Endpoints& endpoints, std::stop_token stop);

struct Choice {
  // Fit to be taken from, best first: caught-up followers, then the leader. Borrowed.
  std::vector<const EndpointReport*> candidates;
  // Which member comes first and why, in one line.
  std::string reason;
  // Members left out for what they are (a learner): worth a line, not a warning.
  std::vector<std::string> notes;
  // Members left out for what is wrong with them, and alarms.
  std::vector<std::string> warnings;
};

// A pure function. Leaves out learners, members with a CORRUPT alarm and members whose applied
// index lags more than kLagEntriesMax behind the furthest; knows a member that several endpoints
// lead to only once. Throws kUnavailable if nobody answered (naming each endpoint's reason),
// kInvalid if the endpoints belong to different clusters or there are none, kUnavailable if all are
// left out.
Choice choose_member(const Survey& survey);

inline constexpr std::uint64_t kLagEntriesMax = 1000;

}  // namespace lifeboat::backup
