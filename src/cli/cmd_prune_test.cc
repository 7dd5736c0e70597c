#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Three backups, the oldest pinned.
struct PruneProgram : TestProgram {
  PruneProgram() {
    for (const char* time :
         {"2026-11-19T06:00:00Z", "2026-11-20T06:00:00Z", "2026-11-21T06:00:00Z"}) {
      clock.set(time);
      run("backup --vault /vault --cluster prod");
    }
    run("pin 2026-11-19_060000 --vault /vault");
  }
};

TEST(PruneCommand, SaysWhatItWouldDoWithoutDoingIt) {
  PruneProgram program;
  const auto before = program.fs.tree();
  const auto lock = program.fs.lock("/vault/prod/.lock");  // it needs none
  const Outcome outcome = program.run("prune --vault /vault --keep-last 1 --dry-run");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_EQ(outcome.out,
            "ACTION  ID                 WHY\n"
            "keep    2026-11-19_060000  pinned\n"
            "delete  2026-11-20_060000  no rule keeps it\n"
            "keep    2026-11-21_060000  last 1, newest proven\n");
  EXPECT_EQ(outcome.err, "dry run: nothing is removed\n");
  EXPECT_EQ(program.fs.tree(), before);
}

TEST(PruneCommand, RemovesWhatNoRuleKeepsAndLeftovers) {
  PruneProgram program;
  program.fs.put_file("/vault/prod/backups/2026-11-18_060000/snapshot_2026-11-18_060000.db", "x");
  const Outcome outcome = program.run("prune --vault /vault --keep-last 1 -o json");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_EQ(base::Json::parse(outcome.out).dump(0),
            R"({"keep":[{"id":"2026-11-19_060000","reasons":["pinned"]},)"
            R"({"id":"2026-11-21_060000","reasons":["last 1","newest proven"]}],)"
            R"("delete":[{"id":"2026-11-20_060000","reasons":["no rule keeps it"]}]})");
  EXPECT_THAT(program.fs.tree(), Not(Contains(HasSubstr("2026-11-20"))));
  EXPECT_THAT(program.fs.tree(), Not(Contains(HasSubstr("2026-11-18"))));
  EXPECT_THAT(program.fs.tree(), Contains(HasSubstr("2026-11-19")));
}

TEST(PruneCommand, KeepsEverythingWhenEveryRuleIsOff) {
  PruneProgram program;
  const Outcome outcome = program.run("prune --vault /vault --keep-last 0");
  EXPECT_THAT(outcome.out, Not(HasSubstr("delete")));
}

TEST(PruneCommand, GoesByWhatTheVaultSaysOfItsOwnRetention) {
  PruneProgram program;
  EXPECT_THAT(program.run("prune --vault /vault?keep-last=30 --keep-last 1").out,
              Not(HasSubstr("delete")));
  program.environment["LIFEBOAT_VAULT"] = "/vault?keep-last=1";
  EXPECT_THAT(program.run("prune --dry-run").out, HasSubstr("delete  2026-11-20_060000"));
}

TEST(PruneCommand, NeedsTheLock) {
  PruneProgram program;
  const auto lock = program.fs.lock("/vault/prod/.lock");
  EXPECT_EQ(program.run("prune --vault /vault --keep-last 1").code, kBusy);
}

TEST(PruneCommand, NeverRemovesWhatItCannotRead) {
  PruneProgram program;
  program.fs.put_file("/vault/prod/backups/2026-11-18_060000/backup.json", "{");
  const Outcome outcome = program.run("prune --vault /vault --keep-last 1");
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.err, HasSubstr("warning: backup 2026-11-18_060000 "));
  EXPECT_THAT(program.fs.tree(), Contains(HasSubstr("2026-11-18_060000/backup.json")));
}

TEST(PinCommand, KeepsABackupUntilItIsUnpinned) {
  PruneProgram program;
  EXPECT_EQ(program.run("unpin 2026-11-19_060000 --vault /vault").out,
            "2026-11-19_060000 is not pinned\n");
  EXPECT_EQ(program.run("pin 2026-11-20_060000 --vault /vault").out,
            "2026-11-20_060000 is pinned\n");
  program.run("prune --vault /vault --keep-last 1");
  EXPECT_THAT(program.fs.tree(), Not(Contains(HasSubstr("2026-11-19"))));
  EXPECT_THAT(program.fs.tree(), Contains(HasSubstr("2026-11-20")));
}

TEST(PinCommand, PrintsJson) {
  PruneProgram program;
  const Outcome outcome = program.run("pin latest --vault /vault -o json");
  EXPECT_EQ(base::Json::parse(outcome.out).dump(0), R"({"id":"2026-11-21_060000","pinned":true})");
}

TEST(PinCommand, RefusesWhatIsNotThere) {
  PruneProgram program;
  EXPECT_EQ(program.run("pin 2020-01-01_000000 --vault /vault").code, kNotFound);
  EXPECT_EQ(program.run("pin nonsense --vault /vault").code, kUsage);
  const auto lock = program.fs.lock("/vault/prod/.lock");
  EXPECT_EQ(program.run("pin latest --vault /vault").code, kBusy);
}

TEST(PinCommand, TakesABackupWhoseCatalogIsDamaged) {
  PruneProgram program;
  program.fs.put_file("/vault/prod/backups/2026-11-18_060000/backup.json", "{");
  EXPECT_EQ(program.run("pin 2026-11-18_060000 --vault /vault").code, kDone);
}

}  // namespace
}  // namespace lifeboat::cli
