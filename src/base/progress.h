// How far a long piece of work has come, told to whoever watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "base/log.h"

namespace lifeboat::base {

// Used by one thread at a time. The default implementation says nothing.
class Progress {
 public:
  virtual ~Progress() = default;

  // Begins a piece of work of about `total_bytes`; 0 when nobody knows.
  virtual void begin(std::string_view /*what*/, std::uint64_t /*total_bytes*/) {}
  virtual void advance(std::uint64_t /*bytes*/) {}
  // Ends the piece that was begun. Harmless without one.
  virtual void end() {}
};

// One line that is redrawn at most ten times a second:
//   snapshot  412.0 MiB of 1.0 GiB  40 %  210.4 MiB/s  3s left  [########------------]
// It steps aside for lines of the log, which may come from any thread. A terminal that is too
// narrow cuts it off.
class ProgressBar : public Progress, private Log::Curtain {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  // Borrows `out`, a terminal, and `log`. `now` is for tests.
  ProgressBar(std::ostream& out, Log& log, Now now = &std::chrono::steady_clock::now);
  ~ProgressBar() override;
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void begin(std::string_view what, std::uint64_t total_bytes) override;
  void advance(std::uint64_t bytes) override;
  void end() override;

  // The line for a state of things, without control characters.
  static std::string render(std::string_view what, std::uint64_t done_bytes,
                            std::uint64_t total_bytes, std::chrono::milliseconds elapsed);

 private:
  void hide() override;
  void show() override;
  void draw();

  // Everything below is guarded by log_.between_lines: the log calls hide and show on whatever
  // thread writes a line.
  std::ostream& out_;
  Log& log_;
  const Now now_;
  std::string what_;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point drawn_;
  bool active_ = false;
};

}  // namespace lifeboat::base
