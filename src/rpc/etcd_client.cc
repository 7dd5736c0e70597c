#include "rpc/etcd_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>

#include "base/error.h"
#include "base/stop.h"
#include "etcd_rpc.grpc.pb.h"
#include "rpc/channel.h"
#include "rpc/explain.h"
#include "rpc/snapshot_call.h"
#include "rpc/tls_probe.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

namespace pb = etcdserverpb;

std::uint64_t not_negative(std::int64_t number) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
}

etcd::Alarm::Kind to_alarm_kind(pb::AlarmType type) {
  switch (type) {
    case pb::NOSPACE:
      return etcd::Alarm::Kind::kNoSpace;
    case pb::CORRUPT:
      return etcd::Alarm::Kind::kCorrupt;
    default:
      return etcd::Alarm::Kind::kOther;
  }
}

etcd::MemberStatus to_status(const pb::StatusResponse& answer) {
  return {.version = answer.version(),
          .cluster_id = answer.header().cluster_id(),
          .member_id = answer.header().member_id(),
          .leader_id = answer.leader(),
          .revision = answer.header().revision(),
          .raft_term = answer.raftterm(),
          .raft_index = answer.raftindex(),
          .raft_applied_index = answer.raftappliedindex(),
          .db_size_bytes = not_negative(answer.dbsize()),
          .db_size_in_use_bytes = not_negative(answer.dbsizeinuse()),
          .learner = answer.islearner()};
}

etcd::ClusterMember to_member(const pb::Member& member) {
  return {.id = member.id(),
          .name = member.name(),
          .peer_urls = {member.peerurls().begin(), member.peerurls().end()},
          .client_urls = {member.clienturls().begin(), member.clienturls().end()},
          .learner = member.islearner()};
}

etcd::StoredKey to_stored_key(const pb::KeyValue& key_value) {
  return {.value = key_value.value(),
          .create_revision = key_value.create_revision(),
          .mod_revision = key_value.mod_revision(),
          .version = key_value.version(),
          .lease = key_value.lease()};
}

constexpr std::chrono::milliseconds kGrpcPatience{1000};

// A wait that nothing interrupts, so it is short. gRPC tries again after a fifth of a second.
constexpr std::chrono::milliseconds kReconnectPatience{500};
constexpr int kMisreadConnectsMax = 6;

// A member whose database is not in its page cache reads it from disk for a HashKV, and it may be a
// slow one.
constexpr std::uint64_t kSlowestReadBytesPerSecond = 32 * 1024 * 1024;
constexpr std::chrono::seconds kLongestRead{600};

// As etcd writes "from the first key on": from this key to this end.
constexpr std::string_view kEveryKey("\0", 1);

class EtcdEndpoint : public etcd::KeyValueEndpoint {
 public:
  EtcdEndpoint(std::shared_ptr<const Peer> peer, std::shared_ptr<grpc::Channel> channel)
      : peer_(std::move(peer)),
        channel_(std::move(channel)),
        maintenance_(pb::Maintenance::NewStub(channel_)),
        cluster_(pb::Cluster::NewStub(channel_)),
        key_value_(pb::KV::NewStub(channel_)),
        auth_(pb::Auth::NewStub(channel_)) {}

  const std::string& url() const override { return peer_->url.text; }

  etcd::MemberStatus status(std::stop_token stop) override {
    auto status =
        to_status(ask(*maintenance_, &pb::Maintenance::Stub::Status, pb::StatusRequest(), stop));
    db_size_bytes_ = status.db_size_bytes;
    return status;
  }

  std::vector<etcd::ClusterMember> members(std::stop_token stop) override {
    const auto answer =
        ask(*cluster_, &pb::Cluster::Stub::MemberList, pb::MemberListRequest(), stop);
    std::vector<etcd::ClusterMember> members;
    for (const pb::Member& member : answer.members()) members.push_back(to_member(member));
    return members;
  }

  std::vector<etcd::Alarm> alarms(std::stop_token stop) override {
    const auto answer = ask(*maintenance_, &pb::Maintenance::Stub::Alarm, pb::AlarmRequest(), stop);
    std::vector<etcd::Alarm> alarms;
    for (const pb::AlarmMember& alarm : answer.alarms()) {
      alarms.push_back({.member_id = alarm.memberid(), .kind = to_alarm_kind(alarm.alarm())});
    }
    return alarms;
  }

  etcd::HashKv hash_kv(std::int64_t revision, std::stop_token stop) override {
    pb::HashKVRequest request;
    request.set_revision(revision);
    ensure_connected(stop);
    const auto answer =
        ask(*maintenance_, &pb::Maintenance::Stub::HashKV, request, stop, whole_database_timeout());
    // Before 3.6 it does not say which revision it hashed: the one asked for, else the newest.
    std::int64_t hashed = answer.hash_revision();
    if (hashed == 0) hashed = revision != 0 ? revision : answer.header().revision();
    return {
        .revision = hashed, .compact_revision = answer.compact_revision(), .hash = answer.hash()};
  }

  std::unique_ptr<etcd::SnapshotStream> snapshot(std::stop_token stop) override {
    ensure_connected(stop);
    const auto timeout = peer_->options.first_byte_timeout;
    std::unique_ptr<SnapshotCall> call;
    with_token(stop, timeout, [&](const std::string& token, const Limits& limits) {
      call = std::make_unique<SnapshotCall>(peer_, stop);
      return call->begin(token, limits);
    });
    return call;
  }

  std::uint64_t count_keys(std::int64_t revision, std::stop_token stop) override {
    pb::RangeRequest request;
    request.set_key(std::string(kEveryKey));
    request.set_range_end(std::string(kEveryKey));
    request.set_revision(revision);
    request.set_count_only(true);
    ensure_connected(stop);
    const auto answer =
        ask(*key_value_, &pb::KV::Stub::Range, request, stop, whole_database_timeout());
    return not_negative(answer.count());
  }

  std::optional<etcd::StoredKey> get(base::Bytes key, std::int64_t revision,
                                     std::stop_token stop) override {
    pb::RangeRequest request;
    request.set_key(std::string(base::as_text(key)));
    request.set_revision(revision);
    const auto answer = ask(*key_value_, &pb::KV::Stub::Range, request, stop);
    if (answer.kvs().empty()) return std::nullopt;
    return to_stored_key(answer.kvs(0));
  }

  void put(base::Bytes key, base::Bytes value, std::stop_token stop) override {
    pb::PutRequest request;
    request.set_key(std::string(base::as_text(key)));
    request.set_value(std::string(base::as_text(value)));
    ask(*key_value_, &pb::KV::Stub::Put, request, stop);
  }

 private:
  using Attempt = std::function<grpc::Status(const std::string& token, const Limits& limits)>;

  // For calls that may take long: a connection that has to be made first gets the deadline for
  // connecting.
  void ensure_connected(const std::stop_token& stop) {
    if (channel_->GetState(false) != GRPC_CHANNEL_READY) status(stop);
  }

  std::chrono::milliseconds whole_database_timeout() const {
    const std::chrono::seconds reading(db_size_bytes_ / kSlowestReadBytesPerSecond);
    return peer_->options.first_byte_timeout + std::min(reading, kLongestRead);
  }

  template <typename Stub, typename Request, typename Response>
  Response ask(Stub& stub,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request, const std::stop_token& stop) {
    return ask(stub, method, request, stop, peer_->options.connect_timeout);
  }

  // One request, from connecting to the answer.
  template <typename Stub, typename Request, typename Response>
  Response ask(Stub& stub,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request, const std::stop_token& stop,
               std::chrono::milliseconds timeout) {
    Response response;
    with_token(stop, timeout, [&](const std::string& token, const Limits& limits) {
      return call(stub, method, request, response, token, limits);
    });
    return response;
  }

  template <typename Stub, typename Request, typename Response>
  static grpc::Status call(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, Response& response, const std::string& token, const Limits& limits) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("token", token);
    context.set_deadline(deadline_after(limits.left()));
    const std::stop_callback on_stop(limits.stop, [&context] { context.TryCancel(); });
    return (stub.*method)(&context, request, &response);
  }

  // What gRPC misreads when it connects says nothing about etcd: again then, over the connection
  // that it makes meanwhile.
  template <typename Call>
  grpc::Status with_connection(const Limits& limits, const Call& call) {
    grpc::Status result = call();
    for (int again = 0; again < kMisreadConnectsMax && is_misread_connect(result); ++again) {
      channel_->WaitForConnected(deadline_after(std::min(limits.left(), kReconnectPatience)));
      result = call();
    }
    return result;
  }

  // Makes the attempt, and once more with a new token if etcd does not know the old one. Throws
  // unless it succeeds within the timeout.
  void with_token(const std::stop_token& stop, std::chrono::milliseconds timeout,
                  const Attempt& attempt) {
    const Limits limits = Limits::within(timeout, stop);
    base::throw_if_stopped(stop);
    bool fresh = false;
    std::string token = known_token();
    if (token.empty()) {
      token = authenticate(limits, timeout);
      fresh = true;
    }
    grpc::Status result = with_connection(limits, [&] { return attempt(token, limits); });
    if (!fresh && is_token_refused(result)) {
      result = attempt(authenticate(limits, timeout), limits);
    }
    require(result, limits, timeout);
  }

  // Returns an empty token without a user, and where etcd does not know users.
  std::string authenticate(const Limits& limits, std::chrono::milliseconds timeout) {
    if (peer_->options.user.empty()) return {};
    pb::AuthenticateRequest request;
    request.set_name(peer_->options.user);
    request.set_password(peer_->options.password);
    pb::AuthenticateResponse response;
    const grpc::Status result = with_connection(limits, [&] {
      return call(*auth_, &pb::Auth::Stub::Authenticate, request, response, {}, limits);
    });
    // As etcdctl does: a user who is not needed does no harm.
    if (!is_authentication_off(result)) require(result, limits, timeout);
    const std::scoped_lock lock(mutex_);
    token_ = response.token();
    return token_;
  }

  std::string known_token() {
    const std::scoped_lock lock(mutex_);
    return token_;
  }

  void require(const grpc::Status& result, const Limits& limits,
               std::chrono::milliseconds timeout) const {
    if (result.ok()) return;
    base::throw_if_stopped(limits.stop);
    const bool late = result.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    const bool connected = channel_->GetState(false) == GRPC_CHANNEL_READY;
    const base::Error error =
        late ? explain_timeout(timeout, connected) : explain_failure(*peer_, result, limits);
    throw error.with_context(url());
  }

  const std::shared_ptr<const Peer> peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::Maintenance::Stub> maintenance_;
  const std::unique_ptr<pb::Cluster::Stub> cluster_;
  const std::unique_ptr<pb::KV::Stub> key_value_;
  const std::unique_ptr<pb::Auth::Stub> auth_;
  std::atomic<std::uint64_t> db_size_bytes_ = 0;  // by the last status; 0: not known yet

  std::mutex mutex_;
  std::string token_;  // guarded by mutex_; empty: none yet, or none needed
};

using EtcdEndpoints = std::vector<std::unique_ptr<EtcdEndpoint>>;

EtcdEndpoints connect_all(const ClientOptions& options) {
  check_key_material(options);
  silence_grpc();
  const bool tls_by_default = options.ca.given() || options.cert.given() || options.skip_verify;
  std::vector<EndpointUrl> urls;
  for (const std::string& text : options.endpoints) {
    urls.push_back(parse_endpoint_url(text, tls_by_default));
  }
  ClientOptions complete = options;
  const bool verifies = !options.skip_verify && std::ranges::any_of(urls, &EndpointUrl::tls);
  // Read once for all.
  if (verifies) complete.ca = trusted_roots(options);
  const auto quota = make_quota();
  EtcdEndpoints endpoints;
  for (const EndpointUrl& url : urls) {
    endpoints.push_back(std::make_unique<EtcdEndpoint>(
        std::make_shared<Peer>(Peer{.url = url, .options = complete}),
        make_channel(url, complete, *quota)));
  }
  return endpoints;
}

}  // namespace

RpcGuard::~RpcGuard() { wait_for_grpc(kGrpcPatience); }

etcd::Endpoints make_endpoints(const ClientOptions& options) {
  etcd::Endpoints endpoints;
  for (auto& endpoint : connect_all(options)) endpoints.push_back(std::move(endpoint));
  return endpoints;
}

std::unique_ptr<etcd::KeyValueEndpoint> make_key_value_endpoint(const ClientOptions& options) {
  LIFEBOAT_CHECK(options.endpoints.size() == 1);
  return std::move(connect_all(options).front());
}

}  // namespace lifeboat::rpc
