#include "cli/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace lifeboat::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

base::TimePoint time(const char* text) { return base::parse_time(text).value(); }

vault::StoredBackup make_backup(const char* id) {
  vault::Catalog catalog;
  catalog.id = vault::BackupId::parse(id).value();
  catalog.cluster = "prod";
  catalog.tool_name = "lifeboat";
  catalog.tool_version = "0.1.0";
  catalog.started = catalog.id.time;
  catalog.finished = catalog.started + std::chrono::milliseconds(7400);
  catalog.method = "native";
  catalog.platform = "none";
  catalog.node = "cp-0";
  catalog.etcd.version = "3.5.30";
  catalog.etcd.cluster_id = 0x30a2;
  catalog.etcd.member_id = 0xcf8f;
  catalog.etcd.endpoint = "https://10.0.0.5:2379";
  catalog.etcd.leader = false;
  catalog.etcd.raft_term = 2;
  catalog.etcd.raft_index = 200010;
  catalog.etcd.db_size_bytes = 1 << 30;
  catalog.etcd.db_size_in_use_bytes = 1 << 29;
  catalog.members = {{"cp-0", 0xcf8f, {"https://10.0.0.5:2380"}, {"https://10.0.0.5:2379"}, false},
                     {"", 0xcf90, {"https://10.0.0.6:2380"}, {}, true}};
  catalog.files = {{"snapshot", "snapshot.db", (1 << 30) + 32, "ab12", {}, (1 << 30) + 32, "ab12"}};
  catalog.verified = vault::CatalogVerified{time("2026-11-21T06:00:07.456Z"), {"trailer"}};
  return {catalog, false};
}

TEST(Output, ListsBackups) {
  vault::StoredBackup old = make_backup("2026-11-20_060000");
  old.pinned = true;
  old.catalog.verified.reset();
  old.catalog.etcd.revision = 200001;
  old.catalog.etcd.keys = 1000;
  std::ostringstream out;
  vault::DrillRecord drill;
  drill.at = time("2026-11-21T06:30:00Z");
  drill.ok = true;
  vault::DrillRecord failed = drill;
  failed.ok = false;
  std::vector<ListedBackup> listed{{old, drill},
                                   {make_backup("2026-11-21_060000"), failed},
                                   {make_backup("2026-11-21_070000"), {}}};
  print_list(out, listed, time("2026-11-21T08:30:00Z"));
  EXPECT_EQ(out.str(),
            "ID                    AGE     SIZE  REVISION  KEYS  ETCD    PROVEN                    "
            "DRILLED  PINNED\n"
            "2026-11-20_060000   1d 2h  1.0 GiB    200001  1000  3.5.30  no                        "
            "  2h 0m  yes\n"
            "2026-11-21_060000  2h 30m  1.0 GiB         -     -  3.5.30  2026-11-21T06:00:07.456Z  "
            " failed\n"
            "2026-11-21_070000  1h 30m  1.0 GiB         -     -  3.5.30  2026-11-21T06:00:07.456Z  "
            "      -\n");
}

TEST(Output, NamesTheClustersWhereThereAreSeveral) {
  vault::StoredBackup other = make_backup("2026-11-21_060000");
  other.catalog.cluster = "test";
  std::ostringstream out;
  print_list(out, {{make_backup("2026-11-21_060000"), {}}, {other, {}}},
             time("2026-11-21T05:59:00Z"));
  EXPECT_EQ(out.str(),
            "CLUSTER  ID                      AGE     SIZE  REVISION  KEYS  ETCD    PROVEN         "
            "           DRILLED  PINNED\n"
            "prod     2026-11-21_060000  in 1m 0s  1.0 GiB         -     -  3.5.30  "
            "2026-11-21T06:00:07.456Z        -\n"
            "test     2026-11-21_060000  in 1m 0s  1.0 GiB         -     -  3.5.30  "
            "2026-11-21T06:00:07.456Z        -\n");
}

TEST(Output, ShowsOfAnAdoptedBackupWhatIsKnown) {
  vault::StoredBackup backup = make_backup("2026-11-21_060000");
  backup.catalog.method = "adopted";
  backup.catalog.members.clear();
  const std::uint64_t size_bytes = backup.catalog.etcd.db_size_bytes;
  backup.catalog.etcd = {};
  backup.catalog.etcd.db_size_bytes = size_bytes;
  std::ostringstream out;
  print_details(out, backup);
  EXPECT_THAT(out.str(), HasSubstr("etcd\n"
                                   "  version       -\n"
                                   "  taken from    -\n"
                                   "  cluster id    -\n"
                                   "  member id     -\n"
                                   "  raft          term -, index -\n"
                                   "  database      1.0 GiB\n"));
  EXPECT_THAT(out.str(), Not(HasSubstr("Members")));
}

TEST(Output, ShowsEverythingOfABackup) {
  vault::StoredBackup backup = make_backup("2026-11-21_060000");
  backup.catalog.warnings = {"member cp-2 \x1b[31mdoes not answer"};
  backup.catalog.files.push_back(
      {"static_kuberesources", "static.tar.gz.age", 300, "cd", {"age"}, 200, "ef"});
  backup.catalog.etcd.hash_kv = vault::CatalogHashKv{200001, -1, 180962745, "equal"};
  std::ostringstream out;
  print_details(out, backup);
  EXPECT_EQ(out.str(),
            "Backup 2026-11-21_060000\n"
            "  cluster   prod\n"
            "  taken     2026-11-21T06:00:00.000Z, in 7.4s\n"
            "  by        lifeboat 0.1.0\n"
            "  method    native\n"
            "  platform  none\n"
            "  node      cp-0\n"
            "  size      1.0 GiB\n"
            "  pinned    no\n"
            "\n"
            "etcd\n"
            "  version       3.5.30\n"
            "  taken from    https://10.0.0.5:2379, a follower\n"
            "  cluster id    30a2\n"
            "  member id     cf8f\n"
            "  raft          term 2, index 200010\n"
            "  database      1.0 GiB, 512.0 MiB in use\n"
            "  revision      -\n"
            "  compacted at  -\n"
            "  keys          -\n"
            "  records       -\n"
            "  leases        -\n"
            "  hash          180962745 at revision 200001, compared with etcd: equal\n"
            "\n"
            "Members\n"
            "  cp-0           cf8f  https://10.0.0.5:2379\n"
            "  (not started)  cf90  https://10.0.0.6:2380  learner\n"
            "\n"
            "Files\n"
            "  snapshot.db\n"
            "    size    1.0 GiB (1073741856 bytes)\n"
            "    sha256  ab12\n"
            "  static.tar.gz.age\n"
            "    size          300 B (300 bytes)\n"
            "    sha256        cd\n"
            "    encoding      age\n"
            "    plain size    200 B\n"
            "    plain sha256  ef\n"
            "\n"
            "Proof\n"
            "  proven  2026-11-21T06:00:07.456Z\n"
            "  checks  trailer\n"
            "\n"
            "Warnings\n"
            "  member cp-2 ?[31mdoes not answer\n");
}

TEST(Output, AddsThePinToTheCatalog) {
  vault::StoredBackup backup = make_backup("2026-11-21_060000");
  backup.pinned = true;
  const base::Json document = to_json(backup);
  EXPECT_EQ(document.find("pinned")->as_bool(), true);
  EXPECT_EQ(*document.find("id")->as_string(), "2026-11-21_060000");
}

}  // namespace
}  // namespace lifeboat::cli
