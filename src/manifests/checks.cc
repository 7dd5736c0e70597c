#include "manifests/checks.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "base/units.h"

namespace lifeboat::manifests {
namespace {

constexpr auto kNone = std::string_view::npos;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

bool is_made_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text,
                             [&](char c) { return is_alphanumeric(c) || more.find(c) != kNone; });
}

// Unlike base::split it keeps empty parts: "a//b" is no path and "a..b" no domain.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == kNone) return parts;
    start = end + 1;
  }
}

// Begins and ends with a letter or digit.
bool is_qualified_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && is_made_of(text, "-_.");
}

bool is_port(std::string_view text) {
  const auto port = base::parse_whole_number(text);
  return port && *port >= 1 && *port <= 65535;
}

// ---- Images -----------------------------------------------------------------------------------

bool is_registry(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != kNone && !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  return !host.empty() && is_alphanumeric(host.front()) && is_alphanumeric(host.back()) &&
         is_made_of(host, "-.");
}

bool is_image_component(std::string_view text) {
  const auto fits = [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && std::ranges::all_of(text, fits) && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back());
}

bool is_image_name(std::string_view name) {
  auto parts = parts_of(name, '/');
  const bool has_registry =
      parts.size() > 1 && (parts[0].find_first_of(".:") != kNone || parts[0] == "localhost");
  if (has_registry && !is_registry(parts[0])) return false;
  if (has_registry) parts.erase(parts.begin());
  return std::ranges::all_of(parts, is_image_component);
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 128 && is_made_of(tag, "_.-") && tag.front() != '.' &&
         tag.front() != '-';
}

bool is_digest(std::string_view digest) {
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return digest.starts_with("sha256:") && digest.size() == 7 + 64 &&
         std::ranges::all_of(digest.substr(7), is_hex);
}

// ---- Quantities -------------------------------------------------------------------------------

std::optional<double> unit_of(std::string_view suffix) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (suffix.empty()) return 1;
  if (suffix == "m") return 0.001;
  if (suffix == "k") return 1000;
  const std::size_t power = kUnits.find(suffix[0]);
  if (power == kNone) return std::nullopt;
  const auto exponent = static_cast<double>(power + 1);
  if (suffix.size() == 2 && suffix[1] == 'i') return std::pow(1024, exponent);
  if (suffix.size() == 1 && suffix != "K") return std::pow(1000, exponent);
  return std::nullopt;
}

// ---- Endpoints --------------------------------------------------------------------------------

bool is_ipv4(std::string_view host) {
  const auto parts = parts_of(host, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           const auto number = base::parse_whole_number(part);
           return number && *number <= 255 && part.size() <= 3;
         });
}

bool is_ipv6(std::string_view host) {
  const auto fits = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
  };
  return std::ranges::count(host, ':') >= 2 && host.size() <= 39 && std::ranges::all_of(host, fits);
}

bool is_host_name(std::string_view host) {
  std::string lower(host);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  // "10.0.0.5.6" is a slip and no name.
  return is_dns_subdomain(lower) && !is_digit(lower.back());
}

}  // namespace

bool is_dns_label(std::string_view text) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, fits) &&
         text.front() != '-' && text.back() != '-';
}

bool is_dns_subdomain(std::string_view text) {
  const auto fits = [](std::string_view part) {
    return is_dns_label(part.substr(0, 63)) && !part.ends_with('-');
  };
  return text.size() <= 253 && std::ranges::all_of(parts_of(text, '.'), fits) &&
         std::ranges::all_of(
             text, [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '.'; });
}

bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == kNone) return is_qualified_name(text);
  return is_dns_subdomain(text.substr(0, slash)) && is_qualified_name(text.substr(slash + 1));
}

bool is_label_value(std::string_view text) { return text.empty() || is_qualified_name(text); }

ImageParts split_image(std::string_view text) {
  ImageParts parts;
  const std::size_t at = text.find('@');
  if (at != kNone) parts.digest = text.substr(at + 1);
  text = text.substr(0, at);
  const std::size_t colon = text.rfind(':');
  const std::size_t slash = text.rfind('/');
  const bool has_tag = colon != kNone && (slash == kNone || colon > slash);
  if (has_tag) parts.tag = text.substr(colon + 1);
  parts.name = has_tag ? text.substr(0, colon) : text;
  return parts;
}

bool is_image(std::string_view text) {
  const ImageParts parts = split_image(text);
  // An empty tag or digest leaves its sign behind.
  if (text.ends_with(':') || text.ends_with('@') || text.find(":@") != kNone) return false;
  return parts.name.size() <= 255 && is_image_name(parts.name) &&
         (parts.tag.empty() || is_tag(parts.tag)) &&
         (parts.digest.empty() || is_digest(parts.digest));
}

bool is_time_zone(std::string_view text) {
  const auto parts = parts_of(text, '/');
  // Kubernetes refuses "Local": it would be the controller's.
  return parts.size() <= 3 && text.size() <= 60 && text != "Local" && text != "local" &&
         std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && is_letter(part.front()) && is_made_of(part, "_+-") &&
                  part.back() != '_' && part.back() != '-' && part.back() != '+';
         });
}

std::optional<double> parse_quantity(std::string_view text) {
  const std::size_t size = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view digits = text.substr(0, size);
  const auto unit = unit_of(text.substr(size));
  double number = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = result.ec == std::errc() && result.ptr == digits.data() + digits.size();
  if (!unit || !whole || !is_digit(digits.front()) || digits.back() == '.') return std::nullopt;
  return digits.size() <= 18 ? std::optional(number * *unit) : std::nullopt;
}

bool is_absolute_path(std::string_view text) {
  if (!text.starts_with('/') || text.size() > 200) return false;
  const auto parts = parts_of(text.substr(1), '/');
  return std::ranges::all_of(parts, [](std::string_view part) {
    return !part.empty() && part != "." && part != ".." && is_made_of(part, "-_.+");
  });
}

bool is_one_line(std::string_view text) {
  // base::printable leaves readable text as it is; the rest are controls above ASCII, and what some
  // readers of YAML take for a line break.
  if (base::printable(text, text.size()) != text) return false;
  for (std::size_t at = text.find('\xc2'); at < text.size(); at = text.find('\xc2', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0) return false;
  }
  return text.find("\u2028") == kNone && text.find("\u2029") == kNone &&
         text.find("\ufeff") == kNone;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  }
  const std::size_t colon = text.rfind(':');
  if (colon == kNone || !is_port(text.substr(colon + 1))) return std::nullopt;
  const auto port = static_cast<unsigned>(*base::parse_whole_number(text.substr(colon + 1)));
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return std::nullopt;
    return Endpoint{std::string(host), port, true};
  }
  if (is_ipv4(host)) return Endpoint{std::string(host), port, true};
  if (!is_host_name(host)) return std::nullopt;
  return Endpoint{std::string(host), port, false};
}

std::optional<Endpoint> parse_server_url(std::string_view text) {
  const bool tls = text.starts_with("https://");
  if (!tls && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(tls ? 8 : 7);
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view path = text.substr(slash);
  if (path.size() > 1 && !is_absolute_path(path)) return std::nullopt;
  const std::string server(text.substr(0, slash));
  if (const auto endpoint = parse_endpoint(server)) return endpoint;
  return parse_endpoint(base::cat(server, tls ? ":443" : ":80"));
}

bool is_bucket_url(std::string_view text) {
  if (!text.starts_with("s3://")) return false;
  text.remove_prefix(5);
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view bucket = text.substr(0, slash);
  if (bucket.size() < 3 || bucket.size() > 63 || !is_dns_subdomain(bucket)) return false;
  return slash == text.size() || is_absolute_path(text.substr(slash));
}

}  // namespace lifeboat::manifests
