#include "etcd/data_dir.h"

#include <gtest/gtest.h>

namespace lifeboat::etcd {
namespace {

TEST(WalFileName, HasSixteenDigitsOfEach) {
  EXPECT_EQ(wal_file_name({0, 0}), "0000000000000000-0000000000000000.wal");
  EXPECT_EQ(wal_file_name({1, 0xABC}), "0000000000000001-0000000000000abc.wal");
  EXPECT_EQ(wal_file_name({UINT64_MAX, 1}), "ffffffffffffffff-0000000000000001.wal");
}

TEST(RaftSnapFileName, HasTheTermFirst) {
  EXPECT_EQ(raft_snap_file_name({1, 3}), "0000000000000001-0000000000000003.snap");
}

TEST(FileNames, SurviveARoundTrip) {
  for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{0x1234}, UINT64_MAX}) {
    for (const std::uint64_t second : {std::uint64_t{0}, std::uint64_t{1} << 63}) {
      const WalFileId wal{first, second};
      EXPECT_EQ(parse_wal_file_name(wal_file_name(wal)), wal);
      const RaftSnapId snap{first, second};
      EXPECT_EQ(parse_raft_snap_file_name(raft_snap_file_name(snap)), snap);
    }
  }
}

TEST(FileNames, ParseNothingElse) {
  for (const char* name : {
           "",
           "0.tmp",
           "db",
           ".wal",
           "0000000000000000-0000000000000000",
           "0000000000000000-0000000000000000.wal.broken",
           "0000000000000000-0000000000000000.snap",
           "000000000000000-00000000000000000.wal",
           "000000000000000000000000000000000.wal",
           "000000000000000g-0000000000000000.wal",
           "000000000000000A-0000000000000000.wal",
           "-000000000000001-0000000000000000.wal",
           " 000000000000001-0000000000000000.wal",
           "00000000000000001-0000000000000000.wal",
           "0000000000000001_0000000000000000.wal",
           "0x00000000000001-0000000000000000.wal",
       }) {
    EXPECT_FALSE(parse_wal_file_name(name)) << name;
  }
  for (const char* name : {"0000000000000003.snap.db", "0000000000000001-0000000000000003.wal",
                           "0000000000000001-0000000000000003.snap.broken"}) {
    EXPECT_FALSE(parse_raft_snap_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace lifeboat::etcd
