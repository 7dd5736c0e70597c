#include "backup/choose.h"

#include <algorithm>

#include "backup/background_task.h"
#include "base/bytes.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using etcd::Alarm;

// Errors of an endpoint name it; this makes sure.
std::string describe_failure(const etcd::Endpoint& endpoint, const Error& error) {
  const std::string message = error.what();
  if (message.find(endpoint.url()) != std::string::npos) return message;
  return cat(endpoint.url(), ": ", message);
}

EndpointReport ask_status(etcd::Endpoint& endpoint, const std::stop_token& stop) {
  EndpointReport report;
  report.endpoint = &endpoint;
  try {
    report.status = endpoint.status(stop);
  } catch (const Error& error) {
    report.failure = error;
  }
  return report;
}

// Endpoints end their waiting on `stop`, so that this does not take long then.
std::vector<EndpointReport> ask_all(const etcd::Endpoints& endpoints, const std::stop_token& stop) {
  auto reports = side_by_side<EndpointReport>(
      endpoints,
      [](const auto& endpoint, const auto& token) { return ask_status(*endpoint, token); }, stop);
  base::throw_if_stopped(stop);
  return reports;
}

// The answer of the first of `endpoints` that gives one to `question`; otherwise a warning that
// ends in the reason of the last.
template <typename Answer, typename Question>
Answer ask_first(const std::vector<etcd::Endpoint*>& endpoints, Question question,
                 std::string_view what, std::vector<std::string>& warnings) {
  std::string reason = "no member knows a leader";
  for (etcd::Endpoint* endpoint : endpoints) {
    try {
      return question(*endpoint);
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      reason = describe_failure(*endpoint, error);
    }
  }
  warnings.push_back(cat("the ", what, " could not be read: ", reason));
  return {};
}

std::vector<etcd::Endpoint*> endpoints_that_answered(const Survey& survey, bool with_leader) {
  std::vector<etcd::Endpoint*> endpoints;
  for (const EndpointReport& report : survey.reports) {
    if (!report.status || (with_leader && report.status->leader_id == 0)) continue;
    endpoints.push_back(report.endpoint);
  }
  return endpoints;
}

// The judgement of one survey.
class Judgement {
 public:
  explicit Judgement(const Survey& survey) : survey_(survey) {}

  Choice run() {
    find_answers();
    check_one_cluster();
    note_cluster_alarms();
    for (const EndpointReport* report : answers_) judge(*report);
    if (choice_.candidates.empty()) throw nobody_is_fit();
    std::ranges::stable_sort(choice_.candidates, {}, &rank);
    explain_first();
    return std::move(choice_);
  }

 private:
  static const etcd::MemberStatus& status_of(const EndpointReport& report) {
    return *report.status;
  }

  // A follower spares the leader; who knows no leader may have been cut off for long.
  static int rank(const EndpointReport* report) {
    const etcd::MemberStatus& status = status_of(*report);
    if (status.leader_id == 0) return 2;
    return status.leader_id == status.member_id ? 1 : 0;
  }

  // One report a member, whatever number of endpoints lead to it.
  void find_answers() {
    if (survey_.reports.empty()) {
      throw Error(Code::kInvalid, "no endpoint of etcd was given", "give --endpoints");
    }
    std::vector<std::string> failures;
    std::string hint;
    for (const EndpointReport& report : survey_.reports) {
      if (report.status) {
        if (!is_known(status_of(report).member_id)) answers_.push_back(&report);
        continue;
      }
      failures.push_back(describe_failure(*report.endpoint, *report.failure));
      if (hint.empty()) hint = report.failure->hint();
    }
    if (answers_.empty()) {
      throw Error(Code::kUnavailable,
                  cat("no endpoint of etcd answers: ", base::join(failures, "; ")), hint);
    }
    choice_.warnings = std::move(failures);
  }

  bool is_known(std::uint64_t member_id) const {
    return std::ranges::any_of(answers_, [&](const EndpointReport* report) {
      return status_of(*report).member_id == member_id;
    });
  }

  void check_one_cluster() const {
    const EndpointReport& first = *answers_.front();
    for (const EndpointReport* other : answers_) {
      if (status_of(*other).cluster_id == status_of(first).cluster_id) continue;
      throw Error(Code::kInvalid,
                  cat("the endpoints belong to different clusters: ", first.endpoint->url(), " to ",
                      base::to_hex_id(status_of(first).cluster_id), ", ", other->endpoint->url(),
                      " to ", base::to_hex_id(status_of(*other).cluster_id)),
                  "give the endpoints of one cluster only");
    }
  }

  // Alarms are told also of members that no endpoint leads to; etcd raises CORRUPT for member 0
  // when its members disagree and it can't tell which of them is right.
  void note_cluster_alarms() {
    for (const Alarm& alarm : survey_.alarms) {
      if (alarm.kind == Alarm::Kind::kCorrupt && alarm.member_id == 0) {
        warn(
            "the cluster has a CORRUPT alarm: its members disagree, and etcd can't tell which of "
            "them is right");
      } else if (alarm.kind == Alarm::Kind::kCorrupt) {
        warn(cat(name_of(alarm.member_id), " has a CORRUPT alarm and is left out"));
      } else if (alarm.kind == Alarm::Kind::kNoSpace) {
        warn(cat(name_of(alarm.member_id),
                 " has a NOSPACE alarm: etcd refuses writes until it is compacted and "
                 "defragmented and the alarm is disarmed"));
      } else {
        warn(cat(name_of(alarm.member_id), " has an alarm of a kind that this version of lifeboat ",
                 "does not know"));
      }
    }
  }

  void judge(const EndpointReport& report) {
    const etcd::MemberStatus& status = status_of(report);
    const std::string name = name_of(status.member_id);
    const std::uint64_t lag = furthest_applied_index() - status.raft_applied_index;
    if (has_corrupt_alarm(status.member_id)) return;  // told with the alarms
    if (status.learner) {
      choice_.notes.push_back(cat(name, " is a learner and is left out"));
      return;
    }
    if (lag > kLagEntriesMax) {
      warn(cat(name, " is ", lag, " entries behind the other members and is left out"));
      return;
    }
    if (status.leader_id == 0) {
      warn(cat(name, " knows no leader: the cluster has no quorum, or this member is cut off"));
    }
    choice_.candidates.push_back(&report);
  }

  bool has_corrupt_alarm(std::uint64_t member_id) const {
    return std::ranges::any_of(survey_.alarms, [&](const Alarm& alarm) {
      return alarm.kind == Alarm::Kind::kCorrupt && alarm.member_id == member_id;
    });
  }

  std::uint64_t furthest_applied_index() const {
    std::uint64_t furthest = 0;
    for (const EndpointReport* report : answers_) {
      furthest = std::max(furthest, status_of(*report).raft_applied_index);
    }
    return furthest;
  }

  // "cp-0 (https://10.0.0.5:2379)", with what of it is known.
  std::string name_of(std::uint64_t member_id) const {
    std::string name = cat("member ", base::to_hex_id(member_id));
    for (const etcd::ClusterMember& member : survey_.members) {
      if (member.id == member_id && !member.name.empty()) name = base::printable(member.name);
    }
    for (const EndpointReport* report : answers_) {
      if (status_of(*report).member_id != member_id) continue;
      return cat(name, " (", report->endpoint->url(), ")");
    }
    return name;
  }

  void explain_first() {
    const EndpointReport& first = *choice_.candidates.front();
    std::string why = "a follower that is caught up, which spares the leader";
    if (rank(&first) == 1) why = "the leader: no follower can be used";
    if (rank(&first) == 2) why = "though it knows no leader: no other member can be used";
    if (answers_.size() == 1) why = "the only member that answers";
    if (survey_.reports.size() == 1) why = "the only endpoint that was given";
    choice_.reason =
        cat("taking the snapshot from ", name_of(status_of(first).member_id), ", ", why);
  }

  Error nobody_is_fit() const {
    std::vector<std::string> reasons = choice_.warnings;
    reasons.insert(reasons.end(), choice_.notes.begin(), choice_.notes.end());
    return Error(Code::kUnavailable,
                 cat("no member is fit to be backed up: ", base::join(reasons, "; ")),
                 "give --endpoints of all members, and mend those that are named");
  }

  void warn(std::string warning) { choice_.warnings.push_back(std::move(warning)); }

  const Survey& survey_;
  Choice choice_;
  std::vector<const EndpointReport*> answers_;
};

}  // namespace

Survey survey_cluster(const etcd::Endpoints& endpoints, std::stop_token stop) {
  Survey survey;
  survey.reports = ask_all(endpoints, stop);
  const auto answered = endpoints_that_answered(survey, /*with_leader=*/false);
  if (answered.empty()) return survey;
  survey.members = ask_first<std::vector<etcd::ClusterMember>>(
      answered, [&](etcd::Endpoint& endpoint) { return endpoint.members(stop); }, "list of members",
      survey.warnings);
  // Alarms go through raft: without a leader the question would only wait for its deadline.
  survey.alarms = ask_first<std::vector<Alarm>>(
      endpoints_that_answered(survey, /*with_leader=*/true),
      [&](etcd::Endpoint& endpoint) { return endpoint.alarms(stop); }, "alarms", survey.warnings);
  return survey;
}

Choice choose_member(const Survey& survey) { return Judgement(survey).run(); }

}  // namespace lifeboat::backup
