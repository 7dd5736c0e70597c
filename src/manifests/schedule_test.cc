#include "manifests/schedule.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::manifests {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Schedule, KnowsTheLongestPause) {
  const std::vector<std::pair<const char*, seconds>> expected{
      {"* * * * *", minutes(1)},
      {"*/5 * * * *", minutes(5)},
      {"*/7 * * * *", minutes(7)},
      {"0 */6 * * *", hours(6)},
      {"0 */5 * * *", hours(5)},
      {"30 2 * * *", hours(24)},
      {"0 2,14 * * *", hours(12)},
      {"0 9-17 * * MON-FRI", hours(64)},
      {"0 0 * * 0", days(7)},
      {"0 0 1 * *", days(31)},
      {"0 0 1 JAN *", days(366)},
      {"0 0 31 * ?", days(61)},
      {"0 0 29 2 *", days(8 * 365 + 1)},
      // Either day is enough when both are named.
      {"0 0 1 * 1", days(7)},
      // A step over all of them names them.
      {"0 0 */10 * sun", days(7)},
      {"5/20 0 * * *", hours(23) + minutes(20)},
      {" 0  0 * * * ", hours(24)},
  };
  for (const auto& [line, pause] : expected) {
    EXPECT_EQ(Schedule::parse(line).longest_pause(), pause) << line;
  }
}

TEST(Schedule, RefusesWhatIsNoCronLine) {
  for (const char* line : {"",
                           "0",
                           "0 0 * *",
                           "0 0 * * * *",
                           "@daily",
                           "@every 1h",
                           "60 * * * *",
                           "* 24 * * *",
                           "* * 0 * *",
                           "* * 32 * *",
                           "* * * 0 *",
                           "* * * 13 *",
                           "* * * * 7",
                           "* * * * 8",
                           "-1 * * * *",
                           "5-1 * * * *",
                           "*/0 * * * *",
                           "*/x * * * *",
                           "*/ * * * *",
                           "/5 * * * *",
                           "1,,2 * * * *",
                           ",1 * * * *",
                           "1, * * * *",
                           "1- * * * *",
                           "-5 * * * *",
                           "1-2-3 * * * *",
                           "a * * * *",
                           "0 0 * janu *",
                           "0 0 * * mond",
                           "0 0 mon * *",
                           "0 0 L * *",
                           "0 0 1W * *",
                           "0 0 * * 1#2",
                           "TZ=UTC 0 0 * * *",
                           "0 0 31 2 *",
                           "0 0 30 feb *",
                           "0\n0 * * *",
                           "0\t0 * * *",
                           "0 0 * * *\n",
                           "{{ x }} 0 * * *",
                           "0 0 * * * # x",
                           "99999999999 * * * *"}) {
    EXPECT_THROW(Schedule::parse(line), base::Error) << line;
  }
}

TEST(Schedule, SaysWhichFieldIsWrong) {
  try {
    Schedule::parse("0 25 * * *");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "the hour \"25\" is out of range");
    EXPECT_EQ(error.hint(), "from 0 to 23, written like 5, 1-5, */15 or 0,30");
  }
}

}  // namespace
}  // namespace lifeboat::manifests
