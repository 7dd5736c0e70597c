#include "manifests/yaml_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"

namespace lifeboat::manifests {
namespace {

using base::Json;
using ::testing::HasSubstr;

TEST(YamlWriter, WritesBlockStyleWithTwoBlanksALevel) {
  const Json value =
      Json::object()
          .set("name", "etcd-backup")
          .set("count", 5)
          .set("on", true)
          .set("none", Json::object())
          .set("verbs", Json::strings({"get", "list"}))
          .set("rules",
               Json(Json::Array{
                   Json::object().set("action", "Count").set("values", Json(Json::Array{6, 7})),
                   Json::array(), Json()}));
  EXPECT_EQ(write_yaml(value),
            "name: etcd-backup\n"
            "count: 5\n"
            "\"on\": true\n"
            "none: {}\n"
            "verbs:\n"
            "  - get\n"
            "  - list\n"
            "rules:\n"
            "  - action: Count\n"
            "    values:\n"
            "      - 6\n"
            "      - 7\n"
            "  - []\n"
            "  - null\n");
}

TEST(YamlWriter, PutsCommentsAboveWhatTheySpeakOf) {
  const Json value = Json::object()
                         .set("a/b", Json::object().set("c", 1))
                         .set("list", Json(Json::Array{Json::object().set("d", 2)}));
  EXPECT_EQ(write_yaml(value, {{"", "All."},
                               {pointer_to("", "a/b"), "A slash."},
                               {"/a~1b/c", "Deep."},
                               {"/list/0", "First."}}),
            "# All.\n"
            "# A slash.\n"
            "a/b:\n"
            "  # Deep.\n"
            "  c: 1\n"
            "list:\n"
            "  # First.\n"
            "  - d: 2\n");
}

TEST(YamlWriter, WritesTextOfSeveralLinesAsABlock) {
  EXPECT_EQ(write_yaml(Json::object().set("file", "a: 1\n\nb: \"2\"\n").set("open", "x\ny")),
            "file: |\n"
            "  a: 1\n"
            "\n"
            "  b: \"2\"\n"
            "open: |-\n"
            "  x\n"
            "  y\n");
}

TEST(YamlWriter, LeavesOnlyPlainTextPlain) {
  for (const char* plain :
       {"etcd-backup", "/backups", "registry.example/lifeboat:1.0", "a b", "https://10.0.0.5:2379",
        "spc_t", "NIST SP 800-53", "CP-9 System Backup", "v1", "e5", "yes-no", "app.example/x"}) {
    EXPECT_EQ(yaml_scalar(plain), plain);
  }
}

// What a reader of YAML 1.1 or 1.2 would take for a number, a switch, a date, nothing, a sign or
// the end of the value.
TEST(YamlWriter, QuotesWhatAReaderCouldTakeForSomethingElse) {
  for (const char* text :
       {"",     "5",   "-5",   "+5",   "0x1f",       "0o17", "1e3",   "1_000",       "12:30:45",
        ".5",   "5.",  ".inf", ".NaN", "2026-11-21", "true", "False", "YES",         "no",
        "On",   "off", "y",    "N",    "null",       "Null", "~",     "*/5 * * * *", "&x",
        "!tag", "- a", "?",    "? a",  "a: b",       "a:",   "a #b",  "#b",          "{a}",
        "[a]",  "]",   ",a",   "|",    ">",          "%a",   "@a",    "`a`",         "a ",
        " a",   "'a'", "=",    "<<",   "---",        "...",  "a\tb",  "0 */6 * * *", "{{ x }}"}) {
    const std::string written = yaml_scalar(text);
    EXPECT_THAT(written, ::testing::AnyOf(::testing::StartsWith("\""), ::testing::StartsWith("'")))
        << text;
    const YAML::Node node = YAML::Load("x: " + written);
    EXPECT_EQ(node["x"].Scalar(), text) << written;
    EXPECT_EQ(node["x"].Tag(), "!") << written;  // a quoted string, whatever it looks like
  }
}

TEST(YamlWriter, ChoosesTheQuotesThatNeedNoEscapes) {
  EXPECT_EQ(yaml_scalar("0 */6 * * *"), "\"0 */6 * * *\"");
  EXPECT_EQ(yaml_scalar("{{ x \"y\" }}"), "'{{ x \"y\" }}'");
  EXPECT_EQ(yaml_scalar("it's \"y\""), "\"it's \\\"y\\\"\"");
  EXPECT_EQ(yaml_scalar("a\nb"), "\"a\\nb\"");
}

// Whatever the text, what is read is the text, in its place and nowhere else.
TEST(YamlWriter, LetsNoTextLeaveItsPlace) {
  const std::vector<std::string> pieces{"a",  "\n",     " ",  "\t",  ": ",           "- ",
                                        "#",  "\"",     "'",  "\\",  "|\n",          "---\n",
                                        "{{", "\u0085", "é",  "\r",  "\u2028",       "\ufeff",
                                        "}",  "\x7f",   "\b", "...", "\u65e5\u672c", "\n\n"};
  for (const auto& first : pieces) {
    for (const auto& second : pieces) {
      for (const auto& third : pieces) {
        const std::string text = first + second + third;
        const Json value = Json::object().set("before", 1).set("x", text).set("after", 2);
        const YAML::Node node = YAML::Load(write_yaml(value));
        ASSERT_EQ(node.size(), 3u) << write_yaml(value);
        ASSERT_EQ(node["x"].Scalar(), text) << write_yaml(value);
        ASSERT_EQ(node["after"].as<int>(), 2);
        const YAML::Node keyed = YAML::Load(write_yaml(Json::object().set(text, 1)));
        ASSERT_EQ(keyed.begin()->first.Scalar(), text);
      }
    }
  }
}

TEST(YamlComment, WrapsAndKeepsWhatIsToBeCopied) {
  const std::string words = base::join(std::vector<std::string>(40, "word"), " ");
  const std::string text = yaml_comment(words + "\n  kubectl get pods", 4);
  for (const auto& line : base::split(text, '\n')) EXPECT_LE(line.size(), 96u);
  EXPECT_THAT(text, HasSubstr("\n    #   kubectl get pods\n"));
  EXPECT_THAT(text, ::testing::StartsWith("    # word word"));
}

TEST(YamlComment, MovesWithWhatItIsAbout) {
  EXPECT_EQ(moved_to("/spec", {{"", "a"}, {"/x", "b"}}),
            (Comments{{"/spec", "a"}, {"/spec/x", "b"}}));
}

}  // namespace
}  // namespace lifeboat::manifests
