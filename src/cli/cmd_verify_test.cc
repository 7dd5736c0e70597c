#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr const char* kFirst = "/vault/prod/backups/2026-11-20_060000";
constexpr const char* kSecond = "/vault/prod/backups/2026-11-21_060000";

// Two backups.
struct VerifyProgram : TestProgram {
  VerifyProgram() {
    clock.set("2026-11-20T06:00:00Z");
    run("backup --vault /vault --cluster prod");
    clock.set("2026-11-21T06:00:00Z");
    run("backup --vault /vault --cluster prod");
  }

  void damage(const std::string& folder) {
    const std::string path = folder + "/snapshot_" + folder.substr(folder.rfind('/') + 1) + ".db";
    fs.flip_bit(path, 1000);
  }
};

TEST(VerifyCommand, ProvesTheNewestByDefault) {
  VerifyProgram program;
  const Outcome outcome = program.run("verify --vault /vault");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_EQ(outcome.out,
            "2026-11-21_060000  ok      checked: files, trailer, pages, records, hash_kv\n"
            "  20.0 KiB in etcd 3.5's form, revision 11, 7 keys in 15 records, 2 leases, HashKV "
            "2220312578\n");
}

TEST(VerifyCommand, PrintsWhatIsWrongBelowTheBackup) {
  VerifyProgram program;
  program.damage(kFirst);
  const Outcome outcome = program.run("verify --all --vault /vault");
  EXPECT_EQ(outcome.code, kCorrupt);
  EXPECT_THAT(
      outcome.out,
      StartsWith(
          "2026-11-20_060000  FAILED  checked: files, trailer, pages, records, hash_kv\n  files: "
          "snapshot_2026-11-20_060000.db: "));
  EXPECT_THAT(outcome.out, HasSubstr("\n2026-11-21_060000  ok "));
}

TEST(VerifyCommand, PrintsOneJsonDocumentAlsoWhenSomethingIsWrong) {
  VerifyProgram program;
  program.damage(kSecond);
  const Outcome outcome = program.run("verify latest --vault /vault -o json");
  EXPECT_EQ(outcome.code, kCorrupt);
  const base::Json document = base::Json::parse(outcome.out);
  EXPECT_EQ(document.find("ok")->as_bool(), false);
  const base::Json& result = document.find("results")->as_array()->front();
  EXPECT_EQ(*result.find("id")->as_string(), "2026-11-21_060000");
  EXPECT_EQ(result.find("ok")->as_bool(), false);
  EXPECT_EQ(result.find("db_size")->as_uint(), 20480U);
  EXPECT_EQ(result.find("revision")->as_int(), 11);
  EXPECT_EQ(result.find("checks")->dump(0), R"(["files","trailer","pages","records","hash_kv"])");
  const base::Json& finding = result.find("findings")->as_array()->front();
  EXPECT_EQ(*finding.find("where")->as_string(), "snapshot_2026-11-21_060000.db");
}

TEST(VerifyCommand, CountsACatalogThatItCannotReadAsWrong) {
  for (const char* content : {"", "{", "[]", "{\"format\": 2}"}) {
    VerifyProgram program;
    program.fs.put_file(std::string(kSecond) + "/backup.json", content);
    for (const char* which : {"", "latest", "2026-11-21_060000", "--all"}) {
      const Outcome outcome = program.run("verify --vault /vault -o json " + std::string(which));
      EXPECT_EQ(outcome.code, kCorrupt) << content << which;
      const base::Json document = base::Json::parse(outcome.out);
      const base::Json& result = document.find("results")->as_array()->back();
      const base::Json& finding = result.find("findings")->as_array()->front();
      EXPECT_EQ(*finding.find("check")->as_string(), "catalog") << content << which;
    }
    EXPECT_EQ(program.run("verify 2026-11-20_060000 --vault /vault").code, kDone);
  }
}

TEST(VerifyCommand, SaysThatThereIsNothingToProve) {
  VerifyProgram program;
  EXPECT_EQ(program.run("verify 2020-01-01_000000 --vault /vault").code, kNotFound);
  EXPECT_EQ(program.run("verify nonsense --vault /vault").code, kUsage);
  TestProgram empty;
  EXPECT_EQ(empty.run("verify --all --vault /vault").code, kNotFound);
  empty.fs.put_directory("/vault/prod/backups");
  EXPECT_EQ(empty.run("verify --all --vault /vault").code, kNotFound);
}

TEST(VerifyCommand, CallsNothingRightOfWhichNothingIsChecked) {
  TestProgram program;
  program.fs.put_file("/copy/snapshot.db", "");
  for (const std::string flag : {"--quick", "--checks files", "--checks files,files"}) {
    const Outcome outcome = program.run("verify /copy/snapshot.db " + flag);
    EXPECT_EQ(outcome.code, kUsage) << flag;
    EXPECT_THAT(outcome.err, HasSubstr("compares with a catalog, and a file has none")) << flag;
  }
  EXPECT_EQ(program.run("verify /copy/snapshot.db --checks files,pages").code, kCorrupt);
}

TEST(VerifyCommand, TakesNoStandardInput) {
  VerifyProgram program;
  const Outcome outcome = program.run("verify - --vault /vault");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, StartsWith("error: standard input can't be verified"));
}

TEST(VerifyCommand, WorksWhileABackupRuns) {
  VerifyProgram program;
  const auto lock = program.fs.lock("/vault/prod/.lock");
  EXPECT_EQ(program.run("verify --all --vault /vault").code, kDone);
}

TEST(VersionCommand, NamesTheProgramFirst) {
  const Outcome text = TestProgram().run("version");
  EXPECT_THAT(text.out, MatchesRegex("lifeboat  +[0-9]+[.][0-9]+[.][0-9]+\ngrpc .*\n"));
  const Outcome json = TestProgram().run("--version -o json");
  const base::Json document = base::Json::parse(json.out);
  for (const char* name : {"lifeboat", "grpc", "protobuf", "openssl", "compiler"}) {
    ASSERT_NE(document.find(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace lifeboat::cli
