#include "cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "cli/topics.h"
#include "testing/tool.h"

namespace lifeboat::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> all_pages() {
  std::vector<std::string> pages;
  std::ostringstream program;
  print_program_man_page(program);
  pages.push_back(program.str());
  for (const auto& entry : all_commands()) {
    std::ostringstream out;
    print_command_man_page(out, *entry);
    pages.push_back(out.str());
  }
  return pages;
}

// Whatever a text begins with, it is no request to the formatter.
TEST(ManPage, HasNoRequestsButItsOwn) {
  const std::set<std::string> own = {".TH", ".SH", ".SS", ".TP", ".PP", ".RS", ".RE", ".nf", ".fi"};
  for (const std::string& page : all_pages()) {
    EXPECT_THAT(page, StartsWith(".TH LIFEBOAT"));
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_FALSE(line.empty() || line.starts_with('\'')) << page.substr(0, 40);
      if (line.starts_with('.')) {
        EXPECT_TRUE(own.contains(line.substr(0, 3))) << line;
      }
    }
  }
}

TEST(ManPage, HasEveryCommandTopicAndFlag) {
  const auto pages = all_pages();
  for (const Topic& topic : all_topics())
    EXPECT_THAT(pages[0], HasSubstr(topic.text.substr(0, 20)));
  const CommandEntries commands = all_commands();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    EXPECT_THAT(pages[0], HasSubstr(commands[i]->help.summary.substr(0, 15)));
    for (const Flag& flag : commands[i]->flags.flags()) {
      const std::string first_word = flag.name.substr(0, flag.name.find('-'));
      EXPECT_THAT(pages[i + 1], HasSubstr(first_word)) << flag.name;
    }
  }
}

TEST(ManPage, IsTakenByGroffWithoutAWarning) {
  const auto groff = testing::find_tool("groff");
  if (!groff) GTEST_SKIP() << "groff is not installed";
  const testing::TempFolder folder;
  for (const std::string& page : all_pages()) {
    folder.write("page", page);
    ASSERT_TRUE(
        testing::run_tool(*groff, {"-man", "-Tutf8", "-ww", "-z", folder.path("page")}, folder))
        << page.substr(0, 40);
    EXPECT_EQ(folder.read("said"), "") << page.substr(0, 40);
  }
}

}  // namespace
}  // namespace lifeboat::cli
