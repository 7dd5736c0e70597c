#include "manifests/schedule.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Code;
using base::Error;
using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// From a January before a century that is no leap year, to the leap year after it.
constexpr sys_days kFirstDay{year{2096} / 1 / 1};
constexpr sys_days kLastDay{year{2104} / 12 / 31};

struct Field {
  std::string_view name;
  unsigned min;
  unsigned max;
};

[[noreturn]] void refuse(const Field& field, std::string_view part, std::string_view problem) {
  throw Error(Code::kInvalid,
              cat("the ", field.name, " \"", base::printable(part, 40), "\" ", problem),
              cat("from ", field.min, " to ", field.max, ", written like 5, 1-5, */15 or 0,30"));
}

std::optional<unsigned> named(const Field& field, std::string_view text) {
  std::string lower;
  for (const char c : text) {
    lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  const auto look = [&](const auto& names) -> std::optional<unsigned> {
    const auto found = std::ranges::find(names, lower);
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin()) + field.min;
  };
  if (field.name == "month") return look(kMonths);
  if (field.name == "day of the week") return look(kDays);
  return std::nullopt;
}

unsigned value_of(const Field& field, std::string_view text, std::string_view part) {
  if (const auto value = named(field, text)) return *value;
  const auto number = base::parse_whole_number(text);
  if (!number) refuse(field, part, "is not understood");
  if (*number < field.min || *number > field.max) refuse(field, part, "is out of range");
  return static_cast<unsigned>(*number);
}

unsigned step_of(const Field& field, std::string_view text, std::string_view part) {
  const auto step = base::parse_whole_number(text);
  if (!step || *step == 0 || *step > 1000) refuse(field, part, "has a step that is none");
  return static_cast<unsigned>(*step);
}

struct Run {
  unsigned first;
  unsigned last;
  unsigned step;
  bool any;  // "*": no restriction at all
};

// "*", "5", "1-5", "*/15", "1-30/2", "5/10".
Run parse_part(const Field& field, std::string_view part) {
  const std::size_t slash = part.find('/');
  const bool has_step = slash != part.npos;
  const std::string_view range = part.substr(0, slash);
  const unsigned step = has_step ? step_of(field, part.substr(slash + 1), part) : 1;
  if (range == "*" || range == "?") return {field.min, field.max, step, step == 1};
  const std::size_t dash = range.find('-');
  const unsigned first = value_of(field, range.substr(0, dash), part);
  if (dash == range.npos) return {first, has_step ? field.max : first, step, false};
  const unsigned last = value_of(field, range.substr(dash + 1), part);
  if (last < first) refuse(field, part, "ends before it begins");
  return {first, last, step, false};
}

// Returns whether the field restricts nothing.
template <std::size_t N>
bool parse_field(const Field& field, std::string_view text, std::bitset<N>& values) {
  bool any = false;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const Run run = parse_part(field, text.substr(start, end - start));
    for (unsigned value = run.first; value <= run.last; value += run.step) values.set(value);
    any = any || run.any;
    start = end + 1;
  }
  return any;
}

template <std::size_t N>
std::vector<unsigned> members(const std::bitset<N>& set) {
  std::vector<unsigned> values;
  for (unsigned i = 0; i < N; ++i) {
    if (set.test(i)) values.push_back(i);
  }
  return values;
}

}  // namespace

Schedule Schedule::parse(std::string_view line) {
  const bool one_line = line.find_first_of("\n\r\t\v\f") == line.npos;
  const std::vector<std::string> fields = base::split(line, ' ');
  if (fields.size() != 5 || !one_line) {
    throw Error(Code::kInvalid,
                cat("\"", base::printable(line, 60), "\" is no cron line of five fields"),
                "minute, hour, day of month, month, day of week: \"0 */6 * * *\" is every six "
                "hours");
  }
  Schedule schedule;
  parse_field({"minute", 0, 59}, fields[0], schedule.minutes_);
  parse_field({"hour", 0, 23}, fields[1], schedule.hours_);
  schedule.any_day_of_month_ =
      parse_field({"day of the month", 1, 31}, fields[2], schedule.days_of_month_);
  parse_field({"month", 1, 12}, fields[3], schedule.months_);
  schedule.any_day_of_week_ =
      parse_field({"day of the week", 0, 6}, fields[4], schedule.days_of_week_);
  schedule.longest_pause();
  return schedule;
}

bool Schedule::runs_on(sys_days day) const {
  const std::chrono::year_month_day date(day);
  if (!months_.test(static_cast<unsigned>(date.month()))) return false;
  const bool of_month = days_of_month_.test(static_cast<unsigned>(date.day()));
  const bool of_week = days_of_week_.test(std::chrono::weekday(day).c_encoding());
  return any_day_of_month_ || any_day_of_week_ ? of_month && of_week : of_month || of_week;
}

seconds Schedule::longest_pause() const {
  std::vector<seconds> times;  // of a day
  for (const unsigned hour : members(hours_)) {
    for (const unsigned minute : members(minutes_)) {
      times.push_back(std::chrono::hours(hour) + std::chrono::minutes(minute));
    }
  }
  seconds longest{0};
  for (std::size_t i = 1; i < times.size(); ++i) {
    longest = std::max(longest, times[i] - times[i - 1]);
  }
  std::optional<sys_days> before;
  for (sys_days day = kFirstDay; day <= kLastDay; day += days(1)) {
    if (!runs_on(day)) continue;
    if (before) longest = std::max(longest, seconds(day - *before) - times.back() + times.front());
    before = day;
  }
  // The days between 29 February 2096 and 2104 are the longest wait that there is.
  if (longest > seconds(0) && before) return longest;
  throw Error(Code::kInvalid, "the schedule never comes to pass",
              "there is no such day in any month that it names");
}

}  // namespace lifeboat::manifests
