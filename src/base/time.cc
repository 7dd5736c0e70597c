#include "base/time.h"

#include <fmt/format.h>

namespace lifeboat::base {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

// Reads exactly `count` digits at the front of `text` and drops them.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take_literal(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}

struct Layout {
  std::string_view between_date_and_time;
  std::string_view between_time_fields;
};

// YYYY-MM-DD, a separator, HH MM SS; what follows stays in `text`.
std::optional<sys_seconds> take_seconds(std::string_view& text, const Layout& layout) {
  const auto year = take_number(text, 4);
  if (!year || !take_literal(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take_literal(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take_literal(text, layout.between_date_and_time)) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take_literal(text, layout.between_time_fields)) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take_literal(text, layout.between_time_fields)) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;

  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::string format_seconds(sys_seconds time, const Layout& layout) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  return fmt::format("{:04}-{:02}-{:02}{}{:02}{}{:02}{}{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     layout.between_date_and_time, clock.hours().count(),
                     layout.between_time_fields, clock.minutes().count(),
                     layout.between_time_fields, clock.seconds().count());
}

constexpr Layout kIso{"T", ":"};
constexpr Layout kStamp{"_", ""};

// ".123" and longer, to milliseconds; nullopt if there is a point without one to nine digits.
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) {
  if (!take_literal(text, ".")) return std::chrono::milliseconds(0);
  int milliseconds = 0;
  std::size_t digits = 0;
  while (const auto digit = take_number(text, 1)) {
    if (digits < 3) milliseconds = milliseconds * 10 + *digit;
    ++digits;
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (std::size_t i = digits; i < 3; ++i) milliseconds *= 10;
  return std::chrono::milliseconds(milliseconds);
}

}  // namespace

std::string format_time(TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{}.{:03}Z", format_seconds(seconds, kIso), (time - seconds).count());
}

std::optional<TimePoint> parse_time(std::string_view text) {
  const auto seconds = take_seconds(text, kIso);
  if (!seconds) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction || text != "Z") return std::nullopt;
  return *seconds + *fraction;
}

std::string format_stamp(sys_seconds time) { return format_seconds(time, kStamp); }

std::optional<sys_seconds> parse_stamp(std::string_view text) {
  const auto seconds = take_seconds(text, kStamp);
  if (!text.empty()) return std::nullopt;
  return seconds;
}

}  // namespace lifeboat::base
