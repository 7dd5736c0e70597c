#include "etcd/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names_of(const RestoredCluster& cluster) {
  std::vector<std::string> names;
  for (const RestoredMember& member : cluster.members) names.push_back(member.name);
  return names;
}

std::vector<std::string> ids_of(const RestoredCluster& cluster) {
  std::vector<std::string> ids;
  for (const RestoredMember& member : cluster.members) ids.push_back(base::to_hex_id(member.id));
  return ids;
}

std::string error_of(std::string members) {
  try {
    restored_cluster({std::move(members), "token"});
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_FALSE(error.hint().empty());
    return error.what();
  }
  return "no error";
}

// What etcd's own restore, of 3.4 to 3.7, made of the same flags.
TEST(RestoredCluster, HasTheIdsThatEtcdGivesOneMember) {
  const auto cluster = restored_cluster({"m1=http://127.0.0.1:22380", "tk1"});
  EXPECT_EQ(base::to_hex_id(cluster.id), "6928d2d98b756aac");
  EXPECT_THAT(ids_of(cluster), ElementsAre("94eee0e6ef07ceb1"));
  EXPECT_THAT(names_of(cluster), ElementsAre("m1"));
}

TEST(RestoredCluster, HasTheIdsThatEtcdGivesThreeMembers) {
  const auto cluster = restored_cluster(
      {"m1=http://127.0.0.1:22380,m2=http://127.0.0.1:22382,m3=http://127.0.0.1:22384", "tk3"});
  EXPECT_EQ(base::to_hex_id(cluster.id), "fd3190cae9f35a32");
  EXPECT_THAT(ids_of(cluster),
              ElementsAre("96044000630743c6", "9a459ded57d69a54", "a1ba2e1c5b586257"));
  EXPECT_THAT(names_of(cluster), ElementsAre("m2", "m3", "m1"));
  EXPECT_EQ(cluster.last_index(), 3u);
  EXPECT_THAT(cluster.conf_state().voters,
              ElementsAre(0x96044000630743c6, 0x9a459ded57d69a54, 0xa1ba2e1c5b586257));
}

TEST(RestoredCluster, DependsOnTheTokenAndNotOnOrderOrNames) {
  const auto cluster = restored_cluster({"a=http://h:1,b=http://h:2", "t"});
  EXPECT_EQ(ids_of(restored_cluster({"b=http://h:2,a=http://h:1", "t"})), ids_of(cluster));
  EXPECT_EQ(ids_of(restored_cluster({"x=http://h:1,y=http://h:2", "t"})), ids_of(cluster));
  EXPECT_NE(ids_of(restored_cluster({"a=http://h:1,b=http://h:2", "u"})), ids_of(cluster));
  EXPECT_NE(restored_cluster({"a=http://h:1", "t"}).id, cluster.id);
}

TEST(RestoredCluster, GathersTheUrlsOfAName) {
  const auto cluster =
      restored_cluster({"m1=http://h:9, m2=http://i:1 ,,m1=http://h:10, m1 = HTTPS://h:9", "t"});
  EXPECT_THAT(member_by_name(cluster, "m1").peer_urls,
              ElementsAre("http://h:10", "http://h:9", "https://h:9"));
  EXPECT_THAT(member_by_name(cluster, "m2").peer_urls, ElementsAre("http://i:1"));
}

TEST(RestoredCluster, SaysWhatIsWrongWithTheFlag) {
  EXPECT_THAT(error_of(""), HasSubstr("it names no member"));
  EXPECT_THAT(error_of(" , ,"), HasSubstr("it names no member"));
  EXPECT_THAT(error_of("http://h:1"), HasSubstr("'http://h:1' has no name"));
  EXPECT_THAT(error_of("m1=http://h:1,http://h:2"), HasSubstr("'http://h:2' has no name"));
  EXPECT_THAT(error_of("=http://h:1"), HasSubstr("has an empty name"));
  EXPECT_THAT(error_of("m\x1b[1m=http://h:1"), HasSubstr("not printable"));
  EXPECT_THAT(error_of("m\xff=http://h:1"), HasSubstr("not printable"));
  EXPECT_THAT(error_of("m1="), HasSubstr("bad peer URL ''"));
  EXPECT_THAT(error_of("m1=h:1"), HasSubstr("bad peer URL 'h:1'"));
  EXPECT_THAT(error_of("m1=http://h:1,m2=http://h:1"), HasSubstr("http://h:1 stands there twice"));
  EXPECT_THAT(error_of("m1=http://h:1,m1=HTTP://h:1"), HasSubstr("http://h:1 stands there twice"));
}

TEST(RestoredCluster, HasAsManyMembersAsItsHistoryHasPlaces) {
  std::string members;
  for (int i = 1; i <= 1000; ++i) members += base::cat("m", i, "=http://h:", i, ",");
  EXPECT_EQ(restored_cluster({members, "t"}).members.size(), kMembersMax);
  EXPECT_THAT(error_of(members + "one=http://h:1001"), HasSubstr("more than 1000 members"));
}

TEST(MemberByName, ListsTheNamesThatThereAre) {
  const auto cluster = restored_cluster({"m2=http://h:1,m1=http://h:2", "t"});
  EXPECT_EQ(member_by_name(cluster, "m1").name, "m1");
  try {
    member_by_name(cluster, "default");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_STREQ(error.what(), "the initial cluster has no member 'default'");
    EXPECT_THAT(error.hint(), HasSubstr("m1, m2"));
  }
}

TEST(AdvertisedUrls, AreThoseOfTheMemberInAnyOrder) {
  const auto cluster = restored_cluster({"m1=http://h:1,m1=http://h:2,m2=http://h:3", "t"});
  const RestoredMember& member = member_by_name(cluster, "m1");
  check_advertised_urls(member, "http://h:1,http://h:2");
  check_advertised_urls(member, " http://h:2, HTTP://h:1 ");
  for (const char* other :
       {"http://h:1", "http://h:3", "http://h:1,http://h:3", "http://h:1,http://h:2,http://h:3",
        "http://h:1,http://h:1", "http://localhost:1,http://h:2", "", "h:1"}) {
    EXPECT_THROW(check_advertised_urls(member, other), base::Error) << other;
  }
}

TEST(AdvertisedUrls, AreNamedBesideThoseOfTheCluster) {
  const auto cluster = restored_cluster({"m1=https://10.0.0.5:2380", "t"});
  try {
    check_advertised_urls(cluster.members.front(), "http://localhost:2380");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(),
                 "the peer URLs that m1 advertises are http://localhost:2380, but the initial "
                 "cluster says https://10.0.0.5:2380");
    EXPECT_THAT(error.hint(), HasSubstr("names are not resolved"));
  }
}

TEST(MemberJson, IsWhatEtcdWrites) {
  const auto cluster = restored_cluster({"m1=http://127.0.0.1:22380", "restored"});
  EXPECT_EQ(member_json(cluster.members.front()),
            R"({"id":15123649635533614585,"peerURLs":["http://127.0.0.1:22380"],"name":"m1"})");
}

TEST(MemberJson, EscapesNamesAsGoDoes) {
  EXPECT_EQ(member_json({1, "a&\"b\"", {"http://h:1", "http://h:2"}}),
            R"({"id":1,"peerURLs":["http://h:1","http://h:2"],"name":"a\u0026\"b\""})");
}

}  // namespace
}  // namespace lifeboat::etcd
