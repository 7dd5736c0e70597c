#include "cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct WrongUsage {
  std::string argv;
  std::string message;
};

// Exit status 2, nothing on standard output, one line and mostly a line of advice.
void expect_refusals(const std::vector<WrongUsage>& table) {
  for (const WrongUsage& row : table) {
    const Outcome outcome = TestProgram().run(row.argv);
    EXPECT_EQ(outcome.code, kUsage) << row.argv;
    EXPECT_EQ(outcome.err, "error: " + row.message) << row.argv;
    EXPECT_EQ(outcome.out, "") << row.argv;
  }
}

TEST(Program, RefusesWrongUsageInOneLineWithAdvice) {
  const std::string kSeeList = "\n  see \"lifeboat list --help\"\n";
  expect_refusals({
      {"bakcup", "unknown command \"bakcup\"\n  did you mean \"lifeboat backup\"?\n"},
      {"xyzzy", "unknown command \"xyzzy\"\n  see \"lifeboat --help\"\n"},
      {"LIST", "unknown command \"LIST\"\n  see \"lifeboat --help\"\n"},
      {"--vault /vault list",
       "a command comes first, not --vault\n  lifeboat COMMAND [flags]; see \"lifeboat --help\"\n"},
      {"help bakcup", "unknown command \"bakcup\"\n  did you mean \"lifeboat backup\"?\n"},
      {"list --valut x", "unknown flag --valut\n  did you mean --vault?\n"},
      {"list --no-such-flag", "unknown flag --no-such-flag" + kSeeList},
      {"list --endpoints x", "unknown flag --endpoints" + kSeeList},
      {"list --vault", "--vault needs a value" + kSeeList},
      {"list --vault --cluster a",
       "--vault needs a value, and \"--cluster\" looks like a flag" + kSeeList},
      {"list",
       "--vault is needed: the folder or bucket that holds the backups\n"
       "  give --vault DIR or --vault s3://BUCKET/PREFIX, or set LIFEBOAT_VAULT\n"},
      {"list --vault /vault extra", "one argument too many: \"extra\"" + kSeeList},
      {"list --vault /vault -o yaml", "--output: \"yaml\" is none of table, json" + kSeeList},
      {"list --vault /vault --log-format xml",
       "--log-format: \"xml\" is none of text, json" + kSeeList},
      {"list --vault http://bucket",
       "--vault: \"http://bucket\" is an address that leads to no vault\n"
       "  a vault is a folder or s3://BUCKET/PREFIX\n"},
      {"list --vault /vault --cluster ../x",
       "--cluster: \"../x\" can't be a cluster's name\n"
       "  up to 100 letters, digits, '.', '_' and '-', the first a letter or digit\n"},
      {"show --vault /vault",
       "an argument is missing: the id of a backup, or latest\n  see \"lifeboat show --help\"\n"},
      {"pin --vault /vault",
       "an argument is missing: the id of a backup, or latest\n  see \"lifeboat pin --help\"\n"},
      {"show a b --vault /vault", "one argument too many: \"b\"\n  see \"lifeboat show --help\"\n"},
      {"verify latest --all --vault /vault",
       "--all and \"latest\" contradict each other\n"
       "  name one backup, or leave the name out and give --all\n"},
      {"verify --vault /vault --checks pages,colour",
       "--checks: \"colour\" is none of files, trailer, pages, records, hash_kv\n"
       "  see \"lifeboat verify --help\"\n"},
      {"completion tcsh", "no completion for \"tcsh\"\n  there is bash, zsh and fish\n"},
      {"completion",
       "an argument is missing: bash, zsh or fish\n"
       "  see \"lifeboat completion --help\"\n"},
      {"version now", "one argument too many: \"now\"\n  see \"lifeboat version --help\"\n"},
  });
}

TEST(Program, RefusesFlagsThatAreWrongOrContradictEachOther) {
  const std::string kSeeBackup = "\n  see \"lifeboat backup --help\"\n";
  const std::string kPassword = "\n  give the password with --password-file or LIFEBOAT_PASSWORD\n";
  expect_refusals({
      {"prune --vault /vault --keep-last -1",
       "--keep-last: \"-1\" is not a whole number from 0 up\n  see \"lifeboat prune --help\"\n"},
      {"prune --vault /vault --keep-last 100001",
       "--keep-last: \"100001\" is more than 100000\n  see \"lifeboat prune --help\"\n"},
      {"prune --vault /vault --max-size 5Xi",
       "--max-size: \"5Xi\" is not a size\n  sizes are written like 500Mi, 18Gi or 20G\n"},
      {"prune --vault /vault --keep-within 30",
       "--keep-within: \"30\" is not a duration\n"
       "  durations are written like 30s, 5m, 1h30m or 30d\n"},
      {"backup --vault /vault --cluster c --dial-timeout 0s",
       "--dial-timeout: \"0s\" is less than 1ms" + kSeeBackup},
      {"backup --vault /vault --cluster c --insecure-skip-tls-verify --cacert /ca.crt",
       "--insecure-skip-tls-verify and --cacert contradict each other\n"
       "  leave one of them out; they may also come from the environment or a file\n"},
      {"backup --vault /vault --cluster c --password-file /p",
       "a password without --user\n"
       "  name the user with --user, or leave out --password-file and LIFEBOAT_PASSWORD\n"},
      {"backup --vault /vault --cluster c --user root",
       "--user root needs a password\n  give it with --password-file or LIFEBOAT_PASSWORD\n"},
      {"backup --vault /vault --cluster c --user root:geheim",
       "--user: takes a name only: arguments can be read by every user of the machine" + kPassword},
      {"backup --vault /vault --cluster c --password geheim",
       "unknown flag --password\n  did you mean --password-file?\n"},
      {"backup --vault /vault",
       "--cluster is needed for the first backup in a vault\n"
       "  choose a name for the cluster and give --cluster NAME or set LIFEBOAT_CLUSTER\n"},
  });
}

TEST(Program, ExplainsItselfWhenNothingIsAsked) {
  const Outcome outcome = TestProgram().run("");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("\nCommands\n  backup "));
}

TEST(Program, HelpsWhateverTheEnvironmentSays) {
  TestProgram program;
  program.environment["LIFEBOAT_KEEP_LAST"] = "many";
  program.environment["LIFEBOAT_CONFIG"] = "/absent";
  for (const char* argv : {"--help", "-h", "backup --help", "backup -h --keep-last x"}) {
    const Outcome outcome = program.run(argv);
    EXPECT_EQ(outcome.code, kDone) << argv;
    EXPECT_THAT(outcome.out, HasSubstr("\nUsage\n  lifeboat ")) << argv;
    EXPECT_EQ(outcome.err, "") << argv;
  }
}

TEST(Program, TellsFailuresAsJsonWhereAsked) {
  const Outcome outcome = TestProgram().run("list --vault /none --log-format json -o json");
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_EQ(outcome.out, "");
  const base::Json line = base::Json::parse(outcome.err);
  EXPECT_EQ(*line.find("level")->as_string(), "error");
  EXPECT_THAT(*line.find("message")->as_string(), HasSubstr("/none"));
}

TEST(Program, TellsAWrongFlagAsJsonWhereAsked) {
  const Outcome outcome = TestProgram().run("prune --keep-last x --log-format json");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, StartsWith("{\"time\":"));
}

TEST(Program, WarnsOfMisspeltVariables) {
  TestProgram program;
  program.environment["LIFEBOAT_VALUT"] = "/vault";
  const Outcome outcome = program.run("list --vault /vault --quiet");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_EQ(outcome.err,
            "warning: the environment variable LIFEBOAT_VALUT means nothing to lifeboat; did you "
            "mean LIFEBOAT_VAULT?\n");
}

TEST(Program, KnowsTheVariablesOfAllCommands) {
  TestProgram program;
  program.environment = {
      {"LIFEBOAT_KEEP_LAST", "3"}, {"LIFEBOAT_PASSWORD", "s"}, {"LIFEBOAT_VAULT", "/vault"}};
  const Outcome outcome = program.run("list --quiet");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_EQ(outcome.err, "");
}

TEST(Program, SaysWhenItsOutputDoesNotArrive) {
  TestProgram program;
  std::ostringstream err;
  std::ostream broken(nullptr);
  base::MemoryStream in({});
  const auto programs = program.etcd.programs(program.fs);
  World world{.in = in,
              .out = broken,
              .err = err,
              .fs = program.fs,
              .clock = program.clock,
              .environment = program.environment,
              .programs = *programs,
              .connect = {},
              .connect_key_value = {},
              .probe = {},
              .open_host_tree = {},
              .make_http_client = {},
              .host_name = "",
              .working_folder = ""};
  EXPECT_EQ(run_program({"version"}, world, {}), kStorage);
  EXPECT_EQ(err.str(),
            "error: cannot write to standard output: it is closed, or its disk is full\n");
  EXPECT_EQ(run_program({"list", "--help"}, world, {}), kStorage);
}

TEST(Program, LetsAStopThrough) {
  TestProgram program;
  program.stop.request_stop();
  try {
    program.run("backup --vault /vault --cluster prod");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCancelled);
  }
  EXPECT_THAT(program.fs.tree(), Not(::testing::Contains(HasSubstr("backups/2"))));
}

// ---- Where values come from -------------------------------------------------------------------

TEST(Program, PrefersFlagsThenItsVariablesThenEtcdctlsThenTheFile) {
  TestProgram program;
  program.fs.put_file("/lifeboat.yaml",
                      "vault: /vault\ncluster: prod\nendpoints: [https://file:2379]\n");
  program.environment["LIFEBOAT_CONFIG"] = "/lifeboat.yaml";
  program.run("backup");
  EXPECT_THAT(program.connected_with.endpoints, ElementsAre("https://file:2379"));
  program.environment["ETCDCTL_ENDPOINTS"] = "etcdctl:2379,other:2379";
  program.run("backup");
  EXPECT_THAT(program.connected_with.endpoints, ElementsAre("etcdctl:2379", "other:2379"));
  program.environment["LIFEBOAT_ENDPOINTS"] = "ours:2379";
  program.run("backup");
  EXPECT_THAT(program.connected_with.endpoints, ElementsAre("ours:2379"));
  program.run("backup --endpoints flag:2379 --endpoints second:2379");
  EXPECT_THAT(program.connected_with.endpoints, ElementsAre("flag:2379", "second:2379"));
}

TEST(Program, TakesEveryVariableOfEtcdctl) {
  TestProgram program;
  for (const char* path : {"/ca", "/cert", "/key"}) program.fs.put_file(path, path);
  program.environment = {{"ETCDCTL_ENDPOINTS", "a:1"},  {"ETCDCTL_CACERT", "/ca"},
                         {"ETCDCTL_CERT", "/cert"},     {"ETCDCTL_KEY", "/key"},
                         {"ETCDCTL_USER", "root"},      {"ETCDCTL_PASSWORD", "geheim"},
                         {"ETCDCTL_DIAL_TIMEOUT", "7s"}};
  EXPECT_EQ(program.run("backup --vault /vault --cluster prod").code, kDone);
  EXPECT_EQ(program.connected_with.ca.content, "/ca");
  EXPECT_EQ(program.connected_with.cert.path, "/cert");
  EXPECT_EQ(program.connected_with.key.content, "/key");
  EXPECT_EQ(program.connected_with.user, "root");
  EXPECT_EQ(program.connected_with.password, "geheim");
  EXPECT_EQ(program.connected_with.connect_timeout, std::chrono::seconds(7));
  EXPECT_FALSE(program.connected_with.skip_verify);
}

TEST(Program, NeverSkipsTlsVerificationUnasked) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  EXPECT_FALSE(program.connected_with.skip_verify);
  program.environment["ETCDCTL_INSECURE_SKIP_TLS_VERIFY"] = "true";
  program.run("backup --vault /vault --cluster prod");
  EXPECT_TRUE(program.connected_with.skip_verify);
  program.run("backup --vault /vault --cluster prod --insecure-skip-tls-verify=false");
  EXPECT_FALSE(program.connected_with.skip_verify);
}

struct PasswordRow {
  Environment environment;
  std::string flags;
  std::string password;
};

TEST(Program, TakesThePasswordFromWhatIsClosest) {
  const std::vector<PasswordRow> table{
      {{{"ETCDCTL_USER", "root:one"}}, "", "one"},
      {{{"ETCDCTL_USER", "root:o:ne"}}, "", "o:ne"},
      {{{"ETCDCTL_USER", "root:one"}, {"ETCDCTL_PASSWORD", "two"}}, "", "two"},
      {{{"ETCDCTL_USER", "root:one"}, {"LIFEBOAT_PASSWORD", "three"}}, "", "three"},
      {{{"ETCDCTL_PASSWORD", "two"}, {"LIFEBOAT_PASSWORD", "three"}}, "--user root", "three"},
      {{{"LIFEBOAT_PASSWORD", "three"}}, "--user root --password-file /password", "from file"},
      {{{"ETCDCTL_PASSWORD", "two"}, {"LIFEBOAT_PASSWORD_FILE", "/password"}},
       "--user root",
       "from file"},
      {{}, "--user root --password-file /crlf", "from Windows"},
  };
  for (const PasswordRow& row : table) {
    TestProgram program;
    program.fs.put_file("/password", "from file\n");
    program.fs.put_file("/crlf", "from Windows\r\n");
    program.environment = row.environment;
    const Outcome outcome = program.run("backup --vault /vault --cluster prod " + row.flags);
    EXPECT_EQ(outcome.code, kDone) << outcome.err;
    EXPECT_EQ(program.connected_with.user, "root");
    EXPECT_EQ(program.connected_with.password, row.password);
  }
}

TEST(Program, NeverPrintsAPassword) {
  TestProgram program;
  program.environment = {{"LIFEBOAT_USER", "root:geheim"}, {"LIFEBOAT_PASWORD", "geheim"}};
  for (const char* argv :
       {"backup --vault /vault --cluster prod", "backup --vault /vault --cluster prod -o json",
        "backup --user root:geheim", "doctor --vault /vault", "help backup"}) {
    const Outcome outcome = program.run(argv);
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("geheim"))) << argv;
  }
}

TEST(Program, NamesFilesThatItCannotRead) {
  TestProgram program;
  program.fs.put_file("/empty", "\n");
  program.fs.put_file("/large", std::string((1 << 20) + 1, 'x'));
  const std::vector<WrongUsage> table{
      {"--cacert /absent", "--cacert: "},
      {"--cert /absent", "--cert: "},
      {"--key /large", "--key: "},
      {"--config /absent", "--config: "},
      {"--user a --password-file /absent", "--password-file: "},
      {"--user a --password-file /empty", "--password-file: /empty holds no password"},
  };
  for (const WrongUsage& row : table) {
    const Outcome outcome = program.run("backup --vault /vault --cluster prod " + row.argv);
    EXPECT_EQ(outcome.code, kUsage) << row.argv;
    EXPECT_THAT(outcome.err, StartsWith("error: " + row.message)) << row.argv;
    EXPECT_THAT(outcome.err, HasSubstr(row.argv.substr(row.argv.rfind('/')))) << row.argv;
  }
}

TEST(Program, ReadsAConfigurationForAllCommands) {
  TestProgram program;
  program.fs.put_file("/f.yaml", "vault: /vault\nkeep_daily: 7\nendpoints: [a:1]\n");
  EXPECT_EQ(program.run("list --config /f.yaml").code, kDone);
}

TEST(Program, RefusesWrongConfigurationNamingFileAndLine) {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row table[] = {
      {"vault: /v\nkeep_lats: 1\n",
       "/f.yaml line 2: unknown name \"keep_lats\"\n  did you mean keep_last?\n"},
      {"keep_last: x\n",
       "/f.yaml line 1: keep_last: \"x\" is not a whole number from 0 up\n"
       "  see \"lifeboat prune --help\"\n"},
      {"vault: [a, b]\n",
       "/f.yaml line 1: vault: takes one value, not a list\n"
       "  see \"lifeboat prune --help\"\n"},
      {"vault: ''\n",
       "/f.yaml line 1: vault: the value is empty\n"
       "  see \"lifeboat prune --help\"\n"},
      {"password: x\n",
       "/f.yaml line 1: unknown name \"password\"\n  did you mean password_file?\n"},
      {"config: x\n",
       "/f.yaml line 1: unknown name \"config\"\n"
       "  the names are those of the flags, with underscores\n"},
  };
  for (const Row& row : table) {
    TestProgram program;
    program.fs.put_file("/f.yaml", row.text);
    const Outcome outcome = program.run("prune --config /f.yaml");
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.err, std::string("error: ") + row.message);
  }
}

// ---- Which cluster ----------------------------------------------------------------------------

TEST(Program, NeedsNoClusterWhereThereIsOneOnly) {
  TestProgram program;
  ASSERT_EQ(program.run("backup --vault /vault --cluster prod").code, kDone);
  EXPECT_EQ(program.run("show latest --vault /vault").code, kDone);
  const Outcome outcome = program.run("backup --vault /vault");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.err, HasSubstr("cluster prod: the only one in /vault\n"));
}

TEST(Program, AsksForTheClusterWhereThereAreSeveral) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  program.run("backup --vault /vault --cluster test");
  const Outcome outcome = program.run("show latest --vault /vault");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, StartsWith("error: --cluster is needed: /vault holds prod, test\n"));
  EXPECT_EQ(program.run("backup --vault /vault").code, kUsage);
}

TEST(Program, NamesTheClustersWhenOneIsNotThere) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  for (const char* argv :
       {"list", "show latest", "verify", "prune", "pin latest", "unpin latest"}) {
    const Outcome outcome = program.run(std::string(argv) + " --vault /vault --cluster x");
    EXPECT_EQ(outcome.code, kNotFound) << argv;
    EXPECT_EQ(outcome.err, "error: there is no cluster \"x\" in /vault\n  it holds prod\n") << argv;
  }
}

}  // namespace
}  // namespace lifeboat::cli
