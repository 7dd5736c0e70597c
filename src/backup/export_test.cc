#include "backup/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "backup/test_world.h"
#include "testing/error_of.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using ::testing::Contains;
using ::testing::Each;
using testing::error_of;
using testing::FaultFs;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kId = "2026-11-21_060000";
constexpr const char* kSnapshot = "/out/snapshot_2026-11-21_060000.db";
constexpr const char* kRevision = "/out/revision_2026-11-21_060000.json";
constexpr std::string_view kRevisionText = "{\"static-pod-revision\": 7}";

// A folder in which something else happens while its files are read.
class BusyStore : public store::DirStore {
 public:
  using store::DirStore::DirStore;

  std::unique_ptr<base::Source> get(const std::string& name) override {
    if (meanwhile) meanwhile();
    return store::DirStore::get(name);
  }

  std::function<void()> meanwhile;
};

// A backup of two files, and a place to export it to.
struct ExportWorld {
  ExportWorld() {
    fs.put_directory("/backups");
    world.take();
    world.add_file(kId, vault::kRoleRevision, "revision_2026-11-21_060000.json", kRevisionText);
  }

  std::vector<ExportedFile> run() {
    return export_to_folder(vault, vault.find(kId), world.reading(), "/out", {});
  }

  FaultFs fs;
  TestWorld world{fs};
  BusyStore store{fs, "/backups"};
  vault::ClusterVault vault{store, "prod"};
};

TEST(Export, WritesEveryFileOfTheBackup) {
  ExportWorld world;
  EXPECT_EQ(world.run().size(), 2U);
  EXPECT_EQ(world.fs.file_content(kRevision), kRevisionText);
  EXPECT_EQ(world.fs.file_content(kSnapshot),
            world.fs.file_content("/backups/prod/backups/2026-11-21_060000/"
                                  "snapshot_2026-11-21_060000.db"));
}

TEST(Export, ThatFailsLeavesNoHalfOfAPairAndTheNextOneDoesWell) {
  for (const auto fault : {FaultFs::Fault::kDiskFull, FaultFs::Fault::kIoError}) {
    int failed = 0;
    for (std::uint64_t call = 1;; ++call) {
      ExportWorld world;
      world.fs.fail_at(call, fault);
      try {
        world.run();
      } catch (const base::Error& error) {
        ++failed;
        EXPECT_THAT(world.fs.tree(), Each(Not(StartsWith("/out/s")))) << call << error.what();
        EXPECT_THAT(world.fs.tree(), Each(Not(StartsWith("/out/r")))) << call << error.what();
      }
      if (!world.fs.fault_happened()) break;
      world.fs.clear_fault();
      if (world.fs.info(kSnapshot)) continue;
      EXPECT_NO_THROW(world.run()) << call;
    }
    EXPECT_GE(failed, 4);
  }
}

TEST(Export, SaysThatThereIsTooLittleRoomBeforeItWrites) {
  ExportWorld world;
  std::uint64_t used = 0;
  for (const std::string& path : world.fs.tree()) {
    if (!path.ends_with('/')) used += world.fs.file_content(path).size();
  }
  world.fs.set_capacity(used + kTestImageBytes);
  const base::Error error = error_of([&] { world.run(); });
  EXPECT_EQ(error.code(), Code::kNoSpace);
  EXPECT_THAT(error.what(), HasSubstr("not enough room in /out: "));
  EXPECT_THAT(world.fs.tree(), Not(Contains("/out/")));
}

TEST(Export, AFileThatCameMeanwhileIsNotReplaced) {
  for (const char* path : {kSnapshot, kRevision}) {
    ExportWorld world;
    world.store.meanwhile = [&] { world.fs.put_file(path, "precious"); };
    EXPECT_EQ(error_of([&] { world.run(); }).code(), Code::kExists);
    EXPECT_EQ(world.fs.file_content(path), "precious");
    const char* other = path == kSnapshot ? kRevision : kSnapshot;
    EXPECT_FALSE(world.fs.info(other)) << other;
  }
}

}  // namespace
}  // namespace lifeboat::backup
