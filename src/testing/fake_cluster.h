// An etcd cluster in memory: as many endpoints as a test wants, each with its own faults.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "etcd/cluster.h"

namespace lifeboat::testing {

// What one fake member answers. Tests change it at any time between calls.
struct FakeMember {
  std::string url = "https://10.0.0.1:2379";
  // What the list of members says; none: the URL alone.
  std::vector<std::string> client_urls = {};
  etcd::MemberStatus status;
  // Thrown by every call, if set.
  std::optional<base::Error> failure;

  std::string image;           // the database; its true trailer is added to the stream
  bool wrong_trailer = false;  // ... or a wrong one
  std::size_t chunk_bytes = 32768;
  // Called before each Status is answered.
  std::function<void()> on_status;
  // Answers HashKV instead of the image's own hash.
  std::function<etcd::HashKv(std::int64_t revision)> on_hash_kv;
  // The stream breaks with kUnavailable after this many bytes.
  std::optional<std::size_t> breaks_after;
  // Called before each piece with the bytes sent so far: to stop, to change the world.
  std::function<void(std::size_t)> on_chunk;
};

struct FakeCluster {
  std::vector<FakeMember> members;
  std::vector<etcd::Alarm> alarms;
  std::optional<base::Error> alarms_failure;

  // `count` healthy members of one cluster, ids 1, 2, ...; the first one leads; each holds the same
  // image of `image_bytes` (a multiple of 512) bytes.
  static FakeCluster healthy(std::size_t count, std::size_t image_bytes = 64 * 1024);

  // Endpoints in front of the members. Borrows this cluster.
  etcd::Endpoints endpoints();
  // One in front of the member with that URL. Throws kUnavailable if there is none.
  std::unique_ptr<etcd::Endpoint> endpoint_at(const std::string& url);
};

}  // namespace lifeboat::testing
