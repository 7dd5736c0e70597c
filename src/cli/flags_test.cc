#include "cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Values {
  std::string name = "none";
  bool loud = false;
  unsigned count = 5;
  std::chrono::milliseconds wait{5000};
  std::optional<std::chrono::seconds> within;
  std::optional<std::uint64_t> size;
  std::vector<std::string> urls{"a"};
  std::vector<std::string> colours;
  std::string format = "table";
  std::string secret;
};

struct Flags {
  Flags() {
    table.text("name", "NAME", "a name", &values.name).etcdctl_env = "ETCDCTL_NAME";
    table.toggle("loud", "be loud", &values.loud);
    table.count("count", "how many", &values.count, 100);
    table.duration("wait", "how long", &values.wait);
    table.optional_duration("within", "how old", &values.within);
    table.optional_size("size", "how large", &values.size);
    table.list("urls", "URL,...", "where", &values.urls);
    table.list("colours", "COLOUR,...", "which", &values.colours).choices = {"red", "blue"};
    table.choice("output", {"table", "json"}, "what", &values.format).short_name = 'o';
    Flag& secret = table.text("secret", "SECRET", "a secret", &values.secret);
    secret.from_arguments = secret.from_file = false;
  }

  // Returns the arguments that are no flags.
  std::vector<std::string> parse(const std::vector<std::string>& argv,
                                 const Environment& environment = {},
                                 const std::vector<Setting>& config = {}) {
    CommandLine line = split_command_line(table, argv);
    auto settings = line.settings;
    for (const auto& setting : environment_settings(table, environment))
      settings.push_back(setting);
    settings.insert(settings.end(), config.begin(), config.end());
    apply_settings(table, settings);
    return line.arguments;
  }

  Values values;
  FlagTable table;
};

std::string message_of(const std::vector<std::string>& argv) {
  Flags flags;
  try {
    flags.parse(argv);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    return error.hint().empty() ? error.what() : std::string(error.what()) + " | " + error.hint();
  }
  return "";
}

TEST(Flags, KeepTheirDefaultsWhenNothingIsGiven) {
  Flags flags;
  EXPECT_THAT(flags.parse({}), IsEmpty());
  EXPECT_EQ(flags.values.name, "none");
  EXPECT_EQ(flags.values.count, 5U);
  EXPECT_EQ(flags.table.find("wait")->default_value, "5s");
  EXPECT_EQ(flags.table.find("count")->default_value, "5");
  EXPECT_EQ(flags.table.find("loud")->default_value, "");
}

TEST(Flags, TakeTheirValuesInAnyOfTheUsualWays) {
  Flags flags;
  EXPECT_THAT(flags.parse({"first", "--name", "[::1]", "--loud", "--count=7", "--wait=1m30s",
                           "--within", "30d", "--size", "18Gi", "-ojson", "second"}),
              ElementsAre("first", "second"));
  EXPECT_EQ(flags.values.name, "[::1]");
  EXPECT_TRUE(flags.values.loud);
  EXPECT_EQ(flags.values.count, 7U);
  EXPECT_EQ(flags.values.wait, std::chrono::seconds(90));
  EXPECT_EQ(flags.values.within, std::chrono::days(30));
  EXPECT_EQ(flags.values.size, 18ULL << 30);
  EXPECT_EQ(flags.values.format, "json");
}

TEST(Flags, TakeTheLastOfSeveralValues) {
  Flags flags;
  flags.parse({"--name", "a", "-o", "json", "--name=b=c", "-o=table", "--loud", "--loud=false"});
  EXPECT_EQ(flags.values.name, "b=c");
  EXPECT_EQ(flags.values.format, "table");
  EXPECT_FALSE(flags.values.loud);
}

TEST(Flags, GatherLists) {
  Flags flags;
  flags.parse({"--urls", "x, y", "--urls=z"});
  EXPECT_THAT(flags.values.urls, ElementsAre("x", "y", "z"));
}

TEST(Flags, EndAtTwoDashes) {
  Flags flags;
  EXPECT_THAT(flags.parse({"--loud", "--", "--name", "-x", "--"}),
              ElementsAre("--name", "-x", "--"));
  EXPECT_EQ(flags.values.name, "none");
}

TEST(Flags, TakeALoneDashForAnArgument) {
  Flags flags;
  EXPECT_THAT(flags.parse({"-"}), ElementsAre("-"));
}

struct Refused {
  std::vector<std::string> argv;
  std::string message;  // and the hint, after a bar
};

TEST(Flags, RefuseWhatIsWrongAndSayWhy) {
  const std::string kDurations = " | durations are written like 30s, 5m, 1h30m or 30d";
  const std::string kSizes = " | sizes are written like 500Mi, 18Gi or 20G";
  const std::vector<Refused> table{
      {{"--nmae", "x"}, "unknown flag --nmae | did you mean --name?"},
      {{"--nmae=x"}, "unknown flag --nmae | did you mean --name?"},
      {{"-name", "x"}, "unknown flag -name | did you mean --name?"},
      {{"--outp"}, "unknown flag --outp | did you mean --output?"},
      {{"--zzz"}, "unknown flag --zzz"},
      {{"-x"}, "unknown flag -x"},
      {{"-1"}, "unknown flag -1"},
      {{"--secret", "x"}, "unknown flag --secret"},
      {{"--name"}, "--name needs a value"},
      {{"x", "-o"}, "-o needs a value"},
      {{"--name="}, "--name needs a value"},
      {{"--name=", "x"}, "--name needs a value"},
      {{"-o="}, "-o needs a value"},
      {{"--name", ""}, "--name: the value is empty"},
      {{"--name", "--loud"}, "--name needs a value, and \"--loud\" looks like a flag"},
      {{"--name", "-o", "json"}, "--name needs a value, and \"-o\" looks like a flag"},
      {{"--name", "--", "x"}, "--name needs a value, and \"--\" looks like a flag"},
      {{"--loud=maybe"}, "--loud: \"maybe\" is neither true nor false"},
      {{"--loud="}, "--loud needs a value"},
      {{"--count", "x"}, "--count: \"x\" is not a whole number from 0 up"},
      {{"--count", "5x"}, "--count: \"5x\" is not a whole number from 0 up"},
      {{"--count", "1.5"}, "--count: \"1.5\" is not a whole number from 0 up"},
      {{"--count", "+5"}, "--count: \"+5\" is not a whole number from 0 up"},
      {{"--count", " 5"}, "--count: \" 5\" is not a whole number from 0 up"},
      {{"--count", "-1"}, "--count: \"-1\" is not a whole number from 0 up"},
      {{"--count", "101"}, "--count: \"101\" is more than 100"},
      {{"--count", "4294967301"}, "--count: \"4294967301\" is more than 100"},
      {{"--count", "99999999999999999999"}, "--count: \"99999999999999999999\" is more than 100"},
      {{"--count", "x", "--count", "1"}, "--count: \"x\" is not a whole number from 0 up"},
      {{"--wait", "5"}, "--wait: \"5\" is not a duration" + kDurations},
      {{"--wait", "5parsecs"}, "--wait: \"5parsecs\" is not a duration" + kDurations},
      {{"--wait", "-5s"}, "--wait: \"-5s\" is not a duration" + kDurations},
      {{"--wait", "0s"}, "--wait: \"0s\" is less than 1ms"},
      {{"--within", "999ms"}, "--within: \"999ms\" is less than 1s"},
      {{"--size", "lots"}, "--size: \"lots\" is not a size" + kSizes},
      {{"--size", "-1Gi"}, "--size: \"-1Gi\" is not a size" + kSizes},
      {{"--size", "99999999Ti"}, "--size: \"99999999Ti\" is not a size" + kSizes},
      {{"--size", "0"}, "--size: \"0\" is not more than 0"},
      {{"--urls", " , "}, "--urls: \" , \" is an empty list"},
      {{"--colours", "red,gree"}, "--colours: \"gree\" is none of red, blue"},
      {{"-o", "yaml"}, "--output: \"yaml\" is none of table, json"},
      {{"--output=JSON"}, "--output: \"JSON\" is none of table, json"},
  };
  for (const Refused& row : table) {
    EXPECT_EQ(message_of(row.argv), row.message) << ::testing::PrintToString(row.argv);
  }
}

TEST(Flags, PreferArgumentsThenOurVariablesThenEtcdctlsThenTheFile) {
  const Setting in_file{"name", "file", "f line 1: name", Setting::Source::kConfigFile};
  const Environment etcdctl{{"ETCDCTL_NAME", "etcdctl"}};
  const Environment both{{"ETCDCTL_NAME", "etcdctl"}, {"LIFEBOAT_NAME", "ours"}};
  Flags from_file, from_etcdctl, from_ours, from_argv;
  from_file.parse({}, {}, {in_file});
  from_etcdctl.parse({}, etcdctl, {in_file});
  from_ours.parse({}, both, {in_file});
  from_argv.parse({"--name", "argument"}, both, {in_file});
  EXPECT_EQ(from_file.values.name, "file");
  EXPECT_EQ(from_etcdctl.values.name, "etcdctl");
  EXPECT_EQ(from_ours.values.name, "ours");
  EXPECT_EQ(from_argv.values.name, "argument");
}

TEST(Flags, ReplaceAListFromALowerSourceAsAWhole) {
  Flags flags;
  flags.parse({"--urls", "x"}, {{"LIFEBOAT_URLS", "y,z"}});
  EXPECT_THAT(flags.values.urls, ElementsAre("x"));
}

TEST(Flags, IgnoreAWrongValueThatIsHidden) {
  Flags flags;
  flags.parse({"--count", "1"}, {{"LIFEBOAT_COUNT", "x"}});
  EXPECT_EQ(flags.values.count, 1U);
}

TEST(Flags, NameTheVariableWhoseValueIsWrong) {
  Flags flags;
  try {
    flags.parse({}, {{"LIFEBOAT_COUNT", "x"}});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "LIFEBOAT_COUNT: \"x\" is not a whole number from 0 up");
  }
}

TEST(Flags, TakeSecretsFromTheEnvironmentOnly) {
  Flags flags;
  flags.parse({}, {{"LIFEBOAT_SECRET", "s"}});
  EXPECT_EQ(flags.values.secret, "s");
}

TEST(Environment, CountsAnEmptyVariableAsNotSet) {
  const char* const block[] = {"LIFEBOAT_NAME=", "LIFEBOAT_X=a=b",   "ETCDCTL_NAME=n",
                               "USER=me",        "LIFEBOAT_NOTHING", nullptr};
  const Environment expected{{"LIFEBOAT_X", "a=b"}, {"ETCDCTL_NAME", "n"}};
  EXPECT_EQ(read_environment(block), expected);
}

TEST(Environment, KeepsWhatItMeansToUseOfOthers) {
  const char* const block[] = {"PATH=/bin",  "TMPDIR=/scratch",   "PATHS=/x", "TMPDIR",
                               "HOME=/home", "AWS_REGION=eu",     "AWS=x",    "no_proxy=.local",
                               "PROXY=x",    "HTTPS_PROXY=proxy", nullptr};
  const Environment expected{{"PATH", "/bin"},       {"TMPDIR", "/scratch"},
                             {"HOME", "/home"},      {"AWS_REGION", "eu"},
                             {"no_proxy", ".local"}, {"HTTPS_PROXY", "proxy"}};
  EXPECT_EQ(read_environment(block), expected);
}

TEST(Environment, NamesVariablesThatNobodyListensTo) {
  const std::vector<std::string> known{"LIFEBOAT_VAULT", "LIFEBOAT_CLUSTER"};
  const Environment environment{{"LIFEBOAT_VALUT", "x"},
                                {"LIFEBOAT_WHATEVER_ELSE", "x"},
                                {"LIFEBOAT_VAULT", "x"},
                                {"ETCDCTL_API", "3"},
                                {"LIFEBOAT_SERVICE_HOST", "10.0.0.1"},
                                {"LIFEBOAT_SERVICE_PORT_METRICS", "80"},
                                {"LIFEBOAT_PORT", "tcp://10.0.0.1:80"},
                                {"LIFEBOAT_PORT_80_TCP_ADDR", "10.0.0.1"}};
  EXPECT_THAT(unknown_variables(known, environment),
              ElementsAre("the environment variable LIFEBOAT_VALUT means nothing to lifeboat; did "
                          "you mean LIFEBOAT_VAULT?",
                          "the environment variable LIFEBOAT_WHATEVER_ELSE means nothing to "
                          "lifeboat"));
}

}  // namespace
}  // namespace lifeboat::cli
