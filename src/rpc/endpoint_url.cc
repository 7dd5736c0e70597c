#include "rpc/endpoint_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/host_name.h"
#include "base/text.h"

namespace lifeboat::rpc {
namespace {

constexpr std::string_view kDefaultPort = "2379";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  // What stands before an "@" may be a password.
  const std::size_t at = text.rfind('@');
  const std::string shown = at == std::string_view::npos
                                ? base::printable(text)
                                : base::cat("...", base::printable(text.substr(at)));
  throw base::Error(base::Code::kInvalid, base::cat("bad endpoint '", shown, "': ", why),
                    "an endpoint looks like https://10.0.0.5:2379");
}

bool is_address(int family, const std::string& text) {
  in6_addr address;
  return inet_pton(family, text.c_str(), &address) == 1;
}

bool is_name(const std::string& host) {
  return base::is_domain_name(host) || is_address(AF_INET, host);
}

// Cuts the scheme off `rest` and says whether it means TLS.
bool take_scheme(std::string_view text, std::string_view& rest, bool tls_by_default) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return tls_by_default;
  std::string scheme(text.substr(0, end));
  std::ranges::transform(scheme, scheme.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (scheme != "http" && scheme != "https") refuse(text, "the scheme must be http or https");
  rest = text.substr(end + 3);
  return scheme == "https";
}

// Splits "[::1]:2379" or "host:2379"; the port is empty when there is none.
void split_host(std::string_view text, std::string_view rest, EndpointUrl& url) {
  const bool bracketed = rest.starts_with('[');
  const std::size_t host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == std::string_view::npos) refuse(text, "']' is missing");
  url.host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  const std::string_view port_part =
      host_end == std::string_view::npos ? "" : rest.substr(bracketed ? host_end + 1 : host_end);
  if (!bracketed && is_address(AF_INET6, std::string(rest))) {
    refuse(text, "an IPv6 address needs brackets, as in [::1]:2379");
  }
  const bool good = bracketed ? is_address(AF_INET6, url.host) : is_name(url.host);
  if (url.host.empty()) refuse(text, "the host is missing");
  if (!port_part.empty() && !port_part.starts_with(':')) refuse(text, "a ':' belongs after ']'");
  if (!good) refuse(text, base::cat("'", base::printable(url.host), "' is no host"));
  url.port = port_part.empty() ? kDefaultPort : port_part.substr(1);
}

}  // namespace

EndpointUrl parse_endpoint_url(std::string_view text, bool tls_by_default) {
  EndpointUrl url;
  std::string_view rest = text;
  url.tls = take_scheme(text, rest, tls_by_default);
  if (rest.find('@') != std::string_view::npos) {
    refuse(text, "a user and a password don't belong here: use --user");
  }
  // As etcdctl does.
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) refuse(text, "it must have no path");
  split_host(text, rest, url);
  const std::optional<std::uint16_t> port = base::parse_port(url.port);
  if (!port) refuse(text, "the port must be a number from 1 to 65535");
  url.port = std::to_string(*port);
  url.text = base::cat(url.tls ? "https://" : "http://", authority_of(url));
  return url;
}

std::string authority_of(const EndpointUrl& url) {
  const bool brackets = url.host.find(':') != std::string::npos;
  return base::cat(brackets ? "[" : "", url.host, brackets ? "]" : "", ":", url.port);
}

}  // namespace lifeboat::rpc
