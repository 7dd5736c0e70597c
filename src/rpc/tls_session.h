// TLS with etcd, by hand: a context as gRPC's would be, and a session whose waits have deadlines.
// Inside this folder only.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "rpc/connection.h"
#include "rpc/endpoint_url.h"
#include "rpc/etcd_client.h"
#include "rpc/tls_words.h"

struct ssl_ctx_st;
struct ssl_st;

namespace lifeboat::rpc {

// gRPC would take errors that are left in OpenSSL's queue of this thread for its own.
struct ErrorQueueCleaner {
  ~ErrorQueueCleaner();
};

struct TlsContextFree {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContextHandle = std::unique_ptr<ssl_ctx_st, TlsContextFree>;

struct SslFree {
  void operator()(ssl_st* ssl) const;
};
using SslHandle = std::unique_ptr<ssl_st, SslFree>;

// The options' certificate is shown to servers that ask for one. A server's own is checked against
// `roots` while shaking hands, but a bad one does not end the handshake, so that the certificate is
// there to be told about: the caller has to look at the verdict (SSL_get_verify_result). Without
// roots the verdict means nothing. Throws kInvalid for key material that can't be read.
TlsContextHandle make_tls_context(const ClientOptions& options, const PemFile& roots);

enum class TlsStep { kDone, kClosed, kTimedOut, kFailed };

// OpenSSL works on memory, and bytes are carried to and fro here, where waits have a deadline and a
// closed socket is no signal. Every step throws kCancelled.
class TlsSession {
 public:
  // Borrows the connection. The server's certificate will have to be for the URL's host.
  TlsSession(ssl_ctx_st* context, const EndpointUrl& url, Connection& connection);

  TlsStep handshake(const Limits& limits);
  TlsStep send(base::Bytes bytes, const Limits& limits);
  // Puts at least one byte in front of `buffer` if it is done.
  TlsStep receive(base::MutableBytes buffer, std::size_t& received, const Limits& limits);

  ssl_st* ssl() { return ssl_.get(); }

  // The TLS alert by which the server ended the session, if it sent one.
  std::optional<int> alert() const { return alert_; }
  // Why the last step failed, in OpenSSL's words.
  const std::string& reason() const { return reason_; }

  ClientCertificateView client_certificate_view();

 private:
  // Repeats `operation` for as long as all it lacks is bytes from the other side.
  TlsStep drive(const std::function<int()>& operation, const Limits& limits);
  TlsStep note_failure();
  bool flush(const Limits& limits);

  Connection& connection_;
  const SslHandle ssl_;
  bool certificate_requested_ = false;
  std::optional<int> alert_;
  std::string reason_;
  std::array<std::uint8_t, 65536> buffer_ = {};
};

}  // namespace lifeboat::rpc
