// Proxies between this machine and a server, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY name them.
//
// Servers behind TLS are reached through CONNECT, so that the proxy sees names and no more; others
// by handing it the whole URL. What stands in a proxy's URL as user and password goes to the proxy
// and nowhere else, messages included.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/url.h"

namespace lifeboat::http {

struct Proxy {
  Url url;
  std::string authorization = {};  // the value of Proxy-Authorization, a secret; empty: none
};

// What the variables hold; an empty one counts as not set.
struct ProxySettings {
  std::string https = {};
  std::string http = {};
  // "10.0.0.0/8,.cluster.local,example.com,host:8080,*": a name stands for what is below it, too;
  // one that begins with a dot for that only.
  std::string no_proxy = {};
};

// "http://user:password@proxy:3128" or "proxy:3128". Throws kInvalid; kUnsupported for a proxy that
// is itself to be spoken to over TLS or SOCKS.
Proxy parse_proxy(std::string_view text);

// Nullopt: directly, as always to this machine itself. Throws as above.
std::optional<Proxy> choose_proxy(const ProxySettings& settings, const Url& server);

// What asks `proxy` for a tunnel to `server`.
std::string encode_connect(const Proxy& proxy, const Url& server);

// Reads the header of its answer, which ends in an empty line. Throws kDenied, kUnavailable or
// kCorrupt unless the tunnel is there.
void check_connect_answer(std::string_view header);

}  // namespace lifeboat::http
