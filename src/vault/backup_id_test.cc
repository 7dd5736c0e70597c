#include "vault/backup_id.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/time.h"

namespace lifeboat::vault {
namespace {

std::chrono::sys_seconds at(std::string_view stamp) { return base::parse_stamp(stamp).value(); }

TEST(BackupId, TextAndParseAreInverses) {
  for (const char* text :
       {"2026-11-21_060000", "2026-11-21_060000_2", "2026-11-21_060000_10", "2024-02-29_235959",
        "0000-01-01_000000", "9999-12-31_235959", "2026-11-21_060000_4294967295"}) {
    const auto id = BackupId::parse(text);
    ASSERT_TRUE(id.has_value()) << text;
    EXPECT_EQ(id->text(), text);
  }
}

TEST(BackupId, ParseTellsTimeAndSequence) {
  EXPECT_EQ(BackupId::parse("2026-11-21_060000"), (BackupId{at("2026-11-21_060000"), 1}));
  EXPECT_EQ(BackupId::parse("2026-11-21_060000_3"), (BackupId{at("2026-11-21_060000"), 3}));
}

TEST(BackupId, RefusesWhatTextNeverMakes) {
  for (const char* text : {"",
                           "latest",
                           "lost+found",
                           "2026-11-21",
                           "2026-11-21_06000",
                           "2026-11-21_0600000",
                           "2026-11-21_060000_",
                           "2026-11-21_060000_0",
                           "2026-11-21_060000_1",
                           "2026-11-21_060000_02",
                           "2026-11-21_060000_2_",
                           "2026-11-21_060000_2_3",
                           "2026-11-21_060000_-2",
                           "2026-11-21_060000_+2",
                           "2026-11-21_060000_ 2",
                           "2026-11-21_060000_2 ",
                           "2026-11-21_060000_4294967296",
                           "2026-11-21_060000_99999999999999999999",
                           "2026-11-21_060000-2",
                           "2026-11-21_060000x",
                           "2026-11-21T060000",
                           "2026-11-21-060000",
                           "2026-13-21_060000",
                           "2026-02-29_060000",
                           "2026-11-21_240000",
                           "2026-11-21_066000",
                           "2026-11-21_060060",
                           " 2026-11-21_060000",
                           "-026-11-21_060000",
                           "snapshot_2026-11-21_060000",
                           "2026-11-21_060000.partial",
                           "2026-11-21_060000/",
                           "../2026-11-21_060000"}) {
    EXPECT_FALSE(BackupId::parse(text).has_value()) << text;
  }
}

TEST(BackupId, OrdersByTimeThenNumber) {
  const char* ordered[] = {"2026-11-21_055959_9", "2026-11-21_060000", "2026-11-21_060000_2",
                           "2026-11-21_060000_10", "2026-11-21_060001"};
  for (std::size_t i = 1; i < std::size(ordered); ++i) {
    EXPECT_LT(BackupId::parse(ordered[i - 1]).value(), BackupId::parse(ordered[i]).value());
  }
}

TEST(NextId, AlwaysComesAfterTheNewest) {
  struct Case {
    const char* now;
    const char* newest;  // "" for none
    const char* next;
  };
  for (const Case& c : {
           Case{"2026-11-21_060000", "", "2026-11-21_060000"},
           Case{"2026-11-21_060000", "2026-11-21_055959", "2026-11-21_060000"},
           Case{"2026-11-21_060000", "2026-11-21_055959_7", "2026-11-21_060000"},
           Case{"2026-11-21_060000", "2026-11-21_060000", "2026-11-21_060000_2"},
           Case{"2026-11-21_060000", "2026-11-21_060000_2", "2026-11-21_060000_3"},
           Case{"2026-11-21_055959", "2026-11-21_060000", "2026-11-21_060000_2"},
           Case{"1970-01-01_000000", "2026-11-21_060000_9", "2026-11-21_060000_10"},
       }) {
    EXPECT_EQ(next_id(at(c.now), BackupId::parse(c.newest)).text(), c.next)
        << c.now << " after " << c.newest;
  }
}

TEST(NextId, GoesToTheNextSecondWhenTheNumbersAreUsedUp) {
  const BackupId last{at("2026-11-21_060000"), std::numeric_limits<unsigned>::max()};
  EXPECT_EQ(next_id(at("2026-11-21_055959"), last).text(), "2026-11-21_060001");
}

TEST(ClusterName, IsSafeAsFolderObjectNameAndInAShell) {
  for (const char* name : {"prod", "a", "7", "prod-eu.example.com", "A_b", "x--y..z"}) {
    EXPECT_TRUE(is_cluster_name(name)) << name;
  }
  EXPECT_TRUE(is_cluster_name(std::string(100, 'a')));
  for (const char* name :
       {"", ".", "..", ".prod", "-prod", "_prod", "a/b", "a b", "lost+found", "prod\n",
        "pr\xc3\xb6"
        "d",
        "$(id)", "a:b", "a\\b"}) {
    EXPECT_FALSE(is_cluster_name(name)) << name;
  }
  EXPECT_FALSE(is_cluster_name(std::string(101, 'a')));
}

TEST(Names, FollowTheLayoutOfTheVault) {
  const BackupId id = BackupId::parse("2026-11-21_060000_2").value();
  EXPECT_EQ(backups_folder("prod"), "prod/backups");
  EXPECT_EQ(backup_folder("prod", id), "prod/backups/2026-11-21_060000_2");
  EXPECT_EQ(blob_name("prod", id, kCatalogName), "prod/backups/2026-11-21_060000_2/backup.json");
  EXPECT_EQ(lock_name("prod"), "prod/.lock");
  EXPECT_EQ(snapshot_file_name(id, Mark::kNone), "snapshot_2026-11-21_060000_2.db");
  EXPECT_EQ(snapshot_file_name(id, Mark::kPossiblyDirty),
            "snapshot_2026-11-21_060000_2__POSSIBLY_DIRTY__.db");
  EXPECT_EQ(static_pods_file_name(id, Mark::kNone),
            "static_kuberesources_2026-11-21_060000_2.tar.gz");
  EXPECT_EQ(static_pods_file_name(id, Mark::kPossiblyDirty),
            "static_kuberesources_2026-11-21_060000_2__POSSIBLY_DIRTY__.tar.gz");
  EXPECT_EQ(revision_file_name(id), "revision_2026-11-21_060000_2.json");
}

}  // namespace
}  // namespace lifeboat::vault
