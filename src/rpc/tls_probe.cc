#include "rpc/tls_probe.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "rpc/connection.h"
#include "rpc/tls_session.h"
#include "rpc/tls_words.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

// What an HTTP/2 client says first (RFC 9113, section 3.4), with an empty SETTINGS frame.
constexpr std::string_view kHttp2Hello{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
                                       24 + 9};
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr std::uint8_t kSettingsFrame = 4;

base::Error unavailable(const std::string& cause, std::string hint) {
  return base::Error(base::Code::kUnavailable, cause, std::move(hint));
}

base::Error silence() {
  return unavailable("the server accepts connections but does not answer in time",
                     "check that etcd is not stopped or overloaded");
}

// What the first bytes of an answer to kHttp2Hello look like.
enum class Protocol { kSilent, kUnknown, kHttp1, kHttp2, kTls };

Protocol recognize(base::Bytes answer) {
  if (base::as_text(answer).starts_with("HTTP/1.")) return Protocol::kHttp1;
  const bool tls = answer.size() >= 3 && (answer[0] == SSL3_RT_ALERT) && answer[1] == 3;
  if (tls) return Protocol::kTls;
  const bool http2 = answer.size() >= kFrameHeaderBytes && answer[3] == kSettingsFrame;
  return http2 ? Protocol::kHttp2 : Protocol::kUnknown;
}

base::Error no_http2() {
  return unavailable("the server does not speak HTTP/2, so it is no etcd",
                     "check that the endpoint is the client URL of an etcd member");
}

base::Error closes_at_once() {
  return unavailable("the server closes the connection at once",
                     "check that the endpoint is the client URL of an etcd member, and etcd's log");
}

class Probe {
 public:
  Probe(const EndpointUrl& url, const ClientOptions& options, const Limits& limits)
      : url_(url), options_(options), limits_(limits) {}

  // Returns if all is well, throws the reason why not.
  void run(ProbeResult& result) {
    addresses_ = resolve_host(url_, limits_);
    if (url_.tls) {
      probe_tls(result);
    } else {
      probe_plain();
    }
  }

 private:
  void probe_plain() {
    const Protocol protocol = ask_plainly();
    if (protocol == Protocol::kHttp2) return;
    if (protocol == Protocol::kSilent) throw silence();
    if (protocol == Protocol::kTls || speaks_tls()) {
      throw unavailable("the server speaks TLS, not plain http",
                        "write https:// instead of http:// in the endpoint");
    }
    throw protocol == Protocol::kHttp1 ? no_http2() : closes_at_once();
  }

  Protocol ask_plainly() {
    Connection connection(addresses_, limits_);
    std::array<std::uint8_t, kFrameHeaderBytes> answer = {};
    std::size_t size = 0;
    if (!connection.send(base::as_bytes(kHttp2Hello), limits_)) return Protocol::kSilent;
    while (size < answer.size()) {
      const auto received = connection.receive(base::MutableBytes(answer).subspan(size), limits_);
      if (!received && size == 0) return Protocol::kSilent;
      if (!received || *received == 0) break;
      size += *received;
    }
    return recognize(base::Bytes(answer).first(size));
  }

  // Whether a second connection, with TLS, gets anything that is TLS.
  bool speaks_tls() {
    Connection connection(addresses_, limits_);
    const TlsContextHandle context = make_tls_context(options_, {});
    TlsSession session(context.get(), url_, connection);
    return session.handshake(limits_) == TlsStep::kDone || session.alert();
  }

  void probe_tls(ProbeResult& result) {
    const PemFile roots = options_.skip_verify ? PemFile() : trusted_roots(options_);
    const TlsContextHandle context = make_tls_context(options_, roots);
    Connection connection(addresses_, limits_);
    TlsSession session(context.get(), url_, connection);
    const TlsStep step = session.handshake(limits_);
    check_server_certificate(session, roots, result);
    if (step != TlsStep::kDone) explain_handshake(step, session);
    check_application(session);
  }

  void check_server_certificate(TlsSession& session, const PemFile& roots, ProbeResult& result) {
    const X509Handle certificate(SSL_get1_peer_certificate(session.ssl()));
    if (!certificate) return;
    result.server_certificate_expires = describe_certificate(*certificate).not_after;
    const long verdict = SSL_get_verify_result(session.ssl());
    if (options_.skip_verify || verdict == X509_V_OK) return;
    throw explain_server_certificate(url_, roots, *certificate, verdict);
  }

  [[noreturn]] void explain_handshake(TlsStep step, TlsSession& session) {
    if (step == TlsStep::kTimedOut) throw silence();
    if (session.alert())
      throw explain_alert(options_, *session.alert(), session.client_certificate_view());
    const Protocol protocol = ask_plainly();
    if (protocol == Protocol::kHttp1 || protocol == Protocol::kHttp2) {
      throw unavailable("the server speaks plain http, not TLS",
                        "write http:// instead of https:// in the endpoint, or turn on TLS in "
                        "etcd (--cert-file, --key-file)");
    }
    if (step == TlsStep::kClosed) throw closes_at_once();
    throw unavailable(base::cat("the TLS handshake fails: ", session.reason()),
                      "check that the endpoint is the client URL of an etcd member");
  }

  // With TLS 1.3 a server looks at the client's certificate only after the client thinks that the
  // handshake is done; so there must be an answer to the first request.
  void check_application(TlsSession& session) {
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session.ssl(), &protocol, &size);
    std::array<std::uint8_t, kFrameHeaderBytes> answer = {};
    std::size_t received = 0;
    TlsStep step = session.send(base::as_bytes(kHttp2Hello), limits_);
    if (step == TlsStep::kDone) step = session.receive(answer, received, limits_);
    if (step == TlsStep::kTimedOut) throw silence();
    if (session.alert())
      throw explain_alert(options_, *session.alert(), session.client_certificate_view());
    if (size == 0) throw no_http2();
    if (step != TlsStep::kDone) throw closes_after_handshake(session);
    if (recognize(answer) != Protocol::kHttp2) throw no_http2();
  }

  base::Error closes_after_handshake(TlsSession& session) {
    const ClientCertificateView view = session.client_certificate_view();
    if (view.requested) return explain_alert(options_, SSL_AD_CERTIFICATE_REQUIRED, view);
    return unavailable("the server closes the connection after the TLS handshake",
                       "see the log of etcd on that machine");
  }

  const EndpointUrl& url_;
  const ClientOptions& options_;
  const Limits& limits_;
  std::vector<SocketAddress> addresses_;
};

}  // namespace

ProbeResult probe_endpoint(const EndpointUrl& url, const ClientOptions& options,
                           std::chrono::milliseconds timeout, std::stop_token stop) {
  const Limits limits = Limits::within(timeout, std::move(stop));
  const ErrorQueueCleaner cleaner;
  ProbeResult result;
  try {
    Probe(url, options, limits).run(result);
    result.ok = true;
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kUnavailable) throw;
    result.cause = error.what();
    result.hint = error.hint();
  }
  return result;
}

}  // namespace lifeboat::rpc
