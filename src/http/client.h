// HTTP/1.1 as a client, plain or over TLS: the one place that knows an HTTP library (Boost.Beast).
//
// Trusts no server: headers and bodies are bounded, and every wait ends with the deadline or with
// the stop token, soon after whichever comes first.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/proxy.h"
#include "http/url.h"

namespace lifeboat::http {

struct ClientOptions {
  Url url;
  // PEM. Empty ca: the system's own roots. Certificate and key: both or neither; the certificate
  // may be followed by the chain up to its root.
  std::string ca_pem = {};
  std::string cert_pem = {};
  std::string key_pem = {};
  bool skip_verify = false;
  std::string server_name = {};     // to be verified instead of the URL's host; empty: the host
  std::optional<Proxy> proxy = {};  // to go through
  std::chrono::milliseconds connect_timeout{5000};  // look-up, TCP and TLS, all addresses together
  std::chrono::milliseconds response_timeout{30000};  // from the request's end to the body's end
  std::uint64_t body_max_bytes = 16 * 1024 * 1024;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target = "/";  // encoded as it goes over the line
  Headers headers = {};
  std::string_view body = {};  // borrowed
  // Where it comes before the client's timeouts, it ends the wait.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

struct Response {
  unsigned status = 0;
  Headers headers = {};
  std::string body = {};

  // The first of that name, whatever its case; nullopt if there is none.
  std::optional<std::string> header(std::string_view name) const;
};

// Used by one thread. Keeps its connection for the next request while the server does. A request
// that changes nothing (GET, HEAD, OPTIONS) is sent once more if the server has closed the kept
// connection just before it.
class Client {
 public:
  virtual ~Client() = default;

  // Whatever status the server answers with is an answer, a redirect too. Throws kUnavailable,
  // naming host, port and why, if there is none in time; kDenied if one side refuses the other's
  // certificate; kCorrupt for what is no HTTP or too large; kInvalid for a request that HTTP can't
  // carry; kCancelled soon after `stop`.
  virtual Response send(const Request& request, std::stop_token stop) = 0;
};

// Connects nothing yet. Throws kInvalid for key material that can't work.
std::unique_ptr<Client> make_client(const ClientOptions& options);

}  // namespace lifeboat::http
