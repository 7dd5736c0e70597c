#include "base/log.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace lifeboat::base {
namespace {

// Some of a message may come from outside, and what reaches a terminal is obeyed there.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(line, line.size());
}

std::string_view level_name(Log::Level level) {
  switch (level) {
    case Log::Level::kInfo:
      return "info";
    case Log::Level::kWarning:
      return "warning";
    case Log::Level::kError:
      return "error";
  }
  return "";
}

std::string json_line(Log::Level level, std::string_view message, std::string_view hint) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  Json line = Json::object();
  line.set("time", format_time(now)).set("level", level_name(level));
  line.set("message", one_line(message));
  if (!hint.empty()) line.set("hint", one_line(hint));
  return line.dump(0);
}

std::string text_line(Log::Level level, std::string_view message, std::string_view hint) {
  std::string line;
  if (level != Log::Level::kInfo) line.append(level_name(level)).append(": ");
  line += one_line(message);
  if (!hint.empty()) line += "\n  " + one_line(hint);
  return line;
}

}  // namespace

Log::Log(std::ostream& out, Format format, Level lowest)
    : out_(out), format_(format), lowest_(lowest) {}

void Log::set_curtain(Curtain* curtain) {
  const std::lock_guard lock(mutex_);
  curtain_ = curtain;
}

void Log::between_lines(const std::function<void()>& action) {
  const std::lock_guard lock(mutex_);
  action();
}

void Log::write(Level level, std::string_view message, std::string_view hint) {
  if (level < lowest_) return;
  const std::string line =
      format_ == Format::kJson ? json_line(level, message, hint) : text_line(level, message, hint);
  const std::lock_guard lock(mutex_);
  if (curtain_ != nullptr) curtain_->hide();
  out_ << line << '\n' << std::flush;
  if (curtain_ != nullptr) curtain_->show();
}

}  // namespace lifeboat::base
