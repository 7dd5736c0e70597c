#include "http/proxy.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "base/base64.h"
#include "base/error.h"
#include "base/percent.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::http {
namespace {

namespace ip = boost::asio::ip;
using base::Code;
using boost::system::error_code;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string authorization(std::string_view user_info) {
  const std::size_t colon = std::min(user_info.find(':'), user_info.size());
  const std::string password =
      colon == user_info.size() ? "" : base::decode_percent(user_info.substr(colon + 1));
  const std::string both =
      base::cat(base::decode_percent(user_info.substr(0, colon)), ":", password);
  return "Basic " + base::encode_base64(base::as_bytes(both));
}

bool is_this_machine(const Url& server) {
  error_code error;
  const auto address = ip::make_address(server.host, error);
  return error ? lowered(server.host) == "localhost" : address.is_loopback();
}

bool is_in_network(const std::string& host, const std::string& network) {
  error_code error;
  const auto address = ip::make_address(host, error);
  if (error) return false;
  if (address.is_v4()) {
    const auto range = ip::make_network_v4(network, error);
    return !error &&
           ip::network_v4(address.to_v4(), range.prefix_length()).canonical() == range.canonical();
  }
  const auto range = ip::make_network_v6(network, error);
  return !error &&
         ip::network_v6(address.to_v6(), range.prefix_length()).canonical() == range.canonical();
}

bool is_same_address(const std::string& one, const std::string& other) {
  error_code error;
  const auto first = ip::make_address(one, error);
  if (error) return false;
  const auto second = ip::make_address(other, error);
  return !error && first == second;
}

// Splits "host:80" and "[::1]:80"; false if the port is there and another one.
bool take_port(std::string& entry, std::uint16_t port) {
  const std::size_t colon = entry.rfind(':');
  const bool bracketed = entry.starts_with('[');
  const bool has_port =
      colon != entry.npos && (bracketed ? entry[colon - 1] == ']' : entry.find(':') == colon);
  if (has_port) {
    if (base::parse_whole_number(entry.substr(colon + 1)) != port) return false;
    entry.resize(colon);
  }
  if (bracketed && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  return true;
}

bool matches(std::string entry, const Url& server) {
  if (entry == "*") return true;
  const std::string host = lowered(server.host);
  if (entry.find('/') != entry.npos) return is_in_network(host, entry);
  if (!take_port(entry, server.port) || entry.empty()) return false;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  if (entry.starts_with('.')) return host.size() > entry.size() && host.ends_with(entry);
  return host == entry || is_same_address(host, entry) ||
         (!is_address(host) && host.ends_with("." + entry));
}

bool is_excepted(const std::string& no_proxy, const Url& server) {
  std::string entries = lowered(no_proxy);
  std::ranges::replace_if(
      entries, [](char c) { return c == ' ' || c == '\t'; }, ',');
  return std::ranges::any_of(base::split(entries, ','),
                             [&](const std::string& entry) { return matches(entry, server); });
}

// Never quotes what was given: a password may be anywhere in it.
base::Error no_proxy_url() {
  return base::Error(Code::kInvalid, "not the URL of a proxy",
                     "give it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with / in a "
                     "password as %2F and @ as %40");
}

}  // namespace

Proxy parse_proxy(std::string_view text) {
  std::string scheme = "http";
  const std::size_t scheme_end = text.find("://");
  if (scheme_end != text.npos) {
    scheme = lowered(text.substr(0, scheme_end));
    text.remove_prefix(scheme_end + 3);
  }
  Proxy proxy;
  const std::size_t at = text.rfind('@');
  if (at != text.npos) {
    if (text.substr(0, at).find('/') != text.npos) throw no_proxy_url();
    proxy.authorization = authorization(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  if (scheme != "http") {
    throw base::Error(Code::kUnsupported,
                      "the proxy is to be spoken to by something else than HTTP",
                      "name one that speaks plain http://; TLS goes through it untouched");
  }
  try {
    proxy.url = parse_url(base::cat("http://", text));
  } catch (const base::Error&) {
    throw no_proxy_url();
  }
  proxy.url.path.clear();
  return proxy;
}

std::optional<Proxy> choose_proxy(const ProxySettings& settings, const Url& server) {
  const std::string& wanted = server.tls ? settings.https : settings.http;
  if (wanted.empty() || is_this_machine(server) || is_excepted(settings.no_proxy, server)) {
    return std::nullopt;
  }
  try {
    return parse_proxy(wanted);
  } catch (const base::Error& error) {
    throw error.with_context(server.tls ? "HTTPS_PROXY" : "HTTP_PROXY");
  }
}

std::string encode_connect(const Proxy& proxy, const Url& server) {
  const std::string text = server.text();
  const std::string place = text.substr(text.find("//") + 2);  // always with the port
  std::string request = base::cat("CONNECT ", place, " HTTP/1.1\r\nHost: ", place, "\r\n");
  if (!proxy.authorization.empty()) {
    request += base::cat("Proxy-Authorization: ", proxy.authorization, "\r\n");
  }
  return request + "User-Agent: lifeboat\r\n\r\n";
}

void check_connect_answer(std::string_view header) {
  const std::string_view line = header.substr(0, header.find('\r'));
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ';
  const auto status = is_http ? base::parse_whole_number(line.substr(9, 3)) : std::nullopt;
  if (!status) {
    throw base::Error(Code::kCorrupt,
                      base::cat("what the proxy says is no HTTP: ", base::printable(line, 40)),
                      "check that HTTPS_PROXY names a proxy for HTTP");
  }
  if (*status >= 200 && *status < 300) return;
  const std::string what =
      base::cat("the proxy opens no connection: ", base::printable(line.substr(9), 100));
  if (*status == 407) {
    throw base::Error(Code::kDenied, what,
                      "give it user and password as in HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT");
  }
  if (*status < 500) {
    throw base::Error(Code::kDenied, what,
                      "let the proxy pass it, or name the host in NO_PROXY if it can be reached "
                      "without");
  }
  throw base::Error(Code::kUnavailable, what, "see the proxy's log");
}

}  // namespace lifeboat::http
