// What the program says while it works: lines on standard error, for people or for a collector.
#pragma once

#include <functional>
#include <mutex>
#include <ostream>
#include <string_view>

namespace lifeboat::base {

class Log {
 public:
  enum class Format { kText, kJson };
  enum class Level { kInfo, kWarning, kError };

  // Borrows `out`. Lines below `lowest` are dropped (--quiet keeps warnings and errors).
  Log(std::ostream& out, Format format, Level lowest);

  // One line each, whatever is in it: line breaks become blanks, other control characters and what
  // is not UTF-8 are replaced. Safe from any thread. Text: the message, led by "warning: " or
  // "error: ". JSON: {"time", "level", "message"} and, for an error
  // with advice, "hint".
  void info(std::string_view message) { write(Level::kInfo, message, {}); }
  void warning(std::string_view message) { write(Level::kWarning, message, {}); }
  // Text puts the hint on a second line.
  void error(std::string_view message, std::string_view hint = {}) {
    write(Level::kError, message, hint);
  }

  // Called before and after a line is written, so that a progress bar can step aside.
  class Curtain {
   public:
    virtual ~Curtain() = default;
    virtual void hide() = 0;
    virtual void show() = 0;
  };
  // Borrows `curtain`, which may be null, until it is replaced.
  void set_curtain(Curtain* curtain);

  // Runs `action` while no line is being written and the curtain is not being called: how a curtain
  // draws on its own account, and guards its state. The action must not log.
  void between_lines(const std::function<void()>& action);

 private:
  void write(Level level, std::string_view message, std::string_view hint);

  std::mutex mutex_;
  std::ostream& out_;
  const Format format_;
  const Level lowest_;
  Curtain* curtain_ = nullptr;
};

}  // namespace lifeboat::base
