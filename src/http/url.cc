#include "http/url.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>

#include "base/error.h"
#include "base/host_name.h"
#include "base/text.h"

namespace lifeboat::http {
namespace {

// What stands before an "@" may be a password, what stands after a "?" may be a token.
std::string without_secrets(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const bool cut_front = at != std::string_view::npos;
  if (cut_front) text.remove_prefix(at);
  const std::size_t query = text.find_first_of("?#");
  const bool cut_back = query != std::string_view::npos;
  if (cut_back) text = text.substr(0, query);
  return base::cat(cut_front ? "..." : "", base::printable(text), cut_back ? "..." : "");
}

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw base::Error(base::Code::kInvalid, base::cat("bad URL '", without_secrets(text), "': ", why),
                    "a URL looks like https://10.0.0.5:6443");
}

// Without a zone ("%eth0"), which means nothing to the other side.
bool is_ipv6(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(text), error);
  return !error && text.find('%') == std::string_view::npos;
}

bool is_ipv4(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v4(std::string(text), error);
  return !error;
}

bool is_name(std::string_view host) { return base::is_domain_name(host) || is_ipv4(host); }

// What goes over the line as it is: no blanks, no control characters, nothing beyond ASCII.
bool is_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7F'; });
}

// Cuts the scheme off `rest` and says whether it means TLS.
bool take_scheme(std::string_view text, std::string_view& rest) {
  const std::size_t end = text.find("://");
  std::string scheme(text.substr(0, end));
  std::ranges::transform(scheme, scheme.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    refuse(text, "it must begin with https:// or http://");
  }
  rest = text.substr(end + 3);
  return scheme == "https";
}

// Splits "[::1]:6443" or "host:6443".
void split_authority(std::string_view text, std::string_view authority, Url& url) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = authority.find(bracketed ? ']' : ':');
  if (bracketed && end == std::string_view::npos) refuse(text, "']' is missing");
  if (!bracketed && is_ipv6(authority)) {
    refuse(text, "an IPv6 address needs brackets, as in [::1]:6443");
  }
  url.host = bracketed ? authority.substr(1, end - 1) : authority.substr(0, end);
  std::string_view port = end == std::string_view::npos ? "" : authority.substr(end);
  if (bracketed) port.remove_prefix(1);
  if (url.host.empty()) refuse(text, "the host is missing");
  if (!(bracketed ? is_ipv6(url.host) : is_name(url.host))) {
    refuse(text, base::cat("'", base::printable(url.host), "' is no host"));
  }
  url.port = url.tls ? 443 : 80;
  if (port.empty()) return;
  if (!port.starts_with(':')) refuse(text, "a ':' belongs after ']'");
  const std::optional<std::uint16_t> number = base::parse_port(port.substr(1));
  if (!number) refuse(text, "the port must be a number from 1 to 65535");
  url.port = *number;
}

std::string bracketed_host(const Url& url) {
  return url.host.find(':') == std::string::npos ? url.host : base::cat("[", url.host, "]");
}

}  // namespace

std::string Url::text() const {
  return base::cat(tls ? "https://" : "http://", bracketed_host(*this), ":", port);
}

std::string Url::authority() const {
  const bool usual = port == (tls ? 443 : 80);
  return usual ? bracketed_host(*this) : base::cat(bracketed_host(*this), ":", port);
}

Url parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  url.tls = take_scheme(text, rest);
  if (rest.find('@') != std::string_view::npos) refuse(text, "no user and password belong here");
  if (rest.find_first_of("?#") != std::string_view::npos) {
    refuse(text, "it must have no query and no fragment");
  }
  const std::size_t path = std::min(rest.find('/'), rest.size());
  split_authority(text, rest.substr(0, path), url);
  url.path = rest.substr(path);
  if (!is_path(url.path)) refuse(text, "its path has characters that must be percent-encoded");
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

bool is_address(std::string_view text) { return is_ipv4(text) || is_ipv6(text); }

}  // namespace lifeboat::http
