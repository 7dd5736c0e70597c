#include "base/percent.h"

#include <gtest/gtest.h>

namespace lifeboat::base {
namespace {

TEST(DecodePercent, TakesEscapesInEitherCase) {
  EXPECT_EQ(decode_percent("%41%2fb%2F%00c"), std::string("A/b/\0c", 6));
  EXPECT_EQ(decode_percent("%25%32%35"), "%25");
}

TEST(DecodePercent, LeavesWhatIsNoEscape) {
  for (const std::string text : {"", "%", "%4", "a%", "%zz", "%4g", "%g4", "100%", "+"}) {
    EXPECT_EQ(decode_percent(text), text);
  }
  EXPECT_EQ(decode_percent("%%41%"), "%A%");
  EXPECT_EQ(decode_percent("%41%2fb%"), "A/b%");
}

}  // namespace
}  // namespace lifeboat::base
