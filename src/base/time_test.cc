#include "base/time.h"

#include <gtest/gtest.h>

namespace lifeboat::base {
namespace {

using std::chrono::day;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr sys_days kFirstDay = year_month_day(std::chrono::year(0), std::chrono::January, day(1));
constexpr sys_days kLastDay =
    year_month_day(std::chrono::year(9999), std::chrono::December, day(31));

TEST(Time, FormatsAsIso8601InUtc) {
  EXPECT_EQ(format_time(TimePoint()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(TimePoint(1795240800123ms)), "2026-11-21T06:00:00.123Z");
  EXPECT_EQ(format_time(TimePoint(-1ms)), "1969-12-31T23:59:59.999Z");
}

struct ParseCase {
  std::string_view text;
  std::string_view formatted;
};

constexpr ParseCase kTimes[] = {
    {"2026-11-21T06:00:00Z", "2026-11-21T06:00:00.000Z"},
    {"2026-11-21T06:00:00.1Z", "2026-11-21T06:00:00.100Z"},
    {"2026-11-21T06:00:00.123456789Z", "2026-11-21T06:00:00.123Z"},
    {"2026-11-21T06:00:00.9999Z", "2026-11-21T06:00:00.999Z"},
    {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
    {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
    {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
    {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
};

TEST(Time, ParsesWithAndWithoutAFraction) {
  for (const ParseCase& test : kTimes) {
    const auto time = parse_time(test.text);
    ASSERT_TRUE(time.has_value()) << test.text;
    EXPECT_EQ(format_time(*time), test.formatted);
  }
}

TEST(Time, RefusesNearMisses) {
  for (const std::string_view text : {"",
                                      "2026-11-21",
                                      "2026-11-21T06:00:00",
                                      "2026-11-21T06:00:00z",
                                      "2026-11-21t06:00:00Z",
                                      "2026-11-21 06:00:00Z",
                                      "2026-11-21T06:00:00+00:00",
                                      "2026-11-21T06:00:00.Z",
                                      "2026-11-21T06:00:00,5Z",
                                      "2026-11-21T06:00:00.1234567890Z",
                                      "2026-11-21T06:00:00.12x4Z",
                                      "2026-11-21T06:00:00Z ",
                                      " 2026-11-21T06:00:00Z",
                                      "2026-11-21T06:00Z",
                                      "2026-11-21T6:00:00Z",
                                      "26-11-21T06:00:00Z",
                                      "12026-11-21T06:00:00Z",
                                      "-026-11-21T06:00:00Z",
                                      "+026-11-21T06:00:00Z",
                                      "2026-00-21T06:00:00Z",
                                      "2026-13-21T06:00:00Z",
                                      "2026-11-00T06:00:00Z",
                                      "2026-11-31T06:00:00Z",
                                      "2026-02-29T06:00:00Z",
                                      "2100-02-29T06:00:00Z",
                                      "2026-11-21T24:00:00Z",
                                      "2026-11-21T06:60:00Z",
                                      "2026-11-21T06:00:60Z",
                                      "2026/11/21T06:00:00Z",
                                      "2026-11-21T06-00-00Z"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

TEST(Time, RefusesEveryPrefixOfATime) {
  constexpr std::string_view kWhole = "2026-11-21T06:00:00.123Z";
  for (std::size_t size = 0; size < kWhole.size(); ++size) {
    EXPECT_FALSE(parse_time(kWhole.substr(0, size)).has_value()) << size;
  }
}

void expect_round_trip(TimePoint time) {
  ASSERT_EQ(parse_time(format_time(time)), time) << format_time(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  ASSERT_EQ(parse_stamp(format_stamp(seconds)), seconds) << format_stamp(seconds);
}

// The calendar repeats itself after 400 years.
TEST(Time, RoundTripsOnEveryDayOfTheCalendar) {
  constexpr sys_days kBegin = year_month_day(std::chrono::year(1800), std::chrono::March, day(1));
  for (int i = 0; i < 146097; ++i) {
    expect_round_trip(kBegin + std::chrono::days(i) + i * 12345678ms % 86400000ms);
  }
}

TEST(Time, RoundTripsInEveryYearOfFourDigits) {
  for (sys_days date = kFirstDay; date <= kLastDay; date += std::chrono::days(97)) {
    expect_round_trip(date + 86399999ms);
  }
}

TEST(Stamp, IsOpenShiftsForm) {
  EXPECT_EQ(format_stamp(sys_seconds(1795240800s)), "2026-11-21_060000");
  EXPECT_EQ(parse_stamp("2026-11-21_060000"), sys_seconds(1795240800s));
}

TEST(Stamp, OrdersAsTextAsItDoesInTime) {
  std::string before;
  for (sys_seconds time = kFirstDay; time <= kLastDay; time += 1000003min) {
    const std::string stamp = format_stamp(time);
    EXPECT_LT(before, stamp);
    before = stamp;
  }
}

TEST(Stamp, RefusesNearMisses) {
  for (const std::string_view text :
       {"", "2026-11-21", "2026-11-21_", "2026-11-21_06000", "2026-11-21_0600000",
        "2026-11-21_060000_2", "2026-11-21_060000Z", "2026-11-21T060000", "2026-11-21-060000",
        "2026-11-21_06:00:00", "2026-11-21_240000", "2026-11-21_066000", "2026-11-21_060060",
        "2026-02-30_060000", "20261121_060000", " 2026-11-21_060000", "2026-11-21_06000x"}) {
    EXPECT_FALSE(parse_stamp(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace lifeboat::base
