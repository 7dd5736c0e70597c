#include "base/percent.h"

#include <optional>

namespace lifeboat::base {
namespace {

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

}  // namespace

std::string decode_percent(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const auto high = escape ? hex_value(text[i + 1]) : std::nullopt;
    const auto low = escape ? hex_value(text[i + 2]) : std::nullopt;
    if (!high || !low) {
      result.push_back(text[i]);
      continue;
    }
    result.push_back(static_cast<char>(*high << 4 | *low));
    i += 2;
  }
  return result;
}

}  // namespace lifeboat::base
