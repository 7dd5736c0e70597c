#include "cli/snapshot_argument.h"

#include <gtest/gtest.h>

namespace lifeboat::cli {
namespace {

TEST(SnapshotArgument, TellsFilesFromBackups) {
  for (const char* file : {"a.db", "./a", "/a", "a/b", "/", "2026-11-21_060000.db", ".db", "../x",
                           "a.db.zst", "a.db.age", "a.db.zst.age"}) {
    EXPECT_TRUE(names_a_file(file)) << file;
  }
  for (const char* backup : {"latest", "2026-11-21_060000", "2026-11-21_060000_2", "a.dbx", "db",
                             "", "a.zst", ".zst.age"}) {
    EXPECT_FALSE(names_a_file(backup)) << backup;
  }
}

}  // namespace
}  // namespace lifeboat::cli
