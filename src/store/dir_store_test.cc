#include "store/dir_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/error.h"
#include "os/paths.h"
#include "os/posix_fs.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fault_fs.h"
#include "testing/store_contract.h"
#include "testing/temp_folder.h"

namespace lifeboat::testing {
namespace {

class PosixFixture : public StoreFixture {
 public:
  store::Store& store() override { return store_; }
  std::unique_ptr<store::Store> second_view() override {
    return std::make_unique<store::DirStore>(fs_, folder_.path());
  }

 private:
  const TempFolder folder_;
  os::PosixFileSystem fs_;
  store::DirStore store_{fs_, folder_.path()};
};

// The root is reached through a link, as a vault at /backups often is.
class LinkedFixture : public StoreFixture {
 public:
  LinkedFixture() {
    fs_.make_directory(folder_.path("real"));
    std::filesystem::create_symlink("real", folder_.path("link"));
  }
  store::Store& store() override { return store_; }
  std::unique_ptr<store::Store> second_view() override {
    return std::make_unique<store::DirStore>(fs_, folder_.path("real/"));
  }

 private:
  const TempFolder folder_;
  os::PosixFileSystem fs_;
  store::DirStore store_{fs_, folder_.path("link")};
};

class FaultFsFixture : public StoreFixture {
 public:
  FaultFsFixture() { fs_.put_directory("/vault"); }
  store::Store& store() override { return store_; }
  std::unique_ptr<store::Store> second_view() override {
    return std::make_unique<store::DirStore>(fs_, "/vault");
  }

 private:
  FaultFs fs_;
  store::DirStore store_{fs_, "/vault"};
};

template <typename Fixture>
std::unique_ptr<StoreFixture> make() {
  return std::make_unique<Fixture>();
}

INSTANTIATE_TEST_SUITE_P(DirStoreOnDisk, StoreContract, ::testing::Values(&make<PosixFixture>));
INSTANTIATE_TEST_SUITE_P(DirStoreBehindLink, StoreContract,
                         ::testing::Values(&make<LinkedFixture>));
INSTANTIATE_TEST_SUITE_P(DirStoreInMemory, StoreContract, ::testing::Values(&make<FaultFsFixture>));

}  // namespace
}  // namespace lifeboat::testing

namespace lifeboat::store {
namespace {

using base::Code;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> blob_names(const Listing& listing) {
  std::vector<std::string> names;
  for (const BlobInfo& blob : listing.blobs) names.push_back(blob.name);
  return names;
}

constexpr std::string_view kBlob = "prod/backups/1/blob";

std::string text_of(FaultFs& fs, std::string_view name) {
  DirStore store(fs, "/vault");
  return get_text(store, std::string(name), 1000);
}

TEST(DirStoreFaults, ANewBlobIsWholeOrAbsent) {
  bool finished = false;
  testing::fail_sweep({.prepare =
                           [&](FaultFs& fs) {
                             finished = false;
                             fs.put_directory("/vault");
                           },
                       .run =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             put_text(store, std::string(kBlob), "new");
                             finished = true;
                           },
                       .check =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             const auto blobs = blob_names(store.list("prod/backups/1"));
                             EXPECT_THAT(blobs, AnyOf(IsEmpty(), ElementsAre("blob")));
                             if (finished || !blobs.empty()) {
                               EXPECT_EQ(text_of(fs, kBlob), "new");
                             }
                           }});
}

TEST(DirStoreFaults, AReplacedBlobIsOldOrNew) {
  bool finished = false;
  testing::fail_sweep({.prepare =
                           [&](FaultFs& fs) {
                             finished = false;
                             fs.put_file(os::join_path("/vault", kBlob), "old");
                           },
                       .run =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             put_text(store, std::string(kBlob), "new");
                             finished = true;
                           },
                       .check =
                           [&](FaultFs& fs) {
                             EXPECT_THAT(text_of(fs, kBlob),
                                         AnyOf("new", finished ? "new" : "old"));
                           }});
}

// Whoever died may have made a folder and not synced its name: what is put into it later must not
// go with it.
TEST(DirStoreFaults, ALaterPutIsSafeWhateverAnEarlierOneLeft) {
  testing::fail_sweep({.prepare = [](FaultFs& fs) { fs.put_directory("/vault"); },
                       .run =
                           [](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             put_text(store, std::string(kBlob), "first");
                           },
                       .check =
                           [](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             put_text(store, std::string(kBlob), "second");
                             fs.power_cut();
                             EXPECT_EQ(text_of(fs, kBlob), "second");
                             store.remove_unfinished("prod/backups/1");
                             EXPECT_THAT(fs.tree(), ElementsAre("/vault/", "/vault/prod/",
                                                                "/vault/prod/backups/",
                                                                "/vault/prod/backups/1/",
                                                                "/vault/prod/backups/1/blob"));
                           }});
}

TEST(DirStoreFaults, ARemovedBlobStaysRemoved) {
  bool finished = false;
  testing::fail_sweep({.prepare =
                           [&](FaultFs& fs) {
                             finished = false;
                             fs.put_file("/vault/a/blob", "content");
                             fs.put_file("/vault/a/other", "kept");
                           },
                       .run =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             store.remove("a/blob");
                             finished = true;
                           },
                       .check =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             EXPECT_EQ(text_of(fs, "a/other"), "kept");
                             if (store.size_bytes("a/blob")) {
                               EXPECT_FALSE(finished);
                               EXPECT_EQ(text_of(fs, "a/blob"), "content");
                             }
                             // Once more, by the next run, holds also through a power cut.
                             store.remove("a/blob");
                             fs.power_cut();
                             EXPECT_EQ(store.size_bytes("a/blob"), std::nullopt);
                           }});
}

TEST(DirStoreFaults, ARemovedFolderStaysRemovedAndItsNeighboursStay) {
  bool finished = false;
  testing::fail_sweep({.prepare =
                           [&](FaultFs& fs) {
                             finished = false;
                             for (const char* name : {"a/b/1", "a/b/c/2", "a/b/c/3", "a/bc/4"}) {
                               fs.put_file(std::string("/vault/") + name, name);
                             }
                           },
                       .run =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             store.remove_folder("a/b");
                             finished = true;
                           },
                       .check =
                           [&](FaultFs& fs) {
                             DirStore store(fs, "/vault");
                             EXPECT_EQ(text_of(fs, "a/bc/4"), "a/bc/4");
                             if (finished) {
                               EXPECT_THAT(store.list("a").folders, ElementsAre("bc"));
                             }
                             store.remove_folder("a/b");
                             fs.power_cut();
                             EXPECT_THAT(store.list("a").folders, ElementsAre("bc"));
                           }});
}

TEST(DirStoreFaults, AFullDiskLeavesTheOldBlobAndNoTrace) {
  FaultFs fs;
  fs.put_file("/vault/a/blob", "old");
  fs.set_capacity(10);
  DirStore store(fs, "/vault");
  EXPECT_EQ(store.available_bytes(), 7U);
  EXPECT_EQ(error_of([&] { put_text(store, "a/blob", "longer than that"); }).code(),
            Code::kNoSpace);
  EXPECT_THAT(fs.tree(), ElementsAre("/vault/", "/vault/a/", "/vault/a/blob"));
  EXPECT_EQ(fs.file_content("/vault/a/blob"), "old");
}

TEST(DirStoreFaults, AReadOnlyVaultCanBeRead) {
  FaultFs fs;
  fs.put_file("/vault/a/blob", "content");
  fs.set_read_only(true);
  DirStore store(fs, "/vault");
  store.check();
  EXPECT_THAT(blob_names(store.list("a")), ElementsAre("blob"));
  EXPECT_EQ(text_of(fs, "a/blob"), "content");
  EXPECT_EQ(error_of([&] { store.put("a/new"); }).code(), Code::kDenied);
  EXPECT_EQ(error_of([&] { store.remove("a/blob"); }).code(), Code::kDenied);
  EXPECT_EQ(error_of([&] { store.lock("a/.lock"); }).code(), Code::kDenied);
}

TEST(DirStoreRoot, MustBeThereAndIsNeverMade) {
  FaultFs fs;
  DirStore store(fs, "/vault");
  const std::vector<std::function<void()>> calls = {
      [&] { store.check(); },
      [&] { store.put("blob"); },
      [&] { store.lock("a/.lock"); },
  };
  for (const auto& call : calls) {
    const base::Error error = error_of(call);
    EXPECT_EQ(error.code(), Code::kNotFound);
    EXPECT_STREQ(error.what(), "there is no folder /vault");
    EXPECT_EQ(error.hint(), "create it, or mount the volume that belongs there");
  }
  EXPECT_NO_THROW(store.remove("a/blob"));
  EXPECT_NO_THROW(store.remove_folder("a"));
  EXPECT_THAT(fs.tree(), IsEmpty());
}

TEST(DirStoreRoot, MustBeAFolder) {
  const testing::TempFolder folder;
  folder.write("file", "");
  os::PosixFileSystem fs;
  DirStore store(fs, folder.path("file"));
  const base::Error error = error_of([&] { store.check(); });
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_EQ(error.what(), folder.path("file") + " is not a folder");
  EXPECT_EQ(error_of([&] { store.put("blob"); }).code(), Code::kInvalid);
  EXPECT_EQ(error_of([&] { store.get("blob"); }).code(), Code::kNotFound);
}

TEST(DirStoreRoot, ALinkToNowhereIsNoRoot) {
  const testing::TempFolder folder;
  std::filesystem::create_symlink("nowhere", folder.path("link"));
  os::PosixFileSystem fs;
  DirStore store(fs, folder.path("link"));
  EXPECT_EQ(error_of([&] { store.check(); }).code(), Code::kNotFound);
  EXPECT_FALSE(fs.info(folder.path("nowhere")));
}

TEST(DirStoreRoot, IsCalledWhatPeopleCallIt) {
  FaultFs fs;
  EXPECT_EQ(DirStore(fs, "/backups//").location(), "/backups");
  EXPECT_EQ(DirStore(fs, "/").location(), "/");
  EXPECT_EQ(DirStore(fs, "backups").location(), "backups");
}

class DirStoreOnDisk : public ::testing::Test {
 protected:
  std::string path(std::string_view name) const { return folder_.path(name); }

  const testing::TempFolder folder_;
  os::PosixFileSystem fs_;
  DirStore store_{fs_, folder_.path()};
};

TEST_F(DirStoreOnDisk, FilesAndFoldersAreTheOwnersAlone) {
  put_text(store_, "prod/backups/blob", "");
  const auto lock = store_.lock("prod/.lock");
  const std::vector<std::pair<std::string, mode_t>> expected = {
      {"prod", 0700}, {"prod/backups", 0700}, {"prod/backups/blob", 0600}, {"prod/.lock", 0600}};
  for (const auto& [name, mode] : expected) {
    struct stat status {};
    ASSERT_EQ(::lstat(path(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, mode) << name;
  }
}

TEST_F(DirStoreOnDisk, ListsNeitherLinksNorPipesNorOddNamesNorUnfinishedFiles) {
  put_text(store_, "a/blob", "content");
  std::filesystem::create_directories(path("a/folder"));
  std::filesystem::create_directories(path("a/.snapshot"));
  std::filesystem::create_symlink("blob", path("a/link"));
  std::filesystem::create_directory_symlink("folder", path("a/folder link"));
  ASSERT_EQ(::mkfifo(path("a/pipe").c_str(), 0600), 0);
  for (const char* name : {"a/.hidden", "a/new.partial", "a/new\nline"}) folder_.write(name, "");
  const Listing listing = store_.list("a");
  EXPECT_THAT(blob_names(listing), ElementsAre("blob"));
  EXPECT_THAT(listing.folders, ElementsAre("folder"));
}

TEST_F(DirStoreOnDisk, ReachesNothingThroughALink) {
  std::filesystem::create_directories(path("outside"));
  folder_.write("outside/blob", "private");
  std::filesystem::create_directories(path("vault/a"));
  std::filesystem::create_directory_symlink("../outside", path("vault/folder"));
  std::filesystem::create_symlink("../../outside/blob", path("vault/a/blob"));
  DirStore store(fs_, path("vault"));
  for (const char* name : {"folder/blob", "folder/new", "a/blob"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(error_of([&] { store.get(name); }).code(), Code::kNotFound);
    EXPECT_EQ(store.size_bytes(name), std::nullopt);
    EXPECT_EQ(error_of([&] { store.put(name); }).code(), Code::kDenied);
    EXPECT_EQ(error_of([&] { store.lock(name); }).code(), Code::kDenied);
    EXPECT_NO_THROW(store.remove(name));
    EXPECT_NO_THROW(store.remove_folder("folder/blob"));
  }
  EXPECT_THAT(store.list("folder").blobs, IsEmpty());
  EXPECT_THAT(error_of([&] { store.put("folder/new"); }).what(),
              HasSubstr(path("vault/folder") + ": it is a symbolic link"));
  EXPECT_EQ(folder_.read("outside/blob"), "private");
  EXPECT_FALSE(fs_.info(path("outside/new")));
}

TEST_F(DirStoreOnDisk, RemovesLinksAndNothingBehindThem) {
  std::filesystem::create_directories(path("outside/deep"));
  folder_.write("outside/deep/blob", "kept");
  std::filesystem::create_directories(path("vault/a/b"));
  std::filesystem::create_directory_symlink("../../../outside", path("vault/a/b/folder"));
  std::filesystem::create_symlink("../../outside/deep/blob", path("vault/a/file"));
  std::filesystem::create_directory_symlink("../outside", path("vault/link"));
  DirStore store(fs_, path("vault"));
  store.remove_folder("a");
  store.remove_folder("link");
  EXPECT_THAT(fs_.list(path("vault")), IsEmpty());
  EXPECT_EQ(folder_.read("outside/deep/blob"), "kept");
}

TEST_F(DirStoreOnDisk, RemovesFoldersNestedVeryDeepAndNamesOfAnyKind) {
  std::string deep = path("a");
  for (int i = 0; i < 200; ++i) {
    fs_.make_directory(deep);
    deep += "/d";
  }
  for (const char* name :
       {"a/\x01", "a/new\nline", "a/.hidden", "a/\xFF\xFE", "a/-rf", "a/x.partial"}) {
    folder_.write(name, "");
  }
  ASSERT_EQ(::mkfifo(path("a/pipe").c_str(), 0600), 0);
  store_.remove_folder("a");
  EXPECT_THAT(fs_.list(folder_.path()), IsEmpty());
}

TEST_F(DirStoreOnDisk, RemovesOnlyUnfinishedFilesAsUnfinished) {
  std::filesystem::create_directories(path("a/folder.partial"));
  std::filesystem::create_directories(path("a/b"));
  for (const char* name : {"a/x.partial", "a/blob", "a/.lock", "a/b/y.partial", "z.partial"}) {
    folder_.write(name, "");
  }
  store_.remove_unfinished("a");
  EXPECT_FALSE(fs_.info(path("a/x.partial")));
  for (const char* name : {"a/blob", "a/.lock", "a/b/y.partial", "a/folder.partial", "z.partial"}) {
    EXPECT_TRUE(fs_.info(path(name))) << name;
  }
}

TEST_F(DirStoreOnDisk, RefusesNamesThatItCouldNotShow) {
  for (const char* name : {".blob", "a/.blob", ".a/blob", "a/blob.partial", "a.partial/blob"}) {
    EXPECT_EQ(error_of([&] { store_.put(name); }).code(), Code::kInvalid) << name;
    EXPECT_EQ(error_of([&] { store_.get(name); }).code(), Code::kInvalid) << name;
    EXPECT_EQ(error_of([&] { store_.size_bytes(name); }).code(), Code::kInvalid) << name;
    EXPECT_EQ(error_of([&] { store_.remove(name); }).code(), Code::kInvalid) << name;
  }
  EXPECT_THAT(fs_.list(folder_.path()), IsEmpty());
}

TEST_F(DirStoreOnDisk, SaysWhatIsInTheWay) {
  std::filesystem::create_directories(path("a/folder"));
  folder_.write("file", "kept");
  for (const auto& [name, where] :
       {std::pair("a/folder", "a/folder"), std::pair("file/x", "file")}) {
    const base::Error error = error_of([&, blob = name] { store_.put(blob); });
    EXPECT_EQ(error.code(), Code::kInvalid);
    EXPECT_EQ(error.what(), "cannot write to " + path(where) + ": something else is in its place");
  }
  EXPECT_EQ(folder_.read("file"), "kept");
}

TEST_F(DirStoreOnDisk, NamesTheFileThatIsMissing) {
  const base::Error error = error_of([&] { store_.get("a/blob"); });
  EXPECT_EQ(error.what(), "there is no file " + path("a/blob"));
}

}  // namespace
}  // namespace lifeboat::store
