#include "http/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// A wait looks up this often whether it shall stop. A callback of the stop token that wakes it
// would be exact, but has to be safe against a wait that ends at the same moment.
constexpr std::chrono::milliseconds kStopCheckInterval{20};

constexpr std::size_t kTunnelHeaderMaxBytes = 16 * 1024;

std::chrono::nanoseconds next_look(const Limits& limits) {
  return std::min<std::chrono::nanoseconds>(limits.left(), kStopCheckInterval);
}

base::Error unavailable(const std::string& cause, std::string hint) {
  return base::Error(base::Code::kUnavailable, cause, std::move(hint));
}

base::Error silence() {
  return unavailable("the server accepts connections but does not answer in time",
                     "check that the server is not stopped or overloaded");
}

std::string connect_words(const error_code& error) {
  if (error == asio::error::connection_refused) return "connection refused";
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable) {
    return "no route to the host";
  }
  return base::cat("no connection: ", error.message());
}

base::Error connect_error(const std::string& cause) {
  return unavailable(cause,
                     "check the address, that the server runs and listens there, and the "
                     "network and firewalls in between");
}

// ---- Addresses ----------------------------------------------------------------------------------

struct Lookup {
  std::vector<tcp::endpoint> endpoints;
  error_code error;
};

Lookup look_up(const std::string& host, std::uint16_t port) {
  Lookup lookup;
  asio::io_context context;
  tcp::resolver resolver(context);
  const auto found =
      resolver.resolve(host, std::to_string(port), tcp::resolver::numeric_service, lookup.error);
  for (const auto& entry : found) lookup.endpoints.push_back(entry.endpoint());
  return lookup;
}

// The C library's look-up knows no deadline and can't be interrupted. So it has a thread of its
// own, which is left alone with a look-up that nobody waits for any more.
Lookup look_up_within(const Url& url, const Limits& limits) {
  std::packaged_task<Lookup()> task(
      [host = url.host, port = url.port] { return look_up(host, port); });
  std::future<Lookup> lookup = task.get_future();
  std::jthread(std::move(task)).detach();
  while (lookup.wait_for(next_look(limits)) != std::future_status::ready) {
    base::throw_if_stopped(limits.stop);
    if (limits.left().count() == 0) {
      throw unavailable(base::cat("the name ", url.host, " was not resolved in time"),
                        "check that the DNS server answers");
    }
  }
  return lookup.get();
}

std::vector<tcp::endpoint> resolve(const Url& url, const Limits& limits) {
  error_code no_address;
  const auto address = asio::ip::make_address(url.host, no_address);
  if (!no_address) return {tcp::endpoint(address, url.port)};
  const Lookup lookup = look_up_within(url, limits);
  if (!lookup.endpoints.empty()) return lookup.endpoints;
  throw unavailable(base::cat("the name ", url.host, " does not resolve: ", lookup.error.message()),
                    "check the name, and the DNS servers of this machine");
}

// Asio hands errors of OpenSSL on as its queue had them.
unsigned long openssl_error(const error_code& error) {
  return static_cast<unsigned>(error.value());
}

// gRPC would take errors that are left in OpenSSL's queue of this thread for its own.
struct ErrorQueueCleaner {
  ~ErrorQueueCleaner() { ERR_clear_error(); }
};

}  // namespace

std::chrono::nanoseconds Limits::left() const {
  return std::max<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now(),
                                            std::chrono::nanoseconds(0));
}

// Operations are started on an event loop of the connection's own, and each call runs it until its
// operation is done.
struct Connection::State {
  using Stream = asio::ssl::stream<tcp::socket&>;

  explicit State(const Tls* settings) : tls_settings(settings) {}

  // Runs what `start` starts with a handler. Nullopt at the deadline, throws kCancelled; in both
  // cases the socket is closed, so that the operation ends before what it refers to does.
  template <typename Start>
  std::optional<error_code> run(const Limits& limits, Start start) {
    const ErrorQueueCleaner cleaner;
    std::optional<error_code> result;
    start([&result](const error_code& error, auto... /*details*/) { result = error; });
    context.restart();
    while (!result && !limits.stop.stop_requested() && limits.left().count() > 0) {
      context.run_one_for(next_look(limits));
    }
    if (result) return result;
    error_code ignored;
    socket.close(ignored);
    context.run();
    base::throw_if_stopped(limits.stop);
    return std::nullopt;
  }

  // Throws kUnavailable, kDenied.
  void connect(const tcp::endpoint& endpoint, const Limits& limits) {
    tls.reset();
    socket = tcp::socket(context);
    const auto error =
        run(limits, [&](auto handler) { socket.async_connect(endpoint, std::move(handler)); });
    if (!error) {
      throw connect_error("no connection in time: the host or a firewall in between is silent");
    }
    if (*error) throw connect_error(connect_words(*error));
    // Each request is written as a whole: nothing is won by waiting for more.
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (tunnel.empty() && tls_settings != nullptr) shake_hands(limits);
  }

  // Asks the proxy at the other end for a connection to the server. Throws as proxy.h says.
  void dig_tunnel(const Limits& limits) {
    const auto error = run(limits, [&](auto handler) {
      asio::async_write(socket, asio::buffer(tunnel), std::move(handler));
    });
    if (!error) throw silence();
    std::string answer;
    while (!answer.ends_with("\r\n\r\n")) {
      // Byte by byte: what follows the header belongs to the server.
      char byte = 0;
      const auto failure = run(limits, [&](auto handler) {
        asio::async_read(socket, asio::buffer(&byte, 1), std::move(handler));
      });
      if (!failure) throw silence();
      if (*failure || answer.size() >= kTunnelHeaderMaxBytes) {
        throw unavailable("it closes the connection without an answer", "see the proxy's log");
      }
      answer += byte;
    }
    check_connect_answer(answer);
  }

  void shake_hands(const Limits& limits) {
    SSL_CTX_up_ref(tls_settings->context());
    asio::ssl::context shared(tls_settings->context());  // frees what was just taken
    tls.emplace(socket, shared);
    tls_settings->prepare(tls->native_handle());
    const auto error = run(limits, [&](auto handler) {
      tls->async_handshake(asio::ssl::stream_base::client, std::move(handler));
    });
    if (!error) throw silence();
    if (!*error) return;
    if (error->category() == asio::error::get_ssl_category()) {
      throw tls_settings->explain(tls->native_handle(), openssl_error(*error));
    }
    throw unavailable("the server closes the connection in the middle of the TLS handshake",
                      "check that the URL is that of the server, and see the server's log");
  }

  const Tls* const tls_settings;
  std::string tunnel;           // what asks a proxy for one; empty: none is needed
  asio::io_context context{1};  // one thread
  tcp::socket socket{context};
  std::optional<Stream> tls;
};

Connection::Connection(const Url& url, const Tls* tls, const std::optional<Proxy>& proxy,
                       const Limits& limits)
    : state_(std::make_unique<State>(tls)) {
  if (!proxy) {
    connect_somewhere(url, limits);
    return;
  }
  try {
    if (tls != nullptr) state_->tunnel = encode_connect(*proxy, url);
    connect_somewhere(proxy->url, limits);
    if (tls != nullptr) state_->dig_tunnel(limits);
  } catch (const base::Error& error) {
    if (error.code() == base::Code::kCancelled) throw;
    throw error.with_context(base::cat("the proxy ", proxy->url.text()));
  }
  if (tls != nullptr) state_->shake_hands(limits);
}

void Connection::connect_somewhere(const Url& url, const Limits& limits) {
  const std::vector<tcp::endpoint> endpoints = resolve(url, limits);
  std::vector<std::string> causes;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const auto share = limits.left() / static_cast<int>(endpoints.size() - i);
    try {
      state_->connect(endpoints[i], {std::chrono::steady_clock::now() + share, limits.stop});
      return;
    } catch (const base::Error& error) {
      const bool last = i + 1 == endpoints.size();
      if (error.code() != base::Code::kUnavailable || (last && causes.empty())) throw;
      causes.push_back(base::cat(endpoints[i].address().to_string(), ": ", error.what()));
    }
  }
  throw connect_error(base::join(causes, "; "));
}

Connection::~Connection() = default;

bool Connection::is_quiet() const {
  if (state_->tls && SSL_pending(state_->tls->native_handle()) > 0) return false;
  tcp::socket& socket = state_->socket;
  std::array<std::uint8_t, 1> byte = {};
  error_code error;
  socket.non_blocking(true, error);
  socket.receive(asio::buffer(byte), tcp::socket::message_peek, error);
  return error == asio::error::would_block;
}

void Connection::send(base::Bytes bytes, const Limits& limits) {
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  const auto error = state_->run(limits, [&](auto handler) {
    if (state_->tls) {
      asio::async_write(*state_->tls, buffer, std::move(handler));
    } else {
      asio::async_write(state_->socket, buffer, std::move(handler));
    }
  });
  if (!error) {
    throw unavailable("the server does not take the request in time",
                      "check that the server is not stopped or overloaded");
  }
}

Connection::Received Connection::receive(base::MutableBytes bytes, const Limits& limits) {
  const asio::mutable_buffer buffer(bytes.data(), bytes.size());
  std::size_t size = 0;
  const auto error = state_->run(limits, [&](auto done) {
    auto handler = [&size, done](const error_code& result, std::size_t received) mutable {
      size = received;
      done(result);
    };
    if (state_->tls) {
      state_->tls->async_read_some(buffer, std::move(handler));
    } else {
      state_->socket.async_read_some(buffer, std::move(handler));
    }
  });
  if (!error) return {Outcome::kTimedOut, 0};
  if (!*error) return {Outcome::kBytes, size};
  if (error->category() == asio::error::get_ssl_category()) {
    throw state_->tls_settings->explain(state_->tls->native_handle(), openssl_error(*error));
  }
  return {*error == asio::error::eof ? Outcome::kClosed : Outcome::kCut, 0};
}

}  // namespace lifeboat::http
