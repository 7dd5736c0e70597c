#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace lifeboat::base {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRedrawEvery(100);
// Back to the first column and erase to the end of the line (ECMA-48).
constexpr std::string_view kEraseLine = "\r\x1b[K";
// A line that wrapped could not be erased again (DECAWM, which every terminal in use knows).
constexpr std::string_view kWrapOff = "\x1b[?7l";
constexpr std::string_view kWrapOn = "\x1b[?7h";

std::string draw_gauge(double share) {
  constexpr std::size_t kWidth = 20;
  const auto filled = static_cast<std::size_t>(share * kWidth);
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '-') + "]";
}

// Whole seconds: tenths would flicker.
std::string format_time_left(double seconds) {
  // A stream that has hardly begun promises centuries.
  constexpr double kSecondsMax = 99 * 86400.0;
  const std::chrono::seconds left(std::llround(std::min(seconds, kSecondsMax)));
  return left < std::chrono::minutes(1) ? fmt::format("{}s", left.count()) : format_duration(left);
}

}  // namespace

ProgressBar::ProgressBar(std::ostream& out, Log& log, Now now)
    : out_(out), log_(log), now_(std::move(now)) {
  log_.set_curtain(this);
}

ProgressBar::~ProgressBar() {
  end();
  log_.set_curtain(nullptr);
}

void ProgressBar::begin(std::string_view what, std::uint64_t total_bytes) {
  log_.between_lines([&] {
    what_ = what;
    total_bytes_ = total_bytes;
    done_bytes_ = 0;
    begun_ = drawn_ = now_();
    active_ = true;
  });
}

void ProgressBar::advance(std::uint64_t bytes) {
  log_.between_lines([&] {
    done_bytes_ += bytes;
    if (active_ && now_() - drawn_ >= kRedrawEvery) draw();
  });
}

void ProgressBar::end() {
  log_.between_lines([&] {
    if (active_) out_ << kEraseLine << std::flush;
    active_ = false;
  });
}

void ProgressBar::hide() {
  if (active_) out_ << kEraseLine;
}

void ProgressBar::show() {
  if (active_) draw();
}

void ProgressBar::draw() {
  drawn_ = now_();
  const auto elapsed = std::chrono::duration_cast<milliseconds>(drawn_ - begun_);
  out_ << kEraseLine << kWrapOff << render(what_, done_bytes_, total_bytes_, elapsed) << kWrapOn
       << std::flush;
}

std::string ProgressBar::render(std::string_view what, std::uint64_t done_bytes,
                                std::uint64_t total_bytes, milliseconds elapsed) {
  const double seconds = std::max(0.001, static_cast<double>(elapsed.count()) / 1000);
  const double rate = static_cast<double>(done_bytes) / seconds;
  const std::string rate_text = format_size(static_cast<std::uint64_t>(rate)) + "/s";
  if (total_bytes == 0) return fmt::format("{}  {}  {}", what, format_size(done_bytes), rate_text);

  // The size was an estimate: never show more than all of it.
  const std::uint64_t done = std::min(done_bytes, total_bytes);
  const double share = static_cast<double>(done) / static_cast<double>(total_bytes);
  const std::string left =
      done > 0 ? format_time_left(static_cast<double>(total_bytes - done) / rate) : "-";
  return fmt::format("{}  {} of {}  {} %  {}  {} left  {}", what, format_size(done),
                     format_size(total_bytes), static_cast<int>(share * 100), rate_text, left,
                     draw_gauge(share));
}

}  // namespace lifeboat::base
