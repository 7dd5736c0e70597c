#include "backup/copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backup/export.h"
#include "backup/test_world.h"
#include "base/hash.h"
#include "base/text.h"
#include "testing/error_of.h"
#include "testing/mem_store.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kId = "2026-11-21_060000";

// One backup in a folder, and a bucket to copy it to.
class CopyTest : public ::testing::Test {
 protected:
  CopyTest() {
    fs_.put_directory("/backups");
    bucket_.set_remote(true);
    world_.take();
    sealed_.snapshot.zstd.emplace();
    sealed_.snapshot.recipients = {identity_.recipient()};
    sealed_.node_files.recipients = {identity_.recipient()};
  }

  CopyResult copy(const CopyOptions& options = {}, std::stop_token stop = {}) {
    const auto lock = target_.lock();
    return copy_backup(world_.vault, world_.vault.find(kId), target_, options, world_.reading(),
                       stop);
  }

  VerifyResult verify_copy() {
    return verify_backup(target_, target_.find(kId), {}, world_.reading(), {});
  }

  // To the backup in the folder.
  void add_resources() {
    world_.add_file(kId, "static_kuberesources", "static.tar.gz", "static pods");
  }

  const vault::CatalogFile& snapshot(const vault::Catalog& catalog) {
    return *catalog.file_with_role(vault::kRoleSnapshot);
  }

  FaultFs fs_;
  TestWorld world_{fs_};
  testing::MemStore bucket_;
  vault::ClusterVault target_{bucket_, "prod"};
  const codec::Identity identity_ = codec::Identity::generate();
  vault::BackupEncoding sealed_;
};

TEST_F(CopyTest, WhatArrivesIsTheSameAndProves) {
  const CopyResult result = copy();
  EXPECT_FALSE(result.was_there);
  const vault::Catalog original = world_.vault.find(kId).catalog;
  EXPECT_EQ(snapshot(result.catalog).sha256, snapshot(original).sha256);
  EXPECT_EQ(result.catalog.etcd.revision, original.etcd.revision);
  EXPECT_TRUE(verify_copy().ok());
}

TEST_F(CopyTest, ASecondTimeNothingIsDone) {
  copy();
  EXPECT_TRUE(copy().was_there);
}

TEST_F(CopyTest, AnotherBackupOfThatIdIsLeftAlone) {
  copy();
  vault::Catalog other = target_.find(kId).catalog;
  other.files[0].plain_sha256 = std::string(64, 'a');
  store::put_text(bucket_, vault::blob_name("prod", other.id, vault::kCatalogName),
                  vault::encode_catalog(other));
  EXPECT_EQ(error_of([&] { copy(); }).code(), Code::kExists);
  EXPECT_EQ(target_.find(kId).catalog.files[0].plain_sha256, std::string(64, 'a'));
}

// A catalog that is a link is no file, but the backup beside it is there.
TEST_F(CopyTest, TouchesNothingBesideACatalogThatIsNoFile) {
  store::DirStore folder(fs_, "/other");
  fs_.put_directory("/other");
  vault::ClusterVault there(folder, "prod");
  const auto copy_there = [&](const CopyOptions& options) {
    return copy_backup(world_.vault, world_.vault.find(kId), there, options, world_.reading(), {});
  };
  copy_there({});
  const std::string place = base::cat("/other/prod/backups/", kId, "/");
  fs_.remove_file(place + "backup.json");
  fs_.put_symlink(place + "backup.json");
  const auto error = error_of([&] { copy_there({.encoding = sealed_}); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_TRUE(fs_.info(place + "snapshot_2026-11-21_060000.db"));
}

TEST_F(CopyTest, EncodesAnewAndKeepsTheHashesOfThePlainFiles) {
  const CopyResult result = copy({.encoding = sealed_});
  const vault::CatalogFile& file = snapshot(result.catalog);
  EXPECT_EQ(file.name, "snapshot_2026-11-21_060000.db.zst.age");
  EXPECT_THAT(file.encoding, ElementsAre("zstd", "age"));
  EXPECT_EQ(file.plain_sha256, snapshot(world_.vault.find(kId).catalog).plain_sha256);
  EXPECT_NE(file.sha256, file.plain_sha256);
}

TEST_F(CopyTest, WhatIsEncryptedProvesWithItsKeyOnly) {
  copy({.encoding = sealed_});
  const VerifyResult without = verify_copy();
  EXPECT_TRUE(without.ok());
  EXPECT_THAT(without.notes, ElementsAre(HasSubstr("only its stored bytes were compared")));
  EXPECT_THAT(without.checks, ElementsAre("files"));
  world_.keyring.identities.push_back(identity_);
  const VerifyResult with = verify_copy();
  EXPECT_TRUE(with.ok());
  EXPECT_THAT(with.checks, ElementsAre("files", "trailer", "pages", "records", "hash_kv"));
}

TEST_F(CopyTest, DamageToAnEncryptedCopyIsFoundWithAndWithoutTheKey) {
  const CopyResult result = copy({.encoding = sealed_});
  const std::string blob =
      vault::blob_name("prod", result.catalog.id, snapshot(result.catalog).name);
  std::string content = store::get_text(bucket_, blob, 1 << 20);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  store::put_text(bucket_, blob, content);
  EXPECT_FALSE(verify_copy().ok());
  world_.keyring.identities.push_back(identity_);
  EXPECT_FALSE(verify_copy().ok());
  EXPECT_FALSE(
      verify_backup(target_, target_.find(kId), {.quick = true}, world_.reading(), {}).ok());
}

TEST_F(CopyTest, WhatIsEncryptedDoesNotBecomePlainByMistake) {
  copy({.encoding = sealed_});
  world_.keyring.identities.push_back(identity_);
  testing::MemStore elsewhere;
  vault::ClusterVault plain(elsewhere, "prod");
  const auto copy_plain = [&](bool allow) {
    copy_backup(target_, target_.find(kId), plain,
                {.encoding = vault::BackupEncoding(), .allow_plain = allow}, world_.reading(), {});
  };
  EXPECT_EQ(error_of([&] { copy_plain(false); }).code(), Code::kInvalid);
  EXPECT_THAT(plain.inventory().backups, IsEmpty());
  copy_plain(true);
  EXPECT_TRUE(verify_backup(plain, plain.find(kId), {}, world_.reading(), {}).ok());
}

TEST_F(CopyTest, NeedsNoKeyForWhatIsCopiedAsItIsStored) {
  copy({.encoding = sealed_});
  testing::MemStore elsewhere;
  vault::ClusterVault third(elsewhere, "prod");
  const CopyResult result =
      copy_backup(target_, target_.find(kId), third, {}, world_.reading(), {});
  EXPECT_EQ(snapshot(result.catalog).sha256, snapshot(target_.find(kId).catalog).sha256);
}

TEST_F(CopyTest, GoesOnWithFilesThatAreWhole) {
  const vault::Catalog original = world_.vault.find(kId).catalog;
  const std::string name = snapshot(original).name;
  const std::string content =
      fs_.file_content("/backups/prod/backups/" + std::string(kId) + "/" + name);
  store::put_text(bucket_, vault::blob_name("prod", original.id, name), content);
  EXPECT_EQ(copy().files_kept, 1U);
  EXPECT_TRUE(verify_copy().ok());
}

TEST_F(CopyTest, DoesNotGoOnWithAFileOfTheSameSizeAndOtherContent) {
  const vault::Catalog original = world_.vault.find(kId).catalog;
  const vault::CatalogFile& file = snapshot(original);
  store::put_text(bucket_, vault::blob_name("prod", original.id, file.name),
                  std::string(file.size_bytes, 'x'));
  EXPECT_EQ(copy().files_kept, 0U);
  EXPECT_TRUE(verify_copy().ok());
}

// A plain file of a copy that was killed would stay beside the encrypted one for ever.
TEST_F(CopyTest, WhatADeadCopyLeftDoesNotStayBesideTheBackup) {
  const vault::Catalog original = world_.vault.find(kId).catalog;
  const std::string plain = vault::blob_name("prod", original.id, snapshot(original).name);
  store::put_text(bucket_, plain, "plain");
  copy({.encoding = sealed_});
  EXPECT_EQ(bucket_.size_bytes(plain), std::nullopt);
  store::put_text(bucket_, plain, "plain");
  EXPECT_THAT(verify_copy().notes, Contains(HasSubstr("the catalog does not name it")));
}

TEST_F(CopyTest, WhatIsThereAndNotWholeIsNotPassedOver) {
  const CopyResult result = copy();
  const std::string blob =
      vault::blob_name("prod", result.catalog.id, snapshot(result.catalog).name);
  const std::string content = store::get_text(bucket_, blob, 1 << 20);
  store::put_text(bucket_, blob, std::string(content.size(), 'x'));  // its checksum is another one
  EXPECT_EQ(error_of([&] { copy(); }).code(), Code::kCorrupt);
  bucket_.remove(blob);
  EXPECT_EQ(error_of([&] { copy(); }).code(), Code::kCorrupt);
}

TEST_F(CopyTest, WhatIsThereInAnotherEncodingIsNotPassedOver) {
  copy();
  const auto error = error_of([&] { copy({.encoding = sealed_}); });
  EXPECT_EQ(error.code(), Code::kExists);
  EXPECT_THAT(error.what(), HasSubstr("encoded otherwise"));
}

TEST_F(CopyTest, KeepsCompressionWhereOnlyEncryptionIsAskedFor) {
  vault::BackupEncoding packed;
  packed.snapshot.zstd.emplace();
  copy({.encoding = packed});
  testing::MemStore elsewhere;
  vault::ClusterVault third(elsewhere, "prod");
  vault::BackupEncoding encrypted;
  encrypted.snapshot.recipients = {identity_.recipient()};
  const CopyResult result =
      copy_backup(target_, target_.find(kId), third,
                  {.encoding = encrypted, .keep_compression = true}, world_.reading(), {});
  EXPECT_THAT(snapshot(result.catalog).encoding, ElementsAre("zstd", "age"));
}

// The disk holds one backup and a little: what is there already needs no room again.
TEST_F(CopyTest, GoesOnWhereOnlyTheRestFits) {
  FaultFs disk;
  disk.put_directory("/copy");
  store::DirStore store(disk, "/copy");
  vault::ClusterVault vault(store, "prod");
  const vault::Catalog original = world_.vault.find(kId).catalog;
  const std::string name = snapshot(original).name;
  const std::string folder = "/prod/backups/" + std::string(kId) + "/" + name;
  disk.put_file("/copy" + folder, fs_.file_content("/backups" + folder));
  disk.set_capacity(original.size_bytes() + 20000);
  EXPECT_EQ(
      copy_backup(world_.vault, world_.vault.find(kId), vault, {}, world_.reading(), {}).files_kept,
      1U);
}

TEST_F(CopyTest, AWrongKeyIsAnErrorAndNoProof) {
  const CopyResult result = copy({.encoding = sealed_});
  world_.keyring.identities.push_back(codec::Identity::generate());
  const VerifyResult verified = verify_copy();
  EXPECT_FALSE(verified.ok());
  EXPECT_FALSE(verified.is_damaged());
  ASSERT_TRUE(verified.denied.has_value());
  EXPECT_EQ(verified.denied->code(), Code::kDenied);
  EXPECT_THAT(verified.denied->what(), HasSubstr(snapshot(result.catalog).name));
  EXPECT_THAT(verified.checks, ElementsAre("files"));
}

// In the line that says for whom it is: with the right key it then looks like somebody else's.
TEST_F(CopyTest, DamageInTheHeadOfAnEncryptedFileIsNotBlamedOnTheKey) {
  const CopyResult result = copy({.encoding = sealed_});
  const std::string blob =
      vault::blob_name("prod", result.catalog.id, snapshot(result.catalog).name);
  std::string content = store::get_text(bucket_, blob, 1 << 20);
  char& changed = content[content.find("-> X25519 ") + 60];
  changed = changed == 'A' ? 'B' : 'A';
  store::put_text(bucket_, blob, content);
  world_.keyring.identities.push_back(identity_);
  const VerifyResult verified = verify_copy();
  EXPECT_TRUE(verified.is_damaged());
  EXPECT_FALSE(verified.denied.has_value());
  EXPECT_THAT(verified.findings.at(0).message, HasSubstr("has the SHA-256"));
  testing::MemStore elsewhere;
  vault::ClusterVault plain(elsewhere, "prod");
  const CopyOptions options{.encoding = vault::BackupEncoding(), .allow_plain = true};
  const auto error = error_of(
      [&] { copy_backup(target_, target_.find(kId), plain, options, world_.reading(), {}); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
}

// Who may read the data need not hold the cluster's keys.
TEST_F(CopyTest, TheKeyOfTheDataAloneVerifiesTheSnapshot) {
  add_resources();
  sealed_.node_files.recipients = {codec::Identity::generate().recipient()};
  copy({.encoding = sealed_});
  world_.keyring.identities.push_back(identity_);
  const VerifyResult verified = verify_copy();
  EXPECT_TRUE(verified.ok());
  EXPECT_THAT(verified.checks, ElementsAre("files", "trailer", "pages", "records", "hash_kv"));
  EXPECT_THAT(verified.notes, ElementsAre(AllOf(HasSubstr("static.tar.gz.age"),
                                                HasSubstr("only its stored bytes"))));
  const auto error =
      error_of([&] { export_to_folder(target_, target_.find(kId), world_.reading(), "/out", {}); });
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.what(), HasSubstr("static.tar.gz.age"));
}

TEST_F(CopyTest, ExportBlamesWhatIsDamagedAndNotTheKeyThatIsMissing) {
  add_resources();
  const codec::Identity of_resources = codec::Identity::generate();
  sealed_.node_files.recipients = {of_resources.recipient()};
  const CopyResult result = copy({.encoding = sealed_});
  const std::string blob =
      vault::blob_name("prod", result.catalog.id, result.catalog.files.back().name);
  std::string content = store::get_text(bucket_, blob, 1 << 20);
  content.back() = static_cast<char>(content.back() ^ 1);
  store::put_text(bucket_, blob, content);
  world_.keyring.identities.push_back(of_resources);
  const auto error =
      error_of([&] { export_to_folder(target_, target_.find(kId), world_.reading(), "/out", {}); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("is not whole: files: static.tar.gz"));
}

TEST_F(CopyTest, SealedResourcesKeepNobodyFromCheckingAPlainSnapshot) {
  add_resources();
  vault::BackupEncoding encoding;
  encoding.node_files.recipients = {identity_.recipient()};
  copy({.encoding = encoding});
  const VerifyChecks pages{.files = false, .trailer = false, .records = false, .hash_kv = false};
  EXPECT_TRUE(verify_backup(target_, target_.find(kId), pages, world_.reading(), {}).ok());
}

TEST_F(CopyTest, ChecksThatNeedAKeyAreNotPassedWithoutOne) {
  copy({.encoding = sealed_});
  const VerifyChecks pages{.files = false, .trailer = false, .records = false, .hash_kv = false};
  const auto verify = [&] {
    verify_backup(target_, target_.find(kId), pages, world_.reading(), {});
  };
  EXPECT_EQ(error_of(verify).code(), Code::kDenied);
}

TEST_F(CopyTest, ADamagedBackupIsNotCopied) {
  const std::string path = "/backups/prod/backups/2026-11-21_060000/snapshot_2026-11-21_060000.db";
  fs_.flip_bit(path, 5000);
  for (const CopyOptions& options : {CopyOptions(), CopyOptions{.encoding = sealed_}}) {
    const auto error = error_of([&] { copy(options); });
    EXPECT_EQ(error.code(), Code::kCorrupt);
    EXPECT_THAT(error.what(), HasSubstr("snapshot_2026-11-21_060000.db"));
    EXPECT_THAT(target_.inventory().backups, IsEmpty());
  }
}

TEST_F(CopyTest, SaysBeforeItBeginsThatThereIsNoRoom) {
  FaultFs small;
  small.put_directory("/small");
  small.set_capacity(1000);
  store::DirStore store(small, "/small");
  vault::ClusterVault vault(store, "prod");
  const auto lock = vault.lock();
  const auto error = error_of(
      [&] { copy_backup(world_.vault, world_.vault.find(kId), vault, {}, world_.reading(), {}); });
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(error.what(), HasSubstr("needed"));
}

TEST_F(CopyTest, StopsOnRequest) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] { copy({}, stop.get_token()); }).code(), Code::kCancelled);
  EXPECT_THAT(target_.inventory().backups, IsEmpty());
}

// Whatever fails and whenever, the copy is there and whole, or it is not there.
TEST_F(CopyTest, AFaultAtAnyCallLeavesAllOrNothing) {
  for (const auto fault : {FaultFs::Fault::kIoError, FaultFs::Fault::kDiskFull}) {
    for (std::uint64_t call = 1;; ++call) {
      FaultFs disk;
      disk.put_directory("/copy");
      store::DirStore store(disk, "/copy");
      vault::ClusterVault vault(store, "prod");
      bool failed = false;
      disk.fail_at(call, fault);
      try {
        copy_backup(world_.vault, world_.vault.find(kId), vault, {}, world_.reading(), {});
      } catch (const base::Error&) {
        failed = true;
      }
      const bool happened = disk.fault_happened();
      disk.power_cut();
      const auto backups = vault.inventory().backups;
      EXPECT_EQ(backups.size(), failed ? backups.size() : 1U);
      for (const auto& backup : backups) {
        EXPECT_TRUE(verify_backup(vault, backup, {}, world_.reading(), {}).ok()) << "call " << call;
      }
      if (!happened) break;
    }
  }
}

}  // namespace
}  // namespace lifeboat::backup
