#include "testing/fake_cluster.h"

#include <algorithm>

#include "base/hash.h"
#include "base/io.h"
#include "base/stop.h"
#include "base/text.h"
#include "etcd/inspect.h"
#include "testing/golden.h"

namespace lifeboat::testing {
namespace {

using base::Code;
using base::Error;

constexpr std::uint64_t kClusterId = 0x30a2e9b9d6b1a4c9;
// Of the database that they all hold.
constexpr std::int64_t kRevision = 11;
constexpr std::uint64_t kRaftIndex = 20000;

void throw_if_stopped(const std::stop_token& stop) { base::throw_if_stopped(stop); }

std::string with_trailer(const FakeMember& member) {
  base::Sha256::Digest digest = base::sha256(base::as_bytes(member.image));
  if (member.wrong_trailer) digest.back() = static_cast<std::uint8_t>(digest.back() ^ 1);
  return member.image + std::string(base::as_text(digest));
}

// Borrows the member, whose faults may change while it streams.
class FakeStream : public etcd::SnapshotStream {
 public:
  FakeStream(const FakeMember& member, std::stop_token stop)
      : member_(member), content_(with_trailer(member)), stop_(std::move(stop)) {}

  std::optional<base::Bytes> next() override {
    if (member_.on_chunk) member_.on_chunk(sent_);
    throw_if_stopped(stop_);
    if (member_.failure) throw *member_.failure;
    const std::size_t end = member_.breaks_after.value_or(content_.size());
    const std::size_t size =
        std::min(member_.chunk_bytes, std::min(end, content_.size()) - std::min(sent_, end));
    if (size == 0 && sent_ < content_.size()) {
      throw Error(Code::kUnavailable,
                  base::cat(member_.url, ": the stream broke after ", sent_, " bytes"),
                  "check the member's log");
    }
    if (size == 0) return std::nullopt;
    const base::Bytes piece = base::as_bytes(content_).subspan(sent_, size);
    sent_ += size;
    return piece;
  }

 private:
  const FakeMember& member_;
  const std::string content_;
  const std::stop_token stop_;
  std::size_t sent_ = 0;
};

class FakeEndpoint : public etcd::Endpoint {
 public:
  FakeEndpoint(const FakeCluster& cluster, std::size_t index) : cluster_(cluster), index_(index) {}

  const std::string& url() const override { return member().url; }

  etcd::MemberStatus status(std::stop_token stop) override {
    answer(stop);
    if (member().on_status) member().on_status();
    return member().status;
  }

  std::vector<etcd::ClusterMember> members(std::stop_token stop) override {
    answer(stop);
    std::vector<etcd::ClusterMember> members;
    for (const FakeMember& each : cluster_.members) {
      members.push_back(
          {.id = each.status.member_id,
           .name = base::cat("etcd-", each.status.member_id),
           .peer_urls = {each.url + "0"},
           .client_urls = each.client_urls.empty() ? std::vector{each.url} : each.client_urls,
           .learner = each.status.learner});
    }
    return members;
  }

  std::vector<etcd::Alarm> alarms(std::stop_token stop) override {
    answer(stop);
    if (cluster_.alarms_failure) throw *cluster_.alarms_failure;
    return cluster_.alarms;
  }

  etcd::HashKv hash_kv(std::int64_t revision, std::stop_token stop) override {
    answer(stop);
    if (member().on_hash_kv) return member().on_hash_kv(revision);
    base::MemorySource image(base::as_bytes(member().image));
    return etcd::inspect_database(image, {}, std::move(stop)).hashes.at(0);
  }

  std::unique_ptr<etcd::SnapshotStream> snapshot(std::stop_token stop) override {
    answer(stop);
    return std::make_unique<FakeStream>(member(), std::move(stop));
  }

 private:
  const FakeMember& member() const { return cluster_.members.at(index_); }

  void answer(const std::stop_token& stop) const {
    throw_if_stopped(stop);
    if (member().failure) throw *member().failure;
  }

  const FakeCluster& cluster_;
  const std::size_t index_;
};

// A real database, and what a file that has grown ahead of its use holds behind it.
std::string make_image(std::size_t size) {
  std::string image(base::as_text(read_golden("etcd/3.5.30-s0.snapshot.db")));
  image.resize(image.size() - base::Sha256::kSizeBytes);
  LIFEBOAT_CHECK(image.size() <= size);
  image.resize(size);
  return image;
}

}  // namespace

FakeCluster FakeCluster::healthy(std::size_t count, std::size_t image_bytes) {
  FakeCluster cluster;
  const std::string image = make_image(image_bytes);
  for (std::uint64_t id = 1; id <= count; ++id) {
    FakeMember member;
    member.url = base::cat("https://10.0.0.", id, ":2379");
    member.image = image;
    member.status = {.version = "3.5.30",
                     .cluster_id = kClusterId,
                     .member_id = id,
                     .leader_id = 1,
                     .revision = kRevision,
                     .raft_term = 2,
                     .raft_index = kRaftIndex,
                     .raft_applied_index = kRaftIndex,
                     .db_size_bytes = image_bytes,
                     .db_size_in_use_bytes = image_bytes - image_bytes / 4,
                     .learner = false};
    cluster.members.push_back(std::move(member));
  }
  return cluster;
}

etcd::Endpoints FakeCluster::endpoints() {
  etcd::Endpoints endpoints;
  for (std::size_t i = 0; i < members.size(); ++i) {
    endpoints.push_back(std::make_unique<FakeEndpoint>(*this, i));
  }
  return endpoints;
}

std::unique_ptr<etcd::Endpoint> FakeCluster::endpoint_at(const std::string& url) {
  const auto found = std::ranges::find(members, url, &FakeMember::url);
  if (found == members.end()) throw Error(Code::kUnavailable, base::cat(url, ": nobody is there"));
  return std::make_unique<FakeEndpoint>(*this, static_cast<std::size_t>(found - members.begin()));
}

}  // namespace lifeboat::testing
