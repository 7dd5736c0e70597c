#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kBackup = "backup --vault /vault --cluster prod";

TEST(BackupCommand, PrintsWhatItDid) {
  TestProgram program;
  const Outcome outcome = program.run(kBackup);
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out,
            "backup   2026-11-21_060000\n"
            "cluster  prod\n"
            "size     64.0 KiB\n"
            "member   https://10.0.0.2:2379 (etcd 3.5.30, follower)\n"
            "checks   trailer, pages, records, hash_kv\n"
            "pruned   nothing\n"
            "took     0ms\n");
}

TEST(BackupCommand, PrintsItsCatalogAsJson) {
  TestProgram program;
  for (int day = 1; day <= 6; ++day) {
    program.clock.set("2026-11-0" + std::to_string(day) + "T06:00:00Z");
    program.run(kBackup);
  }
  program.clock.set("2026-11-07T06:00:00Z");
  const Outcome outcome = program.run(std::string(kBackup) + " -o json --keep-last 2");
  EXPECT_EQ(outcome.code, kDone);
  const base::Json document = base::Json::parse(outcome.out);
  const base::Json* backup = document.find("backup");
  EXPECT_EQ(*backup->find("id")->as_string(), "2026-11-07_060000");
  EXPECT_EQ(*backup->find("node")->as_string(), "cp-0");
  EXPECT_EQ(backup->dump(),
            base::Json::parse(
                program.fs.file_content("/vault/prod/backups/2026-11-07_060000/backup.json"))
                .dump());
  EXPECT_EQ(document.find("pruned")->dump(0),
            R"(["2026-11-02_060000","2026-11-03_060000","2026-11-04_060000","2026-11-05_060000"])");
}

TEST(BackupCommand, MissesTheScratchFolderBeforeItWaits) {
  TestProgram program;
  const Outcome outcome = program.run(std::string(kBackup) + " --scratch /nowhere --jitter 10m");
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("waiting")));
}

TEST(BackupCommand, AsksForAttentionWhenAMemberIsDown) {
  TestProgram program;
  program.cluster.members[2].failure =
      base::Error(base::Code::kUnavailable, "https://10.0.0.3:2379: connection refused");
  const Outcome outcome = program.run(std::string(kBackup) + " -o json");
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.err, HasSubstr("warning: https://10.0.0.3:2379: connection refused\n"));
  const base::Json document = base::Json::parse(outcome.out);
  EXPECT_EQ(document.find("backup")->find("warnings")->as_array()->size(), 1U);
}

TEST(BackupCommand, NamesInItsDocumentWhatAsksForAttention) {
  TestProgram program;
  EXPECT_EQ(base::Json::parse(program.run(std::string(kBackup) + " -o json").out)
                .find("warnings")
                ->as_array()
                ->size(),
            0U);
  program.cluster.members[2].failure =
      base::Error(base::Code::kUnavailable, "https://10.0.0.3:2379: connection refused");
  const Outcome outcome = program.run(std::string(kBackup) + " --also-to /missing -o json");
  EXPECT_EQ(outcome.code, kAttention);
  const base::Json document = base::Json::parse(outcome.out);
  EXPECT_THAT(document.find("warnings")->dump(0),
              AllOf(HasSubstr("no backup in /missing: "), HasSubstr("connection refused")));
}

// Its catalog is written by then.
TEST(BackupCommand, NamesInItsDocumentARetentionThatFailed) {
  for (std::uint64_t call = 1;; ++call) {
    TestProgram program;
    ASSERT_EQ(program.run(kBackup).code, kDone);
    program.clock.set("2026-11-22T06:00:00Z");
    program.fs.fail_at(call, lifeboat::testing::FaultFs::Fault::kIoError);
    const Outcome outcome = program.run(std::string(kBackup) + " --keep-last 1 -o json");
    ASSERT_TRUE(program.fs.fault_happened()) << "no failure was one of retention";
    if (outcome.err.find("retention failed") == std::string::npos) continue;
    EXPECT_EQ(outcome.code, kAttention);
    EXPECT_THAT(base::Json::parse(outcome.out).find("warnings")->dump(0),
                HasSubstr("the backup is done, but retention failed: "));
    return;
  }
}

TEST(BackupCommand, LeavesNothingWhenNobodyAnswers) {
  TestProgram program;
  for (auto& member : program.cluster.members) {
    member.failure = base::Error(base::Code::kUnavailable, member.url + ": connection refused",
                                 "check that etcd runs there");
  }
  const Outcome outcome = program.run(std::string(kBackup) + " -o json");
  EXPECT_EQ(outcome.code, kEtcd);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, EndsWith("\n  check that etcd runs there\n"));
  EXPECT_THAT(program.fs.tree(), Not(Contains(HasSubstr("2026"))));
}

TEST(BackupCommand, NeverMakesTheVault) {
  TestProgram program;
  const Outcome outcome = program.run("backup --vault /mnt --cluster prod");
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("mount"));
  EXPECT_THAT(program.fs.tree(), Not(Contains(HasSubstr("mnt"))));
}

TEST(BackupCommand, SaysThatAVaultIsAFile) {
  TestProgram program;
  program.fs.put_file("/file", "");
  EXPECT_EQ(program.run("backup --vault /file --cluster prod").code, kUsage);
}

TEST(BackupCommand, EndsAtOnceWhenAnotherRunHoldsTheVault) {
  TestProgram program;
  ASSERT_EQ(program.run(kBackup).code, kDone);
  const auto lock = program.fs.lock("/vault/prod/.lock");
  const Outcome outcome = program.run(kBackup);
  EXPECT_EQ(outcome.code, kBusy);
  EXPECT_EQ(outcome.out, "");
}

TEST(BackupCommand, SaysWhenTheDiskIsFull) {
  TestProgram program;
  program.fs.set_capacity(1000);
  EXPECT_EQ(program.run(kBackup).code, kStorage);
}

TEST(BackupCommand, IsQuietWhenAsked) {
  TestProgram program;
  EXPECT_THAT(program.run(std::string(kBackup) + " --quiet").err, IsEmpty());
  EXPECT_THAT(program.run(kBackup).err, HasSubstr("taking the snapshot from "));
}

}  // namespace
}  // namespace lifeboat::cli
