#include "etcd/go_json.h"

#include "base/text.h"

namespace lifeboat::etcd {
namespace {

// U+2028 and U+2029: valid in JSON, but the end of a line to JavaScript.
constexpr std::string_view kLineSeparator = "\xE2\x80\xA8";
constexpr std::string_view kParagraphSeparator = "\xE2\x80\xA9";

std::string hexadecimal_escape(char character) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(character);
  return base::cat("\\u00", kDigits[byte >> 4], kDigits[byte & 0x0F]);
}

std::string escape(char character) {
  switch (character) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '<':
    case '>':
    case '&':
      return hexadecimal_escape(character);
    default:
      return static_cast<unsigned char>(character) < 0x20 ? hexadecimal_escape(character)
                                                          : std::string(1, character);
  }
}

}  // namespace

std::string go_json_text(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    if (text.starts_with(kLineSeparator) || text.starts_with(kParagraphSeparator)) {
      result += text.starts_with(kLineSeparator) ? "\\u2028" : "\\u2029";
      text.remove_prefix(kLineSeparator.size());
    } else {
      result += escape(text.front());
      text.remove_prefix(1);
    }
  }
  return result + '"';
}

std::string go_json_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(go_json_text(text));
  return base::cat('[', base::join(quoted, ","), ']');
}

}  // namespace lifeboat::etcd
