#include "backup/live_check.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "backup/background_task.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using Steady = std::chrono::steady_clock;

// How long a follower may take to apply what the snapshot's member had applied already.
constexpr std::chrono::seconds kCatchUpTimeout{5};
constexpr std::chrono::milliseconds kAskAgainAfter{100};

// Returns the revision that the member has come to: `wanted` or later, unless it takes too long.
std::int64_t wait_for_revision(etcd::Endpoint& endpoint, std::int64_t wanted,
                               const std::stop_token& stop) {
  const auto deadline = Steady::now() + kCatchUpTimeout;
  for (;;) {
    const std::int64_t revision = endpoint.status(stop).revision;
    if (revision >= wanted || Steady::now() > deadline) return revision;
    base::wait(kAskAgainAfter, stop);
    base::throw_if_stopped(stop);
  }
}

LiveAnswer ask(const LiveMember& member, const etcd::KeyspaceBounds& snapshot,
               const std::stop_token& stop) {
  LiveAnswer answer{
      .member = cat("member ", base::to_hex_id(member.member_id), " at ", member.endpoint->url()),
      .hash = std::nullopt,
      .reason = {}};
  try {
    const std::int64_t reached = wait_for_revision(*member.endpoint, snapshot.revision, stop);
    if (reached >= snapshot.revision) {
      answer.hash = ask_for_hash(*member.endpoint, snapshot, stop);
    } else {
      answer.reason = cat("it has come to revision ", reached, " only, and the snapshot is at ",
                          snapshot.revision);
    }
  } catch (const Error& error) {
    answer.reason = error.what();
  }
  return answer;
}

const etcd::HashKv* find_computed(const std::vector<etcd::HashKv>& computed,
                                  std::int64_t compact_revision) {
  const auto found = std::ranges::find(computed, compact_revision, &etcd::HashKv::compact_revision);
  return found == computed.end() ? nullptr : &*found;
}

}  // namespace

// Asked for a revision that it has compacted to, etcd refuses, or answers with a hash that it kept
// from before that compaction, each version in its way. As long as that revision is the newest, the
// question for the newest one gets the plain answer.
etcd::HashKv ask_for_hash(etcd::Endpoint& endpoint, const etcd::KeyspaceBounds& snapshot,
                          const std::stop_token& stop) {
  std::optional<etcd::HashKv> kept;
  std::optional<Error> refusal;
  try {
    kept = endpoint.hash_kv(snapshot.revision, stop);
    if (kept->compact_revision >= snapshot.compact_revision) return *kept;
  } catch (const Error& error) {
    if (error.code() != Code::kUnavailable) throw;
    refusal = error;
  }
  const etcd::HashKv newest = endpoint.hash_kv(0, stop);
  if (newest.revision == snapshot.revision) return newest;
  if (refusal) throw *refusal;
  return *kept;
}

std::vector<LiveAnswer> ask_for_hashes(const std::vector<LiveMember>& members,
                                       const etcd::KeyspaceBounds& snapshot, std::stop_token stop) {
  auto answers = side_by_side<LiveAnswer>(
      members, [&](const auto& member, const auto& token) { return ask(member, snapshot, token); },
      stop);
  base::throw_if_stopped(stop);
  return answers;
}

std::vector<std::int64_t> compactions_of(const std::vector<LiveAnswer>& answers) {
  std::set<std::int64_t> revisions;
  for (const LiveAnswer& answer : answers) {
    if (answer.hash) revisions.insert(answer.hash->compact_revision);
  }
  return {revisions.begin(), revisions.end()};
}

LiveVerdict judge_hashes(const std::vector<LiveAnswer>& answers,
                         const std::vector<etcd::HashKv>& computed) {
  LiveVerdict verdict;
  verdict.live = "unchecked";
  for (const LiveAnswer& answer : answers) {
    if (!answer.hash) {
      verdict.warnings.push_back(
          cat("the snapshot was not compared with ", answer.member, ": ", answer.reason));
      continue;
    }
    const etcd::HashKv* ours = find_computed(computed, answer.hash->compact_revision);
    if (ours == nullptr) {
      verdict.warnings.push_back(cat(
          "the snapshot was not compared with ", answer.member, ": it speaks of a compaction to ",
          answer.hash->compact_revision, ", which lies before the snapshot's own"));
      continue;
    }
    if (!verdict.compared) verdict.compared = *ours;
    if (ours->hash == answer.hash->hash) {
      ++verdict.agreeing;
      if (verdict.live == "unchecked") verdict.live = "equal";
      continue;
    }
    verdict.live = "different";
    verdict.warnings.push_back(
        cat(answer.member, " disagrees with the snapshot: its HashKV at revision ", ours->revision,
            " is ", answer.hash->hash, ", the snapshot's is ", ours->hash));
  }
  return verdict;
}

}  // namespace lifeboat::backup
