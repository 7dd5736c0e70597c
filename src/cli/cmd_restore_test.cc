#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kSnapshot = "etcd/3.5.30-s0.snapshot.db";
constexpr const char* kKubernetes = "etcd/3.4.23-tree.snapshot.db";
constexpr const char* kThree =
    "--initial-cluster m1=http://h1:2380,m2=http://h2:2380,m3=http://h3:2380";

// A backup of revision 11, the same snapshot as a file, and one that holds Kubernetes objects.
struct RestoreProgram : TestProgram {
  RestoreProgram() {
    run("backup --vault /vault --cluster prod");
    clock.set("2026-11-22T08:30:00Z");
    input = std::string(base::as_text(read_golden(kSnapshot)));
    fs.put_file("/files/plain.db", input);
    fs.put_file("/files/kubernetes.db", base::as_text(read_golden(kKubernetes)));
  }

  bool has(const std::string& path) const {
    const auto tree = fs.tree();
    return std::ranges::find(tree, path) != tree.end();
  }
};

TEST(RestoreCommand, SaysWhatItMade) {
  RestoreProgram program;
  const Outcome outcome = program.run("restore latest --vault /vault --data-dir /data");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out,
            "data dir  /data (default, member 8e9e05c52164694d)\n"
            "cluster   cdf818194e3a8c32\n"
            "etcd      3.5 is to be started on it\n"
            "revision  11\n"
            "keys      7\n"
            "size      " +
                outcome.out.substr(outcome.out.find("size      ") + 10));
  EXPECT_THAT(outcome.out, HasSubstr("HashKV    2220312578\n"));
  EXPECT_TRUE(program.has("/data/member/snap/db"));
}

TEST(RestoreCommand, PrintsOneJsonDocument) {
  RestoreProgram program;
  const Outcome outcome = program.run("restore latest --vault /vault --data-dir /data -o json");
  EXPECT_EQ(outcome.code, kDone);
  const Json document = Json::parse(outcome.out);
  std::vector<std::string> names;
  for (const auto& [name, value] : *document.as_object()) names.push_back(name);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"data_dir", "revision", "cluster_id", "member_id",
                                              "keys", "bumped_to", "hash_kv"}));
  EXPECT_EQ(*document.find("data_dir")->as_string(), "/data");
  EXPECT_EQ(document.find("revision")->as_int(), 11);
  EXPECT_EQ(*document.find("cluster_id")->as_string(), "cdf818194e3a8c32");
  EXPECT_EQ(*document.find("member_id")->as_string(), "8e9e05c52164694d");
  EXPECT_EQ(document.find("keys")->as_uint(), 7U);
  EXPECT_EQ(document.find("bumped_to")->dump(0), "null");
  EXPECT_EQ(document.find("hash_kv")->as_uint(), 2220312578U);
}

TEST(RestoreCommand, PrintsWhereTheBumpLed) {
  RestoreProgram program;
  const Outcome json = program.run("restore /files/kubernetes.db --data-dir /one -o json");
  EXPECT_EQ(Json::parse(json.out).find("bumped_to")->as_int(), 1'000'000'158);
  const Outcome text = program.run("restore /files/kubernetes.db --data-dir /two");
  EXPECT_THAT(text.out, HasSubstr("revision  158, bumped to 1000000158 and compacted there\n"));
  const Outcome off =
      program.run("restore /files/kubernetes.db --data-dir /three --bump-revision 0 -o json");
  EXPECT_EQ(Json::parse(off.out).find("bumped_to")->dump(0), "null");
  const Outcome marked = program.run(
      "restore /files/plain.db --data-dir /four --bump-revision 100 --mark-compacted -o json");
  EXPECT_EQ(Json::parse(marked.out).find("bumped_to")->as_int(), 111);
}

TEST(RestoreCommand, PrintsEveryMember) {
  RestoreProgram program;
  const Outcome outcome =
      program.run(std::string("restore /files/plain.db --all-members /all -o json ") + kThree);
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(*document.find("data_dir")->as_string(), "/all");
  EXPECT_EQ(document.find("member_id")->dump(0), "null");
  const auto& members = *document.find("members")->as_array();
  ASSERT_EQ(members.size(), 3U);
  for (const Json& member : members) {
    EXPECT_TRUE(program.has(*member.find("data_dir")->as_string() + "/member/snap/db"));
    EXPECT_EQ(member.find("member_id")->as_string()->size(), 16U);
  }
}

TEST(RestoreCommand, TakesItsSnapshotFromWhereItIsTold) {
  for (const char* argument : {"latest", "2026-11-21_060000", "/files/plain.db", "-"}) {
    RestoreProgram program;
    const Outcome outcome = program.run(std::string("restore ") + argument +
                                        " --vault /vault --data-dir /data -o json");
    EXPECT_EQ(outcome.code, kDone) << argument << outcome.err;
    EXPECT_EQ(Json::parse(outcome.out).find("hash_kv")->as_uint(), 2220312578U) << argument;
  }
}

TEST(RestoreCommand, NeedsNoVaultForAFile) {
  RestoreProgram program;
  EXPECT_EQ(program.run("restore /files/plain.db --data-dir /data").code, kDone);
  const Outcome missing = program.run("restore latest --data-dir /other");
  EXPECT_EQ(missing.code, kUsage);
  EXPECT_THAT(missing.err, HasSubstr("--vault"));
}

struct Refusal {
  const char* line;
  ExitCode code;
  const char* says;
};

TEST(RestoreCommand, RefusesWhatItCannotDoAndTouchesNothing) {
  const Refusal refusals[] = {
      {"restore --data-dir /data", kUsage, "the id of a backup, latest, a file, or -"},
      {"restore latest latest --vault /vault --data-dir /data", kUsage, "latest"},
      {"restore 2020-01-01_000000 --vault /vault --data-dir /data", kNotFound, "2020-01-01_000000"},
      {"restore nonsense --vault /vault --data-dir /data", kUsage, "nonsense"},
      {"restore /files/no.db --data-dir /data", kNotFound, "/files/no.db"},
      {"restore latest --vault /vault --cluster other --data-dir /data", kNotFound, "other"},
      {"restore latest --vault /no --data-dir /data", kNotFound, "/no"},
      {"restore latest --vault /vault --data-dir /no/such", kNotFound, "/no"},
      {"restore latest --vault /vault --data-dir /files/plain.db", kUsage, "/files/plain.db"},
      {"restore latest --vault /vault --data-dir /data --name m1", kUsage, "m1"},
      {"restore latest --vault /vault --data-dir /data --etcd-version 3.4", kUsage,
       "takes no data of a newer one"},
      {"restore latest --vault /vault --data-dir /data --etcd-version new", kUsage, "new"},
      {"restore latest --vault /vault --data-dir /data --bump-revision -1", kUsage,
       "--bump-revision"},
  };
  for (const Refusal& refusal : refusals) {
    RestoreProgram program;
    const auto before = program.fs.tree();
    const Outcome outcome = program.run(refusal.line);
    EXPECT_EQ(outcome.code, refusal.code) << refusal.line << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(refusal.says)) << refusal.line;
    EXPECT_EQ(outcome.out, "") << refusal.line;
    EXPECT_EQ(program.fs.tree(), before) << refusal.line;
  }
}

TEST(RestoreCommand, RefusesADataDirectoryInUseAndSaysHowToKeepIt) {
  RestoreProgram program;
  program.fs.put_file("/data/member/snap/db", "old");
  const Outcome refused = program.run("restore latest --vault /vault --data-dir /data");
  EXPECT_EQ(refused.code, kUsage);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("/data"), HasSubstr("--replace")));
  const Outcome outcome = program.run("restore latest --vault /vault --data-dir /data --replace");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.out, HasSubstr("\nkept      /data/member.before-2026-11-22_083000\n"));
  EXPECT_EQ(program.fs.file_content("/data/member.before-2026-11-22_083000/snap/db"), "old");
}

TEST(RestoreCommand, FindsThatABackupWasDamaged) {
  RestoreProgram program;
  const std::string path = "/vault/prod/backups/2026-11-21_060000/snapshot_2026-11-21_060000.db";
  program.fs.flip_bit(path, 9000);
  const Outcome refused = program.run("restore latest --vault /vault --data-dir /data");
  EXPECT_EQ(refused.code, kCorrupt);
  EXPECT_THAT(refused.err,
              StartsWith("error: snapshot 2026-11-21_060000 is damaged: its SHA-256 "));
  EXPECT_FALSE(program.has("/data/"));
}

TEST(RestoreCommand, CallsABackupDamagedWhoseSnapshotIsGone) {
  RestoreProgram program;
  program.fs.put_directory("/scratch");
  program.run("backup --vault /vault --cluster prod --compress zstd --scratch /scratch");
  for (const std::string name : {"2026-11-21_060000.db", "2026-11-22_083000.db.zst"}) {
    const std::string id = name.substr(0, name.find('.'));
    const std::string path = base::cat("/vault/prod/backups/", id, "/snapshot_", name);
    program.fs.remove_file(path);
    const Outcome refused =
        program.run(base::cat("restore ", id, " --vault /vault --data-dir /data"));
    EXPECT_EQ(refused.code, kCorrupt);
    EXPECT_THAT(refused.err, StartsWith(base::cat("error: there is no file ", path, "\n  use ")));
    EXPECT_FALSE(program.has("/data/"));
  }
}

TEST(RestoreCommand, EndsWithAttentionWhereDamageWasBroughtBack) {
  RestoreProgram program;
  program.input.back() = static_cast<char>(program.input.back() ^ 1);
  const Outcome outcome =
      program.run("restore - --data-dir /data --skip-hash-check --force-corrupt -o json");
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.err, HasSubstr("warning: snapshot from standard input is damaged: "));
  EXPECT_EQ(Json::parse(outcome.out).find("warnings")->as_array()->size(), 1U);
}

// Not as a snapshot of which a part is missing.
TEST(RestoreCommand, SaysWhatIsPipedInThatIsNoSnapshot) {
  using std::string_literals::operator""s;
  struct Case {
    std::string head;
    ExitCode code;
    std::string message;
  };
  for (const Case& each :
       {Case{"\x1f\x8b"s, kUsage, "standard input: holds a file that is compressed with gzip"},
        Case{"\x28\xB5\x2F\xFD"s, kCorrupt, "standard input: damaged zstd data"},
        Case{"age-encryption.org/v1\n"s, kStorage, "standard input: is encrypted, and no key"}}) {
    RestoreProgram program;
    program.input = each.head + std::string(5000, 'x');
    const Outcome outcome = program.run("restore - --data-dir /data");
    EXPECT_EQ(outcome.code, each.code);
    EXPECT_THAT(outcome.err, HasSubstr(each.message));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 2) << outcome.err;  // the second: what to do
    EXPECT_FALSE(program.has("/data/member"));
  }
}

TEST(RestoreCommand, RefusesABackupThatIsEncodedInAnUnknownWay) {
  RestoreProgram program;
  const std::string path = "/vault/prod/backups/2026-11-21_060000/backup.json";
  std::string catalog = program.fs.file_content(path);
  const std::size_t at = catalog.find("\"encoding\": []");
  ASSERT_NE(at, std::string::npos);
  catalog.replace(at, 14, "\"encoding\": [\"rot13\"]");
  program.fs.put_file(path, catalog);
  for (const char* flags : {"", " --plan"}) {
    const Outcome outcome =
        program.run("restore latest --vault /vault --data-dir /data" + std::string(flags));
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_THAT(outcome.err, HasSubstr("rot13"));
  }
}

TEST(RestoreCommand, ReadsFilesThroughSymbolicLinks) {
  // On this disk links lead nowhere: that it is followed shows in what is said.
  RestoreProgram program;
  program.fs.put_symlink("/files/link.db");
  EXPECT_EQ(program.run("restore /files/link.db --data-dir /data").code, kNotFound);
}

TEST(RestoreCommand, GivesWhatItMakesToTheOwner) {
  RestoreProgram program;
  program.fs.put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\netcd:x:990:991::/:/sbin/nologin\n");
  program.fs.put_file("/etc/group", "root:x:0:\netcd:x:991:\n");
  EXPECT_EQ(program.run("restore - --data-dir /data --owner etcd:etcd").code, kDone);
  const os::Owner etcd{.user_id = 990, .group_id = 991};
  for (const std::string& path : program.fs.tree()) {
    if (!path.starts_with("/data")) continue;
    EXPECT_EQ(program.fs.owner(path.ends_with('/') ? path.substr(0, path.size() - 1) : path), etcd)
        << path;
  }
}

TEST(RestoreCommand, PlansWithoutTouchingAnything) {
  RestoreProgram program;
  const auto before = program.fs.tree();
  program.fs.set_read_only(true);
  const Outcome outcome = program.run("restore latest --vault /vault --data-dir /data --plan");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("lifeboat restore 2026-11-21_060000"));
  EXPECT_EQ(program.fs.tree(), before);
}

}  // namespace
}  // namespace lifeboat::cli
