// What happens when one side does not like the other's certificate.
#include "http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "base/error.h"
#include "http/client.h"
#include "http/test_server.h"
#include "testing/error_of.h"

namespace lifeboat::http {
namespace {

using ::testing::AllOf;
using testing::CertificateSpec;
using ::testing::HasSubstr;
using testing::KeyPair;
using ::testing::StartsWith;
using testing::TestCa;

void answer_once(Peer& peer) {
  if (peer.read_request().empty()) return;
  peer.answer("a");
  peer.wait_for_end();
}

class HttpTls : public ::testing::Test {
 protected:
  // What a client that trusts `ca_`, changed by `change`, gets from a server with `tls`.
  void expect_answer(const ServerTls& tls, const std::function<void(ClientOptions&)>& change = {}) {
    const TestServer server(answer_once, tls);
    EXPECT_EQ(make_client(options_for(server, change))->send({}, {}).body, "a");
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
  base::Error error_of(const ServerTls& tls,
                       const std::function<void(ClientOptions&)>& change = {}) {
    const TestServer server(answer_once, tls);
    const auto client = make_client(options_for(server, change));
    const base::Error error = testing::error_of([&] { client->send({}, {}); });
    EXPECT_THAT(error.what(), StartsWith("https://"));
    EXPECT_EQ(ERR_peek_error(), 0u);
    return error;
  }
  void expect_denied(const base::Error& error, std::string_view words) {
    EXPECT_EQ(error.code(), base::Code::kDenied) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(words));
    EXPECT_NE(error.hint(), "");
  }

  const TestCa ca_{"ca"};
  const TestCa other_ca_{"other-ca"};

 private:
  ClientOptions options_for(const TestServer& server,
                            const std::function<void(ClientOptions&)>& change) {
    ClientOptions options{.url = server.url(), .ca_pem = ca_.certificate_pem()};
    if (change) change(options);
    return options;
  }
};

TEST_F(HttpTls, TrustsACertificateOfTheCaForItsAddressOrName) {
  const ServerTls tls{.identity = ca_.issue({})};
  expect_answer(tls);
  expect_answer(tls, [](auto& options) { options.url.host = "localhost"; });
}

TEST_F(HttpTls, KeepsItsConnection) {
  const TestServer server(
      [](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer("a");
      },
      ServerTls{.identity = ca_.issue({})});
  const auto client = make_client({.url = server.url(), .ca_pem = ca_.certificate_pem()});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client->send({}, {}).body, "a");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpTls, SpeaksTls12Too) {
  expect_answer({.identity = ca_.issue({}), .version_max = TLS1_2_VERSION});
}

TEST_F(HttpTls, RefusesOlderVersions) {
  const auto error = error_of({.identity = ca_.issue({}), .version_max = TLS1_1_VERSION});
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("protocol version"));
}

TEST_F(HttpTls, FindsTheCaInABundle) {
  std::string bundle;
  for (int i = 0; i < 20; ++i) bundle += TestCa(base::cat("ca-", i)).certificate_pem();
  bundle += "# the right one\n" + ca_.certificate_pem() + other_ca_.certificate_pem();
  expect_answer({.identity = ca_.issue({})}, [&](auto& options) { options.ca_pem = bundle; });
}

TEST_F(HttpTls, TrustsACertificateThatIsItselfInTheBundle) {
  const KeyPair identity = other_ca_.issue({});
  expect_answer({.identity = identity}, [&](auto& options) {
    options.ca_pem = ca_.certificate_pem() + identity.certificate_pem;
  });
}

TEST_F(HttpTls, RefusesACertificateOfAnotherCa) {
  expect_denied(error_of({.identity = other_ca_.issue({})}),
                "the server's certificate is not accepted: unable to get local issuer certificate");
}

TEST_F(HttpTls, TheSystemsRootsDoNotKnowATestCa) {
  const TestServer server(answer_once, ServerTls{.identity = ca_.issue({})});
  const auto error = testing::error_of([&] { make_client({.url = server.url()})->send({}, {}); });
  EXPECT_THAT(error.what(), AnyOf(HasSubstr("unable to get local issuer certificate"),
                                  HasSubstr("this system has no CA bundle")));
}

TEST_F(HttpTls, RefusesACertificateThatIsNotValidToday) {
  const std::chrono::hours hour(1);
  expect_denied(error_of({.identity = ca_.issue({.begins = -2 * hour, .ends = -hour})}),
                "certificate has expired");
  expect_denied(error_of({.identity = ca_.issue({.begins = hour})}),
                "certificate is not yet valid");
}

TEST_F(HttpTls, RefusesACertificateOfAnotherHost) {
  const ServerTls tls{.identity = ca_.issue({.alternative_names = "DNS:api.example.com"})};
  expect_denied(error_of(tls), "IP address mismatch: it is not valid for 127.0.0.1");
  expect_denied(error_of(tls, [](auto& options) { options.url.host = "localhost"; }),
                "hostname mismatch: it is not valid for localhost");
}

TEST_F(HttpTls, RefusesACertificateThatWasNotMadeForServers) {
  expect_denied(error_of({.identity = ca_.issue({.extended_key_usage = "clientAuth"})}),
                "unsuitable certificate purpose");
}

TEST_F(HttpTls, VerifiesTheServerNameInsteadOfTheHost) {
  const ServerTls tls{.identity = ca_.issue({.alternative_names = "DNS:localhost-recovery"})};
  expect_answer(tls, [](auto& options) { options.server_name = "localhost-recovery"; });
  expect_answer(tls, [](auto& options) { options.server_name = "localhost-recovery."; });
  const ServerTls usual{.identity = ca_.issue({})};
  expect_denied(error_of(usual, [](auto& options) { options.server_name = "localhost-recovery"; }),
                "hostname mismatch: it is not valid for localhost-recovery");
}

TEST_F(HttpTls, AsksForTheNameButNotForAnAddress) {
  std::string asked = "?";
  const TestServer server(
      [&](Peer& peer) {
        asked = peer.asked_name();
        answer_once(peer);
      },
      ServerTls{.identity = ca_.issue({})});
  ClientOptions options{.url = server.url(), .ca_pem = ca_.certificate_pem()};
  make_client(options)->send({}, {});
  EXPECT_EQ(asked, "");
  options.server_name = "localhost";
  make_client(options)->send({}, {});
  EXPECT_EQ(asked, "localhost");
}

TEST_F(HttpTls, BelievesEverybodyOnlyWhenAsked) {
  expect_answer({.identity = other_ca_.issue({.alternative_names = "DNS:x"})},
                [](auto& options) { options.skip_verify = true; });
}

// ---- Client certificates ------------------------------------------------------------------------

class HttpClientCertificate : public HttpTls, public ::testing::WithParamInterface<int> {
 protected:
  static void use(ClientOptions& options, const KeyPair& pair) {
    options.cert_pem = pair.certificate_pem;
    options.key_pem = pair.key_pem;
  }
  base::Error error_with(const KeyPair& pair) {
    return error_of(tls_, [&](auto& options) { use(options, pair); });
  }

  const ServerTls tls_{
      .identity = ca_.issue({}), .client_ca_pem = ca_.certificate_pem(), .version_max = GetParam()};
};

TEST_P(HttpClientCertificate, IsShown) {
  const KeyPair pair = ca_.issue({.common_name = "system:admin"});
  expect_answer(tls_, [&](auto& options) { use(options, pair); });
}

TEST_P(HttpClientCertificate, IsShownWithItsChain) {
  int length = 0;
  const TestServer server(
      [&](Peer& peer) {
        length = peer.client_chain_length();
        answer_once(peer);
      },
      tls_);
  KeyPair pair = ca_.issue({});
  pair.certificate_pem += ca_.certificate_pem();
  ClientOptions options{.url = server.url(), .ca_pem = ca_.certificate_pem()};
  use(options, pair);
  make_client(options)->send({}, {});
  EXPECT_EQ(length, 2);
}

TEST_P(HttpClientCertificate, IsMissed) {
  const auto error = error_of(tls_);
  if (GetParam() == TLS1_3_VERSION) {
    expect_denied(error, "the server demands a client certificate");
  } else {  // which has no alert for it
    EXPECT_THAT(error.what(), HasSubstr("handshake failure"));
    EXPECT_THAT(error.hint(), HasSubstr("client certificate"));
  }
}

TEST_P(HttpClientCertificate, OfAnotherCaIsRefused) {
  expect_denied(error_with(other_ca_.issue({})),
                "the server does not accept the client certificate: unknown CA");
}

TEST_P(HttpClientCertificate, ThatHasExpiredIsRefused) {
  const std::chrono::hours hour(1);
  expect_denied(error_with(ca_.issue({.begins = -2 * hour, .ends = -hour})),
                "the server does not accept the client certificate: certificate expired");
}

INSTANTIATE_TEST_SUITE_P(Versions, HttpClientCertificate,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& tested) {
                           return tested.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

// ---- Ends ---------------------------------------------------------------------------------------

TEST_F(HttpTls, ABodyUntilTheEndNeedsAProperEnd) {
  for (const bool proper : {true, false}) {
    const TestServer server(
        [&](Peer& peer) {
          peer.read_request();
          peer.say("HTTP/1.1 200 OK\r\n\r\nabc");
          if (proper) peer.end_tls();
        },
        ServerTls{.identity = ca_.issue({})});
    const auto client = make_client({.url = server.url(), .ca_pem = ca_.certificate_pem()});
    if (proper) {
      EXPECT_EQ(client->send({}, {}).body, "abc");
    } else {
      const auto error = testing::error_of([&] { client->send({}, {}); });
      EXPECT_THAT(error.what(), HasSubstr("in the middle of its answer"));
    }
  }
}

TEST_F(HttpTls, AServerWithoutTlsIsSaidSo) {
  const TestServer server([](Peer& peer) { peer.read_request(); });
  const TestServer plain([](Peer& peer) {
    peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.wait_for_end();
  });
  Url url = plain.url();
  url.tls = true;
  const auto client = make_client({.url = url, .ca_pem = ca_.certificate_pem()});
  const auto error = testing::error_of([&] { client->send({}, {}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("does not speak TLS"));
}

TEST_F(HttpTls, AHandshakeThatIsCutIsSaidSo) {
  const TestServer server([](Peer&) {});
  Url url = server.url();
  url.tls = true;
  const auto client = make_client({.url = url, .ca_pem = ca_.certificate_pem()});
  const auto error = testing::error_of([&] { client->send({}, {}); });
  EXPECT_EQ(error.code(), base::Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("in the middle of the TLS handshake"));
}

// ---- Key material -------------------------------------------------------------------------------

TEST_F(HttpTls, KeyMaterialThatCannotWorkIsRefusedAtOnce) {
  const KeyPair pair = ca_.issue({});
  const KeyPair other = ca_.issue({});
  const std::string ca = ca_.certificate_pem();
  const std::string cut = ca.substr(0, ca.size() / 2) + "\n-----END CERTIFICATE-----\n";
  struct Row {
    ClientOptions options;
    std::string_view words;
  };
  const Url url = parse_url("https://127.0.0.1:1");
  const Row table[] = {
      {{.url = url, .ca_pem = "x"}, "the CA: no certificate in it"},
      {{.url = url, .ca_pem = pair.key_pem}, "the CA: no certificate in it"},
      {{.url = url, .ca_pem = ca + cut}, "the CA: certificate 2 is broken"},
      {{.url = url, .ca_pem = ca, .cert_pem = pair.certificate_pem}, "without its key"},
      {{.url = url, .ca_pem = ca, .key_pem = pair.key_pem}, "without its certificate"},
      {{.url = url, .ca_pem = ca, .cert_pem = pair.key_pem, .key_pem = pair.certificate_pem},
       "the client certificate: no certificate in it"},
      {{.url = url, .ca_pem = ca, .cert_pem = cut, .key_pem = pair.key_pem},
       "the client certificate: certificate 1 is broken"},
      {{.url = url, .ca_pem = ca, .cert_pem = pair.certificate_pem, .key_pem = "x"},
       "no private key in it"},
      {{.url = url,
        .ca_pem = ca,
        .cert_pem = pair.certificate_pem,
        .key_pem = testing::encrypt_key(pair.key_pem, "secret")},
       "no private key in it"},
      {{.url = url, .ca_pem = ca, .cert_pem = pair.certificate_pem, .key_pem = other.key_pem},
       "does not belong"},
      {{.url = parse_url("http://127.0.0.1:1"), .ca_pem = ca}, "but it is plain http"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.words);
    const auto error = testing::error_of([&] { make_client(row.options); });
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr(row.words));
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

}  // namespace
}  // namespace lifeboat::http
