#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/golden.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using base::Json;
using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kFolder = "/vault/prod/backups/2026-11-21_060000";

// One backup, and a scratch folder.
struct DrillProgram : TestProgram {
  DrillProgram() {
    run("backup --vault /vault --cluster prod");
    fs.put_directory("/scratch");
    fs.put_directory("/reports");
    clock.set("2026-11-21T07:00:00Z");
  }

  Outcome drill(const std::string& more = "") {
    return run("drill latest --vault /vault --scratch /scratch " + more);
  }

  // What list says of the backup's drill.
  Json drilled() {
    const Json document = Json::parse(run("list --vault /vault -o json").out);
    return *document.find("backups")->as_array()->front().find("drilled");
  }

  std::vector<std::string> records() {
    std::vector<std::string> found;
    for (const std::string& path : fs.tree()) {
      if (path.starts_with("/vault/prod/drills/") && !path.ends_with('/')) found.push_back(path);
    }
    return found;
  }

  void expect_clean() {
    EXPECT_THAT(fs.tree(), Not(Contains(StartsWith("/scratch/l"))));
    EXPECT_EQ(etcd.living, 0);
  }
};

TEST(DrillCommand, PrintsAPageForPeople) {
  DrillProgram program;
  const Outcome outcome = program.drill();
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("backup        2026-11-21_060000\n"
                                      "etcd program  3.5.30 (/usr/bin/etcd)\n"
                                      "restore       ok: restored in "));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\nhash_kv       ok: 2220312578 at revision 11\n"),
                                 HasSubstr("\nkeys          ok: 7\n"),
                                 HasSubstr("\nsample        ok: 7 keys equal\n"),
                                 HasSubstr("\nrecovery      "), HasSubstr("\nresult        ok\n"),
                                 HasSubstr("\nrecord        prod/drills/"
                                           "2026-11-21_070000_of_2026-11-21_060000.json\n")));
  program.expect_clean();
}

TEST(DrillCommand, PrintsTheDocument) {
  DrillProgram program;
  const Outcome outcome = program.drill("-o json --quiet");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_EQ(outcome.err, "");
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(document.find("ok")->as_bool(), true);
  EXPECT_EQ(*document.find("id")->as_string(), "2026-11-21_060000");
  EXPECT_TRUE(document.find("restore_seconds")->as_double());
  EXPECT_TRUE(document.find("boot_seconds")->as_double());
  EXPECT_EQ(document.find("hash_kv")->dump(0), R"({"expected":2220312578,"actual":2220312578})");
  EXPECT_EQ(document.find("keys")->as_uint(), 7U);
  EXPECT_EQ(*document.find("etcd_version")->as_string(), "3.5.30");
  EXPECT_EQ(*document.find("report")->as_string(),
            "prod/drills/2026-11-21_070000_of_2026-11-21_060000.json");
}

TEST(DrillCommand, IsRecordedWhereListShowsIt) {
  DrillProgram program;
  EXPECT_TRUE(program.drilled().is_null());
  program.drill();
  EXPECT_THAT(program.drilled().dump(0),
              StartsWith(R"({"at":"2026-11-21T07:00:00.000Z","ok":true,"restore_seconds":)"));
  program.clock.set("2026-11-21T08:00:00Z");
  EXPECT_THAT(program.run("list --vault /vault").out, HasSubstr("  1h 0m\n"));
  program.etcd.hash = 17;
  program.drill();
  EXPECT_THAT(program.drilled().dump(0),
              StartsWith(R"({"at":"2026-11-21T08:00:00.000Z","ok":false)"));
  EXPECT_THAT(program.run("list --vault /vault").out, HasSubstr(" failed\n"));
  EXPECT_EQ(program.records().size(), 2U);
}

TEST(DrillCommand, EndsWithFourWhenAnythingDiffers) {
  DrillProgram program;
  program.etcd.hash = 17;
  const Outcome outcome =
      program.drill("--report /reports/r.html --report /reports/r.json -o json");
  EXPECT_EQ(outcome.code, kCorrupt);
  EXPECT_THAT(outcome.err, HasSubstr("warning: drill: hash_kv: 17 at revision 11"));
  EXPECT_EQ(Json::parse(outcome.out).find("ok")->as_bool(), false);
  EXPECT_EQ(program.fs.file_content("/reports/r.json"), outcome.out);
  EXPECT_THAT(program.fs.file_content("/reports/r.html"), HasSubstr("Failed"));
  program.expect_clean();
}

TEST(DrillCommand, EndsWithFourOnADamagedBackup) {
  DrillProgram program;
  const std::string path = std::string(kFolder) + "/snapshot_2026-11-21_060000.db";
  program.fs.flip_bit(path, 5000);
  const Outcome outcome = program.drill("-o json");
  EXPECT_EQ(outcome.code, kCorrupt);
  const Json document = Json::parse(outcome.out);
  EXPECT_TRUE(document.find("boot_seconds")->is_null());
  EXPECT_TRUE(document.find("keys")->is_null());
  EXPECT_THAT(program.etcd.started, IsEmpty());
  EXPECT_EQ(program.drilled().find("ok")->as_bool(), false);
  program.expect_clean();
}

TEST(DrillCommand, EndsWithSixWhenEtcdDoesNotStart) {
  DrillProgram program;
  program.etcd.starts_that_fail = 1;
  program.etcd.log = "starting\npanic: the page is damaged\ngoroutine 1 [running]\n";
  const Outcome outcome = program.drill("-o json");
  EXPECT_EQ(outcome.code, kEtcd);
  EXPECT_THAT(outcome.err,
              HasSubstr("error: etcd 3.5.30 does not start on the restored data: it ended with "
                        "exit status 1\n"));
  EXPECT_THAT(outcome.err, HasSubstr("etcd's log says: panic: the page is damaged"));
  EXPECT_THAT(Json::parse(outcome.out).find("etcd_log")->dump(0), HasSubstr("goroutine 1"));
  EXPECT_EQ(program.drilled().find("ok")->as_bool(), false);
  program.expect_clean();
}

TEST(DrillCommand, SaysHowToComeByEtcd) {
  DrillProgram program;
  program.etcd.path.reset();
  const Outcome outcome = program.drill();
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("there is no etcd program \"etcd\""),
                                 HasSubstr("--etcd PATH"), HasSubstr("podman cp")));
  EXPECT_THAT(program.records(), IsEmpty());
}

TEST(DrillCommand, RefusesWhatCanNotBeRight) {
  DrillProgram program;
  for (const char* more :
       {"--report /reports/r.pdf", "--report /none/r.html", "--timeout 0s", "--timeout soon"}) {
    EXPECT_EQ(program.drill(more).code, kUsage) << more;
  }
  EXPECT_EQ(program.run("drill").code, kUsage);
  EXPECT_EQ(program.run("drill -").code, kUsage);
  EXPECT_EQ(program.run("drill latest --vault /vault --scratch /none").code, kNotFound);
  EXPECT_EQ(program.run("drill 2020-01-01_000000 --vault /vault").code, kNotFound);
  EXPECT_THAT(program.etcd.started, IsEmpty());
  EXPECT_THAT(program.records(), IsEmpty());
}

TEST(DrillCommand, TakesAFileAndRecordsNothing) {
  DrillProgram program;
  program.fs.put_file(
      "/files/any.db",
      std::string(base::as_text(testing::read_golden("etcd/3.5.30-s0.snapshot.db"))));
  program.environment["TMPDIR"] = "/scratch";
  const Outcome outcome = program.run("drill /files/any.db -o json");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  const Json document = Json::parse(outcome.out);
  EXPECT_TRUE(document.find("id")->is_null());
  EXPECT_EQ(*document.find("path")->as_string(), "/files/any.db");
  EXPECT_TRUE(document.find("report")->is_null());
  EXPECT_THAT(program.records(), IsEmpty());
  program.expect_clean();
}

TEST(DrillCommand, IsDoneThoughABackupIsAtWork) {
  DrillProgram program;
  const auto lock = program.fs.lock("/vault/prod/.lock");
  const Outcome outcome = program.drill("-o json");
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.err,
              HasSubstr("warning: the drill is not recorded in the vault: another run"));
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(document.find("ok")->as_bool(), true);
  EXPECT_EQ(document.find("warnings")->as_array()->size(), 1U);
  EXPECT_EQ(program.drill("--no-record").code, kDone);
  EXPECT_THAT(program.records(), IsEmpty());
}

TEST(DrillCommand, LeavesNothingWhenItIsStopped) {
  for (const std::string call : {"status", "hash_kv", "get", "put"}) {
    DrillProgram program;
    program.etcd.on_call = [&](const std::string& name) {
      if (name == call) program.stop.request_stop();
    };
    try {
      program.drill();
      ADD_FAILURE() << call;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kCancelled) << call;
    }
    program.expect_clean();
    EXPECT_THAT(program.records(), IsEmpty()) << call;
  }
}

}  // namespace
}  // namespace lifeboat::cli
