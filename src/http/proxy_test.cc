#include "http/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "http/client.h"
#include "http/test_server.h"
#include "testing/error_of.h"

namespace lifeboat::http {
namespace {

using base::Code;
using boost::asio::ip::tcp;
using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// ---- Which proxy --------------------------------------------------------------------------------

TEST(Proxy, IsReadFromItsUrl) {
  EXPECT_EQ(parse_proxy("http://proxy:3128/").url.text(), "http://proxy:3128");
  EXPECT_EQ(parse_proxy("proxy.example.com:8080").url.text(), "http://proxy.example.com:8080");
  EXPECT_EQ(parse_proxy("http://proxy").authorization, "");
  // "user:p@ss:w%rd" and "user:" in base64.
  EXPECT_EQ(parse_proxy("http://user:p%40ss:w%rd@proxy").authorization,
            "Basic dXNlcjpwQHNzOnclcmQ=");
  EXPECT_EQ(parse_proxy("http://user@[::1]:3128").authorization, "Basic dXNlcjo=");
  EXPECT_EQ(parse_proxy("http://user@[::1]:3128").url.host, "::1");
}

TEST(Proxy, IsRefusedWithoutShowingItsPassword) {
  for (const char* text :
       {"https://user:secret@proxy:3128", "socks5://user:secret@proxy", "http://user:secret@",
        "http://user:secret@proxy:none", "http://user:sec@ret@pro xy", "user:secret",
        "http://user:sec/ret@proxy", "socks5://user:sec/ret@proxy:1080", "user:secret://proxy"}) {
    const base::Error error = error_of([&] { parse_proxy(text); });
    EXPECT_THAT(std::string(error.what()) + error.hint(),
                AllOf(Not(HasSubstr("sec")), Not(HasSubstr("ret"))));
  }
  EXPECT_EQ(error_of([] { parse_proxy("https://proxy"); }).code(), Code::kUnsupported);
}

TEST(Proxy, IsChosenByTheScheme) {
  const ProxySettings settings{.https = "secure:1", .http = "plain:2"};
  EXPECT_EQ(choose_proxy(settings, parse_url("https://s3.test"))->url.host, "secure");
  EXPECT_EQ(choose_proxy(settings, parse_url("http://s3.test"))->url.host, "plain");
  EXPECT_FALSE(choose_proxy({.https = "secure:1"}, parse_url("http://s3.test")));
  EXPECT_THAT(
      error_of([] { choose_proxy({.https = "a:b:c"}, parse_url("https://s3.test")); }).what(),
      StartsWith("HTTPS_PROXY: not the URL of a proxy"));
}

TEST(Proxy, IsPassedByWhereNoProxySaysSo) {
  struct Case {
    const char* no_proxy;
    const char* url;
    bool direct;
  };
  for (const Case& test : {
           Case{"", "http://s3.test", false},
           Case{"*", "http://s3.test", true},
           Case{"s3.test", "http://s3.test", true},
           Case{"other, S3.TEST", "http://s3.test", true},
           Case{"other S3.test", "http://S3.test", true},
           Case{"test", "http://s3.test", true},
           Case{".test", "http://s3.test", true},
           Case{"*.test", "http://s3.test", true},
           Case{".s3.test", "http://s3.test", false},
           Case{"3.test", "http://s3.test", false},
           Case{"s3.test.more", "http://s3.test", false},
           Case{"s3.test:80", "http://s3.test", true},
           Case{"s3.test:81", "http://s3.test", false},
           Case{"10.1.2.3", "http://10.1.2.3", true},
           Case{"1.2.3", "http://10.1.2.3", false},
           Case{"10.0.0.0/8", "http://10.1.2.3", true},
           Case{"10.1.2.99/24", "http://10.1.2.3", true},
           Case{"10.0.0.0/16", "http://10.1.2.3", false},
           Case{"0.0.0.0/0", "http://10.1.2.3", true},
           Case{"10.0.0.0/8", "http://s3.test", false},
           Case{"10.0.0.0/99,x/y", "http://10.1.2.3", false},
           Case{"fd00::/8", "http://[fd00::1]", true},
           Case{"fd00::/8", "http://10.1.2.3", false},
           Case{"fd00:0::1", "http://[fd00::1]", true},
           Case{"[fd00::1]:80", "http://[fd00::1]", true},
           Case{"[fd00::1]:81", "http://[fd00::1]", false},
           // A proxy has another 127.0.0.1.
           Case{"", "http://127.0.0.1:9000", true},
           Case{"", "http://[::1]:9000", true},
           Case{"", "http://localhost:9000", true},
       }) {
    const bool direct =
        !choose_proxy({.http = "proxy", .no_proxy = test.no_proxy}, parse_url(test.url));
    EXPECT_EQ(direct, test.direct) << '"' << test.no_proxy << "\" " << test.url;
  }
}

// ---- Through it ---------------------------------------------------------------------------------

TEST(Proxy, IsGivenTheWholeUrlOfAPlainServer) {
  std::string request;
  const TestServer server([&](Peer& peer) {
    request = peer.read_request();
    peer.answer("a");
    peer.wait_for_end();
  });
  Proxy proxy = parse_proxy(base::cat("http://user:secret@", server.url().text().substr(7)));
  const auto client = make_client({.url = parse_url("http://s3.test:9000/path"), .proxy = proxy});
  EXPECT_EQ(client->send({.target = "/b?x=1"}, {}).body, "a");
  EXPECT_THAT(request, StartsWith("GET http://s3.test:9000/path/b?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nHost: s3.test:9000\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
}

// A proxy that makes one tunnel, wherever it is asked to lead.
class TunnelProxy {
 public:
  explicit TunnelProxy(std::uint16_t port) : port_(port) {
    thread_ = std::jthread([this] { serve(); });
  }
  ~TunnelProxy() { thread_.join(); }

  std::string text() const {
    return base::cat("http://user:secret@127.0.0.1:", acceptor_.local_endpoint().port());
  }
  const std::string& request() const { return request_; }

 private:
  void serve() {
    tcp::socket client = acceptor_.accept();
    std::array<char, 4096> buffer{};
    while (request_.find("\r\n\r\n") == std::string::npos) {
      request_.append(buffer.data(), client.read_some(boost::asio::buffer(buffer)));
    }
    tcp::socket server(context_);
    server.connect({boost::asio::ip::address_v4::loopback(), port_});
    boost::asio::write(client, boost::asio::buffer(std::string_view("HTTP/1.1 200 OK\r\n\r\n")));
    const std::jthread back([&] { copy(server, client); });
    copy(client, server);
  }

  static void copy(tcp::socket& from, tcp::socket& to) {
    std::array<char, 4096> buffer{};
    boost::system::error_code error;
    while (const std::size_t size = from.read_some(boost::asio::buffer(buffer), error)) {
      boost::asio::write(to, boost::asio::buffer(buffer, size), error);
    }
    to.shutdown(tcp::socket::shutdown_send, error);
  }

  const std::uint16_t port_;
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::string request_;
  std::jthread thread_;
};

TEST(Proxy, TunnelsTlsWithoutSeeingInside) {
  const testing::TestCa ca("ca");
  std::string request;
  const TestServer server(
      [&](Peer& peer) {
        request = peer.read_request();
        peer.answer("a");
        peer.wait_for_end();
      },
      ServerTls{.identity = ca.issue({.alternative_names = "DNS:s3.test"})});
  TunnelProxy proxy(server.url().port);
  const auto client = make_client({.url = parse_url("https://s3.test"),
                                   .ca_pem = ca.certificate_pem(),
                                   .proxy = parse_proxy(proxy.text())});
  EXPECT_EQ(client->send({.target = "/b"}, {}).body, "a");
  EXPECT_THAT(request, AllOf(StartsWith("GET /b HTTP/1.1\r\n"), Not(HasSubstr("Proxy"))));
  EXPECT_EQ(proxy.request(),
            "CONNECT s3.test:443 HTTP/1.1\r\nHost: s3.test:443\r\nProxy-Authorization: Basic "
            "dXNlcjpzZWNyZXQ=\r\nUser-Agent: lifeboat\r\n\r\n");
}

TEST(Proxy, SaysWhyThereIsNoTunnel) {
  struct Case {
    const char* answer;
    Code code;
    const char* words;
  };
  for (const Case& test : {
           Case{"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Code::kDenied, "407 Proxy"},
           Case{"HTTP/1.0 403 Forbidden\r\n\r\n", Code::kDenied, "403 Forbidden"},
           Case{"HTTP/1.1 503 Busy\r\n\r\n", Code::kUnavailable, "503 Busy"},
           Case{"SSH-2.0-OpenSSH\r\n\r\n", Code::kCorrupt, "no HTTP: SSH-2.0-OpenSSH"},
           Case{"HTTP/1.1 200 OK\r\n", Code::kUnavailable, "without an answer"},
       }) {
    const TestServer server([&](Peer& peer) {
      peer.read_request();
      peer.say(test.answer);
    });
    const Proxy proxy = parse_proxy(base::cat("http://u:secret@", server.url().text().substr(7)));
    const auto client = make_client({.url = parse_url("https://s3.test"), .proxy = proxy});
    const base::Error error = error_of([&] { client->send({}, {}); });
    EXPECT_EQ(error.code(), test.code) << error.what();
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(test.words), Not(HasSubstr("secret")),
                      StartsWith("https://s3.test:443: the proxy http://127.0.0.1:")));
  }
}

TEST(Proxy, ThatIsNotThereIsToldFromTheServer) {
  std::uint16_t port = 0;
  {
    port = TestServer([](Peer&) {}).url().port;
  }
  const auto client = make_client(
      {.url = parse_url("http://s3.test"), .proxy = parse_proxy(base::cat("127.0.0.1:", port))});
  EXPECT_THAT(error_of([&] { client->send({}, {}); }).what(),
              StartsWith(base::cat("http://s3.test:80: the proxy http://127.0.0.1:", port,
                                   ": connection refused")));
}

}  // namespace
}  // namespace lifeboat::http
