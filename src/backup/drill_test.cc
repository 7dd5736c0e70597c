#include "backup/drill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/text.h"
#include "testing/fake_clock.h"
#include "testing/fake_etcd.h"
#include "testing/fault_fs.h"
#include "testing/golden.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using base::Error;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct DrillTest : ::testing::Test {
  DrillTest() {
    fs.put_directory("/scratch");
    put_snapshot("etcd/3.5.30-s0.snapshot.db");
    options.etcd_program = "/usr/bin/etcd";
    options.scratch = "/scratch";
    options.timeout = std::chrono::milliseconds(2000);
  }

  // Whatever happens, nothing is left.
  ~DrillTest() override {
    EXPECT_THAT(fs.tree(), Not(Contains(StartsWith("/scratch/l"))));
    EXPECT_EQ(etcd.living, 0);
  }

  void put_snapshot(const std::string& golden) {
    fs.put_file("/snapshot.db", std::string(base::as_text(testing::read_golden(golden))));
  }

  DrillResult run(std::stop_token token = {}) {
    const auto programs = etcd.programs(fs);
    const DrillContext context{
        .restore = {fs, clock, log, progress},
        .programs = *programs,
        .connect = [this](const std::string& url) { return etcd.connect(url); }};
    const RestoreSource source{
        .name = "snapshot.db",
        .open = [this] { return fs.open("/snapshot.db", os::Links::kRefuse); },
        .stream = nullptr,
        .expected_sha256 = {}};
    return run_drill(context, source, options, std::move(token));
  }

  // The checks that failed, by name.
  static std::vector<std::string> failed(const DrillResult& result) {
    std::vector<std::string> names;
    for (const DrillCheck& check : result.checks) {
      if (!check.ok) names.push_back(check.name);
    }
    EXPECT_EQ(result.ok(), names.empty());
    return names;
  }

  Code refusal() {
    try {
      run();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "it was not refused";
    return Code::kIo;
  }

  testing::FaultFs fs;
  testing::FakeClock clock{"2026-11-21T06:00:00Z"};
  testing::FakeEtcd etcd;
  std::ostringstream log_text;
  base::Log log{log_text, base::Log::Format::kText, base::Log::Level::kInfo};
  base::Progress progress;
  DrillOptions options;
};

TEST_F(DrillTest, ProvesEverySnapshotOfItsVersion) {
  for (const auto& golden : testing::golden_snapshots()) {
    put_snapshot(golden.name);
    etcd.version_output = base::cat("etcd Version: ", golden.storage_version, ".1\n");
    const DrillResult result = run();
    EXPECT_THAT(failed(result), IsEmpty()) << golden.name << log_text.str();
    EXPECT_EQ(result.actual_hash->hash, golden.hash_kv) << golden.name;
    EXPECT_EQ(result.actual_keys, golden.keys) << golden.name;
    EXPECT_EQ(result.sampled_keys, std::min<std::uint64_t>(golden.keys, 100)) << golden.name;
    EXPECT_TRUE(result.restore_time && result.boot_time && result.restart_time);
  }
}

TEST_F(DrillTest, StartsEtcdOnLoopbackTwiceAndKeepsItToItself) {
  run();
  ASSERT_THAT(etcd.started, SizeIs(2));
  for (const os::ProgramStart& start : etcd.started) {
    const std::string line = base::join(start.arguments, " ");
    EXPECT_THAT(line, AllOf(HasSubstr("--data-dir /scratch/lifeboat-scratch-"),
                            HasSubstr("--listen-client-urls http://127.0.0.1:"),
                            HasSubstr("--listen-peer-urls http://127.0.0.1:"),
                            HasSubstr("--quota-backend-bytes ")));
    EXPECT_THAT(line, Not(HasSubstr("--logger")));
    EXPECT_THAT(start.environment,
                ElementsAre(StartsWith("PATH="), StartsWith("HOME=/scratch/lifeboat-scratch-")));
  }
}

// gRPC makes nothing of a connection that was refused once, if nobody waits for it.
TEST_F(DrillTest, AsksOverANewConnectionUntilItServes) {
  etcd.calls_too_early = 3;
  EXPECT_THAT(failed(run()), IsEmpty()) << log_text.str();
}

TEST_F(DrillTest, MakesAnotherClusterEachTime) {
  std::vector<std::uint64_t> ids;
  etcd.on_call = [&](const std::string& call) {
    if (call == "alarms") ids.push_back(etcd.connect("")->status({}).cluster_id);
  };
  run();
  run();
  ASSERT_THAT(ids, SizeIs(4));
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
}

TEST_F(DrillTest, ComparesWithTheCatalog) {
  options.expected_hash = {.revision = 11, .compact_revision = -1, .hash = 5};
  options.expected_keys = 8;
  const DrillResult result = run();
  EXPECT_THAT(failed(result), ElementsAre("hash_kv", "keys"));
  EXPECT_EQ(result.expected_hash->hash, 5U);
  EXPECT_EQ(result.actual_hash->hash, 2220312578U);
}

TEST_F(DrillTest, GoesByTheSnapshotWhereTheCatalogIsOfALaterCompaction) {
  options.expected_hash = {.revision = 11, .compact_revision = 9, .hash = 5};
  const DrillResult result = run();
  EXPECT_THAT(failed(result), IsEmpty());
  EXPECT_THAT(result.notes, Contains(HasSubstr("compaction at 9")));
}

TEST_F(DrillTest, FindsWhatEtcdAnswersOtherwise) {
  etcd.hash = 17;
  EXPECT_THAT(failed(run()), ElementsAre("hash_kv"));
  etcd.hash.reset();
  etcd.keys = 6;
  EXPECT_THAT(failed(run()), ElementsAre("keys"));
  etcd.keys.reset();
  etcd.ignores_sigterm = true;
  EXPECT_THAT(failed(run()), ElementsAre("stop", "stop"));
  etcd.ignores_sigterm = false;
  etcd.forgets_writes = true;
  EXPECT_THAT(failed(run()), ElementsAre("write"));
}

TEST_F(DrillTest, FindsAnyDifferenceOfASampledKey) {
  using Key = etcd::StoredKey;
  const std::pair<std::function<void(Key&)>, const char*> changes[] = {
      {[](Key& key) { key.value += "x"; }, "another value"},
      {[](Key& key) { ++key.mod_revision; }, "mod revision"},
      {[](Key& key) { ++key.create_revision; }, "create revision"},
      {[](Key& key) { ++key.version; }, "version"},
      {[](Key& key) { ++key.lease; }, "lease"},
  };
  for (const auto& [change, words] : changes) {
    etcd.on_get = [&change = change](std::optional<Key> key) {
      if (key && key->mod_revision > 0) change(*key);
      return key;
    };
    const DrillResult result = run();
    EXPECT_THAT(failed(result), ElementsAre("sample")) << words;
    EXPECT_THAT(log_text.str(), HasSubstr(words));
  }
  etcd.on_get = [](const std::optional<Key>& key) {
    return key && key->mod_revision > 0 ? std::nullopt : key;
  };
  EXPECT_THAT(failed(run()), ElementsAre("sample"));
  EXPECT_THAT(log_text.str(), HasSubstr("7 differ: "));
}

TEST_F(DrillTest, FindsADamagedSnapshotWithoutStartingEtcd) {
  fs.flip_bit("/snapshot.db", 5000);
  const DrillResult result = run();
  EXPECT_THAT(failed(result), ElementsAre("restore"));
  EXPECT_FALSE(result.restore_time);
  EXPECT_THAT(etcd.started, IsEmpty());
}

TEST_F(DrillTest, TakesASnapshotWithoutTrailerOnlyWhenTold) {
  std::string content = fs.file_content("/snapshot.db");
  content.resize(content.size() - 32);
  fs.put_file("/snapshot.db", content);
  EXPECT_THAT(failed(run()), ElementsAre("restore"));
  options.skip_hash_check = true;
  EXPECT_THAT(failed(run()), IsEmpty());
}

TEST_F(DrillTest, TriesOtherPortsWhereSomebodyTookThem) {
  etcd.log = "listen tcp 127.0.0.1:40001: bind: address already in use\n";
  etcd.starts_that_fail = 2;
  EXPECT_THAT(failed(run()), IsEmpty());
  EXPECT_THAT(etcd.started, SizeIs(4));
  etcd.starts_that_fail = 3;
  EXPECT_THAT(failed(run()), ElementsAre("boot"));
}

TEST_F(DrillTest, SaysWhyEtcdDidNotStart) {
  etcd.starts_that_fail = 1;
  etcd.log = "one\npanic: no such page\ngoroutine 1\n";
  const DrillResult result = run();
  EXPECT_THAT(failed(result), ElementsAre("boot"));
  ASSERT_TRUE(result.etcd_failure);
  EXPECT_EQ(result.etcd_failure->code(), Code::kUnavailable);
  EXPECT_THAT(result.etcd_failure->hint(), HasSubstr("panic: no such page"));
  EXPECT_THAT(result.etcd_log, ElementsAre("one", "panic: no such page", "goroutine 1"));
  EXPECT_THAT(etcd.started, SizeIs(1));
}

TEST_F(DrillTest, GivesUpOnAnEtcdThatDoesNotServeAndOnAStranger) {
  options.timeout = std::chrono::milliseconds(100);
  etcd.never_serves = true;
  EXPECT_THAT(failed(run()), ElementsAre("boot"));
  etcd.never_serves = false;
  etcd.is_stranger = true;
  EXPECT_THAT(failed(run()), ElementsAre("boot"));
}

TEST_F(DrillTest, SaysThatEtcdDied) {
  for (const std::string at : {"hash_kv", "count_keys", "get", "put"}) {
    etcd.on_call = [&](const std::string& call) {
      if (call == at) etcd.crash();
    };
    const DrillResult result = run();
    EXPECT_THAT(failed(result), SizeIs(1)) << at;
    ASSERT_TRUE(result.etcd_failure) << at;
    EXPECT_THAT(result.etcd_failure->what(), HasSubstr("exit status 2")) << at;
  }
}

TEST_F(DrillTest, RefusesAnEtcdThatCanNotTakeTheSnapshot) {
  for (const auto& [answer, code] : {std::pair{"etcd Version: 3.4.23\n", Code::kUnsupported},
                                     {"etcd Version: 3.7.1\n", Code::kUnsupported},
                                     {"etcd Version: 3.3.9\n", Code::kUnsupported},
                                     {"etcd Version: new\n", Code::kInvalid},
                                     {"something else\n", Code::kInvalid},
                                     {"", Code::kInvalid}}) {
    etcd.version_output = answer;
    EXPECT_EQ(refusal(), code) << answer;
  }
}

TEST_F(DrillTest, TakesAnEtcdThatADistributorHasNamed) {
  for (const char* version : {"3.5.30+git", "3.6.0-rc.1", "3.5.30 "}) {
    etcd.version_output = base::cat("etcd Version: ", version, "\nGit SHA: none\n");
    const DrillResult result = run();
    EXPECT_THAT(failed(result), IsEmpty()) << version;
    EXPECT_EQ(result.etcd_version, std::string(version).substr(0, result.etcd_version.size()));
  }
}

TEST_F(DrillTest, LooksForRoomBeforeItBegins) {
  fs.set_capacity(100'000'000);
  EXPECT_EQ(refusal(), Code::kNoSpace);
  options.scratch = "/none";
  EXPECT_EQ(refusal(), Code::kNotFound);
}

}  // namespace
}  // namespace lifeboat::backup
