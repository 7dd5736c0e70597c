// Says in plain words why a connection to etcd fails, and how long certificates are still good.
//
// gRPC knows little more than "handshake failed". So when a call has failed, one connection is made
// by hand, with OpenSSL, as far as the first HTTP/2 frame, and what happens there is put into
// words.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/time.h"
#include "rpc/endpoint_url.h"
#include "rpc/etcd_client.h"

namespace lifeboat::rpc {

struct ProbeResult {
  bool ok = false;
  std::string cause;  // why not: "the server's certificate is not signed by the CA in ca.crt"
  std::string hint;   // what to check
  // The server's certificate, where a handshake got that far.
  std::optional<base::TimePoint> server_certificate_expires;
};

// Connects within `timeout` and closes again. Never throws for what the other side does; kCancelled
// on `stop`.
ProbeResult probe_endpoint(const EndpointUrl& url, const ClientOptions& options,
                           std::chrono::milliseconds timeout, std::stop_token stop);

struct CertificateInfo {
  std::string subject;
  base::TimePoint not_before;
  base::TimePoint not_after;
};

// The certificates in a PEM file, in order. Throws kInvalid if there is none or one is broken.
std::vector<CertificateInfo> read_certificates(const PemFile& file);

// Throws kInvalid as make_endpoints describes, if the options' key material can't work.
void check_key_material(const ClientOptions& options);

}  // namespace lifeboat::rpc
