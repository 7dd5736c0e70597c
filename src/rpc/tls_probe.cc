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
#include "rpc/tls_words.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

// What an HTTP/2 client says first (RFC 9113, section 3.4), with an empty SETTINGS frame.
constexpr std::string_view kHttp2Hello{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
                                       24 + 9};
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr std::uint8_t kSettingsFrame = 4;

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContextHandle = std::unique_ptr<SSL_CTX, SslContextFree>;

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, SslFree>;

base::Error unavailable(const std::string& cause, std::string hint) {
  return base::Error(base::Code::kUnavailable, cause, std::move(hint));
}

base::Error silence() {
  return unavailable("the server accepts connections but does not answer in time",
                     "check that etcd is not stopped or overloaded");
}

void add_roots(SSL_CTX* context, const PemFile& roots) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Handle& certificate : parse_certificates(roots)) {
    X509_STORE_add_cert(store, certificate.get());
  }
  // As gRPC does: a certificate in the CA file need not be self-signed to be trusted.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
}

void add_client_certificate(SSL_CTX* context, const ClientOptions& options) {
  const std::vector<X509Handle> chain = parse_certificates(options.cert);
  SSL_CTX_use_certificate(context, chain.front().get());
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  SSL_CTX_use_PrivateKey(context, parse_private_key(options.key).get());
}

// OpenSSL calls this only when the server has requested a certificate.
int note_certificate_request(SSL* /*ssl*/, void* requested) {
  *static_cast<bool*>(requested) = true;
  return 1;
}

// The server's certificate is verified while shaking hands, but the verdict is looked at
// afterwards (SSL_VERIFY_NONE), so that the certificate is there to be told about.
SslContextHandle make_context(const ClientOptions& options, const PemFile* roots) {
  constexpr std::string_view kAlpnHttp2 = "\x02h2";
  SslContextHandle context(SSL_CTX_new(TLS_client_method()));
  LIFEBOAT_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(kAlpnHttp2.data()),
                          static_cast<unsigned>(kAlpnHttp2.size()));
  if (roots != nullptr) add_roots(context.get(), *roots);
  if (options.cert.given()) add_client_certificate(context.get(), options);
  return context;
}

enum class Step { kDone, kClosed, kTimedOut, kFailed };

// TLS over a Connection. OpenSSL works on memory, and bytes are carried to and fro here, where
// waits have a deadline and a closed socket is no signal.
class TlsSession {
 public:
  TlsSession(SSL_CTX* context, const EndpointUrl& url, Connection& connection, const Limits& limits)
      : connection_(connection), limits_(limits), ssl_(SSL_new(context)) {
    LIFEBOAT_CHECK(ssl_ != nullptr);
    SSL_set0_rbio(ssl_.get(), BIO_new(BIO_s_mem()));
    SSL_set0_wbio(ssl_.get(), BIO_new(BIO_s_mem()));
    SSL_set_cert_cb(ssl_.get(), &note_certificate_request, &certificate_requested_);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), url.host.c_str()) == 1) return;
    SSL_set1_host(ssl_.get(), url.host.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), url.host.c_str());
  }

  Step handshake() {
    return drive([this] { return SSL_connect(ssl_.get()); });
  }

  Step send(std::string_view text) {
    return drive([&] { return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); });
  }

  Step receive(base::MutableBytes buffer, std::size_t& received) {
    return drive([&] { return SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &received); });
  }

  SSL* ssl() { return ssl_.get(); }

  // The TLS alert by which the server ended the session, if it sent one.
  std::optional<int> alert() const { return alert_; }
  // Why the last step failed, in OpenSSL's words.
  const std::string& reason() const { return reason_; }

  ClientCertificateView client_certificate_view() {
    ClientCertificateView view{.requested = certificate_requested_, .accepted_issuers = {}};
    const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(ssl_.get());
    for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
      view.accepted_issuers.push_back(name_text(sk_X509_NAME_value(names, i)));
    }
    return view;
  }

 private:
  // Repeats `operation` for as long as all it lacks is bytes from the other side.
  Step drive(const std::function<int()>& operation) {
    while (true) {
      ERR_clear_error();
      const int result = operation();
      const int error = SSL_get_error(ssl_.get(), result);
      if (!flush()) return Step::kTimedOut;
      if (result > 0) return Step::kDone;
      if (error == SSL_ERROR_ZERO_RETURN) return Step::kClosed;
      if (error != SSL_ERROR_WANT_READ) return note_failure();
      const std::optional<std::size_t> received = connection_.receive(buffer_, limits_);
      if (!received) return Step::kTimedOut;
      if (*received == 0) return Step::kClosed;
      BIO_write(SSL_get_rbio(ssl_.get()), buffer_.data(), static_cast<int>(*received));
    }
  }

  Step note_failure() {
    const unsigned long error = ERR_peek_error();
    const int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
      alert_ = reason - SSL_AD_REASON_OFFSET;
    }
    const char* text = ERR_reason_error_string(error);
    reason_ = text == nullptr ? "no reason given" : text;
    return Step::kFailed;
  }

  bool flush() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
    const auto bytes = base::as_bytes({data, static_cast<std::size_t>(size)});
    const bool sent = connection_.send(bytes, limits_);
    BIO_reset(SSL_get_wbio(ssl_.get()));
    return sent;
  }

  Connection& connection_;
  const Limits& limits_;
  const SslHandle ssl_;
  bool certificate_requested_ = false;
  std::optional<int> alert_;
  std::string reason_;
  std::array<std::uint8_t, 16384> buffer_ = {};
};

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
    const SslContextHandle context = make_context(options_, nullptr);
    TlsSession session(context.get(), url_, connection, limits_);
    return session.handshake() == Step::kDone || session.alert();
  }

  void probe_tls(ProbeResult& result) {
    const PemFile roots = options_.skip_verify ? PemFile() : trusted_roots(options_);
    const SslContextHandle context =
        make_context(options_, options_.skip_verify ? nullptr : &roots);
    Connection connection(addresses_, limits_);
    TlsSession session(context.get(), url_, connection, limits_);
    const Step step = session.handshake();
    check_server_certificate(session, roots, result);
    if (step != Step::kDone) explain_handshake(step, session);
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

  [[noreturn]] void explain_handshake(Step step, TlsSession& session) {
    if (step == Step::kTimedOut) throw silence();
    if (session.alert())
      throw explain_alert(options_, *session.alert(), session.client_certificate_view());
    const Protocol protocol = ask_plainly();
    if (protocol == Protocol::kHttp1 || protocol == Protocol::kHttp2) {
      throw unavailable("the server speaks plain http, not TLS",
                        "write http:// instead of https:// in the endpoint, or turn on TLS in "
                        "etcd (--cert-file, --key-file)");
    }
    if (step == Step::kClosed) throw closes_at_once();
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
    Step step = session.send(kHttp2Hello);
    if (step == Step::kDone) step = session.receive(answer, received);
    if (step == Step::kTimedOut) throw silence();
    if (session.alert())
      throw explain_alert(options_, *session.alert(), session.client_certificate_view());
    if (size == 0) throw no_http2();
    if (step != Step::kDone) throw closes_after_handshake(session);
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

// gRPC would take errors that are left in OpenSSL's queue of this thread for its own.
struct ErrorQueueCleaner {
  ~ErrorQueueCleaner() { ERR_clear_error(); }
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
