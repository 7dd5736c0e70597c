#include "rpc/server_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "testing/error_of.h"
#include "testing/scripted_server.h"
#include "testing/test_pki.h"

namespace lifeboat::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kSettingsFrame;
using testing::ScriptedServer;

enum FrameType : char { kData = 0, kHeaders = 1, kReset = 3, kPing = 6, kGoAway = 7 };
constexpr char kEndStream = 0x1;
constexpr char kEndHeaders = 0x4;

// Number, most significant byte first.
std::string big_endian(std::size_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i));
  return text;
}

// A frame of the call's stream, which is 1, or of the connection's, 0 (RFC 9113, section 4.1).
std::string frame(FrameType type, char flags, const std::string& payload, std::size_t stream = 1) {
  return base::cat(big_endian(payload.size(), 3), std::string(1, type), std::string(1, flags),
                   big_endian(stream, 4), payload);
}

// A header field as a literal that is in no table (RFC 7541, section 6.2.2).
std::string field(const std::string& name, const std::string& value) {
  return base::cat(std::string(1, '\0'), big_endian(name.size(), 1), name,
                   big_endian(value.size(), 1), value);
}

// As gRPC frames a message of a body.
std::string framed(const std::string& message, char compressed = 0) {
  return base::cat(std::string(1, compressed), big_endian(message.size(), 4), message);
}

std::string head(const std::string& status = "200") {
  return base::cat(kSettingsFrame, frame(kHeaders, kEndHeaders, field(":status", status)));
}

std::string body(const std::string& bytes) { return frame(kData, 0, bytes); }

std::string trailers(const std::string& status, const std::string& message = "") {
  return frame(kHeaders, kEndHeaders | kEndStream,
               field("grpc-status", status) + field("grpc-message", message));
}

// Sends `answer` in pieces and then waits for the other side to go away.
ScriptedServer::Handler saying(const std::string& answer, std::size_t piece_bytes = 1 << 20) {
  return [answer, piece_bytes](int socket) {
    for (std::size_t at = 0; at < answer.size(); at += piece_bytes) {
      const std::string piece = answer.substr(at, piece_bytes);
      if (::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return;
    }
    testing::stay_silent(socket);
  };
}

Peer peer_of(const std::string& url, const ClientOptions& options = {}) {
  return {.url = parse_endpoint_url(url, false), .options = options};
}

ServerStream ask(const Peer& peer, milliseconds timeout = milliseconds(5000)) {
  return ServerStream(peer, {.method = "/a.Service/Stream", .request = {}, .token = ""},
                      Limits::within(timeout, {}));
}

struct Outcome {
  std::vector<std::string> messages;
  ServerStream::Event last = ServerStream::Event::kMessage;
  grpc::Status status;
};

Outcome read_all(ServerStream& stream, milliseconds timeout = milliseconds(5000)) {
  Outcome outcome;
  while (true) {
    outcome.last = stream.read(Limits::within(timeout, {}));
    outcome.status = stream.status();
    if (outcome.last != ServerStream::Event::kMessage) return outcome;
    outcome.messages.emplace_back(base::as_text(stream.message()));
  }
}

Outcome answer_of(const ScriptedServer::Handler& handler,
                  milliseconds timeout = milliseconds(5000)) {
  const ScriptedServer server(handler);
  ServerStream stream = ask(peer_of("http://" + server.at("127.0.0.1")));
  return read_all(stream, timeout);
}

void expect_end(const Outcome& outcome, grpc::StatusCode code, const std::string& words) {
  EXPECT_EQ(outcome.last, ServerStream::Event::kEnd);
  EXPECT_EQ(outcome.status.error_code(), code);
  EXPECT_THAT(outcome.status.error_message(), HasSubstr(words));
}

TEST(MessageQueue, HandsOutMessagesHoweverTheyAreCut) {
  const std::vector<std::string> messages = {"", "one", std::string(70000, 'a'), "", "b"};
  std::string all;
  for (const std::string& message : messages) all += framed(message);
  for (const std::size_t piece : {1UL, 2UL, 5UL, 6UL, 16384UL, all.size()}) {
    MessageQueue queue;
    std::vector<std::string> taken;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      queue.append(base::as_bytes(std::string_view(all).substr(at, piece)));
      while (const auto message = queue.take()) taken.emplace_back(base::as_text(*message));
    }
    EXPECT_EQ(taken, messages) << piece;
    EXPECT_FALSE(queue.has_rest());
  }
}

TEST(MessageQueue, RefusesWhatNobodyAskedFor) {
  MessageQueue compressed;
  compressed.append(base::as_bytes(framed("a", 1)));
  EXPECT_THAT(testing::error_of([&] { compressed.take(); }).what(), HasSubstr("compressed"));
  MessageQueue large;
  large.append(base::as_bytes(base::cat(std::string(1, '\0'), big_endian((32 << 20) + 1, 4))));
  EXPECT_THAT(testing::error_of([&] { large.take(); }).what(), HasSubstr("32.0 MiB"));
}

TEST(ServerStream, HandsOutMessagesThenTheStatus) {
  const std::string large(50000, 'l');
  const std::string sent = framed("one") + framed("") + framed(large);
  std::string answer = head();
  for (std::size_t at = 0; at < sent.size(); at += 16000) answer += body(sent.substr(at, 16000));
  answer += trailers("0");
  for (const std::size_t piece : {std::size_t{1 << 20}, std::size_t{4096}, std::size_t{1}}) {
    const Outcome outcome = answer_of(saying(answer, piece));
    EXPECT_THAT(outcome.messages, ElementsAre("one", "", large));
    expect_end(outcome, grpc::StatusCode::OK, "");
  }
}

TEST(ServerStream, LetsTheServerSendFarAhead) {
  constexpr std::size_t kHelloBytes = 24 + 21 + 13;  // preface, SETTINGS, WINDOW_UPDATE
  std::string request;
  const Outcome outcome = answer_of([&](int socket) {
    char bytes[4096];
    while (request.size() < kHelloBytes) {
      const ssize_t size = ::recv(socket, bytes, sizeof(bytes), 0);
      if (size <= 0) return;
      request.append(bytes, static_cast<std::size_t>(size));
    }
    saying(head() + trailers("0"))(socket);
  });
  expect_end(outcome, grpc::StatusCode::OK, "");
  EXPECT_THAT(request, ::testing::StartsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  // SETTINGS_INITIAL_WINDOW_SIZE (4), for the stream; WINDOW_UPDATE (8), which adds to the 64 KiB -
  // 1 that a connection has.
  EXPECT_THAT(request, HasSubstr(big_endian(4, 2) + big_endian(16 << 20, 4)));
  EXPECT_THAT(request, HasSubstr(base::cat(big_endian(4, 3), std::string("\x08\0", 2),
                                           big_endian(0, 4), big_endian((16 << 20) - 65535, 4))));
}

TEST(ServerStream, TakesAStatusWithoutABody) {
  const std::string answer =
      base::cat(kSettingsFrame, frame(kHeaders, kEndHeaders | kEndStream,
                                      field(":status", "200") + field("grpc-status", "16") +
                                          field("grpc-message", "etcdserver: invalid auth token")));
  expect_end(answer_of(saying(answer)), grpc::StatusCode::UNAUTHENTICATED,
             "etcdserver: invalid auth token");
}

TEST(ServerStream, DecodesTheStatusMessage) {
  const auto outcome = answer_of(saying(head() + trailers("14", "50%25 of%C3%A4 %zz %4")));
  EXPECT_EQ(outcome.status.error_message(), "50% of\xC3\xA4 %zz %4");
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(ServerStream, NamesAStatusThatIsNone) {
  for (const std::string status : {"99", "-1", "-0", "x"}) {
    expect_end(answer_of(saying(head() + trailers(status))), grpc::StatusCode::UNKNOWN,
               "gRPC status " + status);
  }
  expect_end(answer_of(saying(head() + trailers(""))), grpc::StatusCode::INTERNAL, "broken off");
}

TEST(ServerStream, NoticesAnEndThatIsNone) {
  const std::string one = head() + body(framed("one"));
  expect_end(answer_of(saying(one + frame(kData, kEndStream, ""))), grpc::StatusCode::INTERNAL,
             "broken off (NO_ERROR)");
  expect_end(answer_of(saying(one + frame(kReset, 0, big_endian(8, 4)))),
             grpc::StatusCode::CANCELLED, "broken off (CANCEL)");
  expect_end(answer_of(saying(one + frame(kReset, 0, big_endian(7, 4)))),
             grpc::StatusCode::UNAVAILABLE, "REFUSED_STREAM");
  expect_end(answer_of(saying(one + body(framed("two").substr(0, 7)) + trailers("0"))),
             grpc::StatusCode::INTERNAL, "in a message");
  const Outcome closed = answer_of([&](int socket) {
    EXPECT_GT(::send(socket, one.data(), one.size(), MSG_NOSIGNAL), 0);
    ::shutdown(socket, SHUT_WR);
    testing::stay_silent(socket);
  });
  EXPECT_THAT(closed.messages, ElementsAre("one"));
  expect_end(closed, grpc::StatusCode::UNAVAILABLE, "closed or reset");
}

TEST(ServerStream, TakesNoStatusThatComesAheadOfTheEnd) {
  const std::string early =
      base::cat(kSettingsFrame,
                frame(kHeaders, kEndHeaders, field(":status", "200") + field("grpc-status", "0")));
  for (const std::string& last :
       {frame(kReset, 0, big_endian(8, 4)), frame(kReset, 0, big_endian(0, 4)),
        frame(kData, kEndStream, "")}) {
    const Outcome outcome = answer_of(saying(early + body(framed("one")) + last));
    EXPECT_EQ(outcome.last, ServerStream::Event::kEnd);
    EXPECT_FALSE(outcome.status.ok());
  }
}

TEST(ServerStream, FinishesOnAConnectionThatTakesNoMoreCalls) {
  const std::string go_away = frame(kGoAway, 0, big_endian(1, 4) + big_endian(0, 4), 0);
  const Outcome outcome = answer_of(saying(head() + go_away + body(framed("one")) + trailers("0")));
  EXPECT_THAT(outcome.messages, ElementsAre("one"));
  expect_end(outcome, grpc::StatusCode::OK, "");
}

TEST(ServerStream, NoticesAServerThatIsNoEtcd) {
  // Cut, so that the page is there before its end is.
  const std::string page = body("Service Unavailable") + frame(kData, kEndStream, "");
  for (const std::size_t piece : {std::size_t{1 << 20}, std::size_t{9}}) {
    expect_end(answer_of(saying(head("503") + page, piece)), grpc::StatusCode::UNAVAILABLE,
               "http2 header with status: 503");
    expect_end(answer_of(saying(head("404") + page, piece)), grpc::StatusCode::UNKNOWN,
               "http2 header with status: 404");
  }
  const auto begun = steady_clock::now();
  for (const char* answer :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"}) {
    EXPECT_FALSE(answer_of(saying(answer)).status.ok());
  }
  EXPECT_LT(steady_clock::now() - begun, milliseconds(2000));
  // Also with an end that says that all is well.
  for (const std::string& last : {std::string(), trailers("0")}) {
    expect_end(answer_of(saying(head() + body(framed("a", 1)) + last)), grpc::StatusCode::INTERNAL,
               "compressed");
  }
}

TEST(ServerStream, EndsAtTheDeadlineWhateverElseComes) {
  const auto begun = steady_clock::now();
  EXPECT_EQ(answer_of(saying(head()), milliseconds(200)).last, ServerStream::Event::kTimeout);
  const Outcome pinged = answer_of(
      [](int socket) {
        const std::string first = head();
        const std::string ping = frame(kPing, 0, std::string(8, 'p'), 0);
        ::send(socket, first.data(), first.size(), MSG_NOSIGNAL);
        while (::send(socket, ping.data(), ping.size(), MSG_NOSIGNAL) > 0) {
          char answer[64];
          if (::recv(socket, answer, sizeof(answer), 0) <= 0) return;
        }
      },
      milliseconds(200));
  EXPECT_EQ(pinged.last, ServerStream::Event::kTimeout);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(3000));
}

TEST(ServerStream, StopsSoonAfterItIsAskedTo) {
  const ScriptedServer server(saying(head()));
  ServerStream stream = ask(peer_of("http://" + server.at("127.0.0.1")));
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  const base::Error error = testing::error_of(
      [&] { stream.read(Limits::within(milliseconds(20000), stop.get_token())); });
  EXPECT_EQ(error.code(), base::Code::kCancelled);
}

class ServerStreamTls : public ::testing::Test {
 protected:
  // What comes of asking a server whose certificate is `pair`'s.
  Outcome answer_over_tls(const testing::KeyPair& pair, const ClientOptions& options,
                          const std::string& host = "localhost") const {
    const ScriptedServer server(
        testing::tls({.pair = pair, .answer = head() + body(framed("one")) + trailers("0")}));
    ServerStream stream = ask(peer_of("https://" + server.at(host), options));
    return read_all(stream);
  }

  ClientOptions trusting(const testing::TestCa& ca) const {
    ClientOptions options;
    options.ca = {"ca.crt", ca.certificate_pem()};
    return options;
  }

  const testing::TestCa ca_{"etcd-ca"};
  const testing::TestCa other_ca_{"other-ca"};
};

TEST_F(ServerStreamTls, TalksToAServerItTrusts) {
  for (const char* host : {"localhost", "127.0.0.1"}) {
    EXPECT_THAT(answer_over_tls(ca_.issue({}), trusting(ca_), host).messages, ElementsAre("one"));
  }
}

// gRPC has verified the server before, on another connection: this one must not rely on it.
TEST_F(ServerStreamTls, TalksToNobodyElse) {
  const auto refusal = [&](const testing::KeyPair& pair, const ClientOptions& options) {
    return std::string(testing::error_of([&] { answer_over_tls(pair, options); }).what());
  };
  const auto not_trusted = HasSubstr("not to be trusted");
  EXPECT_THAT(refusal(ca_.issue({}), trusting(other_ca_)), not_trusted);
  EXPECT_THAT(refusal(ca_.issue({.alternative_names = "DNS:other.example"}), trusting(ca_)),
              not_trusted);
  EXPECT_THAT(
      refusal(ca_.issue({.begins = std::chrono::hours(-48), .ends = std::chrono::hours(-24)}),
              trusting(ca_)),
      not_trusted);
  EXPECT_THAT(refusal(ca_.issue({.extended_key_usage = "clientAuth"}), trusting(ca_)), not_trusted);
  ClientOptions unverified = trusting(other_ca_);
  unverified.skip_verify = true;
  EXPECT_THAT(answer_over_tls(ca_.issue({}), unverified).messages, ElementsAre("one"));
}

TEST_F(ServerStreamTls, NoticesAServerThatSpeaksNoTls) {
  const ScriptedServer server(testing::answering("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const base::Error error =
      testing::error_of([&] { ask(peer_of("https://" + server.at("localhost"), trusting(ca_))); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
}

}  // namespace
}  // namespace lifeboat::rpc
