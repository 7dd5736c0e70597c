#include "backup/other_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/error_of.h"
#include "testing/fake_cluster.h"

namespace lifeboat::backup {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::FakeCluster;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Three members, of which the endpoint of the first is given.
class OtherMembersTest : public ::testing::Test {
 protected:
  OtherMembers find(std::size_t given = 1) {
    endpoints_ = cluster_.endpoints();
    endpoints_.resize(given);
    const auto connect = [this](const std::string& url) { return cluster_.endpoint_at(url); };
    return find_other_members(survey_cluster(endpoints_, {}), connect, {});
  }

  static std::vector<std::uint64_t> ids(const OtherMembers& others) {
    std::vector<std::uint64_t> ids;
    for (const LiveMember& member : others.reached) {
      ids.push_back(member.member_id);
      EXPECT_EQ(member.endpoint->status({}).member_id, member.member_id);
    }
    return ids;
  }

  FakeCluster cluster_ = FakeCluster::healthy(3);
  etcd::Endpoints endpoints_;
};

TEST_F(OtherMembersTest, AreFoundByTheListOfMembers) {
  const OtherMembers others = find();
  EXPECT_THAT(ids(others), ElementsAre(2, 3));
  EXPECT_THAT(others.notes, IsEmpty());
}

TEST_F(OtherMembersTest, AreNoneWhereAllAreGiven) {
  EXPECT_THAT(ids(find(3)), IsEmpty());
  EXPECT_THAT(ids(find(2)), ElementsAre(3));
}

TEST_F(OtherMembersTest, AreTriedAtEachOfTheirAddresses) {
  cluster_.members[1].client_urls = {"https://10.9.9.9:2379", "https://10.0.0.2:2379"};
  EXPECT_THAT(ids(find()), ElementsAre(2, 3));
}

TEST_F(OtherMembersTest, AreNamedWhereNoAddressAnswers) {
  cluster_.members[1].client_urls = {"https://10.9.9.9:2379"};
  const OtherMembers others = find();
  EXPECT_THAT(ids(others), ElementsAre(3));
  EXPECT_THAT(others.notes,
              ElementsAre("the snapshot is not compared with member 2 (etcd-2), to which no "
                          "address leads: https://10.9.9.9:2379: nobody is there"));
}

// As etcd tells it that was started without --advertise-client-urls.
TEST_F(OtherMembersTest, AreNotTheOneThatAnotherAddressLeadsTo) {
  cluster_.members[1].client_urls = {"https://10.0.0.3:2379"};
  const OtherMembers others = find();
  EXPECT_THAT(ids(others), ElementsAre(3));
  EXPECT_THAT(others.notes,
              ElementsAre(HasSubstr("https://10.0.0.3:2379: leads to another member")));
}

TEST_F(OtherMembersTest, AreOfTheSameCluster) {
  cluster_.members[1].status.cluster_id = 9;
  EXPECT_THAT(ids(find()), ElementsAre(3));
}

TEST_F(OtherMembersTest, AreNotAskedTwiceWhereTheirEndpointWasGivenAndFails) {
  cluster_.members[1].failure = base::Error(base::Code::kUnavailable, "it was asked");
  const OtherMembers others = find(2);
  EXPECT_THAT(ids(others), ElementsAre(3));
  EXPECT_THAT(others.notes, ElementsAre(HasSubstr("https://10.0.0.2:2379: did not lead to it")));
}

TEST_F(OtherMembersTest, GetNoCredentialsWithoutTls) {
  cluster_.members[1].url = "http://10.0.0.2:2379";
  const OtherMembers others = find();
  EXPECT_THAT(ids(others), ElementsAre(3));
  EXPECT_THAT(others.notes, ElementsAre(HasSubstr("http://10.0.0.2:2379: has no TLS")));
  cluster_.members[0].url = "http://10.0.0.1:2379";
  EXPECT_THAT(ids(find()), ElementsAre(2, 3));
}

TEST_F(OtherMembersTest, AreNoLearners) {
  cluster_.members[1].status.learner = true;
  const OtherMembers others = find();
  EXPECT_THAT(ids(others), ElementsAre(3));
  EXPECT_THAT(others.notes, IsEmpty());
}

TEST_F(OtherMembersTest, AreNoneWhereNobodyAnswers) {
  cluster_.members[0].failure = base::Error(base::Code::kUnavailable, "refused");
  EXPECT_THAT(ids(find()), IsEmpty());
}

// Whatever the server says: each one more would be a thread, each URL a wait.
TEST_F(OtherMembersTest, AreNotLookedForWithoutEnd) {
  cluster_ = FakeCluster::healthy(40);
  cluster_.members[1].client_urls.assign(20, "https://10.9.9.9:2379");
  const OtherMembers others = find();
  EXPECT_EQ(others.reached.size(), 31U);
  ASSERT_EQ(others.notes.size(), 2U);
  EXPECT_THAT(others.notes[0], EndsWith("the rest of its URLs were not tried"));
  EXPECT_EQ(others.notes[1], "the snapshot is not compared with 7 more members of the list");
}

TEST_F(OtherMembersTest, StopWhenTold) {
  endpoints_ = cluster_.endpoints();
  endpoints_.resize(1);
  const Survey survey = survey_cluster(endpoints_, {});
  std::stop_source stop;
  stop.request_stop();
  const auto connect = [this](const std::string& url) { return cluster_.endpoint_at(url); };
  const auto find = [&] { find_other_members(survey, connect, stop.get_token()); };
  EXPECT_EQ(testing::error_of(find).code(), base::Code::kCancelled);
}

}  // namespace
}  // namespace lifeboat::backup
