#include "base/progress.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

namespace lifeboat::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::string_view kErase = "\r\x1b[K";

struct RenderCase {
  std::uint64_t done_bytes;
  std::uint64_t total_bytes;
  milliseconds elapsed;
  std::string_view line;
};

constexpr RenderCase kRenderCases[] = {
    {412 * kMiB, 1024 * kMiB, seconds(2),
     "snapshot  412.0 MiB of 1.0 GiB  40 %  206.0 MiB/s  3s left  [########------------]"},
    {0, 100 * kMiB, seconds(0),
     "snapshot  0 B of 100.0 MiB  0 %  0 B/s  - left  [--------------------]"},
    {100 * kMiB, 100 * kMiB, seconds(1),
     "snapshot  100.0 MiB of 100.0 MiB  100 %  100.0 MiB/s  0s left  [####################]"},
    // Not 100 % before it is.
    {999, 1000, seconds(1),
     "snapshot  999 B of 1000 B  99 %  999 B/s  0s left  [###################-]"},
    // The total was an estimate and too small.
    {110 * kMiB, 100 * kMiB, seconds(1),
     "snapshot  100.0 MiB of 100.0 MiB  100 %  110.0 MiB/s  0s left  [####################]"},
    {kMiB, 1024 * kMiB, seconds(1),
     "snapshot  1.0 MiB of 1.0 GiB  0 %  1.0 MiB/s  17m 3s left  [--------------------]"},
    // Nobody knows the total.
    {5 * kMiB, 0, seconds(1), "snapshot  5.0 MiB  5.0 MiB/s"},
    // A stream that has hardly begun.
    {1, 1ULL << 60, seconds(100),
     "snapshot  1 B of 1048576.0 TiB  0 %  0 B/s  99d 0h left  [--------------------]"},
};

TEST(ProgressRender, ShowsShareRateAndTimeLeft) {
  for (const RenderCase& test : kRenderCases) {
    EXPECT_EQ(ProgressBar::render("snapshot", test.done_bytes, test.total_bytes, test.elapsed),
              test.line);
  }
}

class ProgressBarTest : public ::testing::Test {
 protected:
  // What was written since the last call.
  std::string take_output() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  static bool is_drawn(const std::string& text) { return text.find(" left  [") != text.npos; }

  std::ostringstream out_;
  TimePoint now_;
  const ProgressBar::Now read_clock_ = [this] { return now_; };
  Log log_{out_, Log::Format::kText, Log::Level::kInfo};
};

TEST_F(ProgressBarTest, DrawsAtMostTenTimesASecond) {
  ProgressBar bar(out_, log_, read_clock_);
  bar.begin("snapshot", 1000);
  int drawn = 0;
  for (int i = 0; i < 1000; ++i) {
    now_ += milliseconds(1);
    bar.advance(1);
    if (is_drawn(take_output())) ++drawn;
  }
  EXPECT_EQ(drawn, 10);
}

TEST_F(ProgressBarTest, DrawsNothingForWorkThatIsDoneAtOnce) {
  ProgressBar bar(out_, log_, read_clock_);
  bar.begin("snapshot", 1000);
  now_ += milliseconds(99);
  bar.advance(1000);
  bar.end();
  EXPECT_FALSE(is_drawn(take_output()));
}

TEST_F(ProgressBarTest, ErasesItselfBeforeDrawingAndAtTheEnd) {
  ProgressBar bar(out_, log_, read_clock_);
  bar.begin("snapshot", 1000);
  now_ += milliseconds(100);
  bar.advance(500);
  const std::string drawn = take_output();
  EXPECT_TRUE(drawn.starts_with(kErase));
  EXPECT_NE(drawn.find("snapshot  500 B of 1000 B  50 %"), drawn.npos);
  EXPECT_EQ(drawn.find('\n'), drawn.npos);
  bar.end();
  EXPECT_EQ(take_output(), kErase);
  bar.end();
  EXPECT_EQ(take_output(), "");
}

TEST_F(ProgressBarTest, LetsANarrowTerminalCutItOff) {
  ProgressBar bar(out_, log_, read_clock_);
  bar.begin("snapshot", 1000);
  now_ += milliseconds(100);
  bar.advance(500);
  const std::string drawn = take_output();
  EXPECT_TRUE(drawn.starts_with("\r\x1b[K\x1b[?7lsnapshot")) << drawn;
  EXPECT_TRUE(drawn.ends_with("]\x1b[?7h")) << drawn;
}

TEST_F(ProgressBarTest, StepsAsideForLinesOfTheLog) {
  ProgressBar bar(out_, log_, read_clock_);
  bar.begin("snapshot", 1000);
  now_ += milliseconds(100);
  bar.advance(500);
  take_output();
  log_.info("half way");
  const std::string text = take_output();
  EXPECT_TRUE(text.starts_with("\r\x1b[Khalf way\n\r\x1b[K")) << text;
  EXPECT_TRUE(is_drawn(text));
}

TEST_F(ProgressBarTest, LeavesTheLogAloneBetweenPiecesOfWork) {
  {
    ProgressBar bar(out_, log_, read_clock_);
    log_.info("before");
    bar.begin("snapshot", 1000);
    bar.end();
    take_output();
    log_.info("between");
    EXPECT_EQ(take_output(), "between\n");
  }
  log_.info("after");
  EXPECT_EQ(take_output(), "after\n");
}

TEST_F(ProgressBarTest, ErasesItselfWhenAnExceptionEndsTheWork) {
  {
    ProgressBar bar(out_, log_, read_clock_);
    bar.begin("snapshot", 1000);
    now_ += milliseconds(100);
    bar.advance(1);
    take_output();
  }
  EXPECT_EQ(take_output(), kErase);
}

TEST_F(ProgressBarTest, BeginsEveryPieceOfWorkAtNothing) {
  ProgressBar bar(out_, log_, read_clock_);
  bar.begin("first", 1000);
  bar.advance(900);
  bar.end();
  bar.advance(50);
  bar.begin("second", 100);
  now_ += milliseconds(100);
  bar.advance(10);
  EXPECT_NE(take_output().find("second  10 B of 100 B  10 %"), std::string::npos);
}

TEST_F(ProgressBarTest, StaysWholeWhileAnotherThreadLogs) {
  ProgressBar bar(out_, log_);
  bar.begin("snapshot", 100000);
  {
    const std::jthread logger([this] {
      for (int i = 0; i < 500; ++i) log_.info("a line");
    });
    for (int i = 0; i < 20000; ++i) bar.advance(1);
  }
  bar.end();
  const std::string text = out_.str();
  std::size_t lines = 0;
  for (std::size_t at = text.find("a line"); at != text.npos; at = text.find("a line", at + 1)) {
    EXPECT_EQ(text.substr(at - kErase.size(), kErase.size() + 7), "\r\x1b[Ka line\n");
    ++lines;
  }
  EXPECT_EQ(lines, 500u);
}

TEST(Progress, SaysNothingByDefault) {
  Progress progress;
  progress.begin("snapshot", 10);
  progress.advance(5);
  progress.end();
}

}  // namespace
}  // namespace lifeboat::base
