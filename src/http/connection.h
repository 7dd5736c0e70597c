// One connection to a server, plain or over TLS, with blocking calls. Inside this folder only.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/bytes.h"
#include "http/proxy.h"
#include "http/tls.h"
#include "http/url.h"

namespace lifeboat::http {

// When to give up waiting.
struct Limits {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop;

  static Limits within(std::chrono::milliseconds timeout, std::stop_token stop) {
    return {std::chrono::steady_clock::now() + timeout, std::move(stop)};
  }
  // Never negative.
  std::chrono::nanoseconds left() const;
};

// Every call throws kCancelled soon after a stop; after that, and after any other error, the
// connection is to be given up. Used by one thread.
class Connection {
 public:
  // Tries all addresses of the URL's host in turn, each within its share of the time that is left.
  // `tls` is nullptr for plain http, and borrowed. Throws kUnavailable in plain words if no address
  // accepts; kDenied if one does but one side refuses the other's certificate. With a `proxy`, its
  // addresses are tried instead, and TLS goes through a tunnel that it makes; kDenied if it
  // refuses.
  Connection(const Url& url, const Tls* tls, const std::optional<Proxy>& proxy,
             const Limits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Whether the server has been silent since the last answer. If not, it has closed the connection,
  // or speaks unasked, and the next request needs another one.
  bool is_quiet() const;

  // Sends all of `bytes`. A connection that the server has closed swallows them: what it said
  // before can still be received. Throws kUnavailable at the deadline.
  void send(base::Bytes bytes, const Limits& limits);

  enum class Outcome {
    kBytes,
    kClosed,    // properly: what was sent before is all there is
    kCut,       // reset, or TLS without its own end
    kTimedOut,  // the deadline
  };
  struct Received {
    Outcome outcome = Outcome::kBytes;
    std::size_t size_bytes = 0;  // what was put in front of the buffer; 0 unless kBytes
  };
  // Waits for at least one byte. Throws kDenied and kUnavailable if the server ends TLS by an
  // alert.
  Received receive(base::MutableBytes buffer, const Limits& limits);

 private:
  void connect_somewhere(const Url& url, const Limits& limits);

  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace lifeboat::http
