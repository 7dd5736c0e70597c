#include "rpc/transport.h"

#include <openssl/ssl.h>

#include "base/error.h"
#include "base/text.h"
#include "rpc/x509.h"

namespace lifeboat::rpc {
namespace {

base::Error no_session(std::string_view why) {
  return base::Error(base::Code::kUnavailable, base::cat("no TLS session: ", why),
                     "see the log of etcd on that machine");
}

bool is_verified(SSL* ssl) {
  return SSL_get0_peer_certificate(ssl) != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
}

}  // namespace

Transport::Transport(const Peer& peer, const Limits& limits)
    : connection_(resolve_host(peer.url, limits), limits) {
  if (peer.url.tls) start_tls(peer, limits);
}

std::string Transport::end_reason() const {
  const bool tls_failed = session_ && !session_->reason().empty();
  return tls_failed ? base::cat("TLS: ", session_->reason()) : "closed or reset";
}

void Transport::start_tls(const Peer& peer, const Limits& limits) {
  const ErrorQueueCleaner cleaner;
  const bool verifies = !peer.options.skip_verify;
  const PemFile roots = verifies ? trusted_roots(peer.options) : PemFile();
  context_ = make_tls_context(peer.options, roots);
  session_ = std::make_unique<TlsSession>(context_.get(), peer.url, connection_);
  switch (session_->handshake(limits)) {
    case TlsStep::kDone:
      break;
    case TlsStep::kClosed:
      throw no_session("the server closes the connection");
    case TlsStep::kTimedOut:
      throw no_session("the server does not answer in time");
    case TlsStep::kFailed:
      throw no_session(session_->reason());
  }
  if (verifies && !is_verified(session_->ssl())) {
    throw no_session("the server's certificate is not to be trusted");
  }
}

bool Transport::send(base::Bytes bytes, const Limits& limits) {
  if (!session_) return connection_.send(bytes, limits);
  return bytes.empty() || session_->send(bytes, limits) != TlsStep::kTimedOut;
}

std::optional<std::size_t> Transport::receive(base::MutableBytes buffer, const Limits& limits) {
  if (!session_) return connection_.receive(buffer, limits);
  std::size_t received = 0;
  const TlsStep step = session_->receive(buffer, received, limits);
  if (step == TlsStep::kTimedOut) return std::nullopt;
  return step == TlsStep::kDone ? received : 0;
}

}  // namespace lifeboat::rpc
