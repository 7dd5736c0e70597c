#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDoctor = "doctor --vault /vault --cluster prod";

base::Error refused(const std::string& url) {
  return base::Error(base::Code::kUnavailable, url + ": connection refused", "start etcd");
}

struct DoctorProgram : TestProgram {
  DoctorProgram() {
    fs.set_capacity(100 << 20);
    probe_result.ok = true;
    probe_result.server_certificate_expires = base::parse_time("2027-11-21T06:00:00Z");
    run("backup --vault /vault --cluster prod");
  }
};

TEST(DoctorCommand, IsContentWhenAllIsWell) {
  DoctorProgram program;
  program.clock.set("2026-11-21T07:00:00Z");
  const auto before = program.fs.tree();
  const Outcome outcome = program.run(kDoctor);
  EXPECT_EQ(outcome.code, kDone) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("endpoint     https://10.0.0.1:2379  ok      etcd 3.5.30, "
                                     "leader, database 64.0 KiB, revision 11\n"));
  EXPECT_THAT(outcome.out, HasSubstr("ok      good until 2027-11-21, 364 days left\n"));
  EXPECT_THAT(outcome.out, HasSubstr("/vault                 ok      can be written\n"));
  EXPECT_THAT(outcome.out, HasSubstr("ok      1 backup, the newest 1h 0m old\n"));
  EXPECT_THAT(outcome.out, HasSubstr(" more backups of 64.0 KiB\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("To mend")));
  EXPECT_EQ(program.fs.tree(), before);
}

TEST(DoctorCommand, PrintsJson) {
  DoctorProgram program;
  const Outcome outcome = program.run(std::string(kDoctor) + " -o json");
  const base::Json document = base::Json::parse(outcome.out);
  EXPECT_EQ(document.find("ok")->as_bool(), true);
  const base::Json& first = document.find("checks")->as_array()->front();
  EXPECT_EQ(first.dump(0),
            R"({"check":"endpoint","subject":"https://10.0.0.1:2379","status":"ok","message":)"
            R"("etcd 3.5.30, leader, database 64.0 KiB, revision 11","hint":""})");
}

TEST(DoctorCommand, WarnsWhenOneEndpointIsDown) {
  DoctorProgram program;
  program.cluster.members[1].failure = refused("https://10.0.0.2:2379");
  const Outcome outcome = program.run(kDoctor);
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.out, HasSubstr("https://10.0.0.2:2379  warning  connection refused\n"));
  EXPECT_THAT(outcome.out, HasSubstr("To mend\n  endpoint https://10.0.0.2:2379: start etcd\n"));
}

TEST(DoctorCommand, FailsWhenNobodyAnswers) {
  DoctorProgram program;
  for (auto& member : program.cluster.members) member.failure = refused(member.url);
  const Outcome outcome = program.run(std::string(kDoctor) + " -o json");
  EXPECT_EQ(outcome.code, kEtcd);
  EXPECT_EQ(base::Json::parse(outcome.out).find("ok")->as_bool(), false);
}

TEST(DoctorCommand, WarnsOfAlarms) {
  DoctorProgram program;
  program.cluster.alarms = {{.member_id = 2, .kind = etcd::Alarm::Kind::kNoSpace}};
  const Outcome outcome = program.run(kDoctor);
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.out, HasSubstr("NOSPACE"));
}

TEST(DoctorCommand, CountsTheDaysOfCertificates) {
  struct Row {
    const char* end;
    ExitCode code;
    const char* text;
  };
  const Row table[] = {
      {"2026-12-21T06:00:00Z", kDone, "good until 2026-12-21, 30 days left"},
      {"2026-12-21T05:59:59Z", kAttention, "good until 2026-12-21, 29 days left"},
      {"2026-11-21T06:00:01Z", kAttention, "good until 2026-11-21, 0 days left"},
      {"2026-11-21T06:00:00Z", kEtcd, "expired on 2026-11-21, 0ms ago"},
      {"2026-11-01T06:00:00Z", kEtcd, "expired on 2026-11-01, 20d 0h ago"},
  };
  for (const Row& row : table) {
    DoctorProgram program;
    program.probe_result.server_certificate_expires = base::parse_time(row.end);
    const Outcome outcome = program.run(kDoctor);
    EXPECT_EQ(outcome.code, row.code) << row.end;
    EXPECT_THAT(outcome.out, HasSubstr(row.text));
  }
}

TEST(DoctorCommand, FailsOnACertificateThatIsNone) {
  DoctorProgram program;
  program.fs.put_file("/ca.crt", "no certificate\n");
  const Outcome outcome = program.run(std::string(kDoctor) + " --cacert /ca.crt");
  EXPECT_EQ(outcome.code, kEtcd);
  EXPECT_THAT(outcome.out, HasSubstr("certificate  /ca.crt                failed"));
}

TEST(DoctorCommand, FailsWhenTheVaultIsMissingOrReadOnly) {
  DoctorProgram program;
  const Outcome missing = program.run("doctor --vault /none");
  EXPECT_EQ(missing.code, kStorage);
  EXPECT_THAT(missing.out, HasSubstr("/none                  failed"));
  program.fs.set_read_only(true);
  EXPECT_EQ(program.run(kDoctor).code, kStorage);
}

TEST(DoctorCommand, SaysHowManyBackupsStillFit) {
  DoctorProgram program;
  program.fs.set_capacity(200 << 10);  // of which one backup takes more than 64 KiB
  const Outcome little = program.run(kDoctor);
  EXPECT_EQ(little.code, kAttention);
  EXPECT_THAT(little.out, HasSubstr(", room for 2 more backups of 64.0 KiB\n"));
  program.fs.set_capacity(100 << 10);
  EXPECT_EQ(program.run(kDoctor).code, kStorage);
}

TEST(DoctorCommand, LeavesABusyVaultAlone) {
  DoctorProgram program;
  const auto lock = program.fs.lock("/vault/prod/.lock");
  const Outcome outcome = program.run(kDoctor);
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.out, HasSubstr("in use by another run"));
}

TEST(DoctorCommand, WarnsOfDamagedCatalogsAndOfTheFuture) {
  DoctorProgram program;
  program.fs.put_file("/vault/prod/backups/2026-11-22_060000/backup.json", "{");
  const Outcome outcome = program.run(kDoctor);
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.out, HasSubstr(", 1 unreadable catalog\n"));
  EXPECT_THAT(
      outcome.out,
      HasSubstr("warning  2026-11-21T06:00:00.000Z, but there is a backup of 2026-11-22_060000\n"));
}

TEST(DoctorCommand, MakesNoClusterInAnEmptyVault) {
  TestProgram program;
  program.run("doctor --vault /vault");
  program.run("doctor --vault /vault --cluster new");
  EXPECT_THAT(program.fs.tree(), ::testing::ElementsAre("/vault/"));
}

TEST(DoctorCommand, NeedsTheFlagsToMakeSense) {
  EXPECT_EQ(TestProgram().run("doctor").code, kUsage);
  EXPECT_EQ(TestProgram().run("doctor --vault s3://x").code, kUsage);
  EXPECT_EQ(TestProgram().run("doctor --vault /vault --cluster ../x").code, kUsage);
  EXPECT_EQ(TestProgram().run("doctor --vault /vault --cert /absent").code, kUsage);
}

}  // namespace
}  // namespace lifeboat::cli
