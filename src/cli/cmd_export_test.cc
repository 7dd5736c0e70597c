#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using base::Json;
using lifeboat::testing::FaultFs;
using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStored =
    "/vault/prod/backups/2026-11-21_060000/snapshot_2026-11-21_060000.db";
constexpr const char* kExported = "/out/snapshot_2026-11-21_060000.db";

struct ExportProgram : TestProgram {
  ExportProgram() { run("backup --vault /vault --cluster prod"); }
};

TEST(ExportCommand, WritesTheFilesOfTheBackup) {
  ExportProgram program;
  const Outcome outcome = program.run("export latest --vault /vault --to /out");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("folder  /out\nfile    snapshot_2026-11-21_060000.db ("));
  EXPECT_EQ(program.fs.file_content(kExported), program.fs.file_content(kStored));
}

TEST(ExportCommand, PrintsOneJsonDocument) {
  ExportProgram program;
  const Outcome outcome = program.run("export latest --vault /vault --to /out -o json");
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(*document.find("id")->as_string(), "2026-11-21_060000");
  EXPECT_EQ(*document.find("to")->as_string(), "/out");
  const auto& files = *document.find("files")->as_array();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files.front().find("size")->as_uint(), program.fs.file_content(kStored).size());
}

TEST(ExportCommand, WritesAnArchiveToStandardOutput) {
  ExportProgram program;
  const Outcome outcome = program.run("export latest --vault /vault --to -");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(program.fs.file_content(kStored)));
  EXPECT_THAT(outcome.out, HasSubstr("2026-11-21_060000/snapshot_2026-11-21_060000.db"));
}

TEST(ExportCommand, OverwritesNothing) {
  ExportProgram program;
  program.fs.put_directory("/out");
  program.fs.put_file(kExported, "precious");
  const Outcome outcome = program.run("export latest --vault /vault --to /out");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("is there already"));
  EXPECT_EQ(program.fs.file_content(kExported), "precious");
}

TEST(ExportCommand, LetsNothingDamagedOut) {
  ExportProgram program;
  std::string content(program.fs.file_content(kStored));
  content[content.size() / 2] ^= 1;
  program.fs.put_file(kStored, content);
  for (const char* target : {"/out", "-"}) {
    const Outcome outcome = program.run(base::cat("export latest --vault /vault --to ", target));
    EXPECT_EQ(outcome.code, kCorrupt);
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_THAT(program.fs.tree(), Not(Contains("/out/")));
}

TEST(ExportCommand, LeavesNoHalfWrittenFile) {
  ExportProgram program;
  program.fs.put_directory("/out");
  program.fs.set_capacity(program.fs.file_content(kStored).size() + 5000);
  const Outcome outcome = program.run("export latest --vault /vault --to /out");
  EXPECT_EQ(outcome.code, kStorage);
  EXPECT_THAT(program.fs.tree(), Not(Contains(HasSubstr("/out/snapshot"))));
}

TEST(ExportCommand, RefusesFlagsThatMakeNoSense) {
  ExportProgram program;
  EXPECT_EQ(program.run("export latest --vault /vault").code, kUsage);
  EXPECT_EQ(program.run("export --vault /vault --to /out").code, kUsage);
  EXPECT_EQ(program.run("export latest --vault /vault --to - -o json").code, kUsage);
  EXPECT_EQ(program.run("export 2020-01-01_000000 --vault /vault --to /out").code, kNotFound);
}

}  // namespace
}  // namespace lifeboat::cli
