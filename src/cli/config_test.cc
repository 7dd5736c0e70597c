#include "cli/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kKnown{"vault", "endpoints", "keep-last", "quiet"};

std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> lines;
  for (const Setting& setting : parse_config(text, "f.yaml", kKnown)) {
    lines.push_back(setting.origin + " -> --" + setting.flag + " " + setting.value);
  }
  return lines;
}

TEST(Config, ReadsScalarsAndLists) {
  EXPECT_THAT(read("# mine\n"
                   "vault: /backups\n"
                   "keep_last: 7\n"
                   "quiet: true\n"
                   "endpoints:\n"
                   "  - https://a:2379\n"
                   "  - https://b:2379\n"),
              ElementsAre("f.yaml line 2: vault -> --vault /backups",
                          "f.yaml line 3: keep_last -> --keep-last 7",
                          "f.yaml line 4: quiet -> --quiet true",
                          "f.yaml line 5: endpoints -> --endpoints https://a:2379",
                          "f.yaml line 5: endpoints -> --endpoints https://b:2379"));
}

TEST(Config, MayBeEmpty) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n"}) {
    EXPECT_THAT(read(text), ::testing::IsEmpty()) << text;
  }
}

TEST(Config, RefusesWhatIsWrongNamingTheLine) {
  struct Row {
    const char* text;
    const char* message;
    const char* hint;
  };
  const Row table[] = {
      {"vault: /x\nkeep_lats: 3\n", "f.yaml line 2: unknown name \"keep_lats\"",
       "did you mean keep_last?"},
      {"keep-last: 3\n", "f.yaml line 1: unknown name \"keep-last\"", "did you mean keep_last?"},
      {"zzzzz: 3\n", "f.yaml line 1: unknown name \"zzzzz\"",
       "the names are those of the flags, with underscores"},
      {"vault: /x\nvault: /y\n", "f.yaml line 2: vault is there twice", ""},
      {"vault:\n", "f.yaml line 1: vault: has no value", ""},
      {"vault: {a: b}\n", "f.yaml line 1: vault: is not a plain value", ""},
      {"endpoints: [[a]]\n", "f.yaml line 1: endpoints: is not a plain value", ""},
      {"endpoints: []\n", "f.yaml line 1: endpoints: is not a plain value", ""},
      {"[a]: b\n", "f.yaml line 1: not a name", ""},
      {"just text\n", "f.yaml line 1: not a map from names to values",
       "write a line for each setting, such as \"vault: /backups\""},
      {"- a\n", "f.yaml line 1: not a map from names to values",
       "write a line for each setting, such as \"vault: /backups\""},
      {"vault: a\n---\nvault: b\n", "f.yaml: more than one YAML document",
       "write all settings into one, without \"---\" between them"},
      {"vault: a\n}\n", "f.yaml line 2: not valid YAML: illegal flow end", ""},
  };
  for (const Row& row : table) {
    try {
      read(row.text);
      ADD_FAILURE() << row.text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
      EXPECT_STREQ(error.what(), row.message) << row.text;
      EXPECT_EQ(error.hint(), row.hint) << row.text;
    }
  }
}

TEST(Config, RefusesWhatIsNoYaml) {
  for (const char* text : {"vault: [a\n", "\tvault: a\n", "vault: *nobody\n", "a: b: c\n",
                           "\x01\x02", "vault: !!binary\n\x80"}) {
    try {
      read(text);
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
      EXPECT_THAT(error.what(), HasSubstr("f.yaml")) << text;
    }
  }
}

TEST(Config, SurvivesEveryCutAndEveryChangedByte) {
  const std::string text = "vault: /b\nendpoints: [\"a\", &x b]\nkeep_last: 5 # five\n";
  const auto harmless = [](const std::string& mutant) {
    try {
      read(mutant);
    } catch (const base::Error&) {
      // Refused: as good as taken.
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    harmless(text.substr(0, i));
    for (int byte = 0; byte < 256; ++byte) {
      std::string mutant = text;
      mutant[i] = static_cast<char>(byte);
      harmless(mutant);
    }
  }
}

TEST(Config, SurvivesDeepNesting) {
  EXPECT_THROW(read("vault: " + std::string(20000, '[')), base::Error);
  EXPECT_THROW(read("vault: " + std::string(20000, '{')), base::Error);
}

}  // namespace
}  // namespace lifeboat::cli
