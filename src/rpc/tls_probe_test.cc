#include "rpc/tls_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "testing/scripted_server.h"
#include "testing/test_pki.h"

namespace lifeboat::rpc {
namespace {

using std::chrono::milliseconds;
using testing::answering;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kSettingsFrame;
using testing::listen_on_loopback;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::stay_silent;
using testing::tls;
using Server = testing::ScriptedServer;

class TlsProbe : public ::testing::Test {
 protected:
  static ProbeResult probe(const std::string& url, const ClientOptions& options,
                           milliseconds timeout = milliseconds(5000)) {
    return probe_endpoint(parse_endpoint_url(url, false), options, timeout, {});
  }

  static void expect_failure(const ProbeResult& result, const std::string& cause,
                             const std::string& hint) {
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(result.cause, MatchesRegex(cause));
    EXPECT_THAT(result.hint, HasSubstr(hint));
  }

  ClientOptions trusting() const {
    ClientOptions options;
    options.ca = {"ca.crt", ca_.certificate_pem()};
    return options;
  }

  ClientOptions showing(const testing::KeyPair& pair) const {
    ClientOptions options = trusting();
    options.cert = {"client.crt", pair.certificate_pem};
    options.key = {"client.key", pair.key_pem};
    return options;
  }

  const testing::TestCa ca_{"etcd-ca"};
  const testing::TestCa other_ca_{"other-ca"};
};

TEST_F(TlsProbe, IsContentWithAServerThatSpeaksHttp2) {
  const Server plain(answering(kSettingsFrame));
  EXPECT_TRUE(probe("http://" + plain.at("127.0.0.1"), {}).ok);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Server server(tls({.pair = ca_.issue({}), .version = version}));
    for (const char* host : {"127.0.0.1", "localhost"}) {
      const ProbeResult result = probe("https://" + server.at(host), trusting());
      EXPECT_TRUE(result.ok) << result.cause;
      ASSERT_TRUE(result.server_certificate_expires);
      const auto left = *result.server_certificate_expires - std::chrono::system_clock::now();
      EXPECT_GT(left, std::chrono::hours(23));
      EXPECT_LT(left, std::chrono::hours(25));
    }
  }
}

TEST_F(TlsProbe, ShowsTheClientCertificate) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Server server(tls(
        {.pair = ca_.issue({}), .client_ca_pem = other_ca_.certificate_pem(), .version = version}));
    const auto result = probe("https://" + server.at("localhost"), showing(other_ca_.issue({})));
    EXPECT_TRUE(result.ok) << result.cause;
  }
}

TEST_F(TlsProbe, NamesAHostThatDoesNotResolve) {
  const auto begun = std::chrono::steady_clock::now();
  expect_failure(probe("http://etcd-0.lifeboat.invalid:2379", {}, milliseconds(1500)),
                 "the name etcd-0\\.lifeboat\\.invalid does not resolve: .+",
                 "or give the address");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
}

TEST_F(TlsProbe, NamesARefusedConnection) {
  std::uint16_t port = 0;
  ::close(listen_on_loopback(port, 1));
  expect_failure(probe(base::cat("https://127.0.0.1:", port), trusting()), "connection refused",
                 "check that etcd runs there");
  expect_failure(probe(base::cat("http://localhost:", port), {}), "connection refused",
                 "check that etcd runs there");
}

TEST_F(TlsProbe, NamesAHostThatIgnoresConnections) {
  // A full queue drops whoever knocks, as a firewall does.
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port, 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    static_cast<void>(
        ::connect(fillers.back(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  }
  expect_failure(probe(base::cat("http://127.0.0.1:", port), {}, milliseconds(300)),
                 "no connection in time.*", "firewalls");
  for (const int filler : fillers) ::close(filler);
  ::close(listener);
}

TEST_F(TlsProbe, NamesASilentServer) {
  const Server server(&stay_silent);
  for (const char* scheme : {"http://", "https://"}) {
    const auto begun = std::chrono::steady_clock::now();
    expect_failure(probe(scheme + server.at("127.0.0.1"), trusting(), milliseconds(300)),
                   "the server accepts connections but does not answer in time", "stopped");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  }
}

TEST_F(TlsProbe, StopsSoonAfterItIsAskedTo) {
  const Server server(&stay_silent);
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  try {
    probe_endpoint(parse_endpoint_url("https://" + server.at("127.0.0.1"), true), trusting(),
                   std::chrono::seconds(20), stop.get_token());
    ADD_FAILURE() << "was not stopped";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCancelled);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
}

TEST_F(TlsProbe, NamesPlainHttpBehindHttps) {
  for (const std::string_view answer :
       {std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"), kSettingsFrame}) {
    const Server server(answering(answer));
    expect_failure(probe("https://" + server.at("127.0.0.1"), trusting()),
                   "the server speaks plain http, not TLS", "write http:// instead");
  }
}

TEST_F(TlsProbe, NamesTlsBehindHttp) {
  const Server server(tls({.pair = ca_.issue({})}));
  expect_failure(probe("http://" + server.at("127.0.0.1"), {}),
                 "the server speaks TLS, not plain http", "write https:// instead");
  // One that closes without a word on what is not TLS, and wants a certificate for what is.
  const Server shy([handler = tls({.pair = ca_.issue({}),
                                   .client_ca_pem = ca_.certificate_pem(),
                                   .version = TLS1_2_VERSION})](int socket) {
    char first = 0;
    if (::recv(socket, &first, 1, MSG_PEEK) == 1 && first == SSL3_RT_HANDSHAKE) handler(socket);
  });
  expect_failure(probe("http://" + shy.at("127.0.0.1"), {}),
                 "the server speaks TLS, not plain http", "write https:// instead");
}

TEST_F(TlsProbe, NamesAServerThatIsNoEtcd) {
  const Server web(answering("HTTP/1.1 200 OK\r\n\r\n"));
  expect_failure(probe("http://" + web.at("127.0.0.1"), {}), ".*does not speak HTTP/2.*", "etcd");
  const Server tls_web(
      tls({.pair = ca_.issue({}), .http2 = false, .answer = "HTTP/1.1 200 OK\r\n"}));
  expect_failure(probe("https://" + tls_web.at("localhost"), trusting()),
                 ".*does not speak HTTP/2.*", "etcd");
  const Server closing([](int) {});
  for (const char* scheme : {"http://", "https://"}) {
    expect_failure(probe(scheme + closing.at("127.0.0.1"), trusting()),
                   "the server closes the connection at once", "etcd");
  }
  const Server noisy(answering("220 mail.example ESMTP\r\n"));
  EXPECT_FALSE(probe("https://" + noisy.at("127.0.0.1"), trusting()).ok);
  EXPECT_FALSE(probe("http://" + noisy.at("127.0.0.1"), {}).ok);
}

TEST_F(TlsProbe, NamesAnExpiredServerCertificate) {
  const auto pair = ca_.issue({.begins = std::chrono::hours(-48), .ends = std::chrono::hours(-24)});
  const Server server(tls({.pair = pair}));
  const ProbeResult result = probe("https://" + server.at("localhost"), trusting());
  expect_failure(result, "the server's certificate expired on [-0-9]+T[:0-9]+Z", "renew");
  ASSERT_TRUE(result.server_certificate_expires);
  EXPECT_LT(*result.server_certificate_expires, std::chrono::system_clock::now());
  ClientOptions careless = trusting();
  careless.skip_verify = true;
  EXPECT_TRUE(probe("https://" + server.at("localhost"), careless).ok);
}

TEST_F(TlsProbe, NamesAServerCertificateOfTheFuture) {
  const Server server(
      tls({.pair = ca_.issue({.begins = std::chrono::hours(24), .ends = std::chrono::hours(48)})}));
  expect_failure(probe("https://" + server.at("localhost"), trusting()),
                 "the server's certificate is not valid before [-0-9]+T[:0-9]+Z", "clock");
}

TEST_F(TlsProbe, NamesTheCaFileThatDidNotSign) {
  const Server server(tls({.pair = other_ca_.issue({})}));
  expect_failure(probe("https://" + server.at("localhost"), trusting()),
                 "the server's certificate, issued by CN=other-ca, is not signed by a CA in "
                 "ca\\.crt",
                 "--cacert");
  // A CA of the same name with another key, as after a new installation.
  const Server namesake(tls({.pair = testing::TestCa("etcd-ca").issue({})}));
  expect_failure(probe("https://" + namesake.at("localhost"), trusting()),
                 "the server's certificate, issued by CN=etcd-ca, is not signed by a CA in "
                 "ca\\.crt",
                 "--cacert");
}

TEST_F(TlsProbe, NamesTheHostsThatTheCertificateIsFor) {
  const Server server(
      tls({.pair = ca_.issue({.alternative_names = "DNS:etcd-0.example,IP:10.0.0.5"})}));
  expect_failure(probe("https://" + server.at("localhost"), trusting()),
                 ".*not valid for localhost, but for etcd-0\\.example, 10\\.0\\.0\\.5", "endpoint");
  expect_failure(probe("https://" + server.at("127.0.0.1"), trusting()),
                 ".*not valid for 127\\.0\\.0\\.1, but for etcd-0\\.example, 10\\.0\\.0\\.5",
                 "endpoint");
  const Server nobody(tls({.pair = ca_.issue({.alternative_names = ""})}));
  expect_failure(probe("https://" + nobody.at("127.0.0.1"), trusting()), ".*but for no host at all",
                 "subject alternative name");
}

TEST_F(TlsProbe, NamesACertificateThatIsNotForServers) {
  const Server server(tls({.pair = ca_.issue({.extended_key_usage = "clientAuth"})}));
  expect_failure(probe("https://" + server.at("localhost"), trusting()),
                 "the server's certificate was not made for servers", "serverAuth");
}

TEST_F(TlsProbe, NamesATlsVersionThatIsTooOld) {
  const Server server(tls({.pair = ca_.issue({}), .version = TLS1_1_VERSION}));
  const ProbeResult result = probe("https://" + server.at("localhost"), trusting());
  expect_failure(result, ".*TLS.*", "");
  EXPECT_THAT(result.hint, Not(IsEmpty()));
}

// What a server says of a client's certificate, by both versions of TLS: in the handshake with 1.2,
// after it with 1.3.
class ClientCertificate : public TlsProbe, public ::testing::WithParamInterface<int> {
 protected:
  ProbeResult probe_demanding_server(const ClientOptions& options) const {
    const Server server(tls(
        {.pair = ca_.issue({}), .client_ca_pem = ca_.certificate_pem(), .version = GetParam()}));
    return probe("https://" + server.at("localhost"), options);
  }
};

TEST_P(ClientCertificate, IsDemanded) {
  expect_failure(probe_demanding_server(trusting()), "the server demands a client certificate",
                 "--cert");
}

TEST_P(ClientCertificate, OfAnotherCaIsNotAccepted) {
  expect_failure(probe_demanding_server(showing(other_ca_.issue({}))),
                 "the server does not accept the client certificate in client\\.crt, issued by "
                 "CN=other-ca",
                 "CN=etcd-ca");
}

TEST_P(ClientCertificate, ThatExpiredIsNotAccepted) {
  const auto pair = ca_.issue({.begins = std::chrono::hours(-48), .ends = std::chrono::hours(-24)});
  expect_failure(probe_demanding_server(showing(pair)),
                 "the client certificate in client\\.crt expired on [-0-9]+T[:0-9]+Z", "renew");
}

TEST_P(ClientCertificate, OfTheFutureIsNotAccepted) {
  const auto pair = ca_.issue({.begins = std::chrono::hours(24), .ends = std::chrono::hours(48)});
  expect_failure(probe_demanding_server(showing(pair)),
                 "the client certificate in client\\.crt is not valid before .*", "clock");
}

TEST_P(ClientCertificate, ForServersOnlyIsNotAccepted) {
  expect_failure(probe_demanding_server(showing(ca_.issue({.extended_key_usage = "serverAuth"}))),
                 "the server does not accept the certificate in client\\.crt: it was not made for "
                 "clients",
                 "clientAuth");
}

INSTANTIATE_TEST_SUITE_P(Tls, ClientCertificate, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace lifeboat::rpc
