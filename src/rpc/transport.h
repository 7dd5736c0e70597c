// Bytes to and from an endpoint, plain or in TLS, as its URL has it. Inside this folder only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "rpc/connection.h"
#include "rpc/explain.h"
#include "rpc/tls_session.h"

namespace lifeboat::rpc {

class Transport {
 public:
  // Connects, and where the URL is https shakes hands and verifies the server as the options say.
  // Throws kUnavailable if that fails, in words that are for a log: explain_failure finds better
  // ones. Throws kInvalid, kCancelled.
  Transport(const Peer& peer, const Limits& limits);

  // As Connection has them. A TLS session that breaks is one that the other side has closed.
  bool send(base::Bytes bytes, const Limits& limits);
  std::optional<std::size_t> receive(base::MutableBytes buffer, const Limits& limits);

  // Why nothing more can be received, as far as is known.
  std::string end_reason() const;

 private:
  void start_tls(const Peer& peer, const Limits& limits);

  Connection connection_;
  TlsContextHandle context_;
  std::unique_ptr<TlsSession> session_;  // nullptr: plain
};

}  // namespace lifeboat::rpc
