#include "etcd/peer_url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";

[[noreturn]] void refuse(std::string_view url, std::string_view why) {
  throw base::Error(base::Code::kInvalid,
                    base::cat("bad peer URL '", base::printable(url), "': ", why),
                    "a peer URL looks like https://10.0.0.5:2380");
}

bool consists_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char character) {
    return kLetters.find(character) != kLetters.npos || kDigits.find(character) != kDigits.npos ||
           more.find(character) != more.npos;
  });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& character : result) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return result;
}

void check_port(std::string_view url, std::string_view port) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535) {
    refuse(url, "the port must be a number from 1 to 65535");
  }
}

// "[fe80::1%25eth0]", of which only the brackets tell where it ends.
void check_bracketed_host(std::string_view url, std::string_view host) {
  const auto zone = host.find("%25");
  const std::string_view address = host.substr(0, zone);
  const std::string_view zone_name = zone == host.npos ? "0" : host.substr(zone + 3);
  if (address.find(':') == address.npos ||
      address.find_first_not_of("0123456789abcdefABCDEF:.") != address.npos || zone_name.empty() ||
      !consists_of(zone_name, "-._~")) {
    refuse(url, "what is in brackets is no IPv6 address");
  }
}

void check_host_and_port(std::string_view url, std::string_view authority) {
  if (authority.find('@') != authority.npos) refuse(url, "it must not hold a user");
  if (authority.find_first_of("/?#") != authority.npos) {
    refuse(url, "nothing may come after the port, not even a slash");
  }
  const auto colon = authority.rfind(':');
  // A colon within brackets is one of an IPv6 address.
  if (colon == authority.npos || authority.find(']', colon) != authority.npos) {
    refuse(url, "the port is missing");
  }
  const std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    check_bracketed_host(url, host.substr(1, host.size() - 2));
  } else if (host.find(':') != host.npos) {
    refuse(url, "an IPv6 address stands in brackets, as in https://[fd00::5]:2380");
  } else if (host.empty() || !consists_of(host, "-._")) {
    refuse(url, host.empty() ? "the host is missing" : "the host has characters that no name has");
  }
  check_port(url, authority.substr(colon + 1));
}

}  // namespace

std::string parse_peer_url(std::string_view text) {
  const std::string_view url = trim(text);
  constexpr std::string_view kAfterScheme = "://";
  const auto end = url.find(kAfterScheme);
  const std::string scheme = lower_case(url.substr(0, end == url.npos ? 0 : end));
  if (scheme != "http" && scheme != "https" && scheme != "unix" && scheme != "unixs") {
    refuse(url, "it must begin with http://, https://, unix:// or unixs://");
  }
  const std::string_view rest = url.substr(end + kAfterScheme.size());
  if (scheme.starts_with("http")) {
    check_host_and_port(url, rest);
  } else if (rest.empty() || !consists_of(rest, "-._~/:@")) {
    refuse(url, rest.empty() ? "the path is missing" : "the path has characters that need escapes");
  }
  return base::cat(scheme, kAfterScheme, rest);
}

std::vector<std::string> parse_peer_urls(std::string_view text) {
  std::vector<std::string> urls;
  for (const std::string& part : base::split(text, ',')) urls.push_back(parse_peer_url(part));
  if (urls.empty()) refuse(text, "there is none");
  std::ranges::sort(urls);
  return urls;
}

}  // namespace lifeboat::etcd
