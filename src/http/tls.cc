#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <vector>

#include "base/host_name.h"
#include "base/text.h"

namespace lifeboat::http {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioHandle = std::unique_ptr<BIO, Free>;
using CertificateHandle = std::unique_ptr<X509, Free>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Free>;

base::Error invalid(const std::string& message, std::string hint) {
  ERR_clear_error();
  return base::Error(base::Code::kInvalid, message, std::move(hint));
}

BioHandle read_only_bio(std::string_view content) {
  LIFEBOAT_CHECK(content.size() <= INT_MAX);
  return BioHandle(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

// Instead of OpenSSL's own, which would ask on the terminal.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

bool reached_the_end() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// All certificates in `pem`, at least one. `what` names them for messages.
std::vector<CertificateHandle> parse_certificates(const std::string& pem, std::string_view what) {
  ERR_clear_error();
  std::vector<CertificateHandle> certificates;
  const BioHandle bio = read_only_bio(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, &refuse_passphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  if (!reached_the_end()) {
    throw invalid(base::cat(what, ": certificate ", certificates.size() + 1, " is broken"),
                  "copy it again from where it was made");
  }
  if (certificates.empty()) {
    throw invalid(base::cat(what, ": no certificate in it"),
                  "give certificates as PEM text, which begins with -----BEGIN CERTIFICATE");
  }
  ERR_clear_error();
  return certificates;
}

// As Go does for kubectl: a certificate in the bundle need not be self-signed to be trusted.
void trust(SSL_CTX* context, const std::string& ca_pem) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& certificate : parse_certificates(ca_pem, "the CA")) {
    X509_STORE_add_cert(store, certificate.get());
  }
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

void trust_the_system(SSL_CTX* context) {
  const bool found = std::ranges::any_of(base::kCaBundles, [&](const char* path) {
    return SSL_CTX_load_verify_file(context, path) == 1;
  });
  ERR_clear_error();
  if (found) return;
  throw invalid("no CA to check the server's certificate against: this system has no CA bundle",
                "give the CA of the server");
}

void appear_as(SSL_CTX* context, const ClientOptions& options) {
  const auto chain = parse_certificates(options.cert_pem, "the client certificate");
  const BioHandle bio = read_only_bio(options.key_pem);
  const KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &refuse_passphrase, nullptr));
  if (!key) {
    throw invalid("the client key: no private key in it that can be used",
                  "give the key as PEM text without a passphrase");
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    throw invalid("the client key does not belong to the client certificate",
                  "give a certificate and a key that were made together, the certificate first");
  }
  const bool used = SSL_CTX_use_certificate(context, chain.front().get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  if (!used) {
    throw invalid("the client certificate is too weak for TLS as it is today",
                  "make one with a newer algorithm or a longer key");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
}

void check_completeness(const ClientOptions& options) {
  if (options.cert_pem.empty() == options.key_pem.empty()) return;
  throw invalid(options.key_pem.empty() ? "a client certificate without its key"
                                        : "a client key without its certificate",
                "give both or neither");
}

// The name that the certificate has to be valid for. A dot at the end means to DNS that the name is
// complete; certificates never have it.
std::string name_to_verify(const ClientOptions& options) {
  std::string name = options.server_name.empty() ? options.url.host : options.server_name;
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_about_certificates(int alert) {
  constexpr std::array kAlerts = {
      SSL_AD_BAD_CERTIFICATE,     SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
      SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN,     SSL_AD_UNKNOWN_CA,
      SSL_AD_ACCESS_DENIED,       SSL_AD_DECRYPT_ERROR,           SSL_AD_CERTIFICATE_REQUIRED,
  };
  return std::ranges::find(kAlerts, alert) != kAlerts.end();
}

}  // namespace

void SslContextFree::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Tls::Tls(const ClientOptions& options)
    : context_(SSL_CTX_new(TLS_client_method())),
      server_name_(name_to_verify(options)),
      verify_(!options.skip_verify),
      own_certificate_(!options.cert_pem.empty()) {
  LIFEBOAT_CHECK(context_ != nullptr);
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  check_completeness(options);
  if (own_certificate_) appear_as(context_.get(), options);
  if (!options.ca_pem.empty()) {
    trust(context_.get(), options.ca_pem);
  } else if (verify_) {
    trust_the_system(context_.get());
  }
}

void Tls::prepare(ssl_st* session) const {
  if (is_address(server_name_)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), server_name_.c_str());
    return;
  }
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set1_host(session, server_name_.c_str());
  SSL_set_tlsext_host_name(session, server_name_.c_str());
}

base::Error Tls::explain(const ssl_st* session, unsigned long openssl_error) const {
  const long verdict = SSL_get_verify_result(session);
  if (verify_ && verdict != X509_V_OK) return explain_verification(verdict);
  const int reason = ERR_GET_REASON(openssl_error);
  if (ERR_GET_LIB(openssl_error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
    return explain_alert(reason - SSL_AD_REASON_OFFSET);
  }
  if (ERR_GET_LIB(openssl_error) == ERR_LIB_SSL && reason == SSL_R_WRONG_VERSION_NUMBER) {
    return base::Error(base::Code::kUnavailable, "the server does not speak TLS",
                       "check the port, and whether the URL must begin with http://");
  }
  const char* text = ERR_reason_error_string(openssl_error);
  return base::Error(base::Code::kUnavailable,
                     base::cat("TLS fails: ", text == nullptr ? "no reason given" : text),
                     "check that the URL is that of the server");
}

base::Error Tls::explain_verification(long verdict) const {
  const std::string reason = base::cat("the server's certificate is not accepted: ",
                                       X509_verify_cert_error_string(verdict));
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return base::Error(base::Code::kDenied,
                         base::cat(reason, ": it is not valid for ", server_name_),
                         "use a name in the URL that the certificate is valid for");
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return base::Error(base::Code::kDenied, reason,
                         "renew the certificate, or check the clock of this machine");
    default:
      return base::Error(base::Code::kDenied, reason, "check that the CA given is the server's");
  }
}

base::Error Tls::explain_alert(int alert) const {
  const std::string name = SSL_alert_desc_string_long(alert);
  if (!is_about_certificates(alert)) {
    return base::Error(base::Code::kUnavailable,
                       base::cat("the server refuses the TLS handshake: ", name),
                       own_certificate_ ? "" : "the server may demand a client certificate");
  }
  if (!own_certificate_) {
    return base::Error(base::Code::kDenied,
                       base::cat("the server demands a client certificate: ", name),
                       "give a client certificate and its key");
  }
  return base::Error(base::Code::kDenied,
                     base::cat("the server does not accept the client certificate: ", name),
                     "use a client certificate that is valid today, signed by a CA that the server "
                     "trusts");
}

}  // namespace lifeboat::http
