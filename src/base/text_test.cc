#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace lifeboat::base {
namespace {

using Texts = std::vector<std::string>;

template <typename T>
concept IsPiece = requires(const T& value) {
  text_detail::piece(value);
};
// Nobody means the number of a truth value, and fractions need a format.
static_assert(!IsPiece<bool> && !IsPiece<double>);

TEST(Cat, PutsTextsCharactersAndWholeNumbersInARow) {
  const std::string text = "b";
  EXPECT_EQ(cat(), "");
  EXPECT_EQ(cat("a", text, std::string_view("c"), 'd'), "abcd");
  EXPECT_EQ(cat(0, " ", -5, " ", std::uint8_t{7}, " ", std::size_t{8}), "0 -5 7 8");
  EXPECT_EQ(cat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(Join, SeparatesEveryPairEmptyOnesIncluded) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({"", "a", ""}, ","), ",a,");
}

TEST(Split, DropsBlanksAndEmptyParts) {
  EXPECT_EQ(split("", ','), Texts());
  EXPECT_EQ(split("a", ','), Texts({"a"}));
  EXPECT_EQ(split("a,b", ','), Texts({"a", "b"}));
  EXPECT_EQ(split(" a b ,\tc\t", ','), Texts({"a b", "c"}));
  EXPECT_EQ(split(",,a, ,,b,", ','), Texts({"a", "b"}));
  EXPECT_EQ(split(" , ", ','), Texts());
  EXPECT_EQ(split("a=b", ','), Texts({"a=b"}));
}

struct PrintableCase {
  std::string_view text;
  std::string_view shown;
};

constexpr PrintableCase kPrintableCases[] = {
    {"", ""},
    {"plain ~text", "plain ~text"},
    {"ä€😀", "ä€😀"},
    {"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF", "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"},
    {"a\nb\tc\r", "a?b?c?"},
    {"\x1b[31m", "?[31m"},
    {"\x7f", "?"},
    // C1 controls, which some terminals obey.
    {"\xC2\x9b"
     "31m",
     "?31m"},
    {"\xC2\x80\xC2\x9F\xC2\xA0", "??\xC2\xA0"},
    {"\x80", "?"},
    {"\xC3", "?"},
    {"\xC3(", "?("},
    {"\xE2\x82", "??"},
    {"\xFF\xFE", "??"},
    // Overlong forms, a surrogate, and beyond the last code point.
    {"\xC0\xAF", "??"},
    {"\xE0\x82\x9B", "???"},
    {"\xF0\x80\x82\x9B", "????"},
    {"\xED\xA0\x80", "???"},
    {"\xF4\x90\x80\x80", "????"},
};

TEST(Printable, ReplacesWhatATerminalWouldObeyOrCannotShow) {
  for (const PrintableCase& test : kPrintableCases) EXPECT_EQ(printable(test.text), test.shown);
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
}

TEST(Printable, CutsAtTheLimitAndNeverInsideACharacter) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
  EXPECT_EQ(printable("abcd\xC3\xA4", 5), "abcd...");
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(200, 'x') + "...");
}

TEST(Printable, LeavesItsOwnOutputAlone) {
  std::uint32_t state = 1;
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (int j = 0; j < 12; ++j) {
      state = state * 1664525u + 1013904223u;
      text += static_cast<char>(state >> 24);
    }
    const std::string once = printable(text);
    EXPECT_EQ(printable(once), once);
  }
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string_view> commands{"backup", "list", "prune", "verify", "version"};
  EXPECT_EQ(nearest("bakcup", commands), "backup");
  EXPECT_EQ(nearest("backups", commands), "backup");
  EXPECT_EQ(nearest("lst", commands), "list");
  EXPECT_EQ(nearest("verfy", commands), "verify");
  EXPECT_EQ(nearest("list", commands), "list");
}

TEST(Nearest, FindsNothingWhereNothingWasMeant) {
  const std::vector<std::string_view> commands{"backup", "list", "o"};
  EXPECT_EQ(nearest("xyz", commands), "");
  EXPECT_EQ(nearest("restore", commands), "");
  EXPECT_EQ(nearest("", commands), "");
  EXPECT_EQ(nearest("x", commands), "");
  EXPECT_EQ(nearest("backup", {}), "");
}

TEST(CountOf, UsesThePluralButForOne) {
  EXPECT_EQ(count_of(0, "backup"), "0 backups");
  EXPECT_EQ(count_of(1, "backup"), "1 backup");
  EXPECT_EQ(count_of(2, "backup"), "2 backups");
}

}  // namespace
}  // namespace lifeboat::base
