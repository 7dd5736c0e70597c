#include "rpc/tls_words.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

base::Error unavailable(const std::string& cause, std::string hint) {
  return base::Error(base::Code::kUnavailable, cause, std::move(hint));
}

base::Error explain_wrong_host(const EndpointUrl& url, const x509_st& certificate) {
  const std::vector<std::string> hosts = valid_hosts(certificate);
  return unavailable(
      base::cat("the server's certificate is not valid for ", url.host, ", but for ",
                hosts.empty() ? "no host at all" : base::join(hosts, ", ")),
      hosts.empty() ? "make a certificate that names the host as a subject alternative name"
                    : "use one of these names in the endpoint, or add this one to the certificate");
}

base::Error explain_unknown_issuer(const PemFile& roots, const x509_st& certificate) {
  return unavailable(base::cat("the server's certificate, issued by ", issuer_text(certificate),
                               ", is not signed by a CA in ", roots.path),
                     "give the CA that signed it with --cacert");
}

bool is_certificate_alert(int alert) {
  constexpr std::array kAlerts = {
      SSL_AD_HANDSHAKE_FAILURE,  // what old servers say for a missing certificate
      SSL_AD_BAD_CERTIFICATE,     SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
      SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN,     SSL_AD_UNKNOWN_CA,
      SSL_AD_ACCESS_DENIED,       SSL_AD_DECRYPT_ERROR,           SSL_AD_CERTIFICATE_REQUIRED,
  };
  for (const int candidate : kAlerts) {
    if (alert == candidate) return true;
  }
  return false;
}

base::Error explain_refused_certificate(const ClientOptions& options,
                                        const ClientCertificateView& view) {
  const std::string& path = options.cert.path;
  const X509Handle certificate = std::move(parse_certificates(options.cert).front());
  const CertificateInfo info = describe_certificate(*certificate);
  const auto now = std::chrono::system_clock::now();
  if (info.not_after < now) {
    return unavailable(base::cat("the client certificate in ", path, " expired on ",
                                 format_seconds(info.not_after)),
                       "renew it");
  }
  if (info.not_before > now) {
    return unavailable(base::cat("the client certificate in ", path, " is not valid before ",
                                 format_seconds(info.not_before)),
                       "check the clock of this machine");
  }
  if (X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) != 1) {
    return unavailable(base::cat("the server does not accept the certificate in ", path,
                                 ": it was not made for clients"),
                       "make one with the extended key usage clientAuth");
  }
  const std::string issuers = base::join(view.accepted_issuers, "; ");
  return unavailable(base::cat("the server does not accept the client certificate in ", path,
                               ", issued by ", issuer_text(*certificate)),
                     base::cat("use one signed by the CA that etcd was given as --trusted-ca-file",
                               issuers.empty() ? "" : ": ", issuers));
}

}  // namespace

base::Error explain_server_certificate(const EndpointUrl& url, const PemFile& roots,
                                       const x509_st& certificate, long verify_result) {
  const CertificateInfo info = describe_certificate(certificate);
  switch (verify_result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return explain_wrong_host(url, certificate);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      if (info.not_after >= std::chrono::system_clock::now()) {
        return unavailable("a CA certificate that the server's certificate depends on has expired",
                           base::cat("renew the CA; see ", roots.path));
      }
      return unavailable(
          base::cat("the server's certificate expired on ", format_seconds(info.not_after)),
          "renew it, or check the clock of this machine");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return unavailable(base::cat("the server's certificate is not valid before ",
                                   format_seconds(info.not_before)),
                         "check the clock of this machine");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return explain_unknown_issuer(roots, certificate);
    case X509_V_ERR_INVALID_PURPOSE:
      return unavailable("the server's certificate was not made for servers",
                         "make one with the extended key usage serverAuth");
    default:
      return unavailable(base::cat("the server's certificate is not good: ",
                                   X509_verify_cert_error_string(verify_result)),
                         base::cat("check it with: openssl s_client -connect ", url.host, ":",
                                   url.port, " -CAfile ", roots.path));
  }
}

base::Error explain_alert(const ClientOptions& options, int alert,
                          const ClientCertificateView& view) {
  if (view.requested && is_certificate_alert(alert)) {
    if (options.cert.given()) return explain_refused_certificate(options, view);
    return unavailable("the server demands a client certificate",
                       "give one with --cert, and its key with --key");
  }
  if (alert == SSL_AD_PROTOCOL_VERSION || alert == SSL_AD_HANDSHAKE_FAILURE ||
      alert == SSL_AD_INSUFFICIENT_SECURITY) {
    return unavailable("the server offers no TLS version or cipher that is good enough",
                       "let etcd serve TLS 1.2 or newer, with its default ciphers");
  }
  if (alert == SSL_AD_NO_APPLICATION_PROTOCOL) {
    return unavailable("the server does not speak HTTP/2",
                       "check that the endpoint is the client URL of an etcd member");
  }
  return unavailable(
      base::cat("the server refused the TLS handshake: ", SSL_alert_desc_string_long(alert)),
      "see the log of etcd on that machine");
}

}  // namespace lifeboat::rpc
