// Small pieces of text work for messages and tables.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::base {

namespace text_detail {
inline std::string_view piece(std::string_view text) { return text; }
inline std::string piece(std::same_as<char> auto character) { return std::string(1, character); }
// A bool and a char are integers to the language, but nobody means their numbers.
template <std::integral T>
requires(!std::same_as<T, bool> && !std::same_as<T, char>) std::string piece(T number) {
  return std::to_string(number);
}
}  // namespace text_detail

// All arguments one after the other: texts and characters as they are, whole numbers in decimal.
template <typename... Pieces>
std::string cat(const Pieces&... pieces) {
  std::string result;
  (result.append(text_detail::piece(pieces)), ...);
  return result;
}

std::string join(const std::vector<std::string>& texts, std::string_view separator);

// The non-empty parts between separators, surrounding blanks cut off.
std::vector<std::string> split(std::string_view text, char separator);

// Text from outside, fit for a terminal and for one line: control characters and bytes that are
// not UTF-8 become '?' each, and beyond `max_bytes` it ends in "...".
std::string printable(std::string_view text, std::size_t max_bytes = 200);

// The candidate nearest to `word` by edit distance, or "" when none is near enough to be meant.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// "1 backup", "3 backups".
std::string count_of(std::size_t count, std::string_view noun);

}  // namespace lifeboat::base
