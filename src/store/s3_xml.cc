#include "store/s3_xml.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::store {
namespace {

constexpr int kDepthMax = 16;
constexpr std::size_t kElementsMax = 200'000;
constexpr std::string_view kBlanks = " \t\r\n";

[[noreturn]] void refuse(std::string_view why) {
  throw base::Error(base::Code::kCorrupt, base::cat("the server's answer is no proper XML: ", why),
                    "check that the endpoint is that of an S3 server");
}

std::string utf8(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto tail = [&](int shift) { return byte(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), tail(0)};
  if (point < 0x10000) return {byte(0xE0 | point >> 12), tail(6), tail(0)};
  return {byte(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
}

// "lt", "#65", "#x41": what stands between '&' and ';'.
std::string resolve_reference(std::string_view name) {
  if (name == "lt") return "<";
  if (name == "gt") return ">";
  if (name == "amp") return "&";
  if (name == "quot") return "\"";
  if (name == "apos") return "'";
  const bool hexadecimal = name.starts_with("#x");
  const std::string_view digits =
      name.substr(std::min<std::size_t>(hexadecimal ? 2 : 1, name.size()));
  std::uint32_t point = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), point, hexadecimal ? 16 : 10);
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  if (!name.starts_with('#') || error != std::errc() || end != digits.data() + digits.size() ||
      point == 0 || point > 0x10FFFF || surrogate) {
    refuse("an unknown reference");
  }
  return utf8(point);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  XmlElement run() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    skip_between();
    XmlElement root = element(0);
    skip_between();
    if (!rest_.empty()) refuse("there is something after its end");
    return root;
  }

 private:
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view take_until(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) refuse("it ends too early");
    const std::string_view taken = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return taken;
  }

  // Blanks, declarations and comments around the root.
  void skip_between() {
    for (;;) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
      if (take("<?")) {
        take_until("?>");
      } else if (take("<!--")) {
        take_until("-->");
      } else {
        return;
      }
    }
  }

  std::string_view name() {
    const std::size_t size = std::min(rest_.find_first_of(" \t\r\n/>=<&\"'"), rest_.size());
    if (size == 0) refuse("a tag has no name");
    const std::string_view result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }

  static std::string_view without_prefix(std::string_view name) {
    const std::size_t colon = name.find(':');
    const std::string_view local = colon == std::string_view::npos ? name : name.substr(colon + 1);
    if (local.empty() || local.find_first_of(":!?") != std::string_view::npos) {
      refuse("a tag has no proper name");
    }
    return local;
  }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  }

  // Leaves `rest_` at "/>" or ">".
  void skip_attributes() {
    for (skip_blanks(); !rest_.starts_with("/>") && !rest_.starts_with(">"); skip_blanks()) {
      name();
      skip_blanks();
      if (!take("=")) refuse("an attribute has no value");
      skip_blanks();
      if (take("\"")) {
        take_until("\"");
      } else if (take("'")) {
        take_until("'");
      } else {
        refuse("an attribute's value has no quotes");
      }
    }
  }

  XmlElement element(int depth) {
    if (depth == kDepthMax) refuse("it is nested too deeply");
    if (++elements_ > kElementsMax) refuse("it has too many elements");
    if (!take("<")) refuse("an element is expected");
    const std::string_view full_name = name();
    XmlElement result;
    result.name = without_prefix(full_name);
    skip_attributes();
    if (take("/>")) return result;
    take(">");
    content(result, depth);
    if (name() != full_name) refuse("tags do not match");
    skip_blanks();
    if (!take(">")) refuse("a closing tag does not close");
    return result;
  }

  // Up to and including "</".
  void content(XmlElement& parent, int depth) {
    while (!take("</")) {
      if (rest_.empty()) refuse("it ends too early");
      if (take("<!--")) {
        take_until("-->");
      } else if (take("<![CDATA[")) {
        parent.text += take_until("]]>");
      } else if (take("&")) {
        parent.text += resolve_reference(take_until(";"));
      } else if (rest_.front() == '<') {
        parent.children.push_back(element(depth + 1));
      } else {
        const std::size_t size = std::min(rest_.find_first_of("<&"), rest_.size());
        parent.text += rest_.substr(0, size);
        rest_.remove_prefix(size);
      }
    }
  }

  std::string_view rest_;
  std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::text_of(std::string_view child) const {
  const XmlElement* found = find(child);
  return found == nullptr ? std::string() : found->text;
}

XmlElement parse_xml(std::string_view text) { return Parser(text).run(); }

std::string escape_xml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result.push_back(c);
    }
  }
  return result;
}

}  // namespace lifeboat::store
