#include "etcd/go_json.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace lifeboat::etcd {
namespace {

TEST(GoJson, EscapesWhatGoEscapes) {
  EXPECT_EQ(go_json_text(""), R"("")");
  EXPECT_EQ(go_json_text("m1"), R"("m1")");
  EXPECT_EQ(go_json_text(R"(a"b\c)"), R"("a\"b\\c")");
  EXPECT_EQ(go_json_text("a<b>c&d"), R"("a\u003cb\u003ec\u0026d")");
  EXPECT_EQ(go_json_text("a\nb\rc\td"), R"("a\nb\rc\td")");
  EXPECT_EQ(go_json_text(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(go_json_text("a\u2028b\u2029c"), R"("a\u2028b\u2029c")");
}

TEST(GoJson, LeavesEverythingElseAsItIs) {
  // Neighbours of U+2028, a slash, DEL, and characters of two, three and four bytes.
  const std::string text = "\u2027\u202A / ' \x7F \u00FC \u20AC \U0001F6DF";
  EXPECT_EQ(go_json_text(text), '"' + text + '"');
}

TEST(GoJson, IsReadBackAsItWas) {
  std::string text = "\u2028\u2029\u20AC<&>\"\\";
  for (char character = 1; character > 0 && character < 0x7F; ++character) text += character;
  EXPECT_EQ(*base::Json::parse(go_json_text(text)).as_string(), text);
}

TEST(GoJson, WritesListsWithoutBlanks) {
  EXPECT_EQ(go_json_texts({}), "[]");
  EXPECT_EQ(go_json_texts({"a", "b&c"}), R"(["a","b\u0026c"])");
}

}  // namespace
}  // namespace lifeboat::etcd
