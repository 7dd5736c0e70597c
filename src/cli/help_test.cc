#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::TestProgram;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string help_of(const CommandEntry& entry) {
  std::ostringstream out;
  print_command_help(out, entry);
  return out.str();
}

TEST(Help, HasAtLeastTwoExamplesThatBeginWithTheProgram) {
  for (const auto& entry : all_commands()) {
    const CommandHelp& help = entry->help;
    EXPECT_THAT(help.examples, SizeIs(::testing::Ge(2U))) << help.name;
    for (const Example& example : help.examples) {
      EXPECT_THAT(example.command, HasSubstr("lifeboat ")) << help.name;
      EXPECT_THAT(example.explanation, EndsWith(".")) << help.name;
      EXPECT_THAT(help_of(*entry), HasSubstr("  " + example.command + "\n")) << help.name;
    }
  }
}

// An example that the program itself refuses would teach the wrong thing.
void expect_flags_exist(const CommandEntries& commands, const std::string& example) {
  std::string text = example.substr(example.find("lifeboat ") + 9);
  text.resize(std::min({text.size(), text.find(" | "), text.find_first_of(">)")}));
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    if (word != "\\") words.push_back(word);
  }
  const CommandEntry& used = find_command(commands, words.front());
  EXPECT_NO_THROW(apply_settings(
      used.flags, split_command_line(used.flags, {words.begin() + 1, words.end()}).settings))
      << example;
}

TEST(Help, HasExamplesWhoseFlagsExist) {
  const CommandEntries commands = all_commands();
  for (const auto& entry : commands) {
    for (const Example& example : entry->help.examples) {
      expect_flags_exist(commands, example.command);
    }
  }
  int in_topics = 0;
  for (const Topic& topic : all_topics()) {
    std::istringstream lines{std::string(topic.text)};
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("  lifeboat ")) continue;
      expect_flags_exist(commands, line);
      ++in_topics;
    }
  }
  EXPECT_GE(in_topics, 5);
}

TEST(Help, NamesEveryFlagItsDefaultAndItsVariables) {
  for (const auto& entry : all_commands()) {
    const std::string text = help_of(*entry);
    for (const Flag& flag : entry->flags.flags()) {
      EXPECT_THAT(text, HasSubstr("  " + flag_usage(flag) + "\n")) << entry->help.name;
      if (flag.from_environment) {
        EXPECT_THAT(text, HasSubstr(flag.env_name())) << entry->help.name;
      }
      EXPECT_THAT(text, HasSubstr(flag.etcdctl_env)) << entry->help.name;
      if (!flag.default_value.empty()) {
        EXPECT_THAT(text, HasSubstr("(default " + flag.default_value)) << entry->help.name;
      }
    }
  }
}

TEST(Help, DescribesEveryFlagInASentenceWithoutFullStop) {
  for (const auto& entry : all_commands()) {
    for (const Flag& flag : entry->flags.flags()) {
      EXPECT_THAT(flag.help, AllOf(Not(::testing::IsEmpty()), Not(EndsWith(".")))) << flag.name;
      EXPECT_FALSE(flag.group.empty()) << flag.name;
    }
  }
}

TEST(Help, NamesEveryExitStatus) {
  std::ostringstream program;
  print_program_help(program);
  for (const ExitCodeMeaning& entry : kExitCodes) {
    const std::string line = "  " + std::to_string(entry.code) + "  " + std::string(entry.meaning);
    EXPECT_THAT(program.str(), HasSubstr(line));
    EXPECT_THAT(help_of(*all_commands().front()), HasSubstr(line));
  }
}

TEST(Help, ExplainsEveryTopicWithinTheWidthOfAPage) {
  std::ostringstream program;
  print_program_help(program);
  for (const Topic& topic : all_topics()) {
    EXPECT_THAT(program.str(), HasSubstr(std::string(topic.summary) + "\n"));
    std::ostringstream out;
    print_topic_help(out, topic);
    EXPECT_THAT(out.str(), AllOf(HasSubstr("lifeboat "), Not(HasSubstr("\n\n\n")), EndsWith("\n")));
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(Help, FollowsACommandWithTheTopicOfItsName) {
  TestProgram program;
  const std::string both = program.run("help restore").out;
  EXPECT_THAT(both, AllOf(HasSubstr("--initial-cluster"), HasSubstr("restore: from a backup")));
  EXPECT_THAT(program.run("help vault").out, ::testing::StartsWith("vault: where"));
  EXPECT_EQ(program.run("help nothing").code, kUsage);
}

TEST(Help, ListsEveryCommand) {
  std::ostringstream out;
  print_program_help(out);
  for (const auto& entry : all_commands()) {
    EXPECT_THAT(out.str(), HasSubstr("\n  " + entry->help.name + " "));
    EXPECT_THAT(out.str(), HasSubstr(entry->help.summary + "\n"));
  }
}

TEST(Help, StaysWithinTheWidthOfAPage) {
  for (const auto& entry : all_commands()) {
    std::istringstream lines(help_of(*entry));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

// FlagTable refuses a name declared twice; short names are looked at here.
TEST(Help, HasNoShortNameTwice) {
  for (const auto& entry : all_commands()) {
    std::string seen;
    for (const Flag& flag : entry->flags.flags()) {
      if (flag.short_name == 0) continue;
      EXPECT_EQ(seen.find(flag.short_name), std::string::npos) << entry->help.name;
      seen += flag.short_name;
    }
  }
}

TEST(Help, MeansTheSameByAFlagInEveryCommand) {
  std::map<std::string, std::string> usages;
  for (const auto& entry : all_commands()) {
    for (const Flag& flag : entry->flags.flags()) {
      // Of a node it says more than of a cluster: kubeadm, k3s and RKE2 are all Kubernetes.
      if (flag.name == "platform") continue;
      // Where to: plain files come out of a vault, copies go into another.
      if (flag.name == "to") continue;
      const auto [known, added] = usages.emplace(flag.name, flag_usage(flag) + flag.help);
      EXPECT_EQ(known->second, flag_usage(flag) + flag.help) << entry->help.name;
    }
  }
}

}  // namespace
}  // namespace lifeboat::cli
