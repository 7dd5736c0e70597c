#include "rpc/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>
#include <vector>

#include "base/error.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

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

}  // namespace

ErrorQueueCleaner::~ErrorQueueCleaner() { ERR_clear_error(); }

void TlsContextFree::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

void SslFree::operator()(SSL* ssl) const { SSL_free(ssl); }

TlsContextHandle make_tls_context(const ClientOptions& options, const PemFile& roots) {
  constexpr std::string_view kAlpnHttp2 = "\x02h2";
  TlsContextHandle context(SSL_CTX_new(TLS_client_method()));
  LIFEBOAT_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(kAlpnHttp2.data()),
                          static_cast<unsigned>(kAlpnHttp2.size()));
  if (roots.given()) add_roots(context.get(), roots);
  if (options.cert.given()) add_client_certificate(context.get(), options);
  return context;
}

TlsSession::TlsSession(SSL_CTX* context, const EndpointUrl& url, Connection& connection)
    : connection_(connection), ssl_(SSL_new(context)) {
  LIFEBOAT_CHECK(ssl_ != nullptr);
  SSL_set0_rbio(ssl_.get(), BIO_new(BIO_s_mem()));
  SSL_set0_wbio(ssl_.get(), BIO_new(BIO_s_mem()));
  SSL_set_cert_cb(ssl_.get(), &note_certificate_request, &certificate_requested_);
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), url.host.c_str()) == 1) return;
  // Certificates are for names without the dot that makes a name absolute.
  const std::string name = url.host.substr(0, url.host.size() - (url.host.ends_with('.') ? 1 : 0));
  LIFEBOAT_CHECK(SSL_set1_host(ssl_.get(), name.c_str()) == 1);
  SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
}

TlsStep TlsSession::handshake(const Limits& limits) {
  return drive([this] { return SSL_connect(ssl_.get()); }, limits);
}

TlsStep TlsSession::send(base::Bytes bytes, const Limits& limits) {
  std::size_t sent = 0;
  return drive([&] { return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent); }, limits);
}

TlsStep TlsSession::receive(base::MutableBytes buffer, std::size_t& received,
                            const Limits& limits) {
  return drive([&] { return SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &received); },
               limits);
}

ClientCertificateView TlsSession::client_certificate_view() {
  ClientCertificateView view{.requested = certificate_requested_, .accepted_issuers = {}};
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(ssl_.get());
  for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
    view.accepted_issuers.push_back(name_text(sk_X509_NAME_value(names, i)));
  }
  return view;
}

TlsStep TlsSession::drive(const std::function<int()>& operation, const Limits& limits) {
  const ErrorQueueCleaner cleaner;
  while (true) {
    ERR_clear_error();
    const int result = operation();
    const int error = SSL_get_error(ssl_.get(), result);
    if (!flush(limits)) return TlsStep::kTimedOut;
    if (result > 0) return TlsStep::kDone;
    if (error == SSL_ERROR_ZERO_RETURN) return TlsStep::kClosed;
    if (error != SSL_ERROR_WANT_READ) return note_failure();
    // There may be bytes that are no data, and no end of them.
    if (limits.left().count() == 0) return TlsStep::kTimedOut;
    const std::optional<std::size_t> received = connection_.receive(buffer_, limits);
    if (!received) return TlsStep::kTimedOut;
    if (*received == 0) return TlsStep::kClosed;
    BIO_write(SSL_get_rbio(ssl_.get()), buffer_.data(), static_cast<int>(*received));
  }
}

TlsStep TlsSession::note_failure() {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
    alert_ = reason - SSL_AD_REASON_OFFSET;
  }
  const char* text = ERR_reason_error_string(error);
  reason_ = text == nullptr ? "no reason given" : text;
  return TlsStep::kFailed;
}

bool TlsSession::flush(const Limits& limits) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
  const auto bytes = base::as_bytes({data, static_cast<std::size_t>(size)});
  const bool sent = connection_.send(bytes, limits);
  BIO_reset(SSL_get_wbio(ssl_.get()));
  return sent;
}

}  // namespace lifeboat::rpc
