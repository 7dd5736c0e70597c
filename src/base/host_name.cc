#include "base/host_name.h"

#include <algorithm>
#include <charconv>

namespace lifeboat::base {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kNameBytesMax = 253;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

bool is_domain_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax) return false;
  if (text.find_first_not_of("0123456789.") == std::string_view::npos) return false;
  return std::ranges::all_of(text, is_name_character) && text.front() != '.' &&
         text.front() != '-' && text.find("..") == std::string_view::npos;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  if (text.empty() || text.find_first_not_of(kDigits) != std::string_view::npos) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || port == 0) return {};
  return port;
}

}  // namespace lifeboat::base
