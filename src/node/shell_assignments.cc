// The grammar is that of POSIX shells, "2.2 Quoting" and "2.10.2 rule 7" of the Shell Command
// Language, cut down to assignments of words.
#include "node/shell_assignments.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::node {
namespace {

constexpr std::string_view kBlanks = " \t";

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         character == '_';
}

bool is_name_character(char character) {
  return is_letter(character) || (character >= '0' && character <= '9');
}

// Code points that are none in UTF-8 (halves of surrogates) were none to Go either.
bool append_utf8(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
  if (point < 0x80) {
    add(point);
    return true;
  }
  const int tail_bytes = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  const std::uint32_t lead = tail_bytes == 1 ? 0xC0 : tail_bytes == 2 ? 0xE0 : 0xF0;
  add(lead | point >> (6 * tail_bytes));
  for (int i = tail_bytes - 1; i >= 0; --i) add(0x80 | (point >> (6 * i) & 0x3F));
  return true;
}

class ShellReader {
 public:
  // Borrows both.
  ShellReader(std::string_view text, std::string_view path) : rest_(text), path_(path) {}

  ShellVariables read() {
    while (!rest_.empty()) read_line();
    return std::move(variables_);
  }

 private:
  // Of one logical line: quoted text may hold ends of lines.
  void read_line() {
    bool exports = false;
    for (;;) {
      skip_blanks();
      if (take_line_end()) return;
      if (rest_.front() == '#') {
        skip_comment();
      } else {
        read_assignment(exports);
      }
    }
  }

  void read_assignment(bool& exports) {
    std::size_t size = 0;
    while (size < rest_.size() && is_name_character(rest_[size])) ++size;
    std::string name(rest_.substr(0, size));
    if (name == "export" && !exports && size < rest_.size() && is_blank(rest_[size])) {
      exports = true;
      take(size);
      return;
    }
    if (size == 0 || !is_letter(name.front()) || size == rest_.size() || rest_[size] != '=') {
      refuse("not an assignment such as NAME=\"value\"");
    }
    take(size + 1);
    variables_.insert_or_assign(std::move(name), read_word());
  }

  std::string read_word() {
    std::string word;
    while (!rest_.empty() && !at_word_end()) {
      const char character = take_one();
      switch (character) {
        case '\'':
          read_single_quoted(word);
          break;
        case '"':
          read_double_quoted(word);
          break;
        case '\\':
          read_plain_escape(word);
          break;
        default:
          if (character == '~' && (word.empty() || word.back() == ':')) {
            refuse("'~' outside quotes, which only a shell can work out");
          }
          refuse_what_a_shell_does(character);
          word += character;
      }
    }
    return word;
  }

  void read_single_quoted(std::string& word) {
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos) refuse("a quote ' that nothing closes");
    for (std::size_t i = 0; i < end; ++i) word += take_one();
    take(1);
  }

  void read_double_quoted(std::string& word) {
    while (!rest_.empty()) {
      const char character = take_one();
      if (character == '"') return;
      if (character == '\\' && !rest_.empty()) {
        read_quoted_escape(word);
        continue;
      }
      if (character == '$' || character == '`') refuse_what_a_shell_does(character);
      word += character;
    }
    refuse("a quote \" that nothing closes");
  }

  // Outside quotes a backslash makes any character plain, and joins two lines.
  void read_plain_escape(std::string& word) {
    if (rest_.empty()) refuse("a backslash with nothing behind it");
    if (rest_.starts_with("\r\n")) take(1);
    const char character = take_one();
    if (character != '\n') word += character;
  }

  void read_quoted_escape(std::string& word) {
    constexpr std::string_view kLetters = "abfnrtv";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
    const char character = take_one();
    if (const std::size_t at = kLetters.find(character); at != std::string_view::npos) {
      word += kMeanings[at];
    } else if (character == 'x') {
      word += static_cast<char>(take_hex(2));
    } else if (character == 'u' || character == 'U') {
      if (!append_utf8(word, take_hex(character == 'u' ? 4 : 8))) refuse_escape();
    } else if (std::string_view("\"\\$`").find(character) != std::string_view::npos) {
      word += character;
    } else if (character != '\n') {
      // Go writes no other. A shell keeps both characters.
      word += '\\';
      word += character;
    }
  }

  std::uint32_t take_hex(std::size_t digits) {
    std::uint32_t value = 0;
    const char* begin = rest_.data();
    const char* end = begin + std::min(digits, rest_.size());
    if (rest_.size() < digits || std::from_chars(begin, end, value, 16).ptr != end) refuse_escape();
    take(digits);
    return value;
  }

  void refuse_what_a_shell_does(char character) const {
    if (std::string_view("$`|&;()<>{}").find(character) == std::string_view::npos) return;
    refuse(base::cat("'", character, "' outside single quotes, which only a shell can work out"));
  }

  [[noreturn]] void refuse_escape() const { refuse("an escape that Go does not write"); }

  [[noreturn]] void refuse(std::string_view why) const {
    throw base::Error(
        base::Code::kInvalid, base::cat(base::printable(path_, 1000), " line ", line_, ": ", why),
        "nothing in this file is executed: it may hold no more than variables and their values");
  }

  static bool is_blank(char character) { return kBlanks.find(character) != kBlanks.npos; }

  bool at_word_end() const {
    return is_blank(rest_.front()) || rest_.front() == '\n' || rest_.starts_with("\r\n");
  }

  bool take_line_end() {
    if (rest_.starts_with("\r\n")) take(1);
    if (rest_.empty()) return true;
    if (rest_.front() != '\n') return false;
    take_one();
    return true;
  }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  }
  void skip_comment() { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size())); }

  // Of what holds no end of a line.
  void take(std::size_t count) { rest_.remove_prefix(count); }

  char take_one() {
    const char character = rest_.front();
    if (character == '\0') refuse("a zero byte");
    if (character == '\n') ++line_;
    rest_.remove_prefix(1);
    return character;
  }

  std::string_view rest_;
  const std::string_view path_;
  std::size_t line_ = 1;
  ShellVariables variables_;
};

}  // namespace

ShellVariables parse_shell_assignments(std::string_view text, std::string_view shown_path) {
  return ShellReader(text, shown_path).read();
}

}  // namespace lifeboat::node
