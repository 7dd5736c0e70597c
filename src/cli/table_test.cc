#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace lifeboat::cli {
namespace {

TEST(Table, AlignsColumnsAndLeavesNoBlanksAtTheEnd) {
  Table table({{"NAME"}, {"SIZE", Table::Align::kRight}, {"NOTE"}});
  table.add_row({"a", "1 B", "x"});
  table.add_row({"longer", "1000 B", ""});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(),
            "NAME      SIZE  NOTE\n"
            "a          1 B  x\n"
            "longer  1000 B\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
  Table table({{"A"}, {"B"}});
  table.add_row({"\u00e4\u00f6\u00fc", "x"});
  table.add_row({"abc", "y"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(), "A    B\n\u00e4\u00f6\u00fc  x\nabc  y\n");
}

TEST(Table, LetsNoControlCharactersThrough) {
  Table table({{"A"}});
  table.add_row({"red\x1b[31m\nline"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(), "A\nred?[31m?line\n");
}

}  // namespace
}  // namespace lifeboat::cli
