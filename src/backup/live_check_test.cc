#include "backup/live_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <new>

#include "base/error.h"
#include "testing/fake_cluster.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using base::Error;
using etcd::HashKv;
using ::testing::ElementsAre;
using testing::FakeCluster;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- What is asked ----------------------------------------------------------------------------

// One member, and a snapshot of it at revision 11.
struct LiveCheck : ::testing::Test {
  LiveAnswer ask(std::int64_t compact_revision = -1, std::stop_token stop = {}) {
    const auto endpoints = cluster.endpoints();
    const auto answers =
        ask_for_hashes({{endpoints.front().get(), 1}}, {compact_revision, 11}, std::move(stop));
    return answers.at(0);
  }

  FakeCluster cluster = FakeCluster::healthy(1);
  testing::FakeMember& member = cluster.members.front();
  std::vector<std::int64_t> asked;
};

TEST_F(LiveCheck, AsksForTheSnapshotsRevision) {
  member.on_hash_kv = [this](std::int64_t revision) {
    asked.push_back(revision);
    return HashKv{revision, -1, 5};
  };
  const LiveAnswer answer = ask();
  EXPECT_EQ(answer.member, "member 1 at https://10.0.0.1:2379");
  EXPECT_EQ(answer.hash, (HashKv{11, -1, 5}));
  EXPECT_THAT(asked, ElementsAre(11));
}

TEST_F(LiveCheck, WhatIsNoErrorOfAMemberEndsTheRunAndNotTheProcess) {
  member.on_hash_kv = [](std::int64_t) -> HashKv { throw std::bad_alloc(); };
  EXPECT_THROW(ask(), std::bad_alloc);
}

TEST_F(LiveCheck, AsksForTheNewestWhenThatIsWhatWasCompactedTo) {
  // etcd 3.4 refuses; 3.5 and later answer with a hash from before the compaction.
  const std::function<HashKv()> answers[] = {
      []() -> HashKv { throw Error(Code::kUnavailable, "required revision has been compacted"); },
      [] {
        return HashKv{11, -1, 4};
      }};
  for (const auto& answer : answers) {
    member.on_hash_kv = [&answer](std::int64_t revision) {
      return revision == 0 ? HashKv{11, 11, 5} : answer();
    };
    EXPECT_EQ(ask(11).hash, (HashKv{11, 11, 5}));
  }
}

TEST_F(LiveCheck, TakesTheNewestForNothingElse) {
  member.on_hash_kv = [](std::int64_t revision) -> HashKv {
    if (revision == 0) return {12, 11, 5};
    throw Error(Code::kUnavailable, "required revision has been compacted");
  };
  EXPECT_EQ(ask(8).hash, std::nullopt);
  EXPECT_EQ(ask(8).reason, "required revision has been compacted");
  member.on_hash_kv = [](std::int64_t revision) {
    return revision == 0 ? HashKv{12, 11, 5} : HashKv{11, -1, 4};
  };
  EXPECT_EQ(ask(11).hash, (HashKv{11, -1, 4}));
}

TEST_F(LiveCheck, WaitsForAMemberThatHasNotComeAsFar) {
  member.status.revision = 9;
  int calls = 0;
  member.on_status = [&] { member.status.revision = 9 + calls++; };
  EXPECT_EQ(ask().hash.value().hash, 2220312578U);
  EXPECT_EQ(calls, 3);
}

TEST_F(LiveCheck, SaysHowFarAMemberHasComeThatStaysBehind) {
  member.status.revision = 9;
  EXPECT_EQ(ask().reason, "it has come to revision 9 only, and the snapshot is at 11");
}

TEST_F(LiveCheck, SaysWhyAMemberDidNotAnswer) {
  member.failure = Error(Code::kDenied, "it said no");
  EXPECT_EQ(ask().reason, "it said no");
}

TEST_F(LiveCheck, StopsOnRequestWhileItWaits) {
  std::stop_source stop;
  member.status.revision = 9;
  member.on_status = [&] { stop.request_stop(); };
  try {
    ask(-1, stop.get_token());
    ADD_FAILURE() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
}

// ---- What is made of the answers --------------------------------------------------------------

LiveAnswer answered(std::string member, HashKv hash) { return {std::move(member), hash, {}}; }

TEST(JudgeHashes, IsEqualWhenAllThatAnsweredAgree) {
  const LiveVerdict verdict = judge_hashes({answered("a", {11, -1, 5}), answered("b", {11, 8, 6})},
                                           {{11, -1, 5}, {11, 8, 6}});
  EXPECT_EQ(verdict.live, "equal");
  EXPECT_EQ(verdict.compared, (HashKv{11, -1, 5}));
  EXPECT_THAT(verdict.warnings, IsEmpty());
}

TEST(JudgeHashes, IsDifferentWhenOneDisagreesWhereverItStands) {
  for (const std::vector<LiveAnswer>& answers :
       {std::vector{answered("a", {11, -1, 4}), answered("b", {11, -1, 5})},
        std::vector{answered("b", {11, -1, 5}), answered("a", {11, -1, 4})}}) {
    const LiveVerdict verdict = judge_hashes(answers, {{11, -1, 5}});
    EXPECT_EQ(verdict.live, "different");
    EXPECT_THAT(verdict.warnings,
                ElementsAre("a disagrees with the snapshot: its HashKV at revision "
                            "11 is 4, the snapshot's is 5"));
  }
}

TEST(JudgeHashes, NamesWhoCouldNotBeCompared) {
  const LiveVerdict verdict = judge_hashes(
      {answered("a", {11, 8, 5}), {"b", std::nullopt, "it said no"}, answered("c", {11, 3, 5})},
      {{11, 8, 5}});
  EXPECT_EQ(verdict.live, "equal");
  EXPECT_THAT(verdict.warnings,
              ElementsAre("the snapshot was not compared with b: it said no",
                          HasSubstr("not compared with c: it speaks of a compaction to 3, which")));
}

TEST(JudgeHashes, IsUncheckedWhenNobodyCouldBeCompared) {
  EXPECT_EQ(judge_hashes({}, {{11, -1, 5}}).live, "unchecked");
  const LiveVerdict verdict = judge_hashes({{"b", std::nullopt, "it said no"}}, {{11, -1, 5}});
  EXPECT_EQ(verdict.live, "unchecked");
  EXPECT_EQ(verdict.compared, std::nullopt);
}

}  // namespace
}  // namespace lifeboat::backup
