// Endpoints as people write them for etcdctl.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::rpc {

struct EndpointUrl {
  std::string text;  // with its scheme: "https://10.0.0.5:2379"
  std::string host;  // a name, an IPv4 address, or an IPv6 address without brackets
  std::string port;
  bool tls = false;
};

// Accepts http://HOST:PORT, https://HOST:PORT and HOST:PORT, which takes its scheme from
// `tls_by_default`. Without a port it is 2379. Throws kInvalid for anything else: another scheme, a
// path, credentials in the URL, a port out of range.
EndpointUrl parse_endpoint_url(std::string_view text, bool tls_by_default);

// "HOST:PORT", with brackets around an IPv6 address (RFC 3986, section 3.2).
std::string authority_of(const EndpointUrl& url);

}  // namespace lifeboat::rpc
