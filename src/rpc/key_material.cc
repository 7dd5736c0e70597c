// The checks of tls_probe.h that need no network.
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "rpc/tls_probe.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

void check_completeness(const ClientOptions& options) {
  if (options.cert.given() && !options.key.given()) {
    throw base::Error(base::Code::kInvalid,
                      base::cat(options.cert.path, ": a client certificate without its key"),
                      "give the key with --key");
  }
  if (options.key.given() && !options.cert.given()) {
    throw base::Error(base::Code::kInvalid,
                      base::cat(options.key.path, ": a client key without its certificate"),
                      "give the certificate with --cert");
  }
}

void check_key_pair(const ClientOptions& options) {
  const X509Handle certificate = std::move(parse_certificates(options.cert).front());
  const KeyHandle key = parse_private_key(options.key);
  const bool belong_together = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (belong_together) return;
  throw base::Error(
      base::Code::kInvalid,
      base::cat(options.key.path, ": the key does not belong to the certificate in ",
                options.cert.path),
      "give a certificate and a key that were made together; the certificate must be the first in "
      "its file");
}

void check_that_tls_is_used(const ClientOptions& options) {
  const PemFile& file = options.ca.given() ? options.ca : options.cert;
  if (!file.given()) return;
  const bool used = std::ranges::any_of(options.endpoints, [](const std::string& endpoint) {
    return parse_endpoint_url(endpoint, true).tls;
  });
  if (used) return;
  throw base::Error(base::Code::kInvalid,
                    base::cat(file.path, ": given for TLS, but every endpoint is plain http"),
                    "write https:// in front of the endpoints, or leave out the TLS files");
}

}  // namespace

std::vector<CertificateInfo> read_certificates(const PemFile& file) {
  std::vector<CertificateInfo> result;
  for (const X509Handle& certificate : parse_certificates(file)) {
    result.push_back(describe_certificate(*certificate));
  }
  return result;
}

void check_key_material(const ClientOptions& options) {
  check_completeness(options);
  if (options.ca.given()) parse_certificates(options.ca);
  if (options.cert.given()) check_key_pair(options);
  check_that_tls_is_used(options);
}

}  // namespace lifeboat::rpc
