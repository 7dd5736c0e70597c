#include "os/atomic_file.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "testing/error_of.h"
#include "testing/fail_sweep.h"
#include "testing/fault_fs.h"

namespace lifeboat::os {
namespace {

using base::as_bytes;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using testing::error_of;
using testing::FaultFs;

TEST(AtomicFile, KnowsItsPartialNames) {
  EXPECT_TRUE(is_partial_name("snapshot.db.partial"));
  for (const char* name : {"snapshot.db", "partial", "a.partial.db", "a.PARTIAL", ""}) {
    EXPECT_FALSE(is_partial_name(name)) << name;
  }
}

TEST(AtomicFile, CallsAVolumeThatVanishedAFailureOfStorage) {
  FaultFs fs;
  AtomicFile file(fs, "/file");
  fs.remove_file("/file.partial");
  try {
    file.finish();
    FAIL() << "nothing was thrown";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kIo);
  }
}

TEST(AtomicFile, AppearsWhenItIsFinishedAndNotBefore) {
  FaultFs fs;
  AtomicFile file(fs, "/file");
  file.write(as_bytes("content"));
  EXPECT_THAT(fs.tree(), ElementsAre("/file.partial"));
  file.finish();
  EXPECT_THAT(fs.tree(), ElementsAre("/file"));
  fs.power_cut();
  EXPECT_EQ(fs.file_content("/file"), "content");
}

TEST(AtomicFile, LeavesNothingWhenItIsGivenUp) {
  FaultFs fs;
  fs.put_file("/file", "old");
  { AtomicFile(fs, "/file").write(as_bytes("new")); }
  EXPECT_THAT(fs.tree(), ElementsAre("/file"));
  EXPECT_EQ(fs.file_content("/file"), "old");
}

TEST(AtomicFile, ReplacesWhatADeadWriterLeft) {
  FaultFs fs;
  fs.put_file("/file.partial", "half of something much longer");
  write_file_atomically(fs, "/file", as_bytes("content"));
  EXPECT_THAT(fs.tree(), ElementsAre("/file"));
  EXPECT_EQ(fs.file_content("/file"), "content");
}

TEST(AtomicFile, ReplacesALinkInsteadOfWritingThroughIt) {
  FaultFs fs;
  fs.put_symlink("/file.partial");
  write_file_atomically(fs, "/file", as_bytes("content"));
  EXPECT_EQ(fs.file_content("/file"), "content");
}

TEST(AtomicFile, RefusesToReplaceWhereItIsToldTo) {
  for (const bool in_one_step : {true, false}) {
    FaultFs fs;
    fs.set_rename_new_supported(in_one_step);
    {
      AtomicFile first(fs, "/file", IfThere::kRefuse);
      first.write(as_bytes("first"));
      first.finish();
      fs.power_cut();
      AtomicFile second(fs, "/file", IfThere::kRefuse);
      second.write(as_bytes("second"));
      EXPECT_EQ(error_of([&] { second.finish(); }).code(), base::Code::kExists);
    }
    EXPECT_THAT(fs.tree(), ElementsAre("/file"));
    EXPECT_EQ(fs.file_content("/file"), "first");
  }
}

TEST(AtomicFile, GivingUpOnADyingDiskIsQuiet) {
  FaultFs fs;
  AtomicFile file(fs, "/file");
  fs.fail_at(1, FaultFs::Fault::kIoError);  // meets the removal in the destructor
}

TEST(AtomicFile, ANewFileIsWholeOrAbsentWhateverHappens) {
  testing::fail_sweep({.prepare = [](FaultFs&) {},
                       .run = [](FaultFs& fs) { write_file_atomically(fs, "/f", as_bytes("new")); },
                       .check =
                           [](FaultFs& fs) {
                             if (fs.info("/f")) {
                               EXPECT_EQ(fs.file_content("/f"), "new");
                             }
                             // A later run heals what is left.
                             write_file_atomically(fs, "/f", as_bytes("later"));
                             fs.power_cut();
                             EXPECT_THAT(fs.tree(), ElementsAre("/f"));
                             EXPECT_EQ(fs.file_content("/f"), "later");
                           }});
}

TEST(AtomicFile, AReplacedFileIsOldOrNewWhateverHappens) {
  testing::fail_sweep(
      {.prepare = [](FaultFs& fs) { fs.put_file("/f", "old"); },
       .run = [](FaultFs& fs) { write_file_atomically(fs, "/f", as_bytes("new")); },
       .check = [](FaultFs& fs) { EXPECT_THAT(fs.file_content("/f"), AnyOf("old", "new")); }});
}

TEST(AtomicFile, WhatIsFinishedIsNewWhateverHappens) {
  bool finished = false;
  testing::fail_sweep({.prepare =
                           [&](FaultFs& fs) {
                             finished = false;
                             fs.put_file("/f", "old");
                           },
                       .run =
                           [&](FaultFs& fs) {
                             write_file_atomically(fs, "/f", as_bytes("new"));
                             finished = true;
                           },
                       .check =
                           [&](FaultFs& fs) {
                             EXPECT_THAT(fs.file_content("/f"),
                                         AnyOf("new", finished ? "new" : "old"));
                           }});
}

}  // namespace
}  // namespace lifeboat::os
