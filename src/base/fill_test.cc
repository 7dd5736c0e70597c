#include "base/fill.h"

#include <gtest/gtest.h>

#include <string>

namespace lifeboat::base {
namespace {

TEST(FillUp, TakesNoMoreThanFitsAndHandsBackTheRest) {
  std::string buffer = "ab";
  const std::string piece = "cdefg";
  EXPECT_EQ(as_text(fill_up(&buffer, 4, as_bytes(piece))), "efg");
  EXPECT_EQ(buffer, "abcd");
  EXPECT_EQ(as_text(fill_up(&buffer, 4, as_bytes(piece))), piece);
  EXPECT_EQ(buffer, "abcd");
}

TEST(FillUp, TakesAllThatFits) {
  Buffer buffer;
  EXPECT_TRUE(fill_up(&buffer, 4, as_bytes("abc")).empty());
  EXPECT_TRUE(fill_up(&buffer, 4, as_bytes("d")).empty());
  EXPECT_TRUE(fill_up(&buffer, 4, {}).empty());
  EXPECT_EQ(as_text(Bytes(buffer)), "abcd");
}

}  // namespace
}  // namespace lifeboat::base
