#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace lifeboat::base {
namespace {

constexpr std::string_view kHostile[] = {
    "a\nb",
    "a\r\nb",
    "\x1b[2Jgone",
    "\x07",
    "\x7f",
    "\xff\xfe",
    "\xc2\x9b"
    "31m",
    "a\tb",
    "",
};

std::string text_of(std::string_view message, std::string_view hint = {}) {
  std::ostringstream out;
  Log(out, Log::Format::kText, Log::Level::kInfo).error(message, hint);
  return out.str();
}

Json json_of(std::string_view message, std::string_view hint = {}) {
  std::ostringstream out;
  Log(out, Log::Format::kJson, Log::Level::kInfo).error(message, hint);
  const std::string line = out.str();
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_TRUE(line.ends_with('\n'));
  return Json::parse(line);
}

TEST(TextLog, LeadsTheMessageWithItsLevel) {
  std::ostringstream out;
  Log log(out, Log::Format::kText, Log::Level::kInfo);
  log.info("taking a snapshot");
  log.warning("clock went back");
  log.error("no space", "remove something");
  EXPECT_EQ(out.str(),
            "taking a snapshot\n"
            "warning: clock went back\n"
            "error: no space\n"
            "  remove something\n");
}

TEST(TextLog, WritesOneLineWhateverIsInTheMessage) {
  for (const std::string_view message : kHostile) {
    const std::string line = text_of(message);
    EXPECT_TRUE(line.ends_with('\n'));
    const auto is_control = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    EXPECT_EQ(std::ranges::count_if(line, is_control), 1) << line;
    EXPECT_EQ(std::ranges::count(text_of("x", message), '\n'), message.empty() ? 1 : 2);
  }
  EXPECT_EQ(text_of("a\nb\x1b[2J"), "error: a b?[2J\n");
}

TEST(TextLog, CutsNoMessage) {
  const std::string message(5000, 'x');
  EXPECT_EQ(text_of(message), cat("error: ", message, "\n"));
}

TEST(JsonLog, WritesOneDocumentALine) {
  const Json line = json_of("no space", "remove something");
  EXPECT_EQ(*line.find("level")->as_string(), "error");
  EXPECT_EQ(*line.find("message")->as_string(), "no space");
  EXPECT_EQ(*line.find("hint")->as_string(), "remove something");
  EXPECT_TRUE(parse_time(*line.find("time")->as_string()).has_value());
  EXPECT_EQ(json_of("no space").find("hint"), nullptr);
}

TEST(JsonLog, ParsesWhateverIsInTheMessage) {
  for (const std::string_view message : kHostile) {
    EXPECT_NE(json_of(message).find("message")->as_string(), nullptr);
    EXPECT_EQ(json_of("x", message).find("hint") == nullptr, message.empty());
  }
  EXPECT_EQ(*json_of("say \"a\\b\"").find("message")->as_string(), "say \"a\\b\"");
}

TEST(Log, DropsWhatIsBelowItsLowestLevel) {
  for (const auto format : {Log::Format::kText, Log::Format::kJson}) {
    std::ostringstream out;
    Log log(out, format, Log::Level::kWarning);
    log.info("hidden");
    EXPECT_EQ(out.str(), "");
    log.warning("shown");
    log.error("shown");
    EXPECT_EQ(std::ranges::count(out.str(), '\n'), 2);
  }
}

// Writes down when it was called.
class NotingCurtain : public Log::Curtain {
 public:
  explicit NotingCurtain(std::ostream& out) : out_(out) {}
  void hide() override { out_ << "<"; }
  void show() override { out_ << ">"; }

 private:
  std::ostream& out_;
};

TEST(Log, OpensTheCurtainAroundEveryLineThatIsWritten) {
  std::ostringstream out;
  NotingCurtain curtain(out);
  Log log(out, Log::Format::kText, Log::Level::kWarning);
  log.set_curtain(&curtain);
  log.info("dropped");
  log.warning("a");
  log.set_curtain(nullptr);
  log.warning("b");
  EXPECT_EQ(out.str(), "<warning: a\n>warning: b\n");
}

TEST(Log, KeepsLinesOfManyThreadsApart) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  std::ostringstream out;
  Log log(out, Log::Format::kText, Log::Level::kInfo);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int line = 0; line < kLines; ++line) log.info("a line");
      });
    }
  }
  std::string expected;
  for (int i = 0; i < kThreads * kLines; ++i) expected += "a line\n";
  EXPECT_EQ(out.str(), expected);
}

TEST(Log, HoldsLinesBackWhileAnActionRuns) {
  std::ostringstream out;
  Log log(out, Log::Format::kText, Log::Level::kInfo);
  std::jthread writer;
  log.between_lines([&] {
    writer = std::jthread([&] { log.info("a line"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(out.str(), "");
  });
  writer.join();
  EXPECT_EQ(out.str(), "a line\n");
}

}  // namespace
}  // namespace lifeboat::base
