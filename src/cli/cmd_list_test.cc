#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ids(const Outcome& outcome) {
  std::string text;
  const base::Json document = base::Json::parse(outcome.out);
  for (const auto& backup : *document.find("backups")->as_array()) {
    text += *backup.find("cluster")->as_string() + "/" + *backup.find("id")->as_string() + " ";
  }
  return text;
}

TEST(ListCommand, PrintsAnEmptyVault) {
  const Outcome json = TestProgram().run("list --vault /vault -o json");
  EXPECT_EQ(json.code, kDone);
  EXPECT_EQ(json.out, "{\n  \"backups\": []\n}\n");
  const Outcome table = TestProgram().run("list --vault /vault");
  EXPECT_EQ(table.out, "ID  AGE  SIZE  REVISION  KEYS  ETCD  PROVEN  DRILLED  PINNED\n");
  EXPECT_EQ(table.err, "no backups in /vault\n");
}

TEST(ListCommand, PrintsAllClustersOldestFirst) {
  TestProgram program;
  program.run("backup --vault /vault --cluster test");
  program.clock.set("2026-11-21T07:00:00Z");
  program.run("backup --vault /vault --cluster prod");
  program.clock.set("2026-11-21T08:00:00Z");
  program.run("backup --vault /vault --cluster test");
  EXPECT_EQ(ids(program.run("list --vault /vault -o json")),
            "test/2026-11-21_060000 prod/2026-11-21_070000 test/2026-11-21_080000 ");
  EXPECT_EQ(ids(program.run("list --vault /vault -o json --cluster test")),
            "test/2026-11-21_060000 test/2026-11-21_080000 ");
  EXPECT_THAT(program.run("list --vault /vault").out, StartsWith("CLUSTER  ID "));
}

TEST(ListCommand, MarksThePinnedOnes) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  program.run("pin latest --vault /vault");
  const Outcome outcome = program.run("list --vault /vault -o json");
  const base::Json document = base::Json::parse(outcome.out);
  EXPECT_EQ(document.find("backups")->as_array()->front().find("pinned")->as_bool(), true);
}

TEST(ListCommand, NamesCatalogsThatItCannotRead) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  program.fs.put_file("/vault/prod/backups/2026-11-22_060000/backup.json", "{\"format\": 1");
  program.fs.put_file("/vault/prod/backups/2026-11-23_060000/backup.json", "{\"format\": 2}");
  const Outcome outcome = program.run("list --vault /vault -o json");
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_EQ(ids(outcome), "prod/2026-11-21_060000 ");
  EXPECT_THAT(outcome.err, HasSubstr("warning: backup 2026-11-22_060000 "));
  EXPECT_THAT(outcome.err, HasSubstr("warning: backup 2026-11-23_060000 "));
}

TEST(ListCommand, SaysThatTheVaultIsNotThere) {
  const Outcome outcome = TestProgram().run("list --vault /none -o json");
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("/none"));
}

TEST(ShowCommand, PrintsOneBackup) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  for (const char* id : {"latest", "2026-11-21_060000"}) {
    const Outcome outcome = program.run("show --vault /vault " + std::string(id));
    EXPECT_EQ(outcome.code, kDone);
    EXPECT_THAT(outcome.out, StartsWith("Backup 2026-11-21_060000\n  cluster   prod\n"));
  }
  const Outcome outcome = program.run("show latest --vault /vault -o json");
  const base::Json document = base::Json::parse(outcome.out);
  EXPECT_EQ(*document.find("cluster")->as_string(), "prod");
  EXPECT_EQ(document.find("pinned")->as_bool(), false);
}

TEST(ShowCommand, TellsWhatIsNotThereFromWhatIsDamagedAndWhatIsNoId) {
  TestProgram program;
  program.run("backup --vault /vault --cluster prod");
  program.fs.put_file("/vault/prod/backups/2026-11-22_060000/backup.json", "{");
  program.fs.put_file("/vault/prod/backups/2026-11-23_060000/backup.json", "{\"format\": 2}");
  EXPECT_EQ(program.run("show 2020-01-01_000000 --vault /vault").code, kNotFound);
  EXPECT_EQ(program.run("show 2026-11-22_060000 --vault /vault").code, kCorrupt);
  EXPECT_EQ(program.run("show 2026-11-23_060000 --vault /vault").code, kUsage);
  EXPECT_EQ(program.run("show yesterday --vault /vault").code, kUsage);
  EXPECT_EQ(program.run("show ../../etc --vault /vault").code, kUsage);
}

}  // namespace
}  // namespace lifeboat::cli
