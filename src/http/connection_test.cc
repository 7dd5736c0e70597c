// What happens when a server is not there, or does not answer in time.
#include "http/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "http/client.h"
#include "http/test_server.h"
#include "testing/error_of.h"

namespace lifeboat::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr milliseconds kShort{60};
constexpr milliseconds kLong{20'000};

// Far less than kLong, far more than what a loaded machine makes of 50 ms.
constexpr milliseconds kSoon{2'000};

base::Error error_for(const ClientOptions& options, std::stop_token stop = {}) {
  const auto begin = steady_clock::now();
  const auto error = testing::error_of([&] { make_client(options)->send({}, stop); });
  EXPECT_LT(steady_clock::now() - begin, kSoon);
  return error;
}

void expect_unavailable(const base::Error& error, std::string_view words) {
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr(words));
  EXPECT_NE(error.hint(), "");
}

Url url_of_nobody() {
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor listener(context,
                                                {boost::asio::ip::address_v4::loopback(), 0});
  return {false, "127.0.0.1", listener.local_endpoint().port(), ""};
}

void say_nothing(Peer& peer) { peer.wait_for_end(); }

TEST(HttpConnection, RefusedIsSaidSo) {
  const Url url = url_of_nobody();
  const base::Error error = error_for({.url = url});
  expect_unavailable(error, "connection refused");
  EXPECT_THAT(error.what(), StartsWith(url.text()));
}

TEST(HttpConnection, ANameThatDoesNotResolveIsSaidSo) {
  const base::Error error = error_for(
      {.url = parse_url("http://no.such.host.invalid"), .connect_timeout = milliseconds(500)});
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(),
              AnyOf(HasSubstr("the name no.such.host.invalid does not resolve: "),
                    HasSubstr("the name no.such.host.invalid was not resolved in time")));
}

// "localhost" is ::1 as well on most machines, where this server does not listen.
TEST(HttpConnection, TriesEveryAddressOfAName) {
  const TestServer server([](Peer& peer) {
    peer.read_request();
    peer.answer("a");
  });
  const auto client = make_client({.url = server.url("localhost")});
  EXPECT_EQ(client->send({}, {}).body, "a");
}

TEST(HttpConnection, NoAnswerEndsWithTheDeadline) {
  const TestServer server(say_nothing);
  expect_unavailable(error_for({.url = server.url(), .response_timeout = kShort}),
                     "no answer within 60ms");
}

TEST(HttpConnection, ADrippingAnswerEndsWithTheDeadline) {
  const TestServer server([](Peer& peer) {
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
      peer.say("x");
      std::this_thread::sleep_for(milliseconds(5));
    }
    peer.wait_for_end();
  });
  expect_unavailable(error_for({.url = server.url(), .response_timeout = kShort}),
                     "the answer was not complete within 60ms");
}

TEST(HttpConnection, ARequestsOwnDeadlineGoesFirst) {
  const TestServer server(say_nothing);
  const auto client = make_client({.url = server.url(), .response_timeout = kLong});
  const auto begin = steady_clock::now();
  const Request request{.deadline = begin + kShort};
  expect_unavailable(testing::error_of([&] { client->send(request, {}); }), "no answer within ");
  expect_unavailable(testing::error_of([&] { client->send(request, {}); }), "in time");
  EXPECT_LT(steady_clock::now() - begin, kSoon);
}

TEST(HttpConnection, AHandshakeWithoutAnswerEndsWithTheDeadline) {
  const TestServer server(say_nothing);
  Url url = server.url();
  url.tls = true;
  expect_unavailable(error_for({.url = url, .skip_verify = true, .connect_timeout = kShort}),
                     "accepts connections but does not answer in time");
}

// More than fits into the buffers on the way.
TEST(HttpConnection, ARequestThatNobodyReadsEndsWithTheDeadline) {
  std::atomic<bool> done = false;
  const TestServer server([&](Peer&) { done.wait(false); });
  const auto client = make_client({.url = server.url(), .response_timeout = kShort});
  const std::string body(16 * 1024 * 1024, 'x');
  const auto error = testing::error_of([&] { client->send({.method = "PUT", .body = body}, {}); });
  done = true;
  done.notify_all();
  expect_unavailable(error, "does not take the request in time");
}

// A listener whose queue is full does not answer at all, as a host behind a firewall.
TEST(HttpConnection, ASilentHostEndsWithTheDeadline) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor listener(context, boost::asio::ip::tcp::v4());
  listener.bind({boost::asio::ip::address_v4::loopback(), 0});
  listener.listen(0);
  std::vector<boost::asio::ip::tcp::socket> fillers;
  for (int i = 0; i < 4; ++i) {
    auto& filler = fillers.emplace_back(context);
    filler.async_connect(listener.local_endpoint(), [](const boost::system::error_code&) {});
  }
  const Url url{false, "127.0.0.1", listener.local_endpoint().port(), ""};
  expect_unavailable(error_for({.url = url, .connect_timeout = kShort}),
                     "no connection in time: the host or a firewall in between is silent");
}

base::Error error_when_stopped(const ClientOptions& options) {
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(30));
    stop.request_stop();
  });
  return error_for(options, stop.get_token());
}

TEST(HttpConnection, AStopEndsTheWaitForAnAnswer) {
  const TestServer server(say_nothing);
  const base::Error error = error_when_stopped({.url = server.url(), .response_timeout = kLong});
  EXPECT_EQ(error.code(), base::Code::kCancelled);
}

TEST(HttpConnection, AStopEndsTheWaitForTheHandshake) {
  const TestServer server(say_nothing);
  Url url = server.url();
  url.tls = true;
  const base::Error error =
      error_when_stopped({.url = url, .skip_verify = true, .connect_timeout = kLong});
  EXPECT_EQ(error.code(), base::Code::kCancelled);
}

TEST(HttpConnection, AfterAStopNothingIsBegun) {
  const TestServer server(say_nothing);
  std::stop_source stop;
  stop.request_stop();
  const base::Error error = error_for({.url = server.url()}, stop.get_token());
  EXPECT_EQ(error.code(), base::Code::kCancelled);
}

}  // namespace
}  // namespace lifeboat::http
