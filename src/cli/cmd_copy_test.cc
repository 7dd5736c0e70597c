#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Outcome;
using testing::TestProgram;

// Two backups in /vault, and a key in /prod.key.
struct CopyProgram : TestProgram {
  CopyProgram() {
    fs.put_directory("/copy");
    fs.put_directory("/var/tmp");
    for (const char* time : {"2026-11-21T06:00:00Z", "2026-11-21T12:00:00Z"}) {
      clock.set(time);
      EXPECT_EQ(run("backup --vault /vault --cluster prod").code, kDone);
    }
    const Outcome key = run("keygen --key-file /prod.key -o json");
    EXPECT_EQ(key.code, kDone);
    recipient = *base::Json::parse(key.out).find("recipient")->as_string();
  }

  Outcome copy(const std::string& line) { return run("copy --vault /vault --to /copy " + line); }

  // A vault with a plain backup and a newer one that is sealed.
  void make_mixed() {
    fs.put_directory("/mixed");
    const std::string sealed = " --encrypt-to " + recipient;
    EXPECT_EQ(run("copy 2026-11-21_060000 --vault /vault --to /mixed").code, kDone);
    EXPECT_EQ(run("copy latest --vault /vault --to /mixed" + sealed).code, kDone);
  }

  std::string recipient;
};

TEST(KeygenCommand, MakesAFileThatOnlyItsOwnerReadsAndReplacesNone) {
  TestProgram program;
  const Outcome outcome = program.run("keygen --key-file /prod.key");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("age1"), Not(HasSubstr("AGE-SECRET-KEY"))));
  const std::string file = program.fs.file_content("/prod.key");
  EXPECT_THAT(file, HasSubstr("AGE-SECRET-KEY-1"));
  EXPECT_EQ(program.run("keygen --key-file /prod.key").code, kUsage);
  EXPECT_EQ(program.fs.file_content("/prod.key"), file);
}

TEST(KeygenCommand, PutsNoSecretIntoADocument) {
  TestProgram program;
  const Outcome outcome = program.run("keygen -o json");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(program.run("keygen").out, HasSubstr("AGE-SECRET-KEY-1"));
}

TEST(CopyCommand, CopiesOneSeveralOrAll) {
  CopyProgram program;
  EXPECT_EQ(program.copy("2026-11-21_060000").code, kDone);
  EXPECT_THAT(program.run("list --vault /copy").out,
              AllOf(HasSubstr("2026-11-21_060000"), Not(HasSubstr("2026-11-21_120000"))));
  const Outcome all = program.copy("--all");
  EXPECT_EQ(all.code, kDone);
  EXPECT_THAT(all.out, AllOf(HasSubstr("was there"), HasSubstr("copied")));
  EXPECT_EQ(program.run("verify --all --vault /copy").code, kDone);
}

TEST(CopyCommand, OneThatCannotBeCopiedLeavesTheOthersNoWorse) {
  CopyProgram program;
  const std::string path = "/vault/prod/backups/2026-11-21_060000/snapshot_2026-11-21_060000.db";
  program.fs.flip_bit(path, 5000);
  const Outcome outcome = program.copy("--all -o json");
  EXPECT_EQ(outcome.code, kCorrupt);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"ok\": false"), HasSubstr("\"ok\": true")));
  EXPECT_THAT(program.run("list --vault /copy").out,
              AllOf(HasSubstr("2026-11-21_120000"), Not(HasSubstr("2026-11-21_060000"))));
}

TEST(CopyCommand, SaysWhichBackupsItNeeds) {
  CopyProgram program;
  EXPECT_EQ(program.copy("").code, kUsage);
  EXPECT_EQ(program.copy("--all latest").code, kUsage);
  EXPECT_EQ(program.copy("2020-01-01_000000").code, kNotFound);
  EXPECT_EQ(program.run("copy latest --vault /vault").code, kUsage);
  EXPECT_EQ(program.run("copy latest --vault /vault --to /nowhere").code, kNotFound);
}

// From plain to sealed, and through everything that reads it again.
TEST(CopyCommand, WhatIsSealedIsReadWithItsKeyByEveryCommand) {
  CopyProgram program;
  EXPECT_EQ(program.copy("latest --compress zstd --encrypt-to " + program.recipient).code, kDone);
  const std::string vault = " --vault /copy";
  const std::string key = vault + " --identity /prod.key";
  EXPECT_EQ(program.run("verify" + vault).code, kDone);
  EXPECT_THAT(program.run("verify" + key).out, HasSubstr("hash_kv"));
  const Outcome without = program.run("restore latest --data-dir /restored" + vault);
  EXPECT_EQ(without.code, kStorage);
  EXPECT_THAT(without.err, HasSubstr("--identity"));
  EXPECT_EQ(program.run("restore latest --data-dir /restored" + key).code, kDone);
  program.fs.put_directory("/out");
  EXPECT_EQ(program.run("export latest --to /out" + key).code, kDone);
  EXPECT_EQ(program.fs.file_content("/out/snapshot_2026-11-21_120000.db"),
            program.fs.file_content(
                "/vault/prod/backups/2026-11-21_120000/snapshot_2026-11-21_120000.db"));
  EXPECT_THAT(program.fs.list("/var/tmp"), IsEmpty());
}

TEST(CopyCommand, AFileThatIsEncodedIsReadAsItsNameSays) {
  CopyProgram program;
  EXPECT_EQ(program.copy("latest --compress zstd --encrypt-to " + program.recipient).code, kDone);
  const std::string file =
      " /copy/prod/backups/2026-11-21_120000/snapshot_2026-11-21_120000.db.zst.age";
  EXPECT_EQ(program.run("verify --identity /prod.key" + file).code, kDone);
  EXPECT_EQ(program.run("restore --identity /prod.key --data-dir /restored" + file).code, kDone);
  const Outcome without = program.run("verify" + file);
  EXPECT_EQ(without.code, kStorage);
  EXPECT_THAT(without.err, HasSubstr("is encrypted"));
}

TEST(CopyCommand, WhatIsNoRecipientAndNoKeyIsNotQuoted) {
  CopyProgram program;
  program.fs.put_file("/bad.key", "AGE-SECRET-KEY-1NOTONE\n");
  const Outcome outcome = program.run("verify --vault /vault --identity /bad.key");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--identity"), Not(HasSubstr("NOTONE"))));
  EXPECT_EQ(program.copy("latest --encrypt-to AGE-SECRET-KEY-1NOTONE").code, kUsage);
}

// Else the next backup without --encrypt-to would find a plain one there, and take that for
// granted.
TEST(CopyCommand, PutsNothingPlainBesideWhatIsSealed) {
  CopyProgram program;
  EXPECT_EQ(program.copy("latest --encrypt-to " + program.recipient).code, kDone);
  const Outcome plain = program.copy("2026-11-21_060000");
  EXPECT_EQ(plain.code, kUsage);
  EXPECT_THAT(plain.err, HasSubstr("--allow-plain"));
  EXPECT_EQ(program.copy("2026-11-21_060000 --allow-plain").code, kDone);
}

// A vault may hold both: only those that are sealed go where all are.
TEST(CopyCommand, LooksAtEachBackupThatItPutsBesideWhatIsSealed) {
  CopyProgram program;
  program.make_mixed();
  program.fs.put_directory("/third");
  EXPECT_EQ(program.run("copy latest --vault /mixed --to /third").code, kDone);
  const Outcome all = program.run("copy --all --vault /mixed --to /third");
  EXPECT_EQ(all.code, kUsage);
  EXPECT_THAT(program.run("list --vault /third").out, Not(HasSubstr("2026-11-21_060000")));
}

// A plain one that a sealed one came after is there: nothing is stored, and nothing is refused.
TEST(CopyCommand, ASecondTimeNothingIsRefusedOfAVaultThatWasPlainFirst) {
  CopyProgram program;
  program.make_mixed();
  program.fs.put_directory("/third");
  EXPECT_EQ(program.run("copy --all --vault /mixed --to /third").code, kDone);
  const Outcome again = program.run("copy --all --vault /mixed --to /third -o json");
  EXPECT_EQ(again.code, kDone) << again.err;
  EXPECT_THAT(again.out, Not(HasSubstr("\"was_there\": false")));
}

TEST(CopyCommand, WhatWasSealedOnItsWayIsPassedOverWithoutTheFlag) {
  CopyProgram program;
  EXPECT_EQ(program.copy("--all --encrypt-to " + program.recipient).code, kDone);
  const Outcome again = program.copy("--all");
  EXPECT_EQ(again.code, kDone) << again.err;
  EXPECT_THAT(again.out, Not(HasSubstr("copied")));
}

TEST(CopyCommand, ACatalogCannotBringACatalogAlong) {
  CopyProgram program;
  const std::string folder = "/vault/prod/backups/2026-11-21_120000/";
  const std::string catalog = program.fs.file_content(folder + "backup.json");
  for (const char* name : {"backup.json", "pinned"}) {
    std::string hostile = catalog;
    const std::string snapshot = "snapshot_2026-11-21_120000.db";
    hostile.replace(hostile.find(snapshot), snapshot.size(), name);
    program.fs.put_file(folder + "backup.json", hostile);
    EXPECT_EQ(program.copy("2026-11-21_120000").code, kCorrupt) << name;
    EXPECT_FALSE(program.fs.info("/copy/prod/backups").has_value()) << name;
  }
}

TEST(CopyCommand, AFileLargerThanItsCatalogSaysIsReadNoFurther) {
  CopyProgram program;
  EXPECT_EQ(program.copy("latest --compress zstd").code, kDone);
  const std::string path = "/copy/prod/backups/2026-11-21_120000/backup.json";
  std::string catalog = program.fs.file_content(path);
  const std::size_t at = catalog.find("\"plain_size\": ") + 14;
  catalog.replace(at, catalog.find_first_of(",\n", at) - at, "5000");
  program.fs.put_file(path, catalog);
  const Outcome outcome = program.run("restore latest --vault /copy --data-dir /restored");
  EXPECT_EQ(outcome.code, kCorrupt);
  EXPECT_THAT(outcome.err, HasSubstr("holds more than its catalog says"));
}

// Backups for three keys, of which one is at hand.
struct SealedForMany : CopyProgram {
  SealedForMany() {
    fs.put_directory("/many");
    for (const char* hour : {"18", "19", "20"}) {
      const Outcome key = run("keygen -o json --key-file /" + std::string(hour) + ".key");
      clock.set("2026-11-21T" + std::string(hour) + ":00:00Z");
      const std::string for_whom = *base::Json::parse(key.out).find("recipient")->as_string();
      EXPECT_EQ(run("backup --vault /many --cluster prod --encrypt-to " + for_whom).code, kDone);
    }
  }
};

TEST(VerifyCommand, AKeyThatDoesNotFitOneBackupLeavesNoneOut) {
  SealedForMany program;
  const Outcome text = program.run("verify --all --vault /many --identity /18.key");
  EXPECT_EQ(text.code, kStorage);
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("2026-11-21_180000  ok "), HasSubstr("2026-11-21_190000  SEALED"),
                    HasSubstr("2026-11-21_200000  SEALED")));
  EXPECT_THAT(text.err, AllOf(HasSubstr("backup 2026-11-21_190000 is not proven: "
                                        "snapshot_2026-11-21_190000.db.age: "),
                              HasSubstr("--identity FILE")));
  const Outcome json = program.run("verify --all --vault /many -o json --identity /18.key");
  EXPECT_EQ(json.code, kStorage);
  const base::Json document = base::Json::parse(json.out);
  EXPECT_EQ(document.find("ok")->as_bool(), false);
  const auto& results = *document.find("results")->as_array();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].find("ok")->as_bool(), true);
  EXPECT_EQ(results[1].find("ok")->as_bool(), false);
  const base::Json& finding = results[2].find("findings")->as_array()->front();
  EXPECT_EQ(*finding.find("check")->as_string(), "key");
  EXPECT_EQ(*finding.find("where")->as_string(), "snapshot_2026-11-21_200000.db.age");
}

TEST(VerifyCommand, DamageCountsForMoreThanAKeyThatDoesNotFit) {
  SealedForMany program;
  const std::string path = "/many/prod/backups/2026-11-21_190000/snapshot_2026-11-21_190000.db.age";
  program.fs.flip_bit(path, 5000);
  const Outcome outcome = program.run("verify --all --vault /many --identity /18.key");
  EXPECT_EQ(outcome.code, kCorrupt);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("2026-11-21_190000  FAILED"),
                                 HasSubstr("2026-11-21_200000  SEALED")));
}

TEST(RestoreCommand, DamageInTheHeadOfAnEncryptedFileIsNotBlamedOnTheKey) {
  SealedForMany program;
  const std::string path = "/many/prod/backups/2026-11-21_200000/snapshot_2026-11-21_200000.db.age";
  std::string content = program.fs.file_content(path);
  char& changed = content[content.find("-> X25519 ") + 60];
  changed = changed == 'A' ? 'B' : 'A';
  program.fs.put_file(path, content);
  program.fs.put_directory("/out");
  const std::string rest = " --vault /many --identity /20.key";
  for (const char* command : {"restore latest --data-dir /restored", "export latest --to /out"}) {
    const Outcome outcome = program.run(command + rest);
    EXPECT_EQ(outcome.code, kCorrupt) << command;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("snapshot_2026-11-21_200000.db.age"),
                                   HasSubstr("has the SHA-256")));
  }
}

TEST(ExportCommand, LeavesNoHalfPairWhereAKeyIsMissing) {
  CopyProgram program;
  EXPECT_EQ(program.copy("latest --encrypt-to " + program.recipient).code, kDone);
  EXPECT_EQ(program.run("keygen --key-file /other.key").code, kDone);
  program.fs.put_directory("/out");
  EXPECT_EQ(program.run("export latest --to /out --vault /copy").code, kStorage);
  EXPECT_EQ(program.run("export latest --to /out --vault /copy --identity /other.key").code,
            kStorage);
  EXPECT_THAT(program.fs.list("/out"), IsEmpty());
}

TEST(BackupCommand, GoesIntoSeveralVaultsEachWithItsRetention) {
  CopyProgram program;
  program.fs.put_directory("/more");
  program.clock.set("2026-11-21T18:00:00Z");
  const Outcome outcome = program.run(
      "backup --cluster prod --vault /vault --also-to /more?keep-last=1 --keep-last 2 -o json");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"vault\": \"/vault\""), HasSubstr("\"/more\"")));
  program.clock.set("2026-11-21T19:00:00Z");
  program.run("backup --cluster prod --vault /vault --also-to /more?keep-last=1 --keep-last 2");
  EXPECT_THAT(program.run("list --vault /more").out, Not(HasSubstr("180000")));
  EXPECT_THAT(program.run("list --vault /vault").out, HasSubstr("180000"));
}

TEST(BackupCommand, OneVaultThatFailsIsNamedAndTheExitStatusSaysSo) {
  CopyProgram program;
  const Outcome outcome =
      program.run("backup --cluster prod --vault /vault --vault /missing --no-live-check");
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.err, HasSubstr("/missing"));
  EXPECT_THAT(outcome.out, HasSubstr("failed"));
}

TEST(BackupCommand, SealsWhatItTakesAndRefusesToForgetThat) {
  CopyProgram program;
  const std::string line = "backup --cluster prod --vault /copy ";
  program.clock.set("2026-11-21T18:00:00Z");
  EXPECT_EQ(program.run(line + "--encrypt-to " + program.recipient).code, kDone);
  program.clock.set("2026-11-21T19:00:00Z");
  const Outcome plain = program.run(line);
  EXPECT_EQ(plain.code, kUsage);
  EXPECT_THAT(plain.err, HasSubstr("--allow-plain"));
  EXPECT_EQ(program.run(line + "--allow-plain").code, kDone);
}

TEST(BackupCommand, RefusesVaultsThatContradictThemselves) {
  CopyProgram program;
  const std::string line = "backup --cluster prod ";
  // The last begins in the folder where the program runs, which is / here.
  for (const char* again : {"/vault", "/vault/", "/./vault", "/vault?keep-last=1", "vault/"}) {
    const Outcome outcome = program.run(line + "--vault /vault --also-to " + again);
    EXPECT_EQ(outcome.code, kUsage) << again;
    EXPECT_THAT(outcome.err, HasSubstr("named twice")) << again;
  }
  EXPECT_EQ(program.run(line + "--vault /vault?keep-last=x").code, kUsage);
  EXPECT_EQ(program.run("backup --vault /vault --vault /copy").code, kUsage);
  EXPECT_EQ(program.run("backup --cluster prod --also-to /vault").code, kUsage);
}

}  // namespace
}  // namespace lifeboat::cli
