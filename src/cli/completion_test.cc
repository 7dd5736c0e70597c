#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace lifeboat::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Shell {
  const char* name;
  std::string (*script)(const CommandEntries&);
};

constexpr Shell kShells[] = {
    {"bash", &bash_completion}, {"zsh", &zsh_completion}, {"fish", &fish_completion}};

TEST(Completion, HasEveryCommandFlagAndChoice) {
  const CommandEntries commands = all_commands();
  for (const Shell& shell : kShells) {
    const std::string script = shell.script(commands);
    for (const auto& entry : commands) {
      EXPECT_THAT(script, HasSubstr(entry->help.name)) << shell.name;
      for (const auto& word : entry->help.argument_choices) EXPECT_THAT(script, HasSubstr(word));
      for (const Flag& flag : entry->flags.flags()) {
        if (!flag.from_arguments) continue;
        const std::string dashes = shell.name == std::string("fish") ? "-l " : "--";
        EXPECT_THAT(script, HasSubstr(dashes + flag.name)) << shell.name;
        for (const auto& choice : flag.choices) EXPECT_THAT(script, HasSubstr(choice));
      }
    }
  }
}

TEST(Completion, NeverOffersASecret) {
  const CommandEntries commands = all_commands();
  EXPECT_THAT(bash_completion(commands), Not(HasSubstr("--password ")));
  EXPECT_THAT(zsh_completion(commands), Not(HasSubstr("--password[")));
  EXPECT_THAT(fish_completion(commands), Not(HasSubstr("-l password ")));
}

TEST(Completion, ClosesEveryQuote) {
  for (const Shell& shell : kShells) {
    std::string script = shell.script(all_commands());
    // A quote within quotes is three, so that a single one in some help would make the sum odd.
    const std::string_view quoted = R"('\'')";
    for (auto at = script.find(quoted); at != script.npos; at = script.find(quoted, at)) {
      script.erase(at, quoted.size());
    }
    EXPECT_EQ(std::count(script.begin(), script.end(), '\'') % 2, 0) << shell.name;
    EXPECT_EQ(std::count(script.begin(), script.end(), '"') % 2, 0) << shell.name;
  }
}

}  // namespace
}  // namespace lifeboat::cli
