#include "base/units.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace lifeboat::base {
namespace {

using std::chrono::milliseconds;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct SizeCase {
  std::string_view text;
  std::uint64_t bytes;
};

constexpr SizeCase kSizes[] = {
    {"0", 0},
    {"1024", 1024},
    {"17B", 17},
    {"1k", 1000},
    {"1K", 1000},
    {"1Ki", 1024},
    {"1KiB", 1024},
    {"1KB", 1000},
    {"500Mi", 500ULL << 20},
    {"500M", 500000000},
    {"18Gi", 18ULL << 30},
    {"20G", 20000000000},
    {"1.5Gi", 3ULL << 29},
    {".5Ki", 512},
    {"2T", 2000000000000},
    {"2Ti", 2ULL << 40},
    {"8388607Ti", 8388607ULL << 40},
    {"0001", 1},
};

TEST(ParseSize, ReadsKubernetesQuantities) {
  for (const SizeCase& test : kSizes) EXPECT_EQ(parse_size(test.text), test.bytes) << test.text;
}

TEST(ParseSize, RefusesNearMisses) {
  for (const std::string_view text : {"",
                                      " ",
                                      "Gi",
                                      "B",
                                      "-1",
                                      "+1",
                                      "1 Gi",
                                      " 1",
                                      "1 ",
                                      "1gi",
                                      "1GI",
                                      "1GiBB",
                                      "1Gib",
                                      "1m",
                                      "1Ei",
                                      "1P",
                                      "1,5Gi",
                                      "1.5.5",
                                      ".",
                                      "1e3",
                                      "0x10",
                                      "1_000",
                                      "1GiX",
                                      "infinity",
                                      "nan",
                                      "--1",
                                      "1%",
                                      "8388608Ti",
                                      "9223372036854775808",
                                      "99999999999999999999999999"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_size(std::string(400, '9')), std::nullopt);
}

TEST(FormatSize, HasOneDecimalAndBinaryUnits) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(17), "17 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(format_size(1091399712), "1.0 GiB");
  EXPECT_EQ(format_size(1ULL << 40), "1.0 TiB");
  EXPECT_EQ(format_size(5000ULL << 40), "5000.0 TiB");
}

TEST(FormatSize, NeverShowsAThousandOfAUnitThatHasALargerOne) {
  for (std::uint64_t bytes = 1; bytes < (1ULL << 42); bytes = bytes * 9 / 8 + 1) {
    const std::string text = format_size(bytes);
    EXPECT_LT(text.find('.') == text.npos ? text.find(' ') : text.find('.'), 5u) << text;
    EXPECT_EQ(text.find("1024."), text.npos) << bytes;
  }
}

struct DurationCase {
  std::string_view text;
  milliseconds duration;
};

constexpr DurationCase kDurations[] = {
    {"0s", 0ms},         {"500ms", 500ms},
    {"90s", 90s},        {"1m", 1min},
    {"1h30m", 90min},    {"30d", 30 * 24h},
    {"2w", 14 * 24h},    {"1.5h", 90min},
    {"0.5s", 500ms},     {"1w2d3h4m5s6ms", 9 * 24h + 3h + 4min + 5s + 6ms},
    {"1h5ms", 1h + 5ms}, {"100h", 100h},
};

TEST(ParseDuration, AddsUpItsParts) {
  for (const DurationCase& test : kDurations) {
    EXPECT_EQ(parse_duration(test.text), test.duration) << test.text;
  }
}

TEST(ParseDuration, RefusesNearMisses) {
  for (const std::string_view text :
       {"",     "0",    "5",      "s",       "-5s",      "+5s",
        "5 s",  " 5s",  "5s ",    "5sec",    "5S",       "5M",
        "5min", "1h30", "30m1h",  "1h1h",    "1s1s",     "5ms1s",
        "1y",   "1us",  "1h 30m", "1,5h",    "1..5h",    ".h",
        "1e3s", "h1",   "infs",   "366001d", "1000000w", "9999999999999999999999s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(FormatDuration, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(format_duration(0ms), "0ms");
  EXPECT_EQ(format_duration(310ms), "310ms");
  EXPECT_EQ(format_duration(999ms), "999ms");
  EXPECT_EQ(format_duration(1s), "1.0s");
  EXPECT_EQ(format_duration(7449ms), "7.4s");
  EXPECT_EQ(format_duration(59999ms), "59.9s");
  EXPECT_EQ(format_duration(1min), "1m 0s");
  EXPECT_EQ(format_duration(200s), "3m 20s");
  EXPECT_EQ(format_duration(1h - 1ms), "59m 59s");
  EXPECT_EQ(format_duration(25h + 59min), "1d 1h");
  EXPECT_EQ(format_duration(400 * 24h), "400d 0h");
  EXPECT_EQ(format_duration(-90s), "-1m 30s");
}

TEST(FormatDuration, IsReadBackAsTheSameButForWhatItCutOff) {
  for (std::int64_t count = 1; count < 400LL * 86400000; count = count * 5 / 4 + 1) {
    std::string text = format_duration(milliseconds(count));
    std::erase(text, ' ');
    const auto back = parse_duration(text);
    ASSERT_TRUE(back.has_value()) << text;
    EXPECT_LE(back->count(), count);
    EXPECT_GE(static_cast<double>(back->count()), 0.9 * static_cast<double>(count)) << text;
  }
}

}  // namespace
TEST(Units, ParsesWholeNumbers) {
  EXPECT_EQ(parse_whole_number("0"), 0u);
  EXPECT_EQ(parse_whole_number("1000000000"), 1'000'000'000u);
  EXPECT_EQ(parse_whole_number("18446744073709551615"), 18'446'744'073'709'551'615u);
  for (const char* text :
       {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.5", "18446744073709551616"}) {
    EXPECT_EQ(parse_whole_number(text), std::nullopt) << text;
  }
}

}  // namespace lifeboat::base
