#include "backup/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "etcd/data_dir.h"
#include "etcd/inspect.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fake_clock.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using base::as_text;
using base::cat;
using base::Code;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::StrEq;
using testing::Surgeon;

constexpr const char* kPlain = "etcd/3.5.30-s0.snapshot.db";         // revision 11
constexpr const char* kKubernetes = "etcd/3.4.23-tree.snapshot.db";  // revision 158, has branches
constexpr const char* kSnapshotPath = "/vault/snapshot.db";
constexpr const char* kThree = "m1=http://h1:2380,m2=http://h2:2380,m3=http://h3:2380";

// Does what a test wants at a point of the run.
class Watcher : public base::Progress {
 public:
  void begin(std::string_view what, std::uint64_t /*total_bytes*/) override {
    if (on_begin) on_begin(what);
  }
  void advance(std::uint64_t /*bytes*/) override {
    if (on_advance) on_advance();
  }

  std::function<void(std::string_view)> on_begin;
  std::function<void()> on_advance;
};

// A snapshot on a disk in memory, and what a restore of it is given.
struct RestoreWorld {
  explicit RestoreWorld(FaultFs& file_system) : fs(file_system) {
    source = {.name = kSnapshotPath,
              .open = [this] { return fs.open(kSnapshotPath, os::Links::kRefuse); },
              .stream = nullptr,
              .expected_sha256 = {}};
    options.initial_cluster = {.members = "m1=http://h1:2380", .token = "token"};
    options.members = {{.name = "m1", .target = {.data_dir = "/data"}}};
  }

  RestoreResult run(std::stop_token stop = {}) {
    const RestoreContext context{
        .fs = fs, .clock = clock, .log = log, .progress = watcher, .scratch = scratch};
    return restore_snapshot(context, source, options, std::move(stop));
  }

  void set_all_members() {
    options.initial_cluster.members = kThree;
    options.members_folder = "/all";
    options.members.clear();
    for (const char* name : {"m1", "m2", "m3"}) {
      options.members.push_back({.name = name, .target = {.data_dir = cat("/all/", name)}});
    }
  }

  FaultFs& fs;
  testing::FakeClock clock{"2026-11-21T06:00:00Z"};
  std::ostringstream log_text;
  base::Log log{log_text, base::Log::Format::kText, base::Log::Level::kInfo};
  Watcher watcher;
  RestoreSource source;
  RestoreOptions options;
  std::string scratch;
};

void put_snapshot(FaultFs& fs, const base::Buffer& image) {
  fs.put_file(kSnapshotPath, as_text(image));
}

class RestoreTest : public ::testing::Test {
 protected:
  void SetUp() override { use(testing::read_golden(kPlain)); }

  void use(const base::Buffer& image) { put_snapshot(fs_, image); }

  base::Error error() {
    return testing::error_of([this] { world_.run(); });
  }

  // The snapshot is all that there is.
  void expect_nothing_made() {
    EXPECT_THAT(fs_.tree(), ElementsAre("/vault/", "/vault/snapshot.db"));
  }

  etcd::Inspection inspect(const std::string& member = "/data/member") {
    const auto file = fs_.open(member + "/snap/db", os::Links::kRefuse);
    return etcd::inspect_database(*file, {}, {});
  }

  FaultFs fs_;
  RestoreWorld world_{fs_};
};

// ---- What comes out -----------------------------------------------------------------------------

TEST_F(RestoreTest, BringsBackWhatTheLiveServerHad) {
  for (const testing::GoldenSnapshot& golden : testing::golden_snapshots()) {
    SCOPED_TRACE(golden.name);
    FaultFs fs;
    put_snapshot(fs, testing::read_golden(golden.name));
    RestoreWorld world(fs);
    world.options.bump_amount = 0;
    const RestoreResult result = world.run();
    EXPECT_EQ(result.revision, golden.revision);
    EXPECT_EQ(result.keys, golden.keys);
    EXPECT_EQ(result.etcd_version, golden.storage_version);
    EXPECT_EQ(result.bumped_to, std::nullopt);
    EXPECT_EQ(result.hash_kv,
              (etcd::HashKv{golden.revision, golden.compact_revision, golden.hash_kv}));
    EXPECT_THAT(result.warnings, IsEmpty());
    const auto file = fs.open("/data/member/snap/db", os::Links::kRefuse);
    EXPECT_EQ(file->size_bytes(), result.size_bytes);
    const etcd::Inspection restored = etcd::inspect_database(*file, {}, {});
    EXPECT_THAT(restored.findings.kept(), IsEmpty());
    EXPECT_EQ(restored.leases, golden.leases);
  }
}

TEST_F(RestoreTest, MakesADataDirectoryAndNothingElse) {
  const RestoreResult result = world_.run();
  EXPECT_THAT(fs_.tree(), ElementsAre("/data/", "/data/member/", "/data/member/snap/",
                                      "/data/member/snap/0000000000000001-0000000000000001.snap",
                                      "/data/member/snap/db", "/data/member/wal/",
                                      "/data/member/wal/0000000000000000-0000000000000000.wal",
                                      "/vault/", "/vault/snapshot.db"));
  ASSERT_EQ(result.members.size(), 1U);
  EXPECT_EQ(result.members[0].name, "m1");
  EXPECT_EQ(result.members[0].data_dir, "/data");
  EXPECT_EQ(result.members[0].replaced.member, "");
}

TEST_F(RestoreTest, BumpsByItselfWhereKubernetesIsAndNowhereElse) {
  EXPECT_EQ(world_.run().bumped_to, std::nullopt);
  FaultFs fs;
  put_snapshot(fs, testing::read_golden(kKubernetes));
  RestoreWorld kubernetes(fs);
  const RestoreResult result = kubernetes.run();
  EXPECT_EQ(result.revision, 158);
  EXPECT_EQ(result.bumped_to, 1'000'000'158);
  EXPECT_EQ(result.keys, 142U);
  EXPECT_EQ(result.hash_kv.compact_revision, 1'000'000'158);
}

TEST_F(RestoreTest, BumpsByWhatIsAskedFor) {
  world_.options.bump_amount = 30;
  const RestoreResult result = world_.run();
  EXPECT_EQ(result.revision, 11);
  EXPECT_EQ(result.bumped_to, 41);
  const etcd::Inspection restored = inspect();
  EXPECT_THAT(restored.findings.kept(), IsEmpty());
  EXPECT_EQ(restored.revision, 41);
  EXPECT_EQ(restored.compact_revision, 41);
  EXPECT_EQ(restored.keys, 7U);
  EXPECT_EQ(restored.hashes.front(), result.hash_kv);
}

TEST_F(RestoreTest, BumpsAStoreThatHoldsNothing) {
  use(testing::read_golden("etcd/3.4.23-empty.snapshot.db"));
  world_.options.bump_amount = 5;
  const RestoreResult result = world_.run();
  EXPECT_EQ(result.bumped_to, 6);
  EXPECT_EQ(inspect().hashes.front(), result.hash_kv);
}

TEST_F(RestoreTest, RefusesABumpBeyondWhatARevisionCanBe) {
  world_.options.bump_amount = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(error().code(), Code::kInvalid);
  expect_nothing_made();
}

TEST_F(RestoreTest, MakesAllMembersAlikeButForWhoTheyAre) {
  world_.set_all_members();
  const RestoreResult result = world_.run();
  std::set<std::uint64_t> ids;
  for (const RestoredMemberResult& member : result.members) {
    ids.insert(member.member_id);
    EXPECT_EQ(member.data_dir, cat("/all/", member.name));
    const std::string folder = member.data_dir + "/member/";
    EXPECT_EQ(fs_.file_content(folder + "snap/db"), fs_.file_content("/all/m1/member/snap/db"));
    EXPECT_THAT(fs_.tree(), Contains(folder + "snap/0000000000000001-0000000000000003.snap"));
  }
  EXPECT_EQ(ids.size(), 3U);
  const std::string wal = "/member/wal/" + etcd::wal_file_name({});
  EXPECT_NE(fs_.file_content("/all/m1" + wal), fs_.file_content("/all/m2" + wal));
  EXPECT_NE(result.cluster_id, 0U);
}

TEST_F(RestoreTest, ReadsWhatCanBeReadOnlyOnce) {
  world_.run();
  const std::string expected = fs_.file_content("/data/member/snap/db");
  const base::Buffer image = testing::read_golden(kPlain);
  base::MemoryStream stream(image);
  world_.source = {
      .name = "from standard input", .open = {}, .stream = &stream, .expected_sha256 = {}};
  world_.options.members[0].target.data_dir = "/other";
  world_.run();
  EXPECT_EQ(fs_.file_content("/other/member/snap/db"), expected);
  EXPECT_THAT(fs_.tree(), Not(Contains(HasSubstr("partial"))));
}

TEST_F(RestoreTest, PutsAStreamWhereItIsTold) {
  fs_.put_directory("/big");
  const base::Buffer image = testing::read_golden(kPlain);
  base::MemoryStream stream(image);
  world_.source.stream = &stream;
  world_.scratch = "/big";
  bool seen = false;
  world_.watcher.on_begin = [&](std::string_view what) {
    if (what != "verify") return;
    EXPECT_THAT(fs_.tree(), Contains(AllOf(StartsWith("/big/"), Not(EndsWith("/")))));
    seen = true;
  };
  world_.run();
  EXPECT_TRUE(seen);
  EXPECT_EQ(inspect().revision, 11);
  EXPECT_THAT(fs_.tree(), Not(Contains(AllOf(StartsWith("/big/"), Not(StrEq("/big/"))))));
}

TEST_F(RestoreTest, KeepsWhatWasThereOnlyWhenTold) {
  fs_.put_file("/data/member/snap/db", "old");
  EXPECT_EQ(error().code(), Code::kExists);
  EXPECT_EQ(fs_.file_content("/data/member/snap/db"), "old");
  world_.options.members[0].target.replace = true;
  const RestoreResult result = world_.run();
  EXPECT_EQ(result.members[0].replaced.member, "/data/member.before-2026-11-21_060000");
  EXPECT_EQ(fs_.file_content("/data/member.before-2026-11-21_060000/snap/db"), "old");
  EXPECT_EQ(inspect().revision, 11);
}

// ---- What is refused before anything large is read ----------------------------------------------

struct Refusal {
  const char* what;
  std::function<void(RestoreOptions&)> spoil;
  const char* message;
};

TEST_F(RestoreTest, RefusesWhatCannotBeRightBeforeItReads) {
  const Refusal refusals[] = {
      {"a member that is none", [](auto& options) { options.members[0].name = "m9"; }, "m9"},
      {"other URLs", [](auto& options) { options.advertised_peer_urls = "http://h9:2380"; }, "h9"},
      {"no cluster", [](auto& options) { options.initial_cluster.members = ""; }, ""},
      {"no URL", [](auto& options) { options.initial_cluster.members = "m1=h1"; }, "h1"},
  };
  world_.source.open = []() -> std::unique_ptr<base::RandomSource> {
    throw base::Error(Code::kIo, "it was read");
  };
  const RestoreOptions good = world_.options;
  for (const Refusal& refusal : refusals) {
    world_.options = good;
    refusal.spoil(world_.options);
    const base::Error refused = error();
    EXPECT_EQ(refused.code(), Code::kInvalid) << refusal.what << ": " << refused.what();
    EXPECT_THAT(refused.what(), HasSubstr(refusal.message)) << refusal.what;
    expect_nothing_made();
  }
}

TEST_F(RestoreTest, RefusesStepsThatEtcdDoesNotMake) {
  for (const char* version : {"3.4", "3.7", "2.3"}) {
    world_.options.etcd_version = version;
    EXPECT_EQ(error().code(), Code::kUnsupported) << version;
    expect_nothing_made();
  }
  world_.options.etcd_version = "3.6.2";
  EXPECT_EQ(world_.run().etcd_version, "3.6");
}

// ---- Snapshots that are not whole ---------------------------------------------------------------

base::Buffer without_trailer() {
  base::Buffer image = testing::read_golden(kPlain);
  image.erase(image.end() - 32, image.end());
  return image;
}

base::Buffer with_wrong_trailer() {
  base::Buffer image = testing::read_golden(kPlain);
  image.back() = static_cast<std::uint8_t>(image.back() ^ 1);
  return image;
}

// A leaf page of the keyspace is zeros; the trailer is that of the damaged image.
base::Buffer with_lost_page() {
  Surgeon surgeon(testing::read_golden(kKubernetes));
  const bbolt::PageId lost = surgeon.find_records(6);
  const std::size_t at = lost * surgeon.page_size_bytes();
  std::fill_n(surgeon.image().begin() + static_cast<std::ptrdiff_t>(at), surgeon.page_size_bytes(),
              std::uint8_t{0});
  surgeon.fix_trailer();
  return surgeon.image();
}

TEST_F(RestoreTest, NeedsToBeToldThatATrailerIsMissing) {
  use(without_trailer());
  const base::Error refused = error();
  EXPECT_EQ(refused.code(), Code::kCorrupt);
  EXPECT_THAT(refused.what(), HasSubstr(kSnapshotPath));
  EXPECT_THAT(refused.hint(), HasSubstr("--skip-hash-check"));
  expect_nothing_made();
  world_.options.skip_hash_check = true;
  const RestoreResult result = world_.run();
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("does not end in the SHA-256")));
}

TEST_F(RestoreTest, RefusesAWrongTrailerUnlessForced) {
  use(with_wrong_trailer());
  for (const bool skip : {false, true}) {
    world_.options.skip_hash_check = skip;
    const base::Error refused = error();
    EXPECT_EQ(refused.code(), Code::kCorrupt);
    EXPECT_THAT(refused.what(), HasSubstr("does not match the SHA-256 that etcd sent"));
    EXPECT_THAT(refused.hint(), HasSubstr("--force-corrupt"));
    expect_nothing_made();
  }
  world_.options.force_corrupt = true;
  EXPECT_THAT(world_.run().warnings, ElementsAre(HasSubstr("does not match the SHA-256")));
  EXPECT_THAT(world_.log_text.str(), HasSubstr("does not match the SHA-256"));
}

TEST_F(RestoreTest, RefusesWhatIsNotWhatTheCatalogSays) {
  base::Sha256 hash;
  hash.update(testing::read_golden(kPlain));
  world_.source.expected_sha256 = base::to_hex(hash.digest());
  world_.run();
  world_.options.members[0].target.data_dir = "/other";
  use(testing::read_golden("etcd/3.5.30-s1.snapshot.db"));  // whole, and another one
  const base::Error refused = error();
  EXPECT_EQ(refused.code(), Code::kCorrupt);
  EXPECT_THAT(refused.what(), HasSubstr("catalog"));
  EXPECT_THAT(fs_.tree(), Not(Contains("/other/")));
}

TEST_F(RestoreTest, AcceptsASnapshotThatWasOnlyOpenedForWritingSince) {
  Surgeon surgeon(testing::read_golden(kPlain));
  bbolt::MetaBody meta = surgeon.meta(0);
  meta.txid = std::max<std::uint64_t>(meta.txid, surgeon.meta(1).txid) + 1;
  surgeon.set_meta(meta.txid % 2, meta);
  use(surgeon.image());
  const RestoreResult result = world_.run();
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("opened the snapshot for writing")));
}

TEST_F(RestoreTest, NamesTheDamagedPage) {
  use(with_lost_page());
  const base::Error refused = error();
  EXPECT_EQ(refused.code(), Code::kCorrupt);
  EXPECT_THAT(refused.what(), StartsWith(cat("snapshot ", kSnapshotPath, " is damaged: pages: ")));
  EXPECT_THAT(refused.what(), HasSubstr("page "));
  expect_nothing_made();
}

TEST_F(RestoreTest, BringsBackTheRestOfADamagedSnapshotAndTellsWhatIsLost) {
  use(with_lost_page());
  world_.options.skip_hash_check = world_.options.force_corrupt = true;
  world_.options.bump_amount = 0;
  const RestoreResult result = world_.run();
  EXPECT_THAT(result.warnings, Contains(HasSubstr("is damaged: pages: page ")));
  EXPECT_THAT(result.warnings, Contains(StartsWith("not brought back: page ")));
  const etcd::Inspection restored = inspect();
  EXPECT_GT(restored.keys, 50U);
  EXPECT_LT(restored.keys, 142U);
  EXPECT_EQ(restored.hashes.front(), result.hash_kv);
  // The database itself is whole again; what is missing is missing from its records alone.
  for (const etcd::Finding& finding : restored.findings.kept()) {
    EXPECT_EQ(finding.check, "records") << finding.where << ": " << finding.message;
  }
}

// Wherever this revision follows `lead`, it becomes one that no store comes to.
base::Buffer with_revision_beyond_reach(const std::string& golden, std::string_view lead,
                                        std::int64_t revision) {
  base::Buffer image = testing::read_golden(golden);
  const base::Buffer key = etcd::encode_revision_key({{revision, 0}, false});
  base::Buffer wanted(lead.begin(), lead.end());
  wanted.insert(wanted.end(), key.begin(), key.end());
  for (auto at = image.begin();;) {
    at = std::search(at, image.end(), wanted.begin(), wanted.end());
    if (at == image.end()) break;
    at += static_cast<std::ptrdiff_t>(lead.size());
    *at = 0x7F;
  }
  Surgeon surgeon(image);
  surgeon.fix_trailer();
  return surgeon.image();
}

TEST_F(RestoreTest, CallsADamagedRevisionDamageAndNotAWrongFlag) {
  use(with_revision_beyond_reach(kKubernetes, "", 158));
  const base::Error refused = error();
  EXPECT_EQ(refused.code(), Code::kCorrupt) << refused.what();
  expect_nothing_made();
}

TEST_F(RestoreTest, CountsFromTheNewestRecordThatCanBeReadWhenForced) {
  use(with_revision_beyond_reach(kKubernetes, "", 158));
  world_.options.skip_hash_check = world_.options.force_corrupt = true;
  world_.options.bump_amount = 1000;
  const RestoreResult result = world_.run();
  EXPECT_EQ(result.revision, 157);
  EXPECT_EQ(result.bumped_to, 1157);
  EXPECT_THAT(result.warnings,
              Contains(StartsWith("not brought back: bucket key: an item does not decode: a "
                                  "revision beyond reach")));
  EXPECT_THAT(inspect().findings.kept(), IsEmpty());
}

TEST_F(RestoreTest, LeavesADamagedMarkOfACompactionOutWhenForced) {
  world_.options.skip_hash_check = world_.options.force_corrupt = true;
  for (const char* mark : {"scheduledCompactRev", "finishedCompactRev"}) {
    for (const std::int64_t amount : {0, 5}) {
      use(with_revision_beyond_reach("etcd/3.5.30-s2.snapshot.db", mark, 14));
      world_.options.bump_amount = amount;
      world_.options.members[0].target.data_dir = cat("/", mark, amount);
      const RestoreResult result = world_.run();
      EXPECT_EQ(result.revision, 16);
      EXPECT_EQ(result.bumped_to.value_or(0), amount == 0 ? 0 : 21);
      EXPECT_THAT(result.warnings, Contains(HasSubstr("bucket meta: an item does not decode")));
    }
  }
}

TEST_F(RestoreTest, RefusesWhatIsNoDatabase) {
  for (const base::Buffer& image :
       {base::Buffer{}, base::Buffer(5000, 0x20), base::Buffer(8192 + 32, 0)}) {
    use(image);
    EXPECT_EQ(error().code(), Code::kCorrupt) << image.size();
    expect_nothing_made();
    world_.options.skip_hash_check = world_.options.force_corrupt = true;
    EXPECT_EQ(error().code(), Code::kCorrupt) << image.size();
    expect_nothing_made();
    world_.options.skip_hash_check = world_.options.force_corrupt = false;
  }
}

TEST_F(RestoreTest, SaysThatAFileIsEmptyAndNotThatAFlagIsMissing) {
  use({});
  const base::Error refused = error();
  EXPECT_THAT(refused.what(), HasSubstr(": it is empty"));
  EXPECT_THAT(refused.hint(), StartsWith("restore another backup: "));
}

TEST_F(RestoreTest, SaysThatAStreamEndedTooEarly) {
  const base::Buffer image = testing::read_golden(kPlain);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, image.size() / 2, image.size() - 1}) {
    base::MemoryStream stream(base::Bytes(image).first(size));
    world_.source.stream = &stream;
    EXPECT_EQ(error().code(), Code::kCorrupt) << size;
    expect_nothing_made();
  }
}

// ---- What may happen meanwhile ------------------------------------------------------------------

TEST_F(RestoreTest, PutsNothingInPlaceThatTheDiskHasChanged) {
  world_.watcher.on_begin = [this](std::string_view what) {
    if (what != "check") return;
    const std::string path = "/data/member.partial/new/snap/db";
    std::string content = fs_.file_content(path);
    const std::size_t at = content.rfind("leased");
    ASSERT_NE(at, std::string::npos);
    content[at] = 'L';
    fs_.put_file(path, content);
  };
  const base::Error refused = error();
  EXPECT_EQ(refused.code(), Code::kIo);
  EXPECT_THAT(refused.what(), HasSubstr("not what was written"));
  expect_nothing_made();
}

TEST_F(RestoreTest, LeavesNothingWhenItIsStopped) {
  for (const char* piece : {"read", "verify", "restore", "check"}) {
    const base::Buffer image = testing::read_golden(kPlain);
    base::MemoryStream stream(image);
    world_.source.stream = &stream;
    std::stop_source stop;
    world_.watcher.on_begin = [&](std::string_view what) {
      if (what == piece) stop.request_stop();
    };
    try {
      world_.run(stop.get_token());
      ADD_FAILURE() << "it went on after " << piece;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), Code::kCancelled) << piece;
    }
    expect_nothing_made();
  }
}

TEST_F(RestoreTest, SaysThatTheDiskIsFull) {
  fs_.set_capacity(fs_.file_content(kSnapshotPath).size() + 1000);
  EXPECT_EQ(error().code(), Code::kNoSpace);
  expect_nothing_made();
  fs_.set_capacity(1'000'000);
  world_.run();
}

// Every file of a whole data directory, as one text.
std::string content_of(const FaultFs& fs, const std::string& folder) {
  std::string content;
  for (const std::string& path : fs.tree()) {
    if (!path.starts_with(folder + "/") || path.ends_with('/')) continue;
    content += cat(path.substr(folder.size()), "\n", fs.file_content(path), "\n");
  }
  return content;
}

// All that differs between the sweeps.
struct Sweep {
  bool stream = false;
  bool replace = false;
  bool all_members = false;
};

// The snapshot comes from elsewhere, so that no fault hits it; it is the small one, because every
// call is failed in every way.
void run_once(FaultFs& fs, const Sweep& sweep) {
  static const base::Buffer kImage = testing::read_golden(kPlain);
  RestoreWorld world(fs);
  base::MemoryStream stream(kImage);
  if (sweep.stream) {
    world.source.stream = &stream;
  } else {
    world.source.open = [] { return std::make_unique<base::MemorySource>(kImage); };
  }
  if (sweep.all_members) world.set_all_members();
  for (RestoreMember& member : world.options.members) member.target.replace = sweep.replace;
  world.run();
}

void prepare(FaultFs& fs, const Sweep& sweep) {
  if (sweep.replace) fs.put_file("/data/member/snap/db", "old");
}

std::vector<std::string> data_dirs(const Sweep& sweep) {
  if (!sweep.all_members) return {"/data"};
  return {"/all/m1", "/all/m2", "/all/m3"};
}

void check_old_or_new(const FaultFs& fs, const Sweep& sweep, const std::string& data_dir,
                      const std::string& whole) {
  const std::string there = content_of(fs, data_dir + "/member");
  if (!sweep.replace) {
    EXPECT_TRUE(there.empty() || there == whole) << data_dir << " is half there";
    return;
  }
  const std::string old = "/snap/db\nold\n";
  EXPECT_TRUE(there == old || there == whole) << data_dir << " is neither old nor new";
  if (there == old) return;
  EXPECT_EQ(content_of(fs, "/data/member.before-2026-11-21_060000"), old);
}

void sweep_over(const Sweep& sweep) {
  FaultFs undisturbed;
  prepare(undisturbed, sweep);
  run_once(undisturbed, sweep);
  const auto check = [&](FaultFs& fs) {
    for (const std::string& data_dir : data_dirs(sweep)) {
      check_old_or_new(fs, sweep, data_dir, content_of(undisturbed, data_dir + "/member"));
    }
    // Whatever was left, a later run comes to its end and clears it.
    Sweep later = sweep;
    later.replace = true;
    run_once(fs, later);
    for (const std::string& data_dir : data_dirs(sweep)) {
      EXPECT_EQ(content_of(fs, data_dir + "/member"),
                content_of(undisturbed, data_dir + "/member"));
    }
    EXPECT_THAT(fs.tree(), Not(Contains(HasSubstr("partial"))));
  };
  testing::fail_sweep({.prepare = [&](FaultFs& fs) { prepare(fs, sweep); },
                       .run = [&](FaultFs& fs) { run_once(fs, sweep); },
                       .check = check});
}

TEST(RestoreSweep, LeavesNoMemberOrAWholeOne) { sweep_over({}); }

TEST(RestoreSweep, LeavesNoMemberOrAWholeOneFromAStream) { sweep_over({.stream = true}); }

TEST(RestoreSweep, LeavesTheOldMemberOrTheNewOne) { sweep_over({.replace = true}); }

TEST(RestoreSweep, LeavesEachOfAllMembersWholeOrNotThere) { sweep_over({.all_members = true}); }

}  // namespace
}  // namespace lifeboat::backup
