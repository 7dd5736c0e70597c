#include "cli/restore_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "testing/fault_fs.h"

namespace lifeboat::cli {
namespace {

using backup::RestoreOptions;
using ::testing::HasSubstr;

constexpr const char* kTwo = "m1=http://h1:2380,m2=http://h2:2380";

RestoreOptions options_of(const std::function<void(RestoreFlags&)>& set) {
  testing::FaultFs fs;
  fs.put_file("/etc/passwd", "etcd:x:990:991:::");
  RestoreFlags flags;
  set(flags);
  return make_restore_options(flags, fs);
}

TEST(RestoreOptions, AreEtcdutlsWhereNothingIsGiven) {
  const RestoreOptions options = options_of([](auto&) {});
  EXPECT_EQ(options.initial_cluster.members, "default=http://localhost:2380");
  EXPECT_EQ(options.initial_cluster.token, "etcd-cluster");
  ASSERT_EQ(options.members.size(), 1U);
  EXPECT_EQ(options.members[0].name, "default");
  EXPECT_EQ(options.members[0].target.data_dir, "default.etcd");
  EXPECT_EQ(options.members[0].target.wal_dir, "");
  EXPECT_FALSE(options.members[0].target.replace);
  EXPECT_EQ(options.members[0].target.owner, std::nullopt);
  EXPECT_EQ(options.advertised_peer_urls, std::nullopt);
  EXPECT_EQ(options.bump_amount, std::nullopt);
  EXPECT_FALSE(options.skip_hash_check);
  EXPECT_FALSE(options.force_corrupt);
}

TEST(RestoreOptions, PassOnWhatIsGiven) {
  const RestoreOptions options = options_of([](RestoreFlags& flags) {
    flags = {.data_dir = "/data",
             .wal_dir = "/wal",
             .name = "m2",
             .initial_cluster = kTwo,
             .initial_cluster_token = "token",
             .initial_advertise_peer_urls = "http://h2:2380",
             .skip_hash_check = true,
             .bump_revision = "1000",
             .mark_compacted = true,
             .all_members = "",
             .etcd_version = "3.6",
             .replace = true,
             .force_corrupt = true,
             .owner = "5:6"};
  });
  EXPECT_EQ(options.initial_cluster.members, kTwo);
  EXPECT_EQ(options.initial_cluster.token, "token");
  EXPECT_EQ(options.advertised_peer_urls, "http://h2:2380");
  ASSERT_EQ(options.members.size(), 1U);
  EXPECT_EQ(options.members[0].name, "m2");
  EXPECT_EQ(options.members[0].target.data_dir, "/data");
  EXPECT_EQ(options.members[0].target.wal_dir, "/wal");
  EXPECT_TRUE(options.members[0].target.replace);
  EXPECT_EQ(options.members[0].target.owner, (os::Owner{5, 6}));
  EXPECT_EQ(options.bump_amount, 1000);
  EXPECT_EQ(options.etcd_version, "3.6");
  EXPECT_TRUE(options.skip_hash_check);
  EXPECT_TRUE(options.force_corrupt);
}

TEST(RestoreOptions, NameTheDataDirectoryAfterTheMember) {
  const RestoreOptions options = options_of([](RestoreFlags& flags) {
    flags.name = "m1";
    flags.initial_cluster = kTwo;
  });
  EXPECT_EQ(options.members[0].target.data_dir, "m1.etcd");
}

TEST(RestoreOptions, TakeEveryMemberOfTheClusterWhenAsked) {
  const RestoreOptions options = options_of([](RestoreFlags& flags) {
    flags.all_members = "/all";
    flags.initial_cluster = kTwo;
    flags.replace = true;
    flags.owner = "5:6";
  });
  EXPECT_EQ(options.members_folder, "/all");
  std::vector<std::string> folders;
  for (const auto& member : options.members) {
    folders.push_back(member.target.data_dir);
    EXPECT_TRUE(member.target.replace);
    EXPECT_EQ(member.target.owner, (os::Owner{5, 6}));
  }
  EXPECT_THAT(folders, ::testing::UnorderedElementsAre("/all/m1", "/all/m2"));
}

TEST(RestoreOptions, KnowNoBumpFromOneOfNothing) {
  EXPECT_EQ(options_of([](auto& flags) { flags.bump_revision = "0"; }).bump_amount, 0);
  EXPECT_EQ(options_of([](auto& flags) { flags.bump_revision = "auto"; }).bump_amount,
            std::nullopt);
  EXPECT_EQ(
      options_of([](auto& flags) { flags.bump_revision = "9223372036854775807"; }).bump_amount,
      9223372036854775807);
}

struct Contradiction {
  std::function<void(RestoreFlags&)> set;
  const char* says;
};

TEST(RestoreOptions, RefuseWhatContradictsItself) {
  const Contradiction contradictions[] = {
      {[](auto& flags) { flags.force_corrupt = true; }, "--force-corrupt needs --skip-hash-check"},
      {[](auto& flags) {
         flags.mark_compacted = true;
         flags.bump_revision = "0";
       },
       "--mark-compacted does nothing with --bump-revision 0"},
      {[](auto& flags) { flags.bump_revision = "-1"; }, "--bump-revision: \"-1\" is neither"},
      {[](auto& flags) { flags.bump_revision = ""; }, "--bump-revision: \"\" is neither"},
      {[](auto& flags) { flags.bump_revision = "1e9"; }, "--bump-revision: \"1e9\" is neither"},
      {[](auto& flags) { flags.bump_revision = "9223372036854775808"; }, "is neither"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.data_dir = "/data";
       },
       "--all-members and --data-dir contradict"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.wal_dir = "/wal";
       },
       "--all-members and --wal-dir contradict"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.name = "m1";
       },
       "--all-members and --name contradict"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.initial_advertise_peer_urls = "http://h1:2380";
       },
       "--all-members and --initial-advertise-peer-urls contradict"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.initial_cluster = "m1";
       },
       "m1"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.initial_cluster = "../m1=http://h1:2380";
       },
       "\"../m1\" can't be a folder's name"},
      {[](auto& flags) {
         flags.all_members = "/all";
         flags.initial_cluster = "..=http://h1:2380";
       },
       "\"..\" can't be a folder's name"},
      {[](auto& flags) { flags.owner = "nobody-knows"; }, "nobody-knows"},
  };
  for (const Contradiction& contradiction : contradictions) {
    try {
      options_of(contradiction.set);
      ADD_FAILURE() << "taken: " << contradiction.says;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(contradiction.says));
    }
  }
}

}  // namespace
}  // namespace lifeboat::cli
