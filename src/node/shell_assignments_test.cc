#include "node/shell_assignments.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "testing/error_of.h"

namespace lifeboat::node {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Good {
  std::string text;
  std::string value;  // of A
};

const std::vector<Good> kGood = {
    // As Go's %q writes it.
    {R"(export A="https://10.0.0.5:2379,https://[fd00::6]:2379")",
     "https://10.0.0.5:2379,https://[fd00::6]:2379"},
    {R"(export A="")", ""},
    {R"(export A="a \"b\" \\ c")", R"(a "b" \ c)"},
    {R"(export A="\a\b\f\n\r\t\v")", "\a\b\f\n\r\t\v"},
    {R"(export A="\x41\xff\u00e9\u20ac\U0001f6df")", "A\xff\u00e9\u20ac\U0001f6df"},
    {"export A=\"\u00e9\"", "\u00e9"},
    // As a shell takes it.
    {R"(A="\$HOME \`x\` \q")", R"($HOME `x` \q)"},
    {"A='$(rm -rf /) `x` ${B} | & ; \\ \"'", "$(rm -rf /) `x` ${B} | & ; \\ \""},
    {"A=\"a; b | c & (d) <e> {f} # g ~\"", "a; b | c & (d) <e> {f} # g ~"},
    {"A=plain", "plain"},
    {"A=", ""},
    {"A= ", ""},
    {"A=*.prod.example.com", "*.prod.example.com"},
    {"A=a=b", "a=b"},
    {"A=a#b", "a#b"},
    {"A=a~b", "a~b"},
    {"A=a\\ b\\$c", "a b$c"},
    {"A=a\"b c\"'d e'f", "ab cd ef"},
    {"A=x # a comment", "x"},
    {"A=\"two\nlines\"", "two\nlines"},
    {"A=two\\\nlines", "twolines"},
    {"A=\"two\\\nlines\"", "twolines"},
    {"A=x\r\nB=y\r\n", "x"},
    {"A='x'\r\n", "x"},
    {"A=\"x\" \r\n\r\n", "x"},
    {"\n\n  # first\n\t A=x", "x"},
    {"A=x\nA=y", "y"},
    {"export B=1 A=2", "2"},
    {"B=1 A=2", "2"},
    {"export\tA=x", "x"},
    {"export=y\nA=x", "x"},
    {"A=x\n# $(anything) `goes` | in a comment", "x"},
};

TEST(ShellAssignments, TakesWhatAShellWould) {
  for (const Good& good : kGood) {
    EXPECT_EQ(parse_shell_assignments(good.text, "etcd.env")["A"], good.value) << good.text;
  }
}

struct Bad {
  std::string text;
  int line;
  std::string why;
};

const std::vector<Bad> kBad = {
    {"A=$HOME", 1, "'$' outside single quotes"},
    {"A=\"$HOME\"", 1, "'$' outside single quotes"},
    {"B=1\nA=\"x$(reboot)\"", 2, "'$' outside single quotes"},
    {"A=${B}", 1, "'$' outside single quotes"},
    {"A=`reboot`", 1, "'`' outside single quotes"},
    {"A=\"`reboot`\"", 1, "'`' outside single quotes"},
    {"A='x'$(reboot)", 1, "'$' outside single quotes"},
    {"A=$'x'", 1, "'$' outside single quotes"},
    {"A=a|b", 1, "'|' outside single quotes"},
    {"A=1; reboot", 1, "';' outside single quotes"},
    {"A=1 & reboot", 1, "not an assignment"},
    {"A=1&reboot", 1, "'&' outside single quotes"},
    {"A=(1 2)", 1, "'(' outside single quotes"},
    {"A=<(reboot)", 1, "'<' outside single quotes"},
    {"A=x>file", 1, "'>' outside single quotes"},
    {"export A={b,c}", 1, "'{' outside single quotes"},
    {"A=~/x", 1, "'~' outside quotes"},
    {"A=/x:~/y", 1, "'~' outside quotes"},
    {"reboot", 1, "not an assignment"},
    {"A=1 reboot", 1, "not an assignment"},
    {"export A", 1, "not an assignment"},
    {"export export A=1", 1, "not an assignment"},
    {"A+=1", 1, "not an assignment"},
    {"A =1", 1, "not an assignment"},
    {"1A=1", 1, "not an assignment"},
    {"A-B=1", 1, "not an assignment"},
    {"=1", 1, "not an assignment"},
    {"[ -f x ]", 1, "not an assignment"},
    {"\n\n. other.env", 3, "not an assignment"},
    {"A=1\n\n\"B\"=1", 3, "not an assignment"},
    {"A='x", 1, "a quote ' that nothing closes"},
    {"A=\"x\ny", 2, "a quote \" that nothing closes"},
    {"A=\"x\\", 1, "a quote \" that nothing closes"},
    {"A=x\\", 1, "a backslash with nothing behind it"},
    {"A=\"\\x4\"", 1, "an escape"},
    {"A=\"\\xg0\"", 1, "an escape"},
    {"A=\"\\u12", 1, "an escape"},
    {"A=\"\\u-123\"", 1, "an escape"},
    {"A=\"\\ud800\"", 1, "an escape"},
    {"A=\"\\U00110000\"", 1, "an escape"},
    {std::string("A=x\0y", 5), 1, "a zero byte"},
    {std::string("A='x\0y'", 7), 1, "a zero byte"},
    {std::string("\0", 1), 1, "not an assignment"},
};

TEST(ShellAssignments, RefusesEverythingElseWithItsLine) {
  for (const Bad& bad : kBad) {
    const base::Error error =
        error_of([&] { parse_shell_assignments(bad.text, "/host/etc/etcd.env"); });
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr(base::Error(base::Code::kInvalid,
                                                    "/host/etc/etcd.env line " +
                                                        std::to_string(bad.line) + ": " + bad.why)
                                            .what()))
        << bad.text;
  }
}

TEST(ShellAssignments, FindsNothingInAFileWithoutAny) {
  for (const char* text : {"", "\n", "\r\n", "  ", "# a comment", "\t\n#\n", "export \n"}) {
    EXPECT_THAT(parse_shell_assignments(text, "etcd.env"), IsEmpty()) << text;
  }
}

TEST(ShellAssignments, KeepsAllNames) {
  EXPECT_THAT(parse_shell_assignments("export NODE_cp_0_IP=\"10.0.0.5\"\n_x=1\n", "etcd.env"),
              ElementsAre(Pair("NODE_cp_0_IP", "10.0.0.5"), Pair("_x", "1")));
}

// Any bytes: a value or an Error, and never more than was there.
TEST(ShellAssignments, SurvivesEveryCutAndEveryByte) {
  const std::string text = "export A=\"a\\x41\\u00e9\\n\" B='b' # c\nC=d\\ e\r\n";
  const auto survives = [](const std::string& changed) {
    try {
      for (const auto& [name, value] : parse_shell_assignments(changed, "etcd.env")) {
        EXPECT_LE(name.size() + value.size(), changed.size());
      }
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
    }
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    survives(text.substr(0, at));
    std::string changed = text;
    for (int byte = 0; byte < 256; ++byte) {
      changed[at] = static_cast<char>(byte);
      survives(changed);
    }
  }
}

}  // namespace
}  // namespace lifeboat::node
