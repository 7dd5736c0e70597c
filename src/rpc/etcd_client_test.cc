#include "rpc/etcd_client.h"

#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "etcd_rpc.grpc.pb.h"
#include "testing/test_pki.h"

namespace lifeboat::rpc {
namespace {

namespace pb = etcdserverpb;
using grpc::StatusCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using SnapshotWriter = grpc::ServerWriter<pb::SnapshotResponse>;

constexpr std::string_view kPassword = "geheim";

void wait_until_cancelled(const grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::sleep_for(milliseconds(5));
}

// Does what etcd does, except where a test says otherwise.
struct Behaviour {
  std::function<grpc::Status(grpc::ServerContext&, pb::StatusResponse&)> status =
      [](grpc::ServerContext&, pb::StatusResponse&) { return grpc::Status::OK; };
  std::function<grpc::Status(grpc::ServerContext&, SnapshotWriter&)> snapshot =
      [](grpc::ServerContext&, SnapshotWriter&) { return grpc::Status::OK; };
  milliseconds hash_takes{0};
  bool wants_token = false;
  bool knows_users = true;
};

class MaintenanceService final : public pb::Maintenance::Service {
 public:
  MaintenanceService(const Behaviour& behaviour, const std::atomic<int>& token)
      : behaviour_(behaviour), token_(token) {}

  grpc::Status Status(grpc::ServerContext* context, const pb::StatusRequest* /*request*/,
                      pb::StatusResponse* response) override {
    grpc::Status verdict = check_token(*context);
    return verdict.ok() ? behaviour_.status(*context, *response) : verdict;
  }

  grpc::Status Alarm(grpc::ServerContext* /*context*/, const pb::AlarmRequest* /*request*/,
                     pb::AlarmResponse* response) override {
    for (const auto& [id, type] : {std::pair{7, pb::NOSPACE}, {8, pb::CORRUPT}}) {
      pb::AlarmMember* alarm = response->add_alarms();
      alarm->set_memberid(static_cast<std::uint64_t>(id));
      alarm->set_alarm(type);
    }
    response->add_alarms()->set_alarm(static_cast<pb::AlarmType>(17));
    return grpc::Status::OK;
  }

  grpc::Status HashKV(grpc::ServerContext* /*context*/, const pb::HashKVRequest* request,
                      pb::HashKVResponse* response) override {
    if (request->revision() > 200) {
      return grpc::Status(StatusCode::OUT_OF_RANGE,
                          "etcdserver: mvcc: required revision is a future revision");
    }
    std::this_thread::sleep_for(behaviour_.hash_takes);
    response->mutable_header()->set_revision(200);
    response->set_hash(4000000000U);
    response->set_compact_revision(-1);
    return grpc::Status::OK;
  }

  grpc::Status Snapshot(grpc::ServerContext* context, const pb::SnapshotRequest* /*request*/,
                        SnapshotWriter* writer) override {
    grpc::Status verdict = check_token(*context);
    return verdict.ok() ? behaviour_.snapshot(*context, *writer) : verdict;
  }

 private:
  grpc::Status check_token(const grpc::ServerContext& context) const {
    const auto found = context.client_metadata().find("token");
    const bool given = found != context.client_metadata().end();
    if (!behaviour_.wants_token) {
      EXPECT_FALSE(given);
      return grpc::Status::OK;
    }
    if (!given) {
      return grpc::Status(StatusCode::INVALID_ARGUMENT, "etcdserver: user name is empty");
    }
    const std::string expected = base::cat("token.", token_.load());
    if (std::string_view(found->second.data(), found->second.size()) == expected) {
      return grpc::Status::OK;
    }
    return grpc::Status(StatusCode::UNAUTHENTICATED, "etcdserver: invalid auth token");
  }

  const Behaviour& behaviour_;
  const std::atomic<int>& token_;
};

class ClusterService final : public pb::Cluster::Service {
 public:
  grpc::Status MemberList(grpc::ServerContext* /*context*/,
                          const pb::MemberListRequest* /*request*/,
                          pb::MemberListResponse* response) override {
    pb::Member* member = response->add_members();
    member->set_id(7);
    member->set_name("cp-0");
    member->add_peerurls("https://10.0.0.5:2380");
    member->add_clienturls("https://10.0.0.5:2379");
    member->add_clienturls("https://localhost:2379");
    member = response->add_members();
    member->set_id(8);
    member->set_islearner(true);
    return grpc::Status::OK;
  }
};

// Holds one key, "a" with NUL in it, from revision 5 on; a put replaces it.
class KeyValueService final : public pb::KV::Service {
 public:
  grpc::Status Range(grpc::ServerContext* /*context*/, const pb::RangeRequest* request,
                     pb::RangeResponse* response) override {
    if (request->revision() > 200) {
      return grpc::Status(StatusCode::OUT_OF_RANGE,
                          "etcdserver: mvcc: required revision is a future revision");
    }
    const std::string first(1, '\0');
    if (request->count_only()) {
      const bool all = request->key() == first && request->range_end() == first;
      response->set_count(all ? 1000 + request->revision() : 0);
    } else if (request->key() == key_.key() &&
               (request->revision() == 0 || request->revision() >= 5)) {
      *response->add_kvs() = key_;
    }
    return grpc::Status::OK;
  }

  grpc::Status Put(grpc::ServerContext* /*context*/, const pb::PutRequest* request,
                   pb::PutResponse* /*response*/) override {
    key_.set_key(request->key());
    key_.set_value(request->value());
    return grpc::Status::OK;
  }

 private:
  pb::KeyValue key_ = [] {
    pb::KeyValue key;
    key.set_key(std::string("a\0", 2));
    key.set_value(std::string("v\0\xFF", 3));
    key.set_create_revision(5);
    key.set_mod_revision(7);
    key.set_version(2);
    key.set_lease(0x7FFFFFFFFFFFFFFF);
    return key;
  }();
};

class AuthService final : public pb::Auth::Service {
 public:
  AuthService(const Behaviour& behaviour, const std::atomic<int>& token)
      : behaviour_(behaviour), token_(token) {}

  grpc::Status Authenticate(grpc::ServerContext* /*context*/,
                            const pb::AuthenticateRequest* request,
                            pb::AuthenticateResponse* response) override {
    ++calls;
    if (!behaviour_.knows_users) {
      return grpc::Status(StatusCode::FAILED_PRECONDITION,
                          "etcdserver: authentication is not enabled");
    }
    if (request->name() != "root" || request->password() != kPassword) {
      return grpc::Status(StatusCode::INVALID_ARGUMENT,
                          "etcdserver: authentication failed, invalid user ID or password");
    }
    response->set_token(base::cat("token.", token_.load()));
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;

 private:
  const Behaviour& behaviour_;
  const std::atomic<int>& token_;
};

class EtcdClient : public ::testing::Test {
 protected:
  ~EtcdClient() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  // Starts the server; `behaviour_` does not change while it answers.
  void serve(const std::shared_ptr<grpc::ServerCredentials>& credentials =
                 grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.SetMaxSendMessageSize(-1);
    builder.RegisterService(&maintenance_);
    builder.RegisterService(&cluster_);
    builder.RegisterService(&key_value_);
    builder.RegisterService(&auth_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  std::unique_ptr<etcd::Endpoint> endpoint(ClientOptions options = {},
                                           std::string_view scheme = "http://") const {
    options.endpoints = {base::cat(scheme, "127.0.0.1:", port_)};
    return std::move(make_endpoints(options).front());
  }

  static ClientOptions as_root() {
    ClientOptions options;
    options.user = "root";
    options.password = kPassword;
    return options;
  }

  // What `action` throws.
  template <typename Action>
  static base::Error failure_of(const Action& action) {
    try {
      action();
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr(kPassword)));
      EXPECT_THAT(error.hint(), Not(HasSubstr(kPassword)));
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return base::Error(base::Code::kInvalid, "nothing was thrown");
  }

  int port_ = 0;
  Behaviour behaviour_;
  std::atomic<int> token_ = 1;  // the one that is valid
  MaintenanceService maintenance_{behaviour_, token_};
  ClusterService cluster_;
  KeyValueService key_value_;
  AuthService auth_{behaviour_, token_};
  std::unique_ptr<grpc::Server> server_;
};

std::string read_all(etcd::SnapshotStream& stream) {
  std::string all;
  while (const auto piece = stream.next()) {
    EXPECT_THAT(*piece, Not(IsEmpty()));
    all.append(base::as_text(*piece));
  }
  EXPECT_EQ(stream.next(), std::nullopt);
  return all;
}

void send_piece(SnapshotWriter& writer, const std::string& blob, std::uint64_t remaining) {
  pb::SnapshotResponse response;
  response.set_blob(blob);
  response.set_remaining_bytes(remaining);
  writer.Write(response);
}

TEST_F(EtcdClient, UnderstandsStatus) {
  behaviour_.status = [](grpc::ServerContext&, pb::StatusResponse& response) {
    response.mutable_header()->set_cluster_id(0xF000000000000001);
    response.mutable_header()->set_member_id(0xF000000000000002);
    response.mutable_header()->set_revision(200001);
    response.set_version("3.5.30");
    response.set_dbsize(1 << 30);
    response.set_dbsizeinuse(1 << 29);
    response.set_leader(3);
    response.set_raftindex(11);
    response.set_raftterm(12);
    response.set_raftappliedindex(10);
    response.set_islearner(true);
    return grpc::Status::OK;
  };
  serve();
  const auto member = endpoint();
  EXPECT_EQ(member->url(), base::cat("http://127.0.0.1:", port_));
  const etcd::MemberStatus status = member->status({});
  EXPECT_EQ(status.version, "3.5.30");
  EXPECT_EQ(status.cluster_id, 0xF000000000000001);
  EXPECT_EQ(status.member_id, 0xF000000000000002);
  EXPECT_EQ(status.leader_id, 3U);
  EXPECT_EQ(status.revision, 200001);
  EXPECT_EQ(status.raft_term, 12U);
  EXPECT_EQ(status.raft_index, 11U);
  EXPECT_EQ(status.raft_applied_index, 10U);
  EXPECT_EQ(status.db_size_bytes, 1U << 30);
  EXPECT_EQ(status.db_size_in_use_bytes, 1U << 29);
  EXPECT_TRUE(status.learner);
}

TEST_F(EtcdClient, UnderstandsMembersAlarmsAndHashes) {
  serve();
  const auto member = endpoint();
  const auto members = member->members({});
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].id, 7U);
  EXPECT_EQ(members[0].name, "cp-0");
  EXPECT_THAT(members[0].peer_urls, ElementsAre("https://10.0.0.5:2380"));
  EXPECT_THAT(members[0].client_urls,
              ElementsAre("https://10.0.0.5:2379", "https://localhost:2379"));
  EXPECT_FALSE(members[0].learner);
  EXPECT_TRUE(members[1].learner);
  const auto alarms = member->alarms({});
  ASSERT_EQ(alarms.size(), 3U);
  EXPECT_EQ(alarms[0].member_id, 7U);
  EXPECT_EQ(alarms[0].kind, etcd::Alarm::Kind::kNoSpace);
  EXPECT_EQ(alarms[1].kind, etcd::Alarm::Kind::kCorrupt);
  EXPECT_EQ(alarms[2].kind, etcd::Alarm::Kind::kOther);
  for (const std::int64_t revision : {0, 200, 150}) {
    const etcd::HashKv hash = member->hash_kv(revision, {});
    EXPECT_EQ(hash.revision, revision == 0 ? 200 : revision);
    EXPECT_EQ(hash.compact_revision, -1);
    EXPECT_EQ(hash.hash, 4000000000U);
  }
  const base::Error error = failure_of([&] { member->hash_kv(201, {}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("required revision is a future revision"));
}

TEST_F(EtcdClient, ReadsAndWritesKeys) {
  serve();
  ClientOptions options;
  options.endpoints = {base::cat("127.0.0.1:", port_)};
  const auto member = make_key_value_endpoint(options);
  EXPECT_EQ(member->count_keys(0, {}), 1000U);
  EXPECT_EQ(member->count_keys(42, {}), 1042U);
  const base::Bytes key = base::as_bytes(std::string_view("a\0", 2));
  const etcd::StoredKey expected{.value = std::string("v\0\xFF", 3),
                                 .create_revision = 5,
                                 .mod_revision = 7,
                                 .version = 2,
                                 .lease = 0x7FFFFFFFFFFFFFFF};
  EXPECT_EQ(member->get(key, 0, {}), expected);
  EXPECT_EQ(member->get(key, 5, {}), expected);
  EXPECT_EQ(member->get(key, 4, {}), std::nullopt);
  EXPECT_EQ(member->get(base::as_bytes("a"), 0, {}), std::nullopt);
  member->put(base::as_bytes("b"), base::as_bytes("new"), {});
  EXPECT_EQ(member->get(base::as_bytes("b"), 0, {})->value, "new");
  const base::Error error = failure_of([&] { member->get(key, 201, {}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
}

TEST_F(EtcdClient, StreamsASnapshotPieceByPiece) {
  const std::string small(32768, 'a');
  // gRPC by default allows no more than 4 MiB; etcd has sent empty pieces, too.
  const std::string large(31 << 20, 'b');
  behaviour_.snapshot = [&](grpc::ServerContext&, SnapshotWriter& writer) {
    send_piece(writer, small, large.size());
    send_piece(writer, "", large.size());
    for (int i = 0; i < 3; ++i) send_piece(writer, large, 0);
    send_piece(writer, std::string(32, 'h'), 0);
    return grpc::Status::OK;
  };
  serve();
  const auto stream = endpoint()->snapshot({});
  EXPECT_EQ(read_all(*stream), small + large + large + large + std::string(32, 'h'));
}

TEST_F(EtcdClient, StreamsAnEmptySnapshot) {
  serve();
  EXPECT_EQ(read_all(*endpoint()->snapshot({})), "");
}

TEST_F(EtcdClient, GivesUpAStreamHalfway) {
  behaviour_.snapshot = [](grpc::ServerContext& context, SnapshotWriter& writer) {
    while (!context.IsCancelled()) send_piece(writer, std::string(32768, 'a'), 1);
    return grpc::Status::CANCELLED;
  };
  serve();
  const auto stream = endpoint()->snapshot({});
  EXPECT_TRUE(stream->next());
}

TEST_F(EtcdClient, SaysWhereAStreamBroke) {
  behaviour_.snapshot = [](grpc::ServerContext&, SnapshotWriter& writer) {
    send_piece(writer, std::string(1 << 20, 'a'), 1);
    return grpc::Status(StatusCode::UNAVAILABLE, "etcdserver: server stopped");
  };
  serve();
  const auto stream = endpoint()->snapshot({});
  const base::Error error = failure_of([&] { read_all(*stream); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(),
              AllOf(StartsWith(base::cat("http://127.0.0.1:", port_, ": ")),
                    HasSubstr("broke off after 1.0 MiB"), HasSubstr("server stopped")));
  EXPECT_THAT(error.hint(), Not(IsEmpty()));
}

TEST_F(EtcdClient, NoticesAStreamThatEndsTooEarly) {
  behaviour_.snapshot = [](grpc::ServerContext&, SnapshotWriter& writer) {
    send_piece(writer, std::string(512, 'a'), 1024);
    return grpc::Status::OK;
  };
  serve();
  const auto stream = endpoint()->snapshot({});
  const base::Error error = failure_of([&] { read_all(*stream); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("ended it with 1.0 KiB to come"));
}

TEST_F(EtcdClient, NoticesAServerThatGoesAwayInMidStream) {
  std::atomic<bool> sent = false;
  behaviour_.snapshot = [&](grpc::ServerContext& context, SnapshotWriter& writer) {
    send_piece(writer, std::string(512, 'a'), 1024);
    sent = true;
    wait_until_cancelled(context);
    return grpc::Status::CANCELLED;
  };
  serve();
  const auto stream = endpoint()->snapshot({});
  EXPECT_TRUE(stream->next());
  server_->Shutdown(std::chrono::system_clock::now());
  const base::Error error = failure_of([&] { stream->next(); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("broke off after 512 B: connection refused"));
}

TEST_F(EtcdClient, EndsAStreamThatStalls) {
  behaviour_.snapshot = [](grpc::ServerContext& context, SnapshotWriter& writer) {
    send_piece(writer, std::string(512, 'a'), 1024);
    wait_until_cancelled(context);
    return grpc::Status::CANCELLED;
  };
  serve();
  ClientOptions options;
  options.stall_timeout = milliseconds(300);
  const auto stream = endpoint(options)->snapshot({});
  EXPECT_TRUE(stream->next());
  const auto begun = steady_clock::now();
  const base::Error error = failure_of([&] { stream->next(); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("nothing came for 300 ms"));
  EXPECT_GE(steady_clock::now() - begun, milliseconds(290));
  EXPECT_LT(steady_clock::now() - begun, milliseconds(2000));
}

TEST_F(EtcdClient, EndsASnapshotThatDoesNotBegin) {
  behaviour_.snapshot = [](grpc::ServerContext& context, SnapshotWriter&) {
    wait_until_cancelled(context);
    return grpc::Status::CANCELLED;
  };
  serve();
  ClientOptions options;
  options.first_byte_timeout = milliseconds(300);
  const auto member = endpoint(options);
  const auto begun = steady_clock::now();
  const base::Error error = failure_of([&] { member->snapshot({}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("did not answer within 300 ms"));
  EXPECT_LT(steady_clock::now() - begun, milliseconds(2000));
}

TEST_F(EtcdClient, LeavesALargeMemberTheTimeToHash) {
  std::int64_t size = 0;
  behaviour_.status = [&](grpc::ServerContext&, pb::StatusResponse& response) {
    response.set_dbsize(size);
    return grpc::Status::OK;
  };
  behaviour_.hash_takes = milliseconds(500);
  serve();
  ClientOptions options;
  options.first_byte_timeout = milliseconds(100);
  const auto member = endpoint(options);
  member->status({});
  const base::Error error = failure_of([&] { member->hash_kv(200, {}); });
  EXPECT_THAT(error.what(), HasSubstr("did not answer within 100 ms"));
  size = 320 << 20;
  member->status({});
  EXPECT_EQ(member->hash_kv(200, {}).hash, 4000000000U);
}

TEST_F(EtcdClient, EndsACallThatIsNotAnswered) {
  behaviour_.status = [](grpc::ServerContext& context, pb::StatusResponse&) {
    wait_until_cancelled(context);
    return grpc::Status::CANCELLED;
  };
  serve();
  ClientOptions options;
  options.connect_timeout = milliseconds(1000);
  const base::Error error = failure_of([&] { endpoint(options)->status({}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("did not answer within 1 s"));
  EXPECT_THAT(error.hint(), HasSubstr("connection stands"));
}

// Requests the stop a moment from now, and checks that `action` ends soon after with kCancelled.
template <typename Action>
void expect_to_stop(const Action& action) {
  std::stop_source stop;
  steady_clock::time_point requested;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    requested = steady_clock::now();
    stop.request_stop();
  });
  try {
    action(stop.get_token());
    ADD_FAILURE() << "was not stopped";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCancelled);
  }
  stopper.join();
  EXPECT_LT(steady_clock::now() - requested, milliseconds(500));
}

TEST_F(EtcdClient, StopsAtOnceWhenAskedTo) {
  behaviour_.status = [calls = std::make_shared<std::atomic<int>>(0)](grpc::ServerContext& context,
                                                                      pb::StatusResponse&) {
    // The first one lets snapshot() connect.
    if ((*calls)++ > 0) wait_until_cancelled(context);
    return grpc::Status::OK;
  };
  behaviour_.snapshot = [](grpc::ServerContext& context, SnapshotWriter& writer) {
    send_piece(writer, std::string(512, 'a'), 1024);
    wait_until_cancelled(context);
    return grpc::Status::CANCELLED;
  };
  serve();
  const auto member = endpoint();
  expect_to_stop([&](const std::stop_token& stop) { read_all(*member->snapshot(stop)); });
  expect_to_stop([&](const std::stop_token& stop) { member->status(stop); });
  std::stop_source stopped;
  stopped.request_stop();
  const base::Error error = failure_of([&] { member->snapshot(stopped.get_token()); });
  EXPECT_EQ(error.code(), base::Code::kCancelled);
}

TEST_F(EtcdClient, AuthenticatesOnceForAllCalls) {
  behaviour_.wants_token = true;
  serve();
  const auto member = endpoint(as_root());
  for (int i = 0; i < 3; ++i) member->status({});
  EXPECT_EQ(read_all(*member->snapshot({})), "");
  EXPECT_EQ(auth_.calls, 1);
}

TEST_F(EtcdClient, AuthenticatesAgainWhenTheTokenHasExpired) {
  behaviour_.wants_token = true;
  serve();
  const auto member = endpoint(as_root());
  member->status({});
  token_ = 2;
  member->status({});
  EXPECT_EQ(auth_.calls, 2);
  token_ = 3;
  EXPECT_EQ(read_all(*member->snapshot({})), "");
  EXPECT_EQ(auth_.calls, 3);
}

TEST_F(EtcdClient, DoesWithoutATokenWhereEtcdKnowsNoUsers) {
  behaviour_.knows_users = false;
  serve();
  const auto member = endpoint(as_root());
  EXPECT_NO_THROW(member->status({}));
  EXPECT_EQ(read_all(*member->snapshot({})), "");
}

TEST_F(EtcdClient, NamesWrongAndMissingPasswords) {
  behaviour_.wants_token = true;
  serve();
  ClientOptions options = as_root();
  options.password = base::cat(kPassword, "x");
  base::Error error = failure_of([&] { endpoint(options)->status({}); });
  EXPECT_EQ(error.code(), base::Code::kDenied);
  EXPECT_THAT(error.what(), HasSubstr("invalid user ID or password"));
  EXPECT_THAT(error.hint(), HasSubstr("--user"));
  error = failure_of([&] { endpoint()->snapshot({}); });
  EXPECT_EQ(error.code(), base::Code::kDenied);
  EXPECT_THAT(error.what(), HasSubstr("user name is empty"));
  EXPECT_THAT(error.hint(), HasSubstr("--user"));
}

TEST_F(EtcdClient, PutsWhatEtcdRefusesIntoCodesAndAdvice) {
  struct Row {
    StatusCode status;
    const char* words;
    base::Code code;
    const char* hint;
  };
  const Row rows[] = {
      {StatusCode::PERMISSION_DENIED, "etcdserver: permission denied", base::Code::kDenied, "root"},
      {StatusCode::UNAUTHENTICATED, "no words", base::Code::kDenied, "--user"},
      {StatusCode::UNKNOWN, "auth: permission denied", base::Code::kDenied, "root"},
      {StatusCode::UNAVAILABLE, "etcdserver: no leader", base::Code::kUnavailable, "quorum"},
      {StatusCode::UNAVAILABLE, "etcdserver: request timed out", base::Code::kUnavailable,
       "quorum"},
      {StatusCode::UNAVAILABLE, "etcdserver: rpc not supported for learner",
       base::Code::kUnavailable, "learner"},
      {StatusCode::RESOURCE_EXHAUSTED, "etcdserver: too many requests", base::Code::kUnavailable,
       "overloaded"},
      {StatusCode::UNIMPLEMENTED, "unknown service", base::Code::kUnavailable, "client URL"},
      {StatusCode::INTERNAL, "some\nthing", base::Code::kUnavailable, "log of etcd"},
      {StatusCode::UNAVAILABLE, "a proxy is tired", base::Code::kUnavailable, "try again"},
  };
  std::atomic<const Row*> current = nullptr;
  behaviour_.status = [&](grpc::ServerContext&, pb::StatusResponse&) {
    const Row* row = current;
    return grpc::Status(row->status, row->words);
  };
  serve();
  const auto member = endpoint();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.words);
    current = &row;
    const base::Error error = failure_of([&] { member->status({}); });
    EXPECT_EQ(error.code(), row.code);
    EXPECT_THAT(error.what(), StartsWith(base::cat("http://127.0.0.1:", port_, ": ")));
    EXPECT_THAT(error.what(), HasSubstr(base::printable(row.words)));
    EXPECT_THAT(error.hint(), HasSubstr(row.hint));
  }
}

TEST_F(EtcdClient, NamesARefusedConnectionAndLetsNothingElseOut) {
  serve();
  server_->Shutdown(std::chrono::system_clock::now());
  ::testing::internal::CaptureStderr();
  const auto member = endpoint();
  const base::Error error = failure_of([&] { member->status({}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_EQ(error.what(), base::cat("http://127.0.0.1:", port_, ": connection refused"));
  EXPECT_THAT(error.hint(), HasSubstr("check that etcd runs there"));
  EXPECT_THAT(failure_of([&] { member->snapshot({}); }).what(), HasSubstr("connection refused"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(EtcdClient, FindsAServerThatComesBack) {
  serve();
  const auto member = endpoint();
  member->status({});
  server_->Shutdown(std::chrono::system_clock::now());
  EXPECT_THROW(member->status({}), base::Error);
  const std::string address = base::cat("127.0.0.1:", port_);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&maintenance_);
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_NO_THROW(member->status({}));
}

class EtcdClientTls : public EtcdClient {
 protected:
  void serve_tls() {
    const testing::KeyPair pair = ca_.issue({});
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = ca_.certificate_pem();
    options.pem_key_cert_pairs = {{pair.key_pem, pair.certificate_pem}};
    serve(grpc::SslServerCredentials(options));
  }

  ClientOptions trusting(const testing::TestCa& ca) const {
    const testing::KeyPair pair = ca_.issue({});
    ClientOptions options;
    options.ca = {"ca.crt", ca.certificate_pem()};
    options.cert = {"client.crt", pair.certificate_pem};
    options.key = {"client.key", pair.key_pem};
    return options;
  }

  const testing::TestCa ca_{"etcd-ca"};
  const testing::TestCa other_ca_{"other-ca"};
};

TEST_F(EtcdClientTls, VerifiesTheServerAndShowsItsCertificate) {
  serve_tls();
  EXPECT_NO_THROW(endpoint(trusting(ca_), "https://")->status({}));
  // TLS files mean TLS where the endpoint does not say.
  EXPECT_EQ(endpoint(trusting(ca_), "")->url(), base::cat("https://127.0.0.1:", port_));
  EXPECT_NO_THROW(endpoint(trusting(ca_), "")->status({}));
}

TEST_F(EtcdClientTls, RefusesAServerOfAnotherCaUnlessToldNotToLook) {
  serve_tls();
  ClientOptions options = trusting(other_ca_);
  const base::Error error = failure_of([&] { endpoint(options, "https://")->status({}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("CN=etcd-ca, is not signed by a CA in ca.crt"));
  options.skip_verify = true;
  EXPECT_NO_THROW(endpoint(options, "https://")->status({}));
}

TEST_F(EtcdClientTls, NamesAMissingClientCertificate) {
  serve_tls();
  ClientOptions options = trusting(ca_);
  options.cert = {};
  options.key = {};
  for (const bool skip_verify : {false, true}) {
    options.skip_verify = skip_verify;
    const base::Error error = failure_of([&] { endpoint(options, "https://")->status({}); });
    EXPECT_EQ(error.code(), base::Code::kUnavailable);
    EXPECT_THAT(error.what(), HasSubstr("demands a client certificate"));
    EXPECT_THAT(error.hint(), HasSubstr("--cert"));
  }
}

TEST_F(EtcdClientTls, NamesTheWrongScheme) {
  serve_tls();
  EXPECT_THAT(failure_of([&] { endpoint({}, "http://")->status({}); }).what(),
              HasSubstr("speaks TLS, not plain http"));
}

TEST_F(EtcdClientTls, RefusesKeyMaterialBeforeItConnects) {
  ClientOptions options = trusting(ca_);
  options.key.content = ca_.issue({}).key_pem;
  EXPECT_EQ(failure_of([&] { endpoint(options, "https://"); }).code(), base::Code::kInvalid);
  options = trusting(ca_);
  EXPECT_EQ(failure_of([&] { endpoint(options, "http://"); }).code(), base::Code::kInvalid);
}

}  // namespace
}  // namespace lifeboat::rpc
