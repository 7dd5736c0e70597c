#include "backup/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "testing/fake_cluster.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using base::Error;
using etcd::Alarm;
using ::testing::ElementsAre;
using testing::FakeCluster;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A cluster, surveyed and judged.
struct Judged {
  explicit Judged(FakeCluster from) : cluster(std::move(from)), endpoints(cluster.endpoints()) {
    survey = survey_cluster(endpoints, {});
    choice = choose_member(survey);
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> result;
    for (const EndpointReport* candidate : choice.candidates) {
      result.push_back(candidate->endpoint->url());
    }
    return result;
  }

  FakeCluster cluster;
  etcd::Endpoints endpoints;
  Survey survey;
  Choice choice;
};

Error refusal_of(FakeCluster cluster) {
  try {
    Judged judged(std::move(cluster));
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "a member was chosen";
  return Error(Code::kInvalid, "");
}

constexpr char kFirst[] = "https://10.0.0.1:2379";
constexpr char kSecond[] = "https://10.0.0.2:2379";
constexpr char kThird[] = "https://10.0.0.3:2379";

TEST(ChooseMember, PrefersFollowersToTheLeader) {
  const Judged judged(FakeCluster::healthy(3));
  EXPECT_THAT(judged.urls(), ElementsAre(kSecond, kThird, kFirst));
  EXPECT_EQ(judged.choice.reason,
            "taking the snapshot from etcd-2 (https://10.0.0.2:2379), a follower that is caught "
            "up, which spares the leader");
  EXPECT_THAT(judged.choice.warnings, IsEmpty());
  EXPECT_THAT(judged.choice.notes, IsEmpty());
  EXPECT_THAT(judged.survey.warnings, IsEmpty());
  EXPECT_EQ(judged.survey.members.size(), 3U);
}

TEST(ChooseMember, TakesTheOnlyMemberThereIs) {
  const Judged judged(FakeCluster::healthy(1));
  EXPECT_THAT(judged.urls(), ElementsAre(kFirst));
  EXPECT_THAT(judged.choice.reason, HasSubstr("the only endpoint that was given"));
}

TEST(ChooseMember, NamesAMemberThatIsDown) {
  FakeCluster cluster = FakeCluster::healthy(3);
  cluster.members[1].failure = Error(Code::kUnavailable, "connection refused");
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.urls(), ElementsAre(kThird, kFirst));
  EXPECT_THAT(judged.choice.warnings, ElementsAre("https://10.0.0.2:2379: connection refused"));
}

TEST(ChooseMember, DoesNotNameTheEndpointTwice) {
  FakeCluster cluster = FakeCluster::healthy(2);
  cluster.members[1].failure = Error(Code::kDenied, "https://10.0.0.2:2379: wrong password");
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.choice.warnings, ElementsAre("https://10.0.0.2:2379: wrong password"));
  EXPECT_THAT(judged.choice.reason, HasSubstr("the only member that answers"));
}

TEST(ChooseMember, NamesEveryReasonWhenNobodyAnswers) {
  FakeCluster cluster = FakeCluster::healthy(2);
  cluster.members[0].failure = Error(Code::kDenied, "wrong password", "check --user");
  cluster.members[1].failure = Error(Code::kUnavailable, "connection refused", "start etcd");
  const Error error = refusal_of(std::move(cluster));
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_STREQ(error.what(),
               "no endpoint of etcd answers: https://10.0.0.1:2379: wrong password; "
               "https://10.0.0.2:2379: connection refused");
  EXPECT_EQ(error.hint(), "check --user");
}

TEST(ChooseMember, RefusesToWorkWithoutEndpoints) {
  EXPECT_EQ(refusal_of(FakeCluster{}).code(), Code::kInvalid);
}

TEST(ChooseMember, LeavesOutALearner) {
  FakeCluster cluster = FakeCluster::healthy(3);
  cluster.members[1].status.learner = true;
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.urls(), ElementsAre(kThird, kFirst));
  EXPECT_THAT(judged.choice.notes,
              ElementsAre("etcd-2 (https://10.0.0.2:2379) is a learner and is left out"));
  EXPECT_THAT(judged.choice.warnings, IsEmpty());
}

TEST(ChooseMember, LeavesOutAMemberWithACorruptAlarm) {
  FakeCluster cluster = FakeCluster::healthy(3);
  cluster.alarms = {{.member_id = 2, .kind = Alarm::Kind::kCorrupt}};
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.urls(), ElementsAre(kThird, kFirst));
  EXPECT_THAT(judged.choice.warnings,
              ElementsAre("etcd-2 (https://10.0.0.2:2379) has a CORRUPT alarm and is left out"));
}

TEST(ChooseMember, TellsOfACorruptAlarmThatNamesNobody) {
  FakeCluster cluster = FakeCluster::healthy(3);
  cluster.alarms = {{.member_id = 0, .kind = Alarm::Kind::kCorrupt}};
  const Judged judged(std::move(cluster));
  EXPECT_EQ(judged.urls().size(), 3U);
  EXPECT_THAT(judged.choice.warnings, ElementsAre(HasSubstr("its members disagree")));
}

TEST(ChooseMember, TellsOfAlarmsOfMembersThatNoEndpointLeadsTo) {
  FakeCluster cluster = FakeCluster::healthy(1);
  cluster.alarms = {{.member_id = 0xcf8f, .kind = Alarm::Kind::kCorrupt}};
  const Judged judged(std::move(cluster));
  EXPECT_EQ(judged.urls().size(), 1U);
  EXPECT_THAT(judged.choice.warnings,
              ElementsAre("member cf8f has a CORRUPT alarm and is left out"));
}

TEST(ChooseMember, UsesAMemberWithANoSpaceAlarm) {
  FakeCluster cluster = FakeCluster::healthy(3);
  cluster.alarms = {{.member_id = 2, .kind = Alarm::Kind::kNoSpace},
                    {.member_id = 3, .kind = Alarm::Kind::kOther}};
  const Judged judged(std::move(cluster));
  EXPECT_EQ(judged.urls().front(), kSecond);
  EXPECT_THAT(judged.choice.warnings,
              ElementsAre(HasSubstr("has a NOSPACE alarm: etcd refuses writes until"),
                          HasSubstr("alarm of a kind that this version")));
}

TEST(ChooseMember, LeavesOutAMemberThatLags) {
  FakeCluster cluster = FakeCluster::healthy(3);
  for (auto& member : cluster.members) member.status.raft_applied_index = 5000;
  cluster.members[1].status.raft_applied_index = 5000 - kLagEntriesMax - 1;
  cluster.members[2].status.raft_applied_index = 5000 - kLagEntriesMax;
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.urls(), ElementsAre(kThird, kFirst));
  EXPECT_THAT(judged.choice.warnings,
              ElementsAre("etcd-2 (https://10.0.0.2:2379) is 1001 entries behind the other "
                          "members and is left out"));
}

TEST(ChooseMember, UsesAMemberWithoutLeaderLast) {
  FakeCluster cluster = FakeCluster::healthy(3);
  cluster.members[1].status.leader_id = 0;
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.urls(), ElementsAre(kThird, kFirst, kSecond));
  EXPECT_THAT(judged.choice.warnings, ElementsAre(HasSubstr("knows no leader")));
}

TEST(ChooseMember, WorksWithoutAQuorum) {
  FakeCluster cluster = FakeCluster::healthy(1);
  cluster.members[0].status.leader_id = 0;
  const Judged judged(std::move(cluster));
  EXPECT_THAT(judged.urls(), ElementsAre(kFirst));
  EXPECT_THAT(judged.choice.warnings,
              ElementsAre("etcd-1 (https://10.0.0.1:2379) knows no leader: the cluster has no "
                          "quorum, or this member is cut off"));
  EXPECT_THAT(judged.survey.warnings,
              ElementsAre("the alarms could not be read: no member knows a leader"));
}

TEST(ChooseMember, KnowsAMemberOnceWhateverNumberOfEndpointsLeadToIt) {
  FakeCluster cluster = FakeCluster::healthy(2);
  cluster.members.push_back(cluster.members[1]);
  cluster.members[2].url = "https://balancer:2379";
  EXPECT_THAT(Judged(std::move(cluster)).urls(), ElementsAre(kSecond, kFirst));
}

TEST(ChooseMember, RefusesEndpointsOfDifferentClusters) {
  FakeCluster cluster = FakeCluster::healthy(2);
  cluster.members[1].status.cluster_id = 0xabc;
  const Error error = refusal_of(std::move(cluster));
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_STREQ(error.what(),
               "the endpoints belong to different clusters: https://10.0.0.1:2379 to "
               "30a2e9b9d6b1a4c9, https://10.0.0.2:2379 to abc");
}

TEST(ChooseMember, SaysWhyWhenNobodyIsFit) {
  FakeCluster cluster = FakeCluster::healthy(2);
  cluster.members[0].status.learner = true;
  cluster.alarms = {{.member_id = 2, .kind = Alarm::Kind::kCorrupt}};
  const Error error = refusal_of(std::move(cluster));
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("no member is fit to be backed up: "));
  EXPECT_THAT(error.what(), HasSubstr("is a learner"));
  EXPECT_THAT(error.what(), HasSubstr("CORRUPT"));
}

TEST(SurveyCluster, GoesOnWithoutTheAlarms) {
  FakeCluster cluster = FakeCluster::healthy(2);
  cluster.alarms_failure = Error(Code::kDenied, "permission denied");
  const Judged judged(std::move(cluster));
  EXPECT_EQ(judged.urls().size(), 2U);
  EXPECT_THAT(judged.survey.warnings,
              ElementsAre("the alarms could not be read: https://10.0.0.2:2379: permission "
                          "denied"));
}

// An endpoint whose answer takes until it is stopped, or until as many are asked at once.
class WaitingEndpoint : public etcd::Endpoint {
 public:
  struct Gate {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::size_t waiting = 0;
    std::size_t opens_at = 0;  // that many waiting; 0: never
  };
  explicit WaitingEndpoint(Gate& gate) : gate_(gate) {}

  const std::string& url() const override { return url_; }
  etcd::MemberStatus status(std::stop_token stop) override {
    std::unique_lock guard(gate_.mutex);
    ++gate_.waiting;
    gate_.changed.notify_all();
    const auto open = [&] { return gate_.opens_at != 0 && gate_.waiting >= gate_.opens_at; };
    if (!gate_.changed.wait(guard, stop, open)) throw Error(Code::kCancelled, "stopped");
    etcd::MemberStatus status;
    status.member_id = status.leader_id = 1;
    return status;
  }
  std::vector<etcd::ClusterMember> members(std::stop_token) override { return {}; }
  std::vector<Alarm> alarms(std::stop_token) override { return {}; }
  etcd::HashKv hash_kv(std::int64_t, std::stop_token) override { return {}; }
  std::unique_ptr<etcd::SnapshotStream> snapshot(std::stop_token) override { return nullptr; }

 private:
  Gate& gate_;
  const std::string url_ = "https://waiting:2379";
};

etcd::Endpoints waiting_endpoints(WaitingEndpoint::Gate& gate, std::size_t count) {
  etcd::Endpoints endpoints;
  for (std::size_t i = 0; i < count; ++i) {
    endpoints.push_back(std::make_unique<WaitingEndpoint>(gate));
  }
  return endpoints;
}

TEST(SurveyCluster, AsksAllEndpointsAtOnce) {
  WaitingEndpoint::Gate gate;
  gate.opens_at = 3;
  const etcd::Endpoints endpoints = waiting_endpoints(gate, 3);
  EXPECT_EQ(survey_cluster(endpoints, {}).reports.size(), 3U);
}

TEST(SurveyCluster, StopsOnRequest) {
  WaitingEndpoint::Gate gate;
  const etcd::Endpoints endpoints = waiting_endpoints(gate, 3);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  try {
    survey_cluster(endpoints, stop.get_token());
    ADD_FAILURE() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
}

}  // namespace
}  // namespace lifeboat::backup
