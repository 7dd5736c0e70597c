// A TCP connection made by hand, with a deadline on every wait. Inside this folder only.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "rpc/endpoint_url.h"

namespace lifeboat::rpc {

// A wait looks up this often whether it shall stop, while nothing comes.
inline constexpr std::chrono::milliseconds kStopCheckInterval{50};

// When to give up waiting.
struct Limits {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop;

  static Limits within(std::chrono::milliseconds timeout, std::stop_token stop) {
    return {std::chrono::steady_clock::now() + timeout, std::move(stop)};
  }
  // Never negative.
  std::chrono::milliseconds left() const;
};

// "5 s", "300 ms".
std::string format_timeout(std::chrono::milliseconds timeout);

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// The addresses of the endpoint's host. Throws kUnavailable if there are none, kCancelled.
//
// Asks through c-ares, as gRPC does, and not through getaddrinfo, which can't be given a deadline
// and which, in a statically linked program, would load the name service modules of whatever C
// library it finds at run time.
std::vector<SocketAddress> resolve_host(const EndpointUrl& url, const Limits& limits);

// Waits for `events` of poll(2) on `descriptor`; false at the deadline. Throws kCancelled.
bool wait_for(int descriptor, short events, const Limits& limits);

class Connection {
 public:
  // Tries the addresses in turn until one accepts; each has its share of the time that is left.
  // Throws kUnavailable in plain words if none does, kCancelled.
  Connection(const std::vector<SocketAddress>& addresses, const Limits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends all of `bytes`. A connection that the other side has closed swallows them: what it said
  // before can still be received. False at the deadline; throws kCancelled.
  bool send(base::Bytes bytes, const Limits& limits);

  // The number of bytes put in front of `buffer`, 0 if the other side has closed, nullopt at the
  // deadline. Throws kCancelled.
  std::optional<std::size_t> receive(base::MutableBytes buffer, const Limits& limits);

 private:
  // Returns 0 or an errno.
  int connect_to(const SocketAddress& address, const Limits& limits);
  void close();

  int descriptor_ = -1;
};

}  // namespace lifeboat::rpc
