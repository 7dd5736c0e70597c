#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "http/test_server.h"
#include "testing/error_of.h"

namespace lifeboat::http {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ClientOptions options_for(const TestServer& server) {
  return {.url = server.url(),
          .connect_timeout = milliseconds(2000),
          .response_timeout = milliseconds(2000)};
}

Response get(const ClientOptions& options) { return make_client(options)->send({}, {}); }

// Says `answer` to the first request and closes.
TestServer::Handler says(const std::string& answer) {
  return [answer](Peer& peer) {
    peer.read_request();
    peer.say(answer);
  };
}

base::Error error_for(const std::string& answer) {
  const TestServer server(says(answer));
  return testing::error_of([&] { get(options_for(server)); });
}

// ---- Good answers -------------------------------------------------------------------------------

TEST(HttpClient, SendsTheRequestAndReturnsTheAnswer) {
  std::string request;
  const TestServer server([&](Peer& peer) {
    request = peer.read_request();
    peer.say(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nX-A: 1\r\nx-a: 2\r\n"
        "Content-Length: 5\r\n\r\nhello");
    peer.wait_for_end();
  });
  {
    ClientOptions options = options_for(server);
    options.url.path = "/k8s";
    const auto client = make_client(options);
    const Response response = client->send(
        {.target = "/apis/x?limit=1", .headers = {{"Accept", "application/json"}}}, {});
    EXPECT_EQ(response.status, 403u);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.header("content-TYPE"), "text/plain");
    EXPECT_EQ(response.header("X-A"), "1");
    EXPECT_EQ(response.header("X-B"), std::nullopt);
    EXPECT_EQ(response.headers.size(), 4u);
  }
  EXPECT_EQ(request,
            base::cat("GET /k8s/apis/x?limit=1 HTTP/1.1\r\nHost: 127.0.0.1:", server.url().port,
                      "\r\nUser-Agent: lifeboat\r\nAccept: application/json\r\n\r\n"));
}

TEST(HttpClient, SendsABodyWithItsLength) {
  std::string request;
  const TestServer server([&](Peer& peer) {
    request = peer.read_until("abc", peer.read_request());
    peer.answer("");
    peer.wait_for_end();
  });
  make_client(options_for(server))->send({.method = "PUT", .body = "abc"}, {});
  EXPECT_THAT(request, AllOf(StartsWith("PUT / HTTP/1.1\r\n"), HasSubstr("\r\nContent-Length: 3"),
                             EndsWith("\r\n\r\nabc")));
}

struct Framing {
  const char* description;
  std::string answer;
  unsigned status;
  std::string body;
};

TEST(HttpClient, UnderstandsEveryFramingOfABody) {
  const Framing table[] = {
      {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, "ab"},
      {"no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"until the end", "HTTP/1.1 200 OK\r\n\r\nab", 200, "ab"},
      {"until the end of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nab", 200, "ab"},
      {"chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n"
       "0\r\n\r\n",
       200, "abc"},
      {"chunks with a trailer",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n"
       "\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
       200, "a"},
      {"an interim answer",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n"
       "\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\na",
       201, "a"},
      {"a redirect, which is not followed",
       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, ""},
      {"no reason", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", 500, ""},
  };
  for (const Framing& row : table) {
    SCOPED_TRACE(row.description);
    const TestServer server(says(row.answer));
    const Response response = get(options_for(server));
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.body, row.body);
  }
}

TEST(HttpClient, PutsTogetherAnAnswerThatComesByteByByte) {
  const TestServer server([](Peer& peer) {
    peer.read_request();
    const std::string answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef"
        "\r\n0\r\n\r\n";
    for (const char c : answer) peer.say(std::string(1, c));
    peer.wait_for_end();
  });
  EXPECT_EQ(get(options_for(server)).body, "abc0123456789abcdef");
}

TEST(HttpClient, TakesALargeBody) {
  const std::string body(3'000'000, 'x');
  const TestServer server([&](Peer& peer) {
    peer.read_request();
    peer.answer(body);
    peer.wait_for_end();
  });
  EXPECT_EQ(get(options_for(server)).body, body);
}

TEST(HttpClient, ExpectsNoBodyAfterHead) {
  const TestServer server([](Peer& peer) {
    peer.read_request();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    peer.wait_for_end();
  });
  const Response response = make_client(options_for(server))->send({.method = "HEAD"}, {});
  EXPECT_EQ(response.header("Content-Length"), "1000000000");
  EXPECT_EQ(response.body, "");
}

// ---- One connection for many requests -----------------------------------------------------------

TEST(HttpClient, KeepsItsConnection) {
  const TestServer server([](Peer& peer) {
    for (int i = 0; !peer.read_request().empty(); ++i) peer.answer(std::to_string(i));
  });
  const auto client = make_client(options_for(server));
  for (const char* expected : {"0", "1", "2"}) EXPECT_EQ(client->send({}, {}).body, expected);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ClosesWhereTheServerWantsIt) {
  const TestServer server([](Peer& peer) {
    peer.read_request();
    peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na");
    peer.wait_for_end();
  });
  const auto client = make_client(options_for(server));
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(client->send({}, {}).body, "a");
    EXPECT_EQ(server.connections(), i);
  }
}

TEST(HttpClient, DoesNotReuseAConnectionOnWhichMoreCameThanTheAnswer) {
  const TestServer server(says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 500 No\r\n"));
  const auto client = make_client(options_for(server));
  for (int i = 1; i <= 2; ++i) EXPECT_EQ(client->send({}, {}).status, 200u);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, MakesANewConnectionForAnyRequestWhenTheKeptOneWasClosed) {
  std::atomic<bool> closed = false;
  TestServer server([&](Peer& peer) {
    if (closed.exchange(false)) return;
    peer.read_request();
    peer.answer("a");
  });
  const auto client = make_client(options_for(server));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(client->send({.method = "POST", .body = "b"}, {}).body, "a");
    while (server.closed() < i) std::this_thread::sleep_for(milliseconds(1));
    // Nobody says when that has arrived here.
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(server.connections(), 3);
}

// Answers the first request of the first connection, and then closes with the second one unread.
class ClosesOnTheSecondRequest : public ::testing::Test {
 protected:
  TestServer server_{[this](Peer& peer) {
    const bool first_connection = server_.connections() == 1;
    peer.read_request();
    peer.answer("a");
    peer.read_request();
    if (!first_connection) peer.answer("b");
  }};
  const std::unique_ptr<Client> client_ = make_client(options_for(server_));
};

TEST_F(ClosesOnTheSecondRequest, RepeatsWhatChangesNothing) {
  EXPECT_EQ(client_->send({}, {}).body, "a");
  EXPECT_EQ(client_->send({}, {}).body, "a");
  EXPECT_EQ(server_.connections(), 2);
  EXPECT_EQ(client_->send({}, {}).body, "b");
}

TEST_F(ClosesOnTheSecondRequest, DoesNotRepeatWhatChangesSomething) {
  EXPECT_EQ(client_->send({}, {}).body, "a");
  const auto error = testing::error_of([&] { client_->send({.method = "POST"}, {}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("without an answer"));
  EXPECT_EQ(server_.connections(), 1);
}

TEST(HttpClient, DoesNotRepeatOnAFreshConnection) {
  const TestServer server([](Peer& peer) { peer.read_request(); });
  const auto error = testing::error_of([&] { get(options_for(server)); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_EQ(std::string(error.what()),
            base::cat(server.url().text(), ": the server closes the connection without an answer"));
  EXPECT_EQ(server.connections(), 1);
}

// ---- Bad answers --------------------------------------------------------------------------------

struct Bad {
  std::string answer;
  std::string_view words;
};

TEST(HttpClient, WhatIsNoHttpIsCorrupt) {
  const Bad table[] = {
      {"SSH-2.0-OpenSSH_9.2\r\n", "is no HTTP: SSH-2.0-OpenSSH_9.2?"},
      {std::string("\x00\x01\x02", 3), "is no HTTP: ???"},
      {"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS, not plain http"},
      {"HTTP/2.0 200 OK\r\n\r\n", "is no HTTP"},
      {"HTTP/1.9 200 OK\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 20 OK\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "is no HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "is no HTTP"},
  };
  for (const Bad& row : table) {
    SCOPED_TRACE(row.answer);
    const base::Error error = error_for(row.answer);
    EXPECT_EQ(error.code(), base::Code::kCorrupt);
    EXPECT_THAT(error.what(), AllOf(StartsWith("http://127.0.0.1:"), HasSubstr(row.words)));
  }
}

TEST(HttpClient, GarbageIsNoticedAtOnceAndNotAtTheDeadline) {
  const TestServer server([](Peer& peer) {
    peer.say("220 mail.example.com ESMTP\r\n");
    peer.wait_for_end();
  });
  const auto error = testing::error_of([&] { get(options_for(server)); });
  EXPECT_EQ(error.code(), base::Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("220 mail.example.com"));
}

TEST(HttpClient, WhatIsTooLargeIsCorrupt) {
  const std::string many(70'000, 'x');
  std::string many_interim;
  for (int i = 0; i < 20; ++i) many_interim += "HTTP/1.1 100 Continue\r\n\r\n";
  const Bad table[] = {
      {"HTTP/1.1 200 " + many, "header is larger than 64.0 KiB"},
      {"HTTP/1.1 200 OK\r\nX: " + many + "\r\n\r\n", "header is larger than 64.0 KiB"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "body is larger than 100 B"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", "body is larger than 100 B"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n" + many.substr(0, 50) +
           "\r\n33\r\n" + many.substr(0, 51) + "\r\n0\r\n\r\n",
       "body is larger than 100 B"},
      {"HTTP/1.1 200 OK\r\n\r\n" + many.substr(0, 101), "body is larger than 100 B"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + many, "larger than 64.0 KiB"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + many + many,
       "larger than 64.0 KiB"},
      {many_interim, "only ever says 1xx"},
  };
  for (const Bad& row : table) {
    SCOPED_TRACE(row.answer.substr(0, 80));
    const TestServer server([&](Peer& peer) {
      peer.read_request();
      peer.say(row.answer);
      peer.wait_for_end();
    });
    ClientOptions options = options_for(server);
    options.body_max_bytes = 100;
    const auto error = testing::error_of([&] { get(options); });
    EXPECT_EQ(error.code(), base::Code::kCorrupt);
    EXPECT_THAT(error.what(), HasSubstr(row.words));
  }
}

TEST(HttpClient, ABodyOfExactlyTheLimitIsTaken) {
  for (const std::string head : {"Content-Length: 100\r\n\r\n", "\r\n"}) {
    const TestServer server(says("HTTP/1.1 200 OK\r\n" + head + std::string(100, 'x')));
    ClientOptions options = options_for(server);
    options.body_max_bytes = 100;
    EXPECT_EQ(get(options).body.size(), 100u);
  }
}

TEST(HttpClient, AnAnswerThatIsCutIsUnavailable) {
  for (const std::string answer : {
           "H",
           "HTTP/1.1 200 OK\r\nContent-Le",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
           "HTTP/1.1 100 Continue\r\n\r\n",
       }) {
    SCOPED_TRACE(answer);
    const base::Error error = error_for(answer);
    EXPECT_EQ(error.code(), base::Code::kUnavailable);
    EXPECT_THAT(error.what(), HasSubstr(base::cat("in the middle of its answer, after ",
                                                  answer.size(), " bytes")));
  }
}

// ---- Bad requests -------------------------------------------------------------------------------

TEST(HttpClient, RefusesWhatHttpCannotCarry) {
  const Request table[] = {
      {.method = ""},
      {.method = "GET /x HTTP/1.1\r\nX:"},
      {.target = ""},
      {.target = "x"},
      {.target = "/a b"},
      {.target = "/a\r\nX: y"},
      {.target = "/\xC3\xA9"},
      {.headers = {{"", "x"}}},
      {.headers = {{"A B", "x"}}},
      {.headers = {{"A:", "x"}}},
      {.headers = {{"Authorization", "Bearer secret\r\nX: y"}}},
      {.headers = {{"Authorization", std::string("secret\0", 7)}}},
  };
  const auto client = make_client({.url = parse_url("http://127.0.0.1:1")});
  for (const Request& request : table) {
    const auto error = testing::error_of([&] { client->send(request, {}); });
    EXPECT_EQ(error.code(), base::Code::kInvalid) << request.method << request.target;
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace lifeboat::http
