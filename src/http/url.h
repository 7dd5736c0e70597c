// Where an HTTP server is, as people and configuration files write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lifeboat::http {

struct Url {
  bool tls = true;
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 443;
  std::string path;  // "/a/b" or empty: what requests' targets are appended to

  // "https://host:port"; for messages.
  std::string text() const;
  // "host" or "host:port", the port only if it is not the scheme's own: as in the Host header.
  std::string authority() const;
};

// Throws kInvalid, naming `text`, for what is no http or https URL, and for one with user,
// password, query or fragment (without repeating what may be a secret). A slash at the end says
// nothing.
Url parse_url(std::string_view text);

// Whether `text` is an IPv4 or IPv6 address, without brackets.
bool is_address(std::string_view text);

}  // namespace lifeboat::http
