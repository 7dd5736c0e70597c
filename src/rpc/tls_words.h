// What OpenSSL found out, in words for the operator. Inside this folder only.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "rpc/endpoint_url.h"
#include "rpc/etcd_client.h"

struct x509_st;

namespace lifeboat::rpc {

// Why the server's certificate is no good. `verify_result` is an X509_V_ERR_ number other than
// X509_V_OK; `roots` is what the certificate was checked against.
base::Error explain_server_certificate(const EndpointUrl& url, const PemFile& roots,
                                       const x509_st& certificate, long verify_result);

// What the server has said of the client's certificate.
struct ClientCertificateView {
  bool requested = false;
  std::vector<std::string> accepted_issuers;  // may be empty: servers need not tell
};

// Why the server has refused a handshake. `alert` is a number of RFC 8446, section 6.
base::Error explain_alert(const ClientOptions& options, int alert,
                          const ClientCertificateView& view);

}  // namespace lifeboat::rpc
