#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/golden.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using base::Json;
using lifeboat::testing::FaultFs;
using lifeboat::testing::Outcome;
using lifeboat::testing::read_golden;
using lifeboat::testing::TestProgram;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAdopt = "adopt /old --vault /vault --cluster prod";

// With one backup that proves and one that does not.
struct AdoptProgram : TestProgram {
  AdoptProgram() {
    fs.put_file("/old/20261119T060000/snapshot_2026-11-19_060000.db",
                base::as_text(read_golden("etcd/3.5.30-s2.snapshot.db")));
  }
  void put_bad() { fs.put_file("/old/snapshot_2026-11-20_060000.db", "garbage"); }
  Outcome adopt(const std::string& more = "") { return run(kAdopt + more); }
};

TEST(AdoptCommand, PrintsWhatBecameOfEach) {
  AdoptProgram program;
  program.put_bad();
  const Outcome outcome = program.adopt();
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_EQ(outcome.out,
            "RESULT   ID                     SIZE  PATH                                            "
            "    WHY\n"
            "adopted  2026-11-19_060000  20.0 KiB  /old/20261119T060000/"
            "snapshot_2026-11-19_060000.db\n"
            "failed                                /old/snapshot_2026-11-20_060000.db              "
            "    the snapshot does not end in the SHA-256 that etcd sends with one\n");
  EXPECT_THAT(outcome.err, HasSubstr("retention was not applied"));
}

TEST(AdoptCommand, IsHarmlessTwice) {
  AdoptProgram program;
  EXPECT_EQ(program.adopt().code, kDone);
  const auto before = program.fs.tree();
  const Outcome again = program.adopt();
  EXPECT_EQ(again.code, kDone);
  EXPECT_THAT(again.out, HasSubstr("already there  2026-11-19_060000"));
  EXPECT_THAT(again.err, Not(HasSubstr("retention")));
  EXPECT_EQ(program.fs.tree(), before);
}

TEST(AdoptCommand, PrintsOneJsonDocument) {
  AdoptProgram program;
  program.put_bad();
  const Json document = Json::parse(program.adopt(" -o json").out);
  const auto& adopted = *document.find("adopted")->as_array();
  ASSERT_EQ(adopted.size(), 1U);
  EXPECT_EQ(*adopted[0].find("id")->as_string(), "2026-11-19_060000");
  EXPECT_EQ(*adopted[0].find("method")->as_string(), "adopted");
  EXPECT_EQ(document.find("present")->as_array()->size(), 0U);
  const auto& failed = *document.find("failed")->as_array();
  EXPECT_EQ(*failed[0].find("path")->as_string(), "/old/snapshot_2026-11-20_060000.db");
  EXPECT_THAT(*failed[0].find("reason")->as_string(), HasSubstr("does not end in"));
  EXPECT_EQ(document.find("planned"), nullptr);

  const Json again = Json::parse(program.adopt(" -o json").out);
  const auto& present = *again.find("present")->as_array();
  EXPECT_EQ(*present[0].find("id")->as_string(), "2026-11-19_060000");
  EXPECT_THAT(*present[0].find("path")->as_string(), HasSubstr("/old/20261119T060000/"));
}

TEST(AdoptCommand, OfADryRunListsTheIdsAndAdoptsNothing) {
  AdoptProgram program;
  const auto before = program.fs.tree();
  const Outcome outcome = program.adopt(" --dry-run");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.out, HasSubstr("would be adopted  2026-11-19_060000"));
  EXPECT_THAT(outcome.err, HasSubstr("dry run"));
  const Json document = Json::parse(program.adopt(" --dry-run -o json").out);
  EXPECT_EQ(*document.find("planned")->as_array()->front().find("id")->as_string(),
            "2026-11-19_060000");
  EXPECT_EQ(program.fs.tree(), before);
}

TEST(AdoptCommand, EndsWithTheStatusOfWhatFailed) {
  TestProgram nothing;
  nothing.fs.put_directory("/old");
  const Outcome empty = nothing.run(kAdopt);
  EXPECT_EQ(empty.code, kNotFound);
  EXPECT_EQ(empty.out, "");
  EXPECT_THAT(empty.err, HasSubstr("error: there is no backup in /old"));
  EXPECT_EQ(nothing.run("adopt /none --vault /vault --cluster prod").code, kNotFound);

  nothing.fs.put_file("/old/snapshot_2026-11-20_060000.db", "garbage");
  EXPECT_EQ(nothing.run(kAdopt).code, kCorrupt);

  AdoptProgram full;
  full.fs.set_capacity(30'000);
  const Outcome no_room = full.adopt();
  EXPECT_EQ(no_room.code, kStorage);
  EXPECT_THAT(no_room.out, HasSubstr("not enough room in /vault"));
}

TEST(AdoptCommand, EndsAsStorageThatFailedWhenNothingCouldBeRead) {
  TestProgram program;
  program.fs.put_file("/old/a/snapshot_2026-11-20_060000.db", "garbage");
  program.run(kAdopt);  // makes the cluster's folder
  int failing = 0;
  // One of the calls lists the folder: whichever it is, nothing else is wrong then.
  for (std::uint64_t call = 1; call < 20; ++call) {
    program.fs.fail_at(call, FaultFs::Fault::kIoError);
    const Outcome outcome = program.run(std::string(kAdopt) + " --dry-run");
    program.fs.clear_fault();
    if (outcome.out.find("/old/a  ") == std::string::npos) continue;
    EXPECT_EQ(outcome.code, kStorage) << outcome.out;
    ++failing;
  }
  EXPECT_EQ(failing, 1);
}

TEST(AdoptCommand, RefusesFlagsThatMakeNoSense) {
  AdoptProgram program;
  EXPECT_EQ(program.run("adopt --vault /vault --cluster prod").code, kUsage);
  EXPECT_EQ(program.run("adopt /old /older --vault /vault --cluster prod").code, kUsage);
  EXPECT_EQ(program.run("adopt /old --cluster prod").code, kUsage);
  EXPECT_EQ(program.run("adopt /old --vault /vault --cluster ../prod").code, kUsage);
  EXPECT_EQ(program.run("adopt /old --vault /none --cluster prod").code, kNotFound);
}

// The other commands know what an adopted backup can't know.
TEST(AdoptCommand, MakesABackupLikeAnyOther) {
  AdoptProgram program;
  program.adopt();
  for (const char* command : {"list", "show latest", "verify latest", "prune --dry-run"}) {
    const Outcome outcome = program.run(std::string(command) + " --vault /vault --cluster prod");
    EXPECT_EQ(outcome.code, kDone) << command << ": " << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("2026-11-19_060000")) << command;
  }
}

}  // namespace
}  // namespace lifeboat::cli
