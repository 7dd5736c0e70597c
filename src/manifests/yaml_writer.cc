#include "manifests/yaml_writer.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::manifests {
namespace {

using base::Json;

constexpr std::size_t kWidth = 100;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return result;
}

// YAML 1.1 knows more of these than 1.2, in three spellings each.
bool is_word_with_a_meaning(std::string_view text) {
  constexpr std::array kWords{"y",  "yes", "n",    "no",  "true", "false",
                              "on", "off", "null", "nan", "inf"};
  const std::string word = lower(text);
  return std::ranges::find(kWords, word) != kWords.end();
}

// Begins with a letter, so it is no number, date or sign of YAML; and holds nothing that could end
// it early.
bool is_plain(std::string_view text) {
  if (text.empty() || (!is_letter(text.front()) && text.front() != '/')) return false;
  if (text.back() == ' ' || text.back() == ':' || is_word_with_a_meaning(text)) return false;
  const auto fits = [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view(" -_./:@+=%,()").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(text, fits) && text.find(": ") == text.npos;
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// JSON's form of a string is YAML's, but for the characters that YAML alone takes for line breaks
// or does not take at all.
std::string in_double_quotes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result = Json(text).dump(0);
  replace_all(result, "\x7f", "\\x7F");
  for (unsigned code = 0x80; code < 0xa0; ++code) {
    replace_all(result, base::cat('\xc2', static_cast<char>(code)),
                base::cat("\\x", kHex[code / 16], kHex[code % 16]));
  }
  replace_all(result, "\u2028", "\\u2028");
  replace_all(result, "\u2029", "\\u2029");
  replace_all(result, "\ufeff", "\\uFEFF");
  return result;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

// Whether a literal block holds exactly this text.
bool fits_a_block(std::string_view text) {
  if (text.find('\n') == text.npos || text.ends_with("\n\n")) return false;
  if (text.front() == ' ' || text.front() == '\n') return false;
  return std::ranges::all_of(lines_of(text), [](std::string_view line) {
    return is_printable_ascii(line) && !line.ends_with(' ');
  });
}

class Writer {
 public:
  explicit Writer(const Comments& comments) : comments_(comments) {}

  std::string document(const Json& value) {
    comment("", 0);
    LIFEBOAT_CHECK(is_nested(value));
    nested(value, 0, "");
    return std::move(text_);
  }

 private:
  static bool is_nested(const Json& value) {
    return (value.as_object() != nullptr && !value.as_object()->empty()) ||
           (value.as_array() != nullptr && !value.as_array()->empty());
  }

  void comment(const std::string& pointer, std::size_t indent) {
    const auto found = comments_.find(pointer);
    if (found != comments_.end()) text_ += yaml_comment(found->second, indent);
  }

  void nested(const Json& value, std::size_t indent, const std::string& pointer) {
    if (value.as_object() != nullptr) {
      members(*value.as_object(), indent, pointer);
    } else {
      elements(*value.as_array(), indent, pointer);
    }
  }

  void members(const Json::Object& object, std::size_t indent, const std::string& pointer) {
    for (const auto& [name, value] : object) {
      const std::string place = pointer_to(pointer, name);
      comment(place, indent);
      text_ += base::cat(std::string(indent, ' '), yaml_scalar(name), ":");
      after_name(value, indent, place);
    }
  }

  void after_name(const Json& value, std::size_t indent, const std::string& pointer) {
    if (is_nested(value)) {
      text_ += '\n';
      nested(value, indent + 2, pointer);
    } else {
      text_ += ' ';
      leaf(value, indent + 2);
    }
  }

  void elements(const Json::Array& array, std::size_t indent, const std::string& pointer) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      const std::string place = pointer_to(pointer, std::to_string(i));
      comment(place, indent);
      const std::size_t start = text_.size();
      if (is_nested(array[i])) {
        nested(array[i], indent + 2, place);
        // The first line of what is nested begins beside the dash.
        text_.replace(start + indent, 2, "- ");
      } else {
        text_ += base::cat(std::string(indent, ' '), "- ");
        leaf(array[i], indent + 2);
      }
    }
  }

  void leaf(const Json& value, std::size_t indent) {
    const std::string* text = value.as_string();
    if (text != nullptr && fits_a_block(*text)) {
      block(*text, indent);
    } else {
      text_ += base::cat(text != nullptr ? yaml_scalar(*text) : value.dump(0), "\n");
    }
  }

  void block(std::string_view text, std::size_t indent) {
    const bool ends_in_break = text.ends_with('\n');
    text_ += ends_in_break ? "|\n" : "|-\n";
    if (ends_in_break) text.remove_suffix(1);
    for (const std::string_view line : lines_of(text)) {
      text_ += base::cat(line.empty() ? "" : std::string(indent, ' '), line, "\n");
    }
  }

  const Comments& comments_;
  std::string text_;
};

}  // namespace

std::string write_yaml(const Json& value, const Comments& comments) {
  return Writer(comments).document(value);
}

std::string yaml_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  const bool has_escapes = text.find_first_of("\"\\") != text.npos;
  if (has_escapes && is_printable_ascii(text) && text.find('\'') == text.npos) {
    return base::cat("'", text, "'");
  }
  return in_double_quotes(text);
}

std::string yaml_comment(std::string_view text, std::size_t indent) {
  const std::string start = std::string(indent, ' ') + "#";
  std::string result;
  for (const std::string_view paragraph : lines_of(text)) {
    std::string line = start;
    // A line that begins with blanks is to be copied, and stays whole.
    const bool verbatim = paragraph.starts_with(' ');
    for (const std::string& word : base::split(paragraph, ' ')) {
      if (!verbatim && line.size() + 1 + word.size() > kWidth && line != start) {
        result += line + '\n';
        line = start;
      }
      if (!verbatim) line += ' ' + word;
    }
    if (verbatim) line += base::cat(" ", paragraph);
    result += line + '\n';
  }
  return result;
}

std::string pointer_to(std::string_view pointer, std::string_view name) {
  std::string escaped(name);
  replace_all(escaped, "~", "~0");
  replace_all(escaped, "/", "~1");
  return base::cat(pointer, "/", escaped);
}

Comments moved_to(std::string_view pointer, const Comments& comments) {
  Comments moved;
  for (const auto& [place, text] : comments) moved[base::cat(pointer, place)] = text;
  return moved;
}

}  // namespace lifeboat::manifests
