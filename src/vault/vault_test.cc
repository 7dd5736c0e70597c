#include "vault/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "store/dir_store.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fault_fs.h"
#include "testing/mem_store.h"

namespace lifeboat::vault {
namespace {

using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemStore;

BackupId id_of(std::string_view text) { return BackupId::parse(text).value(); }

Catalog make_catalog(std::string_view id, std::string cluster = "prod") {
  Catalog catalog;
  catalog.id = id_of(id);
  catalog.cluster = std::move(cluster);
  catalog.files = {{.role = "snapshot",
                    .name = snapshot_file_name(catalog.id, Mark::kNone),
                    .size_bytes = 4,
                    .sha256 = std::string(64, 'a'),
                    .encoding = {},
                    .plain_size_bytes = 4,
                    .plain_sha256 = std::string(64, 'a')}};
  catalog.verified = CatalogVerified{base::TimePoint{}, {"trailer"}};
  return catalog;
}

// A whole backup as a run makes it: the file, then the catalog.
void make_backup(ClusterVault& vault, std::string_view id) {
  const Catalog catalog = make_catalog(id, vault.cluster());
  const auto sink = vault.put_file(catalog.id, catalog.files.front().name);
  sink->write(base::as_bytes("data"));
  sink->finish();
  vault.publish(catalog);
}

std::vector<std::string> texts(const std::vector<BackupId>& ids) {
  std::vector<std::string> result;
  for (const BackupId& id : ids) result.push_back(id.text());
  return result;
}

std::vector<std::string> backup_ids(ClusterVault& vault) {
  std::vector<std::string> result;
  for (const StoredBackup& backup : vault.inventory().backups) {
    result.push_back(backup.catalog.id.text());
  }
  return result;
}

class VaultTest : public ::testing::Test {
 protected:
  MemStore store_;
  ClusterVault vault_{store_, "prod"};
};

TEST_F(VaultTest, RefusesWhatIsNoClusterName) {
  const base::Error error = error_of([&] { ClusterVault(store_, "../prod"); });
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_STREQ(error.what(), "\"../prod\" can't be the name of a cluster");
}

TEST_F(VaultTest, HoldsABackupOnceItsCatalogIsPublished) {
  const BackupId id = id_of("2026-11-21_060000");
  const auto sink = vault_.put_file(id, snapshot_file_name(id, Mark::kNone));
  sink->write(base::as_bytes("data"));
  sink->finish();
  EXPECT_THAT(backup_ids(vault_), IsEmpty());
  EXPECT_THAT(texts(vault_.inventory().leftovers), ElementsAre("2026-11-21_060000"));

  vault_.publish(make_catalog("2026-11-21_060000"));
  EXPECT_THAT(backup_ids(vault_), ElementsAre("2026-11-21_060000"));
  EXPECT_THAT(vault_.inventory().leftovers, IsEmpty());
  EXPECT_EQ(vault_.file_size_bytes(id, snapshot_file_name(id, Mark::kNone)), 4U);
  EXPECT_EQ(vault_.file_size_bytes(id, "other"), std::nullopt);
}

TEST_F(VaultTest, ListsOldestFirstByIdAndNotByText) {
  for (const char* id :
       {"2026-11-21_060000_10", "2026-11-21_060000_9", "2026-11-21_060000", "2026-11-21_055959"}) {
    make_backup(vault_, id);
  }
  EXPECT_THAT(backup_ids(vault_), ElementsAre("2026-11-21_055959", "2026-11-21_060000",
                                              "2026-11-21_060000_9", "2026-11-21_060000_10"));
}

TEST_F(VaultTest, NewestIdIsThatOfAllKinds) {
  EXPECT_EQ(vault_.inventory().newest_id(), std::nullopt);
  make_backup(vault_, "2026-11-21_060000");
  EXPECT_EQ(vault_.inventory().newest_id(), id_of("2026-11-21_060000"));
  store::put_text(store_, "prod/backups/2026-11-22_060000/backup.json", "{}");
  EXPECT_EQ(vault_.inventory().newest_id(), id_of("2026-11-22_060000"));
  store::put_text(store_, "prod/backups/2026-11-23_060000/snapshot.db", "");
  EXPECT_EQ(vault_.inventory().newest_id(), id_of("2026-11-23_060000"));
}

TEST_F(VaultTest, AnUnreadableCatalogNeitherCountsNorHidesTheOthers) {
  make_backup(vault_, "2026-11-21_060000");
  std::string newer = encode_catalog(make_catalog("2026-11-21_060001"));
  newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 9");
  store::put_text(store_, "prod/backups/2026-11-21_060001/backup.json", newer);
  store::put_text(store_, "prod/backups/2026-11-21_060002/backup.json", "{\"format\": 1");
  store::put_text(store_, "prod/backups/2026-11-21_060003/backup.json",
                  std::string(kCatalogMaxBytes + 1, ' '));
  store::put_text(store_, "prod/backups/2026-11-21_060004/backup.json",
                  encode_catalog(make_catalog("2026-11-21_060000")));

  const Inventory inventory = vault_.inventory();
  EXPECT_EQ(inventory.backups.size(), 1U);
  ASSERT_EQ(inventory.unreadable.size(), 4U);
  EXPECT_EQ(describe(inventory.unreadable[0]),
            "backup 2026-11-21_060001 does not count, its catalog can't be read: "
            "memory/prod/backups/2026-11-21_060001/backup.json: was written by a newer version "
            "(format 9; this one reads 1)");
  EXPECT_THAT(inventory.unreadable[1].reason, HasSubstr("not valid JSON"));
  EXPECT_THAT(inventory.unreadable[2].reason, HasSubstr("bytes"));
  EXPECT_THAT(inventory.unreadable[3].reason,
              HasSubstr("belongs to another backup, 2026-11-21_060000"));

  EXPECT_THAT(vault_.remove_leftovers(), IsEmpty());
  EXPECT_EQ(vault_.inventory().unreadable.size(), 4U);
}

TEST_F(VaultTest, FindsById) {
  make_backup(vault_, "2026-11-21_060000");
  make_backup(vault_, "2026-11-22_060000");
  vault_.pin(id_of("2026-11-21_060000"));
  EXPECT_EQ(vault_.find("2026-11-21_060000").catalog.id, id_of("2026-11-21_060000"));
  EXPECT_TRUE(vault_.find("2026-11-21_060000").pinned);
  EXPECT_FALSE(vault_.find("2026-11-22_060000").pinned);
}

TEST_F(VaultTest, LatestIsTheNewestWithACatalog) {
  store::put_text(store_, "prod/backups/2026-11-20_060000/backup.json", "");
  make_backup(vault_, "2026-11-21_060000");
  make_backup(vault_, "2026-11-22_060000");
  store::put_text(store_, "prod/backups/2026-11-24_060000/snapshot.db", "");
  EXPECT_EQ(vault_.find("latest").catalog.id.text(), "2026-11-22_060000");
}

TEST_F(VaultTest, LatestIsNoOlderBackupWhenTheNewestCatalogIsDamaged) {
  make_backup(vault_, "2026-11-21_060000");
  make_backup(vault_, "2026-11-22_060000");
  store::put_text(store_, "prod/backups/2026-11-23_060000/backup.json", "");
  const base::Error error = error_of([&] { vault_.find("latest"); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("the newest backup of cluster prod is 2026-11-23_060000, "
                                      "and its catalog can't be read: "));
  EXPECT_EQ(error.hint(),
            "name another one by its id; the newest that can be read are: 2026-11-22_060000, "
            "2026-11-21_060000; \"lifeboat list\" shows all");
  EXPECT_EQ(vault_.find("2026-11-22_060000").catalog.id.text(), "2026-11-22_060000");
}

TEST_F(VaultTest, LatestIsDamagedAlsoWhereThereIsNoOther) {
  store::put_text(store_, "prod/backups/2026-11-23_060000/backup.json", "");
  const base::Error error = error_of([&] { vault_.find("latest"); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_EQ(error.hint(), "no other one can be read; \"lifeboat list\" shows all");
}

TEST_F(VaultTest, LatestIsNoOlderBackupWhenTheNewestIsOfANewerFormat) {
  make_backup(vault_, "2026-11-21_060000");
  std::string newer = encode_catalog(make_catalog("2026-11-22_060000"));
  newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 9");
  store::put_text(store_, "prod/backups/2026-11-22_060000/backup.json", newer);
  const base::Error error = error_of([&] { vault_.find("latest"); });
  EXPECT_EQ(error.code(), Code::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("is 2026-11-22_060000, and its catalog can't be read: "));
  EXPECT_THAT(error.what(), HasSubstr("was written by a newer version"));
  EXPECT_THAT(error.hint(), HasSubstr("name another one by its id"));
}

TEST_F(VaultTest, SaysWhatIsThereWhenAnIdIsNot) {
  for (const char* id :
       {"2026-11-20_060000", "2026-11-21_060000", "2026-11-22_060000", "2026-11-23_060000"}) {
    make_backup(vault_, id);
  }
  const base::Error missing = error_of([&] { vault_.find("2026-11-24_060000"); });
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_STREQ(missing.what(), "cluster prod has no backup 2026-11-24_060000 in memory");
  EXPECT_EQ(missing.hint(),
            "the newest are: 2026-11-23_060000, 2026-11-22_060000, 2026-11-21_060000");

  store::put_text(store_, "prod/backups/2026-11-24_060000/snapshot.db", "");
  EXPECT_THAT(error_of([&] { vault_.find("2026-11-24_060000"); }).what(),
              HasSubstr("is not complete"));
  EXPECT_EQ(error_of([&] { vault_.find("newest"); }).code(), Code::kInvalid);
}

TEST_F(VaultTest, SaysWhichClustersThereAreWhenOneHasNoBackups) {
  EXPECT_THAT(error_of([&] { vault_.find("latest"); }).hint(), HasSubstr("the vault is empty"));
  ClusterVault other(store_, "test");
  make_backup(other, "2026-11-21_060000");
  for (const char* id : {"latest", "2026-11-21_060000"}) {
    const base::Error error = error_of([&] { vault_.find(id); });
    EXPECT_EQ(error.code(), Code::kNotFound);
    EXPECT_STREQ(error.what(), "there is no backup of cluster prod in memory");
    EXPECT_EQ(error.hint(), "the vault holds: test");
  }
}

TEST_F(VaultTest, FindOfADamagedCatalogSaysSo) {
  store::put_text(store_, "prod/backups/2026-11-21_060000/backup.json", "{}");
  const base::Error error = error_of([&] { vault_.find("2026-11-21_060000"); });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_STREQ(error.what(),
               "memory/prod/backups/2026-11-21_060000/backup.json: is no catalog: format is "
               "missing");
  EXPECT_EQ(error_of([&] { vault_.find("latest"); }).code(), Code::kCorrupt);
}

TEST_F(VaultTest, ListsClustersByTheirBackupsFolder) {
  make_backup(vault_, "2026-11-21_060000");
  ClusterVault other(store_, "alpha");
  make_backup(other, "2026-11-21_060000");
  store::put_text(store_, "lost+found/backups/x", "");
  store::put_text(store_, "notes/readme.txt", "");
  store::put_text(store_, "file", "");
  EXPECT_THAT(list_clusters(store_), ElementsAre("alpha", "prod"));
}

TEST_F(VaultTest, PinsAndUnpinsTwiceWithoutHarm) {
  make_backup(vault_, "2026-11-21_060000");
  const BackupId id = id_of("2026-11-21_060000");
  vault_.pin(id);
  vault_.pin(id);
  EXPECT_TRUE(vault_.find("latest").pinned);
  vault_.unpin(id);
  vault_.unpin(id);
  EXPECT_FALSE(vault_.find("latest").pinned);
  EXPECT_EQ(error_of([&] { vault_.pin(id_of("2026-11-22_060000")); }).code(), Code::kNotFound);
  EXPECT_EQ(error_of([&] { vault_.unpin(id_of("2026-11-22_060000")); }).code(), Code::kNotFound);
}

TEST_F(VaultTest, RemovesABackupWithAllThatIsInItsFolder) {
  make_backup(vault_, "2026-11-21_060000");
  make_backup(vault_, "2026-11-22_060000");
  vault_.pin(id_of("2026-11-21_060000"));
  vault_.remove(id_of("2026-11-21_060000"));
  EXPECT_THAT(store_.list("prod/backups").folders, ElementsAre("2026-11-22_060000"));
}

TEST_F(VaultTest, IsBusyWhileAnotherRunHoldsTheLock) {
  const auto lock = vault_.lock();
  const base::Error error = error_of([&] { vault_.lock(); });
  EXPECT_EQ(error.code(), Code::kBusy);
  EXPECT_STREQ(error.what(), "another run is at work on cluster prod in memory");
  EXPECT_NO_THROW(ClusterVault(store_, "other").lock());
}

TEST(RetentionCandidates, AreProvenWhenTheirCatalogNamesChecks) {
  StoredBackup proven{make_catalog("2026-11-21_060000"), true};
  StoredBackup without_checks{make_catalog("2026-11-22_060000"), false};
  without_checks.catalog.verified->checks.clear();
  StoredBackup unproven{make_catalog("2026-11-23_060000"), false};
  unproven.catalog.verified.reset();
  const auto candidates = retention_candidates({proven, without_checks, unproven});
  ASSERT_EQ(candidates.size(), 3U);
  EXPECT_TRUE(candidates[0].proven);
  EXPECT_TRUE(candidates[0].pinned);
  EXPECT_EQ(candidates[0].size_bytes, 4U);
  EXPECT_FALSE(candidates[1].proven);
  EXPECT_FALSE(candidates[2].proven);
}

// A vault in a folder on a file system that can fail.
struct FolderVault {
  explicit FolderVault(FaultFs& fs) : store(fs, "/backups") {}
  store::DirStore store;
  ClusterVault vault{store, "prod"};
};

TEST(VaultInAFolder, LeavesAloneWhatIsNotItsOwn) {
  FaultFs fs;
  fs.put_directory("/backups");
  FolderVault folder(fs);
  make_backup(folder.vault, "2026-11-21_060000");
  fs.put_file("/backups/lost+found/x", "");
  fs.put_file("/backups/prod/backups/lost+found/x", "");
  fs.put_file("/backups/prod/backups/2026-11-21_060000_1/snapshot.db", "");
  fs.put_file("/backups/prod/backups/2026-11-22_060000.old/backup.json", "{}");
  fs.put_file("/backups/prod/backups/notes.txt", "");
  fs.put_file("/backups/prod/backups/2026-11-23_060000", "a file and no folder");
  fs.put_symlink("/backups/prod/backups/2026-11-24_060000");
  const auto before = fs.tree();

  EXPECT_THAT(backup_ids(folder.vault), ElementsAre("2026-11-21_060000"));
  EXPECT_THAT(folder.vault.inventory().leftovers, IsEmpty());
  EXPECT_THAT(folder.vault.remove_leftovers(), IsEmpty());
  EXPECT_EQ(fs.tree(), before);
}

TEST(VaultInAFolder, RemovesLeftoversAndUnfinishedFiles) {
  FaultFs fs;
  fs.put_directory("/backups");
  FolderVault folder(fs);
  make_backup(folder.vault, "2026-11-21_060000");
  const auto before = fs.tree();
  fs.put_file("/backups/prod/backups/2026-11-21_060000/pinned.partial", "");
  fs.put_file("/backups/prod/backups/2026-11-22_060000/snapshot.db.partial", "half");
  fs.put_file("/backups/prod/backups/2026-11-23_060000/snapshot.db", "whole");
  fs.put_file("/backups/prod/backups/2026-11-23_060000/backup.json.partial", "{");
  fs.put_directory("/backups/prod/backups/2026-11-24_060000");

  EXPECT_THAT(texts(folder.vault.remove_leftovers()),
              ElementsAre("2026-11-22_060000", "2026-11-23_060000", "2026-11-24_060000"));
  EXPECT_EQ(fs.tree(), before);
}

TEST(VaultInAFolder, KeepsAFolderWhoseCatalogIsASymbolicLink) {
  FaultFs fs;
  fs.put_directory("/backups");
  FolderVault folder(fs);
  make_backup(folder.vault, "2026-11-21_060000");
  fs.put_file("/backups/prod/backups/2026-11-22_060000/snapshot.db", "data");
  fs.put_symlink("/backups/prod/backups/2026-11-22_060000/backup.json");
  fs.put_file("/backups/prod/backups/2026-11-23_060000/snapshot.db", "data");
  fs.put_directory("/backups/prod/backups/2026-11-23_060000/backup.json");
  const auto before = fs.tree();

  EXPECT_THAT(folder.vault.remove_leftovers(), IsEmpty());
  EXPECT_EQ(fs.tree(), before);
  const Inventory inventory = folder.vault.inventory();
  EXPECT_EQ(inventory.backups.size(), 1U);
  EXPECT_THAT(inventory.leftovers, IsEmpty());
  ASSERT_EQ(inventory.unreadable.size(), 2U);
  EXPECT_EQ(inventory.unreadable[0].reason,
            "/backups/prod/backups/2026-11-22_060000/backup.json: is there, and is no plain file");
  EXPECT_EQ(error_of([&] { folder.vault.find("2026-11-22_060000"); }).code(), Code::kCorrupt);
}

TEST(VaultInAFolder, AMissingVaultIsNotFound) {
  FaultFs fs;
  FolderVault folder(fs);
  EXPECT_EQ(error_of([&] { folder.vault.inventory(); }).code(), Code::kNotFound);
  EXPECT_EQ(error_of([&] { folder.vault.lock(); }).code(), Code::kNotFound);
  EXPECT_EQ(error_of([&] { folder.vault.find("latest"); }).code(), Code::kNotFound);
  EXPECT_EQ(error_of([&] { list_clusters(folder.store); }).code(), Code::kNotFound);
}

TEST(VaultInAFolder, ACatalogThatCannotBeReadHidesNoOther) {
  FaultFs fs;
  fs.put_directory("/backups");
  FolderVault folder(fs);
  make_backup(folder.vault, "2026-11-21_060000");
  make_backup(folder.vault, "2026-11-22_060000");
  std::size_t unreadable = 0;
  for (std::uint64_t call = 1; call < 100; ++call) {
    fs.fail_at(call, FaultFs::Fault::kIoError);
    try {
      const Inventory inventory = folder.vault.inventory();
      EXPECT_EQ(inventory.backups.size() + inventory.unreadable.size(), 2U);
      EXPECT_THAT(inventory.leftovers, IsEmpty());
      unreadable += inventory.unreadable.size();
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), Code::kIo);
    }
  }
  EXPECT_GT(unreadable, 0U);
}

// Sorts before the catalog: a removal in the order of names would take it first.
constexpr char kFirstByName[] = "a.db";

void prepare_two_backups(FaultFs& fs) {
  fs.put_directory("/backups");
  FolderVault folder(fs);
  Catalog catalog = make_catalog("2026-11-21_060000");
  catalog.files.front().name = kFirstByName;
  const auto sink = folder.vault.put_file(catalog.id, kFirstByName);
  sink->write(base::as_bytes("data"));
  sink->finish();
  folder.vault.publish(catalog);
  make_backup(folder.vault, "2026-11-22_060000");
}

// What is there is whole, and cleaning up leaves exactly the backups.
void check_whole_and_clean(FolderVault& folder) {
  for (const StoredBackup& backup : folder.vault.inventory().backups) {
    EXPECT_EQ(folder.vault.file_size_bytes(backup.catalog.id, backup.catalog.files[0].name), 4U);
  }
  const auto before = backup_ids(folder.vault);
  folder.vault.remove_leftovers();
  EXPECT_EQ(backup_ids(folder.vault), before);
  EXPECT_THAT(folder.vault.inventory().leftovers, IsEmpty());
  EXPECT_THAT(folder.vault.inventory().unreadable, IsEmpty());
}

TEST(VaultInAFolder, RemovingIsAllOrNothingWhateverFails) {
  testing::fail_sweep({
      .prepare = prepare_two_backups,
      .run = [](FaultFs& fs) { FolderVault(fs).vault.remove(id_of("2026-11-21_060000")); },
      .check =
          [](FaultFs& fs) {
            FolderVault folder(fs);
            EXPECT_EQ(backup_ids(folder.vault).back(), "2026-11-22_060000");
            check_whole_and_clean(folder);
          },
  });
}

TEST(VaultInAFolder, PublishingIsAllOrNothingWhateverFails) {
  testing::fail_sweep({
      .prepare = prepare_two_backups,
      .run =
          [](FaultFs& fs) {
            FolderVault folder(fs);
            make_backup(folder.vault, "2026-11-23_060000");
          },
      .check =
          [](FaultFs& fs) {
            FolderVault folder(fs);
            EXPECT_GE(backup_ids(folder.vault).size(), 2U);
            check_whole_and_clean(folder);
          },
  });
}

TEST(VaultInAFolder, PinningLosesNothingWhateverFails) {
  testing::fail_sweep({
      .prepare = prepare_two_backups,
      .run =
          [](FaultFs& fs) {
            FolderVault folder(fs);
            folder.vault.pin(id_of("2026-11-21_060000"));
            folder.vault.unpin(id_of("2026-11-21_060000"));
          },
      .check =
          [](FaultFs& fs) {
            FolderVault folder(fs);
            EXPECT_THAT(backup_ids(folder.vault),
                        ElementsAre("2026-11-21_060000", "2026-11-22_060000"));
            check_whole_and_clean(folder);
          },
  });
}

}  // namespace
}  // namespace lifeboat::vault
