// Backups with a node to read from: static pods, the question whether it is settled, the script.
#include "backup/node_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "backup/take.h"
#include "backup/test_world.h"
#include "base/error.h"
#include "base/text.h"
#include "node/archive_check.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fake_host_tree.h"
#include "testing/mem_store.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kId[] = "2026-11-21_060000";
constexpr char kFolder[] = "/backups/prod/backups/2026-11-21_060000/";

// What a script is said to have left.
class FakeScriptBackup : public node::ScriptBackup {
 public:
  FakeScriptBackup(FaultFs& fs, bool dirty) : fs_(fs), dirty_(dirty) {}
  ~FakeScriptBackup() override {
    for (const std::string& path : {snapshot_, static_pods_}) {
      if (fs_.info(path)) fs_.remove_file(path);
    }
  }

  const std::string& snapshot_path() const override { return snapshot_; }
  const std::string& static_pods_path() const override { return static_pods_; }
  bool possibly_dirty() const override { return dirty_; }

 private:
  FaultFs& fs_;
  const bool dirty_;
  const std::string snapshot_ = "/host/tmp/snapshot_2026-11-21_055959.db";
  const std::string static_pods_ = "/host/tmp/static_kuberesources_2026-11-21_055959.tar.gz";
};

class NodeBackup : public ::testing::Test {
 protected:
  void SetUp() override {
    fs_.put_directory("/backups");
    put_node(fs_);
    use_node();
  }

  static void put_node(FaultFs& fs) {
    const std::string base = "/host/etc/kubernetes/";
    for (const char* pod :
         {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
      const std::string folder = cat("static-pod-resources/", pod, "-pod-7");
      fs.put_file(cat(base, "manifests/", pod, "-pod.yaml"),
                  cat("hostPath: {path: /etc/kubernetes/", folder, "}\n"));
      fs.put_file(cat(base, folder, "/", pod, "-pod.yaml"), pod);
      fs.put_file(cat(base, "static-pod-resources/", pod, "-pod-8/newer"), "not this one");
    }
    fs.put_file("/host/var/lib/etcd/revision.json", R"({"raftIndex":{"etcd-1":12}})");
  }

  void use_node() {
    world_.node.emplace(
        NodeContext{.fs = fs_,
                    .tree = tree_,
                    .platform = node::Platform::kOpenShift,
                    .ask_whether_settled = [this](std::stop_token) { return settled_; },
                    .run_script =
                        [this](bool force, std::stop_token) {
                          forced_ = force;
                          return run_script();
                        }});
  }

  // The two files that OpenShift's script makes, taken from an ordinary backup.
  std::unique_ptr<node::ScriptBackup> run_script() {
    ++script_runs_;
    if (script_failure_) throw *script_failure_;
    auto script = std::make_unique<FakeScriptBackup>(fs_, script_is_dirty_);
    fs_.put_file(script->snapshot_path(), script_snapshot_);
    fs_.put_file(script->static_pods_path(), script_pods_);
    if (after_script_) after_script_();
    return script;
  }

  void record_what_a_script_makes() {
    FaultFs other;
    other.put_directory("/backups");
    put_node(other);
    TestWorld world(other);
    testing::FakeHostTree tree(other, "/host");
    world.node.emplace(NodeContext{.fs = other,
                                   .tree = tree,
                                   .platform = node::Platform::kOpenShift,
                                   .ask_whether_settled =
                                       [](std::stop_token) {
                                         return node::SettledAnswer{true, ""};
                                       },
                                   .run_script = nullptr});
    world.take();
    script_snapshot_ = other.file_content(cat(kFolder, "snapshot_", kId, ".db"));
    script_pods_ = other.file_content(cat(kFolder, "static_kuberesources_", kId, ".tar.gz"));
  }

  std::vector<std::string> names(const TakeResult& result) {
    std::vector<std::string> names;
    for (const vault::CatalogFile& file : result.backup.files) names.push_back(file.name);
    return names;
  }

  FaultFs fs_;
  TestWorld world_{fs_};
  testing::FakeHostTree tree_{fs_, "/host"};
  node::SettledAnswer settled_{true, ""};
  std::optional<base::Error> script_failure_;
  std::function<void()> after_script_;
  std::string script_snapshot_;
  std::string script_pods_;
  bool script_is_dirty_ = false;
  int script_runs_ = 0;
  bool forced_ = false;
};

TEST_F(NodeBackup, HoldsTheStaticPodsAndTheRevision) {
  const TakeResult result = world_.take();
  EXPECT_THAT(names(result), ElementsAre(cat("snapshot_", kId, ".db"),
                                         cat("static_kuberesources_", kId, ".tar.gz"),
                                         cat("revision_", kId, ".json")));
  EXPECT_EQ(result.backup.platform, "openshift");
  EXPECT_EQ(result.backup.method, "native");
  EXPECT_THAT(result.backup.warnings, IsEmpty());
  EXPECT_FALSE(result.needs_attention);
  EXPECT_TRUE(world_.verify("latest").ok());
  const auto archive =
      world_.vault.open_file(result.backup.id, cat("static_kuberesources_", kId, ".tar.gz"));
  EXPECT_EQ(node::check_archive(*archive, {}).entries, 8U);  // four folders, four files
  EXPECT_EQ(fs_.file_content(cat(kFolder, "revision_", kId, ".json")),
            R"({"raftIndex":{"etcd-1":12}})");
}

// There is no /scratch here.
TEST_F(NodeBackup, SealedResourcesBesideAPlainSnapshotNeedNoScratchSpace) {
  testing::MemStore bucket;
  bucket.set_remote(true);
  vault::ClusterVault far_away(bucket, "prod");
  const codec::Identity identity = codec::Identity::generate();
  vault::BackupEncoding sealed;
  sealed.node_files.recipients = {identity.recipient()};
  vault::BackupEncoding packed = sealed;
  packed.snapshot.zstd.emplace();
  const DeliverResult result =
      world_.deliver({{&world_.vault, {}, sealed, false}, {&far_away, {}, packed, false}});
  EXPECT_FALSE(result.needs_attention);
  const auto& files = result.deliveries[0].backup->files;
  ASSERT_THAT(files, SizeIs(3));
  EXPECT_THAT(files[0].encoding, IsEmpty());
  EXPECT_THAT(files[1].encoding, ElementsAre("age"));
  EXPECT_THAT(files[2].encoding, ElementsAre("age"));
  EXPECT_EQ(result.deliveries[1].backup->files[1].sha256, files[1].sha256);
  world_.keyring.identities.push_back(identity);
  for (vault::ClusterVault* vault : {&world_.vault, &far_away}) {
    const VerifyResult verified =
        verify_backup(*vault, vault->find("latest"), {}, world_.reading(), {});
    EXPECT_TRUE(verified.ok());
    EXPECT_THAT(verified.notes, IsEmpty());
  }
}

// The archive of a script is read back.
TEST_F(NodeBackup, SealedResourcesOfAScriptGoByWayOfScratchSpace) {
  record_what_a_script_makes();
  world_.options.method = Method::kScript;
  vault::BackupEncoding sealed;
  sealed.node_files.recipients = {codec::Identity::generate().recipient()};
  const std::vector<Destination> destinations{{&world_.vault, {}, sealed, false}};
  EXPECT_EQ(error_of([&] { world_.deliver(destinations); }).code(), Code::kNotFound);
  fs_.put_directory("/scratch");
  const DeliverResult result = world_.deliver(destinations);
  EXPECT_EQ(result.backup().method, "script");
  EXPECT_THAT(result.backup().files[1].encoding, ElementsAre("age"));
  EXPECT_THAT(fs_.list("/scratch"), IsEmpty());
}

// What is sealed for one vault's recipients is not for those of another.
TEST_F(NodeBackup, ResourcesForOtherRecipientsInEachVaultGoByWayOfScratchSpace) {
  testing::MemStore bucket;
  bucket.set_remote(true);
  vault::ClusterVault far_away(bucket, "prod");
  const codec::Identity ours = codec::Identity::generate();
  const codec::Identity theirs = codec::Identity::generate();
  vault::BackupEncoding for_us;
  for_us.node_files.recipients = {ours.recipient()};
  vault::BackupEncoding for_them;
  for_them.node_files.recipients = {theirs.recipient()};
  const std::vector<Destination> destinations{{&world_.vault, {}, for_us, false},
                                              {&far_away, {}, for_them, false}};
  EXPECT_EQ(error_of([&] { world_.deliver(destinations); }).code(), Code::kNotFound);
  fs_.put_directory("/scratch");
  EXPECT_FALSE(world_.deliver(destinations).needs_attention);
  const auto proven_files = [&](vault::ClusterVault& vault, const codec::Identity& identity) {
    world_.keyring.identities.assign(1, identity);
    const VerifyResult verified =
        verify_backup(vault, vault.find("latest"), {}, world_.reading(), {});
    EXPECT_TRUE(verified.ok());
    return 3 - verified.notes.size();  // each note is of a file that no key opens
  };
  EXPECT_EQ(proven_files(world_.vault, ours), 3U);
  EXPECT_EQ(proven_files(far_away, theirs), 3U);
  EXPECT_EQ(proven_files(world_.vault, theirs), 1U);
  EXPECT_EQ(proven_files(far_away, ours), 1U);
}

// A run that has no resources to store stores none of them plain.
TEST_F(NodeBackup, WithoutANodeIsNotRefusedBesideSealedResources) {
  vault::BackupEncoding sealed;
  sealed.node_files.recipients = {codec::Identity::generate().recipient()};
  world_.deliver({{&world_.vault, {}, sealed, false}});
  const std::vector<Destination> plain{{&world_.vault, {}, {}, false}};
  EXPECT_EQ(error_of([&] { world_.deliver(plain); }).code(), Code::kInvalid);
  world_.node.reset();
  EXPECT_THAT(world_.deliver(plain).backup().files, SizeIs(1));
}

TEST_F(NodeBackup, WithoutANodeSaysOnceThatItHoldsEtcdAlone) {
  world_.node.reset();
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.files, SizeIs(1));
  EXPECT_EQ(result.backup.platform, "none");
  EXPECT_FALSE(result.needs_attention);
  EXPECT_THAT(world_.log_text.str(), HasSubstr("etcd's data alone"));
}

TEST_F(NodeBackup, KeepsWhatThereIsOfTheStaticPodsAndNamesTheRest) {
  fs_.remove_file("/host/etc/kubernetes/manifests/kube-scheduler-pod.yaml");
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.files, SizeIs(3));
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("kube-scheduler")));
  EXPECT_TRUE(result.needs_attention);
}

TEST_F(NodeBackup, ABackupWithoutAnyStaticPodsIsABackup) {
  testing::FakeHostTree empty(fs_, "/nowhere");
  world_.node.emplace(NodeContext{.fs = fs_,
                                  .tree = empty,
                                  .platform = node::Platform::kOpenShift,
                                  .ask_whether_settled =
                                      [](std::stop_token) {
                                        return node::SettledAnswer{true, ""};
                                      },
                                  .run_script = nullptr});
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.files, SizeIs(1));
  EXPECT_TRUE(result.needs_attention);
}

TEST_F(NodeBackup, LeavesOutAFileThatDoesNotFitAndKeepsTheRest) {
  const std::string mebibyte(1024 * 1024, 'x');
  fs_.put_file("/host/etc/kubernetes/static-pod-resources/etcd-pod-7/large", mebibyte + mebibyte);
  fs_.put_file("/filler", mebibyte);
  fs_.set_capacity(3 * mebibyte.size() + 512 * 1024);
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.files, SizeIs(3));
  EXPECT_THAT(result.backup.warnings,
              ElementsAre(AllOf(HasSubstr("etcd-pod-7/large has 2.0 MiB"), HasSubstr("no room"))));
  EXPECT_TRUE(result.needs_attention);
  EXPECT_TRUE(world_.verify("latest").ok());
}

TEST_F(NodeBackup, LosesNoSnapshotForStaticPodsThatDoNotFit) {
  for (int i = 0; i < 10; ++i) {
    fs_.put_file(cat("/host/etc/kubernetes/static-pod-resources/etcd-pod-7/", i),
                 std::string(100 * 1024, 'x'));
  }
  fs_.set_capacity(1500 * 1024);
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.files, SizeIs(2));
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("static pod resources are not in")));
  EXPECT_TRUE(result.needs_attention);
}

TEST_F(NodeBackup, NeedsRoomForTheSnapshotItself) {
  fs_.set_capacity(kTestImageBytes);
  EXPECT_EQ(error_of([&] { world_.take(); }).code(), Code::kNoSpace);
  EXPECT_THAT(world_.ids(), IsEmpty());
}

TEST_F(NodeBackup, LosesNoSnapshotWhenTheVaultFillsUpBehindIt) {
  world_.cluster.members[1].on_chunk = [&](std::size_t) {
    std::string noise(300 * 1024, ' ');
    std::mt19937 random;
    for (char& c : noise) c = static_cast<char>(random());
    fs_.put_file("/host/etc/kubernetes/static-pod-resources/etcd-pod-7/grown", noise);
    fs_.set_capacity(550 * 1024);
  };
  const TakeResult result = world_.take();
  EXPECT_THAT(result.backup.files, SizeIs(2));
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("static pod resources are not in")));
  EXPECT_TRUE(world_.verify("latest").ok());
}

TEST_F(NodeBackup, IsMarkedWhileTheControlPlaneChanges) {
  settled_ = {false, "kube-apiserver is progressing"};
  const TakeResult result = world_.take();
  EXPECT_THAT(names(result),
              ElementsAre(cat("snapshot_", kId, "__POSSIBLY_DIRTY__.db"),
                          cat("static_kuberesources_", kId, "__POSSIBLY_DIRTY__.tar.gz"),
                          cat("revision_", kId, ".json")));
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("kube-apiserver is progressing")));
  EXPECT_TRUE(result.needs_attention);
  EXPECT_TRUE(world_.verify("latest").ok());
}

TEST_F(NodeBackup, IsNotTakenWhileTheControlPlaneChangesIfItHasToBeAtRest) {
  settled_ = {false, "kube-apiserver is progressing"};
  world_.options.settled = Settled::kRequire;
  const base::Error error = error_of([&] { world_.take(); });
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("kube-apiserver is progressing"));
  EXPECT_THAT(world_.ids(), IsEmpty());
}

TEST_F(NodeBackup, AsksNobodyWhereThatIsIgnoredOrThereIsNobodyToAsk) {
  settled_ = {false, "kube-apiserver is progressing"};
  world_.options.settled = Settled::kIgnore;
  EXPECT_FALSE(world_.take().needs_attention);
  world_.options.settled = Settled::kRequire;
  world_.node->platform = node::Platform::kKubeadm;
  world_.clock.set("2026-11-21T06:00:01Z");
  EXPECT_THAT(world_.take().backup.files, SizeIs(3));
}

TEST_F(NodeBackup, TakesWhatTheScriptLeaves) {
  record_what_a_script_makes();
  world_.options.method = Method::kScript;
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.method, "script");
  EXPECT_EQ(result.backup.etcd.endpoint, "https://10.0.0.1:2379");
  EXPECT_THAT(names(result), ElementsAre(cat("snapshot_", kId, ".db"),
                                         cat("static_kuberesources_", kId, ".tar.gz"),
                                         cat("revision_", kId, ".json")));
  EXPECT_EQ(result.backup.etcd.hash_kv->live, "equal");
  EXPECT_TRUE(world_.verify("latest").ok());
  EXPECT_FALSE(forced_);
  EXPECT_FALSE(fs_.info("/host/tmp/snapshot_2026-11-21_055959.db").has_value());
}

TEST_F(NodeBackup, ForcesTheScriptWhereItWouldRefuse) {
  record_what_a_script_makes();
  world_.options.method = Method::kScript;
  settled_ = {false, "etcd is progressing"};
  script_is_dirty_ = true;
  const TakeResult result = world_.take();
  EXPECT_TRUE(forced_);
  EXPECT_EQ(result.backup.files[0].name, cat("snapshot_", kId, "__POSSIBLY_DIRTY__.db"));
}

TEST_F(NodeBackup, MarksWhatAScriptLeavesThatKnowsNoMark) {
  record_what_a_script_makes();
  world_.options.method = Method::kScript;
  settled_ = {false, "etcd is progressing"};
  EXPECT_EQ(world_.take().backup.files[0].name, cat("snapshot_", kId, "__POSSIBLY_DIRTY__.db"));
}

TEST_F(NodeBackup, HeedsTheMarkOfTheScript) {
  record_what_a_script_makes();
  script_is_dirty_ = true;
  world_.options.method = Method::kScript;
  EXPECT_TRUE(world_.take().needs_attention);
  world_.options.settled = Settled::kRequire;
  world_.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(error_of([&] { world_.take(); }).code(), Code::kUnavailable);
}

TEST_F(NodeBackup, TakesNoOldSnapshotFromTheScript) {
  record_what_a_script_makes();
  for (auto& member : world_.cluster.members) member.status.revision += 1'000'000;
  world_.options.method = Method::kScript;
  const base::Error error = error_of([&] { world_.take(); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("before the script began"));
  EXPECT_THAT(world_.ids(), IsEmpty());
}

TEST_F(NodeBackup, WarnsOfNothingThatWasAboutASnapshotOfTheScriptThatItRefused) {
  record_what_a_script_makes();
  base::MemorySource image(base::as_bytes(world_.cluster.members[2].image));
  const etcd::HashKv hash = etcd::inspect_database(image, {}, {}).hashes.at(0);
  for (auto& member : world_.cluster.members) member.status.revision += 1'000'000;
  int failures_left = 2;  // both ways to ask, while the script's snapshot is proven
  world_.cluster.members[2].on_hash_kv = [&](std::int64_t) {
    if (failures_left-- > 0) throw base::Error(Code::kUnavailable, "it is too busy");
    return hash;
  };
  world_.options.method = Method::kAuto;
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.method, "native");
  EXPECT_LT(failures_left, 0);
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("before the script began")));
  EXPECT_FALSE(result.needs_attention);
}

TEST_F(NodeBackup, FailsWithTheScript) {
  script_failure_ = base::Error(Code::kUnavailable, "it ended with exit status 3");
  world_.options.method = Method::kScript;
  const base::Error error = error_of([&] { world_.take(); });
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(world_.ids(), IsEmpty());
}

TEST_F(NodeBackup, TakesThePlaceOfAScriptThatFails) {
  world_.options.method = Method::kAuto;
  for (const Code code : {Code::kNotFound, Code::kDenied, Code::kUnavailable, Code::kNoSpace,
                          Code::kInvalid, Code::kIo}) {
    script_failure_ = base::Error(code, "the reason of the script");
    world_.clock.advance(std::chrono::seconds(1));
    const TakeResult result = world_.take();
    EXPECT_EQ(result.backup.method, "native");
    EXPECT_THAT(result.backup.files, SizeIs(3));
    EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("the reason of the script")));
    EXPECT_FALSE(result.needs_attention);
    EXPECT_TRUE(world_.verify("latest").ok());
  }
  EXPECT_EQ(script_runs_, 6);
}

TEST_F(NodeBackup, TakesThePlaceOfAScriptThatLeavesWhatIsNotWhole) {
  record_what_a_script_makes();
  world_.options.method = Method::kAuto;
  const std::string snapshot = script_snapshot_;
  const std::string pods = script_pods_;
  struct Case {
    std::string snapshot;
    std::string pods;
    const char* why;
  };
  std::string flipped = snapshot;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  const std::vector<Case> cases = {
      {flipped, pods, "SHA-256"},
      {snapshot.substr(0, snapshot.size() - 32), pods, "SHA-256"},
      {"", pods, "SHA-256"},
      {snapshot, pods.substr(0, pods.size() / 2), "no whole tar archive"},
      {snapshot, "garbage", "tar archive"},
      {snapshot, "", "archive"},
  };
  for (const Case& test : cases) {
    script_snapshot_ = test.snapshot;
    script_pods_ = test.pods;
    world_.clock.advance(std::chrono::seconds(1));
    const TakeResult result = world_.take();
    EXPECT_EQ(result.backup.method, "native") << test.why;
    EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr(test.why)));
    EXPECT_THAT(result.backup.files, SizeIs(3));
    EXPECT_TRUE(world_.verify("latest").ok());
  }
  EXPECT_THAT(world_.ids(), SizeIs(5));  // retention's default
}

TEST_F(NodeBackup, AVaultThatFillsUpIsNoFaultOfTheScript) {
  record_what_a_script_makes();
  world_.options.method = Method::kAuto;
  after_script_ = [this] { fs_.fail_at(3, FaultFs::Fault::kDiskFull); };
  EXPECT_EQ(error_of([&] { world_.take(); }).code(), Code::kNoSpace);
  EXPECT_EQ(script_runs_, 1);
  fs_.clear_fault();
  EXPECT_THAT(world_.ids(), IsEmpty());
}

TEST_F(NodeBackup, TakesThePlaceOfAScriptWhoseFilesDoNotFit) {
  record_what_a_script_makes();
  script_pods_ = std::string(512 * 1024, 'x');
  fs_.set_capacity(1024 * 1024);
  world_.options.method = Method::kScript;
  const base::Error error = error_of([&] { world_.take(); });
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(error.what(), HasSubstr("that the script left take 576"));
  world_.options.method = Method::kAuto;
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.method, "native");
  EXPECT_THAT(result.backup.warnings, ElementsAre(HasSubstr("that the script left take 576")));
}

TEST_F(NodeBackup, TakesNoSnapshotOfAnotherClusterFromTheScript) {
  record_what_a_script_makes();
  using etcd::HashKv;
  const std::function<HashKv(std::int64_t)> answers[] = {
      [](std::int64_t) {
        return HashKv{11, -1, 1};
      },
      [](std::int64_t) -> HashKv {
        throw base::Error(Code::kUnavailable, "required revision has been compacted");
      },
  };
  for (const auto& answer : answers) {
    for (auto& member : world_.cluster.members) member.on_hash_kv = answer;
    world_.options.method = Method::kScript;
    const base::Error error = error_of([&] { world_.take(); });
    EXPECT_EQ(error.code(), Code::kCorrupt);
    EXPECT_THAT(error.what(), HasSubstr("may be of another cluster"));
    EXPECT_THAT(world_.ids(), IsEmpty());
  }
  world_.options.method = Method::kAuto;
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.method, "native");
  EXPECT_THAT(result.backup.warnings, Contains(HasSubstr("may be of another cluster")));
}

TEST_F(NodeBackup, TakesWhatOneMemberAgreesWithFromTheScript) {
  record_what_a_script_makes();
  world_.cluster.members[2].on_hash_kv = [](std::int64_t) { return etcd::HashKv{11, -1, 1}; };
  world_.options.method = Method::kScript;
  const TakeResult result = world_.take();
  EXPECT_EQ(result.backup.method, "script");
  EXPECT_EQ(result.backup.etcd.hash_kv->live, "different");
  EXPECT_TRUE(result.needs_attention);
}

TEST_F(NodeBackup, MarksWhatItTakesInThePlaceOfAScriptThatMarked) {
  record_what_a_script_makes();
  script_is_dirty_ = true;
  script_pods_ = "garbage";
  world_.options.method = Method::kAuto;
  EXPECT_EQ(world_.take().backup.files[0].name, cat("snapshot_", kId, "__POSSIBLY_DIRTY__.db"));
  world_.options.settled = Settled::kRequire;
  world_.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(error_of([&] { world_.take(); }).code(), Code::kUnavailable);
}

// A whole run with a node: whatever call fails, what counts as a backup is one.
struct SweepWorld : TestWorld {
  explicit SweepWorld(FaultFs& file_system) : TestWorld(file_system) {
    cluster = testing::FakeCluster::healthy(1, 20480);
    options.method = Method::kAuto;
    node.emplace(
        NodeContext{.fs = fs,
                    .tree = tree,
                    .platform = node::Platform::kOpenShift,
                    .ask_whether_settled =
                        [](std::stop_token) {
                          return node::SettledAnswer{true, ""};
                        },
                    .run_script = [](bool, std::stop_token) -> std::unique_ptr<node::ScriptBackup> {
                      throw base::Error(Code::kNotFound, "there is no script");
                    }});
  }

  testing::FakeHostTree tree{fs, "/host"};
};

void prepare_vault(FaultFs& fs) {
  fs.put_directory("/backups");
  fs.put_file("/host/etc/kubernetes/manifests/etcd-pod.yaml",
              "path: /etc/kubernetes/static-pod-resources/etcd-pod-7\n");
  fs.put_file("/host/etc/kubernetes/static-pod-resources/etcd-pod-7/etcd-pod.yaml", "etcd");
  fs.put_file("/host/var/lib/etcd/revision.json", "{}");
}

void check_vault(FaultFs& fs) {
  SweepWorld world(fs);
  for (const std::string& id : world.ids()) EXPECT_TRUE(world.verify(id).ok()) << id;
  world.take_at("2026-11-23T06:00:00Z");
  EXPECT_TRUE(world.verify("latest").ok());
  EXPECT_THAT(world.vault.inventory().leftovers, IsEmpty());
  for (const std::string& path : fs.tree()) EXPECT_FALSE(path.ends_with(".partial")) << path;
}

TEST(NodeBackupUnderFaults, LosesNothingAndLeavesNothing) {
  testing::fail_sweep({.prepare = prepare_vault,
                       .run = [](FaultFs& fs) { SweepWorld(fs).take(); },
                       .check = check_vault});
}

}  // namespace
}  // namespace lifeboat::backup
