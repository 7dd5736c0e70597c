// What names a machine in a URL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lifeboat::base {

// Whether `text` has the form of a domain name (RFC 1035, and "_", which some have). What consists
// of digits and dots alone is none: that is an IPv4 address or nothing.
bool is_domain_name(std::string_view text);

// Decimal, 1 to 65535; nullopt for anything else.
std::optional<std::uint16_t> parse_port(std::string_view text);

// Where systems keep the CAs that they trust, PEM; the first that is there counts.
inline constexpr std::array kCaBundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL before 7
    "/var/lib/ca-certificates/ca-bundle.pem",             // SUSE
    "/etc/ssl/ca-bundle.pem",                             // SUSE before 12
    "/etc/ssl/cert.pem",                                  // Alpine without ca-certificates
};

}  // namespace lifeboat::base
