#include "backup/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backup/test_world.h"
#include "base/error.h"
#include "base/hash.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::backup {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using vault::CatalogFile;

constexpr char kId[] = "2026-11-21_060000";
constexpr char kSnapshot[] = "snapshot_2026-11-21_060000.db";
constexpr char kSnapshotPath[] =
    "/backups/prod/backups/2026-11-21_060000/"
    "snapshot_2026-11-21_060000.db";

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs_.put_directory("/backups");
    world_.take();
  }

  // The check, the place and the message of each finding.
  std::vector<std::string> findings() {
    std::vector<std::string> lines;
    for (const Finding& finding : world_.verify(kId).findings) {
      lines.push_back(finding.check + ": " + finding.where + " " + finding.message);
    }
    return lines;
  }

  void change_catalog(const std::function<void(vault::Catalog&)>& change) {
    world_.change_catalog(kId, change);
  }

  FaultFs fs_;
  TestWorld world_{fs_};
};

TEST_F(VerifyTest, FindsNothingWrongWithAWholeBackup) {
  const VerifyResult result = world_.verify(kId);
  EXPECT_EQ(result.subject, kId);
  EXPECT_TRUE(result.ok());
  EXPECT_THAT(result.checks, ElementsAre("files", "trailer", "pages", "records", "hash_kv"));
}

TEST_F(VerifyTest, FindsAFlippedBitAnywhere) {
  const std::string whole = fs_.file_content(kSnapshotPath);
  for (std::size_t at = 0; at < whole.size(); at += 997) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    fs_.put_file(kSnapshotPath, damaged);
    EXPECT_THAT(findings(), Contains(HasSubstr("has the SHA-256 "))) << "at byte " << at;
    EXPECT_THAT(findings(), Contains("trailer: " + std::string(kSnapshot) +
                                     " does not match the SHA-256 that etcd sent with it"))
        << "at byte " << at;
  }
}

TEST_F(VerifyTest, FindsATruncatedFile) {
  const std::string whole = fs_.file_content(kSnapshotPath);
  fs_.put_file(kSnapshotPath, whole.substr(0, whole.size() - 32));
  EXPECT_THAT(findings(),
              ElementsAre("files: snapshot_2026-11-21_060000.db has 65536 bytes, the catalog says "
                          "65568",
                          "trailer: snapshot_2026-11-21_060000.db does not end in the SHA-256 that "
                          "etcd sends with a snapshot"));
  fs_.put_file(kSnapshotPath, "");
  EXPECT_THAT(findings().front(), HasSubstr("has 0 bytes"));
}

TEST_F(VerifyTest, FindsAFileThatGrew) {
  fs_.put_file(kSnapshotPath, fs_.file_content(kSnapshotPath) + "x");
  EXPECT_THAT(findings(), Contains(HasSubstr("has 65569 bytes")));
  EXPECT_THAT(findings(), Contains(HasSubstr("does not end in the SHA-256")));
}

TEST_F(VerifyTest, FindsThatAFileIsMissing) {
  fs_.remove_file(kSnapshotPath);
  EXPECT_THAT(findings(), ElementsAre("files: snapshot_2026-11-21_060000.db is missing"));
  EXPECT_THAT(world_.verify(kId).checks, ElementsAre("files"));
  fs_.put_symlink(kSnapshotPath);
  EXPECT_THAT(findings(), ElementsAre("files: snapshot_2026-11-21_060000.db is missing"));
}

TEST_F(VerifyTest, AQuickLookCallsAllThatItFindsQuick) {
  const auto look = [this] {
    return verify_backup(world_.vault, world_.vault.find(kId), {.quick = true}, world_.reading(),
                         {})
        .findings;
  };
  fs_.put_file(kSnapshotPath, "short");
  ASSERT_EQ(look().size(), 1U);
  EXPECT_EQ(look()[0].check, "quick");
  fs_.remove_file(kSnapshotPath);
  ASSERT_EQ(look().size(), 1U);
  EXPECT_EQ(look()[0].check, "quick");
}

// A catalog that was changed along with the file proves nothing: the trailer is etcd's.
TEST_F(VerifyTest, DoesNotBelieveACatalogThatAgreesWithADamagedFile) {
  std::string damaged = fs_.file_content(kSnapshotPath);
  damaged[1000] = static_cast<char>(damaged[1000] ^ 1);
  fs_.put_file(kSnapshotPath, damaged);
  base::Sha256 hash;
  hash.update(base::as_bytes(damaged));
  change_catalog([&](vault::Catalog& catalog) {
    catalog.files[0].sha256 = catalog.files[0].plain_sha256 = base::to_hex(hash.digest());
  });
  EXPECT_THAT(findings(), Contains(HasSubstr("trailer: ")));
}

TEST_F(VerifyTest, FindsAnEncodingThatItDoesNotKnow) {
  change_catalog([](vault::Catalog& catalog) { catalog.files[0].encoding = {"zstd", "rot13"}; });
  EXPECT_THAT(findings(), ElementsAre("files: snapshot_2026-11-21_060000.db is encoded in a way "
                                      "that this version does not know: zstd, rot13"));
  EXPECT_THAT(world_.verify(kId).checks, ElementsAre("files"));
}

TEST_F(VerifyTest, ChecksFilesOfEveryRole) {
  change_catalog([&](vault::Catalog& catalog) {
    catalog.files.push_back(plain_file("static_kuberesources", "static.tar.gz", "static pods"));
  });
  EXPECT_THAT(findings(), ElementsAre("files: static.tar.gz is missing"));
  fs_.put_file("/backups/prod/backups/2026-11-21_060000/static.tar.gz", "static pots");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("files: static.tar.gz has the SHA-256")));
  fs_.put_file("/backups/prod/backups/2026-11-21_060000/static.tar.gz", "static pods");
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(VerifyTest, FindsThatACatalogNamesNoSnapshot) {
  change_catalog([](vault::Catalog& catalog) { catalog.files.clear(); });
  EXPECT_THAT(findings(), ElementsAre("files: backup.json names no snapshot"));
}

TEST_F(VerifyTest, TakesANameThatNoFileCanHaveForAMissingOne) {
  change_catalog([](vault::Catalog& catalog) { catalog.files[0].name = "snapshot.db.partial"; });
  EXPECT_THAT(findings(), ElementsAre("files: snapshot.db.partial is missing"));
}

TEST_F(VerifyTest, StopsOnRequest) {
  std::stop_source stop;
  stop.request_stop();
  try {
    verify_backup(world_.vault, world_.vault.find(kId), {}, world_.reading(), stop.get_token());
    ADD_FAILURE() << "was not stopped";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCancelled);
  }
}

TEST_F(VerifyTest, AFailingDiskIsNoFinding) {
  const vault::StoredBackup backup = world_.vault.find(kId);
  fs_.fail_at(3, FaultFs::Fault::kIoError);
  EXPECT_THROW(verify_backup(world_.vault, backup, {}, world_.reading(), {}), base::Error);
}

// ---- What the catalog says the snapshot holds -------------------------------------------------

TEST_F(VerifyTest, ComparesTheNumbersOfTheCatalog) {
  change_catalog([](vault::Catalog& catalog) { catalog.etcd.keys = 8; });
  EXPECT_THAT(findings(),
              ElementsAre("hash_kv: snapshot_2026-11-21_060000.db holds 7 keys in 15 records up to "
                          "revision 11; the catalog says otherwise"));
}

TEST_F(VerifyTest, ComparesTheHashOfTheCatalog) {
  change_catalog([](vault::Catalog& catalog) { catalog.etcd.hash_kv->hash = 1; });
  EXPECT_THAT(findings(), ElementsAre("hash_kv: snapshot_2026-11-21_060000.db its HashKV is not 1, "
                                      "which the catalog has for it"));
}

TEST_F(VerifyTest, MakesOnlyTheChecksThatAreAskedFor) {
  const VerifyChecks pages_only{
      .files = false, .trailer = false, .records = false, .hash_kv = false};
  const auto backup = world_.vault.find(kId);
  EXPECT_THAT(verify_backup(world_.vault, backup, pages_only, world_.reading(), {}).checks,
              ElementsAre("pages"));
  const VerifyChecks bytes_only{.pages = false, .records = false, .hash_kv = false};
  const VerifyResult result = verify_backup(world_.vault, backup, bytes_only, world_.reading(), {});
  EXPECT_THAT(result.checks, ElementsAre("files", "trailer"));
  EXPECT_FALSE(result.inspection);
}

// ---- Files that are in no vault ---------------------------------------------------------------

VerifyResult verify_image(const base::Buffer& image, const VerifyChecks& checks = {}) {
  base::Progress progress;
  const OpenFile open = [&] { return std::make_unique<base::MemorySource>(image); };
  return verify_file("/tmp/some.db", [&] { return open; }, checks, progress, {});
}

VerifyResult verify_undecodable(const base::Error& error) {
  base::Progress progress;
  return verify_file("/tmp/some.db.zst", [&]() -> OpenFile { throw error; }, {}, progress, {});
}

TEST(VerifyFile, WhatCannotBeDecodedIsAFinding) {
  const base::Error damage(base::Code::kCorrupt, "/tmp/some.db.zst: zstd data that ends too early");
  const VerifyResult result = verify_undecodable(damage);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_TRUE(result.is_damaged());
  EXPECT_EQ(result.findings[0].check, "files");
  EXPECT_EQ(result.findings[0].where, "/tmp/some.db.zst");
  EXPECT_EQ(result.findings[0].message, "zstd data that ends too early");
}

TEST(VerifyFile, WhatKeepsItFromBeingReadIsNone) {
  EXPECT_THROW(verify_undecodable(base::Error(base::Code::kIo, "cannot read it")), base::Error);
}

TEST(VerifyFile, ProvesASnapshotWithATrailer) {
  const VerifyResult result = verify_image(testing::read_golden("etcd/3.6.14-s2.snapshot.db"));
  EXPECT_EQ(result.subject, "/tmp/some.db");
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_THAT(result.checks, ElementsAre("trailer", "pages", "records", "hash_kv"));
  EXPECT_THAT(result.notes, IsEmpty());
  EXPECT_EQ(result.inspection.value().hashes.at(0).hash, 3395615623U);
}

TEST(VerifyFile, ProvesABareDatabaseWithoutOne) {
  base::Buffer image = testing::read_golden("etcd/3.6.14-s2.snapshot.db");
  image.resize(image.size() - 32);
  const VerifyResult result = verify_image(image);
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_THAT(result.checks, ElementsAre("pages", "records", "hash_kv"));
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("/tmp/some.db has no trailer")));
}

TEST(VerifyFile, FindsThatATrailerIsCutOrHasGrown) {
  const base::Buffer whole = testing::read_golden("etcd/3.6.14-s2.snapshot.db");
  for (const long by : {-31L, -16L, -1L, 1L, 100L}) {
    base::Buffer image = whole;
    image.resize(static_cast<std::size_t>(static_cast<long>(image.size()) + by));
    const VerifyResult result = verify_image(image);
    EXPECT_THAT(result.checks, ElementsAre("pages", "records", "hash_kv", "trailer")) << by;
    ASSERT_EQ(result.findings.size(), 1U) << by;
    EXPECT_THAT(result.findings[0].message, HasSubstr("neither part of a page nor")) << by;
  }
}

// What opening for writing does to a snapshot: a commit of nothing.
base::Buffer reopened(base::Buffer image, int times) {
  testing::Surgeon surgeon(std::move(image));
  for (int i = 0; i < times; ++i) {
    bbolt::MetaBody meta = surgeon.meta(0);
    meta.txid = std::max<std::uint64_t>(meta.txid, surgeon.meta(1).txid) + 1;
    surgeon.set_meta(meta.txid % 2, meta);
  }
  return surgeon.image();
}

TEST(VerifyFile, AcceptsAFileThatWasOnlyOpenedForWritingSince) {
  for (const char* name : {"etcd/3.4.23-tree.snapshot.db", "etcd/3.5.30-s0.snapshot.db",
                           "etcd/3.5.30-s2.snapshot.db"}) {
    for (int times = 1; times <= 3; ++times) {
      const VerifyResult result = verify_image(reopened(testing::read_golden(name), times));
      EXPECT_THAT(result.findings, IsEmpty()) << name << times;
      EXPECT_THAT(result.notes, ElementsAre(HasSubstr("was opened for writing")));
    }
  }
}

TEST(VerifyFile, FindsAFlippedBitInAFileThatWasOpenedForWriting) {
  base::Buffer image = reopened(testing::read_golden("etcd/3.4.23-tree.snapshot.db"), 1);
  image[60'000] ^= 1;
  EXPECT_THAT(verify_image(image).findings, Not(IsEmpty()));
}

TEST(VerifyFile, CallsNoHashRightBesideDamage) {
  base::Buffer image = testing::read_golden("etcd/3.5.30-s0.snapshot.db");
  const VerifyChecks hash_only{.files = false, .trailer = false, .pages = false, .records = false};
  EXPECT_TRUE(verify_image(image, hash_only).ok());
  const std::string_view lease("\x08\xe9\x07\x10\x90\x1c", 6);
  const std::size_t at = base::as_text(image).find(lease);
  ASSERT_NE(at, std::string_view::npos);
  image[at] = 0x7f;
  const VerifyResult result = verify_image(image, hash_only);
  ASSERT_FALSE(result.findings.empty());
  EXPECT_EQ(result.findings.front().check, "hash_kv");
}

TEST(VerifyFile, FindsThatAFileIsNoDatabase) {
  const VerifyResult result = verify_image(base::Buffer(5000, 0x20));
  EXPECT_FALSE(result.ok());
  EXPECT_THAT(result.findings.at(0).message, HasSubstr("this is no bbolt database"));
}

TEST(VerifyFile, SaysWhatAFileIsThatHidesTheDatabase) {
  const std::pair<std::string_view, std::string_view> kinds[] = {
      {"\x1F\x8B\x08", "compressed with gzip"},
      {"\x28\xB5\x2F\xFD", "compressed with zstd"},
      {"\xFD"
       "7zXZ",
       "compressed with xz"},
      {"age-encryption.org/v1", "encrypted with age"}};
  for (const auto& [head, kind] : kinds) {
    base::Buffer image(5000, 0x20);
    std::ranges::copy(base::as_bytes(head), image.begin());
    EXPECT_THAT(verify_image(image).notes, ElementsAre(HasSubstr(kind)));
  }
  EXPECT_THAT(verify_image(base::Buffer(5000, 0x20)).notes, IsEmpty());
  EXPECT_THAT(verify_image({}).notes, IsEmpty());
}

// A bucket's, whose blobs are held to what they were when they were opened.
class ReplacedStore : public store::DirStore {
 public:
  using store::DirStore::DirStore;

  std::unique_ptr<base::RandomSource> open(const std::string& name) override {
    throw base::Error(base::Code::kCorrupt, name + " was replaced while it was read");
  }
};

TEST_F(VerifyTest, AnEncryptedFileThatIsReplacedWhileItIsReadIsAFinding) {
  const std::string content(fs_.file_content(kSnapshotPath));
  fs_.put_file(std::string(kSnapshotPath) + ".age", content);
  change_catalog([](vault::Catalog& catalog) {
    catalog.files[0].name += ".age";
    catalog.files[0].encoding = {"age"};
  });
  ReplacedStore store(fs_, "/backups");
  vault::ClusterVault vault(store, "prod");
  const VerifyResult result = verify_backup(vault, vault.find(kId), {}, world_.reading(), {});
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_THAT(result.findings[0].message, HasSubstr("was replaced while it was read"));
}

}  // namespace
}  // namespace lifeboat::backup
