#include "cli/restore_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct PlanProgram : TestProgram {
  PlanProgram() {
    run("backup --vault /vault --cluster prod");
    fs.put_file("/files/snap.db", "");
  }

  std::string plan(const std::vector<std::string>& argv) {
    std::vector<std::string> all{"restore"};
    all.insert(all.end(), argv.begin(), argv.end());
    all.emplace_back("--plan");
    const Outcome outcome = run(all);
    EXPECT_EQ(outcome.code, kDone) << outcome.err;
    return outcome.out;
  }
};

// LIFEBOAT_UPDATE_GOLDEN=1 writes the files anew.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(LIFEBOAT_SOURCE_DIR) + "/tests/data/restore_plan/" + name;
  if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ostringstream file;
  file << std::ifstream(path).rdbuf();
  EXPECT_EQ(file.str(), text) << path;
}

TEST(RestorePlan, OfOneMemberOfThree) {
  expect_golden("one_of_three.txt",
                PlanProgram().plan({"latest", "--vault", "/vault", "--cluster", "prod", "--name",
                                    "cp-0", "--data-dir", "/var/lib/etcd", "--replace", "--owner",
                                    "0:0", "--initial-cluster",
                                    "cp-0=https://10.0.0.1:2380,cp-1=https://10.0.0.2:2380,"
                                    "cp-2=https://10.0.0.3:2380"}));
}

TEST(RestorePlan, OfAllMembersFromAFile) {
  expect_golden("all_members.txt",
                PlanProgram().plan({"/files/snap.db", "--all-members", "/restored",
                                    "--bump-revision", "0", "--initial-cluster-token", "new token",
                                    "--initial-cluster", "m1=http://h1:2380,m2=http://h2:2380"}));
}

// What is pasted into a shell must not be more than a word.
TEST(RestorePlan, QuotesWhatAShellWouldRead) {
  PlanProgram program;
  program.fs.put_file("./it's $(here).db", "");
  const std::string plan = program.plan(
      {"./it's $(here).db", "--data-dir", "/data dir", "--initial-cluster-token", "*"});
  EXPECT_THAT(plan, HasSubstr("lifeboat restore '/home/admin/it'\\''s $(here).db' \\\n"));
  EXPECT_THAT(plan, HasSubstr("--data-dir '/data dir'"));
  EXPECT_THAT(plan, HasSubstr("--initial-cluster-token '*'"));
}

TEST(RestorePlan, NamesEveryFlagThatWasGiven) {
  PlanProgram program;
  const std::string plan = program.plan({"-",
                                         "--data-dir",
                                         "/data",
                                         "--wal-dir",
                                         "/wal",
                                         "--name",
                                         "m1",
                                         "--initial-cluster",
                                         "m1=http://h1:2380",
                                         "--initial-advertise-peer-urls",
                                         "http://h1:2380",
                                         "--bump-revision",
                                         "17",
                                         "--mark-compacted",
                                         "--etcd-version",
                                         "3.6",
                                         "--owner",
                                         "1:2",
                                         "--replace",
                                         "--skip-hash-check",
                                         "--force-corrupt"});
  for (const char* flag :
       {"--data-dir /data", "--wal-dir /wal", "--name m1", "--initial-cluster m1=http://h1:2380",
        "--initial-advertise-peer-urls http://h1:2380", "--bump-revision 17", "--mark-compacted",
        "--etcd-version 3.6", "--owner 1:2", "--replace", "--skip-hash-check", "--force-corrupt"}) {
    EXPECT_THAT(plan, HasSubstr(flag));
  }
  EXPECT_THAT(plan, Not(HasSubstr("lifeboat verify")));
}

// Pasted an hour later, both commands mean the same backup, and can open it.
TEST(RestorePlan, NamesTheBackupAndTheFilesThatOpenIt) {
  PlanProgram program;
  program.fs.put_directory("/keys");
  program.run("keygen --key-file /keys/a");
  const std::string plan =
      program.plan({"latest", "--vault", "/vault", "--cluster", "prod", "--data-dir", "/data",
                    "--identity", "/keys/a", "--scratch", "/big disk"});
  EXPECT_THAT(plan, Not(HasSubstr("lifeboat restore latest")));
  for (const char* name : {"verify", "restore"}) {
    EXPECT_THAT(plan, ContainsRegex(base::cat("lifeboat ", name,
                                              " 20[-0-9]*_[0-9]* \\\\\n *--vault /vault \\\\\n "
                                              "*--cluster prod \\\\\n *--identity /keys/a \\\\\n "
                                              "*--scratch '/big disk'")));
  }
}

// Pasted in another folder, they mean the same files.
TEST(RestorePlan, NamesRealPaths) {
  PlanProgram program;
  program.fs.put_file("./snap.db", "");
  const std::string plan = program.plan(
      {"./snap.db", "--name", "m1", "--initial-cluster", "m1=http://h1:2380", "--wal-dir", "../wal",
       "--vault", "s3://b/p", "--s3-cacert", "ca.pem", "--s3-credentials-dir", "keys"});
  EXPECT_THAT(plan, HasSubstr("lifeboat verify /home/admin/snap.db \\\n"));
  EXPECT_THAT(plan, HasSubstr("lifeboat restore /home/admin/snap.db \\\n"));
  EXPECT_THAT(plan, HasSubstr("--data-dir /home/admin/m1.etcd \\\n"));
  EXPECT_THAT(plan, HasSubstr("--wal-dir /home/admin/../wal \\\n"));
  EXPECT_THAT(plan, HasSubstr("--s3-cacert /home/admin/ca.pem \\\n"));
  EXPECT_THAT(plan, HasSubstr("--s3-credentials-dir /home/admin/keys \\\n"));
  EXPECT_THAT(plan, HasSubstr("Makes /home/admin/m1.etcd/member."));
}

// The server's version is no reason: the snapshot itself tells what it can be restored for.
TEST(RestorePlan, IsMadeWhateverTheServerCalledItself) {
  for (const char* version : {"3.6.0-rc.3", "3.8.0", "3.5.30+vendor", ""}) {
    PlanProgram program;
    const std::string path = "/vault/prod/backups/2026-11-21_060000/backup.json";
    std::string catalog = program.fs.file_content(path);
    const std::size_t at = catalog.find("\"version\": \"3.5.");
    ASSERT_NE(at, std::string::npos);
    const std::size_t end = catalog.find(',', at);
    catalog.replace(at, end - at, base::cat("\"version\": \"", version, "\""));
    program.fs.put_file(path, catalog);
    const std::vector<std::string> known{"latest", "--vault", "/vault", "--data-dir", "/data"};
    EXPECT_THAT(program.plan(known), HasSubstr("lifeboat restore 2026-11-21_060000")) << version;
  }
}

TEST(RestorePlan, IsNotMadeOfWhatWouldBeRefused) {
  struct Case {
    std::vector<std::string> flags;
    ExitCode code;
    std::string message;
  };
  PlanProgram program;
  for (const Case& each : std::vector<Case>{
           {{"/files/no.db"}, kNotFound, "/files/no.db"},
           {{"latest", "--vault", "/vault", "--name", "cp-9"}, kUsage, "cp-9"},
           {{"latest", "--vault", "/vault", "--initial-advertise-peer-urls", "http://other:2380"},
            kUsage,
            "http://other:2380"},
           {{"latest", "--vault", "/vault", "--etcd-version", "3.9"}, kUsage, "3.9"},
           {{"latest", "--vault", "/vault", "--etcd-version", "3.4"}, kUsage, "3.4"},
           {{"-", "--etcd-version", "4.0"}, kUsage, "4.0"}}) {
    std::vector<std::string> all{"restore", "--plan"};
    all.insert(all.end(), each.flags.begin(), each.flags.end());
    const Outcome outcome = program.run(all);
    EXPECT_EQ(outcome.code, each.code) << each.message;
    EXPECT_THAT(outcome.err, HasSubstr(each.message));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(RestorePlan, IsOneDocumentWhereJsonIsAskedFor) {
  PlanProgram program;
  const std::vector<std::string> argv{"latest", "--vault", "/vault", "--data-dir", "/data"};
  const std::string text = program.plan(argv);
  std::vector<std::string> all = argv;
  all.insert(all.end(), {"-o", "json"});
  const auto document = base::Json::parse(program.plan(all));
  EXPECT_EQ(*document.find("plan")->as_string(), text);
}

TEST(RestorePlan, AsksForTheClientsOfTheBackup) {
  PlanProgram program;
  EXPECT_THAT(program.plan({"latest", "--vault", "/vault", "--data-dir", "/data"}),
              HasSubstr("--endpoints https://10.0.0.1:2379,https://10.0.0.2:2379,"));
  EXPECT_THAT(program.plan({"/files/snap.db", "--data-dir", "/data"}),
              HasSubstr("--endpoints http://127.0.0.1:2379 "));
}

// A terminal obeys what it is sent.
TEST(RestorePlan, SendsNoControlCharactersOfTheCatalogToTheTerminal) {
  PlanProgram program;
  const std::string path = "/vault/prod/backups/2026-11-21_060000/backup.json";
  std::string catalog(program.fs.file_content(path));
  const std::string url = "https://10.0.0.1:2379";
  const auto at = catalog.find(url, catalog.find("\"client_urls\""));
  ASSERT_NE(at, std::string::npos);
  program.fs.put_file(path, catalog.insert(at + url.size(), "\\u001b[2J\\n"));
  const std::string plan = program.plan({"latest", "--vault", "/vault", "--data-dir", "/data"});
  EXPECT_THAT(plan, HasSubstr("--endpoints 'https://10.0.0.1:2379?[2J?,"));
  EXPECT_THAT(plan, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace lifeboat::cli
