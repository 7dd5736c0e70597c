#include "cli/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/fault_fs.h"

namespace lifeboat::cli {
namespace {

using ::testing::HasSubstr;

struct OwnerTest : ::testing::Test {
  OwnerTest() {
    fs.put_file("/etc/passwd",
                "root:x:0:0:root:/root:/bin/sh\n"
                "# a comment\n"
                "\n"
                "short:x\n"
                "negative:x:-1:5::/:\n"
                "none:x:4294967295:5::/:\n"
                "etcd:x:990:991:etcd:/var/lib/etcd:/sbin/nologin\n"
                "1000x::1001:1002:::");
    fs.put_file("/etc/group", "root:x:0:\nnogroup:x\nbackup::34:etcd,root\netcd:x:991:\n");
  }

  testing::FaultFs fs;
};

TEST_F(OwnerTest, TakesNamesAndNumbers) {
  const std::pair<const char*, os::Owner> owners[] = {
      {"etcd:etcd", {990, 991}},
      {"etcd", {990, 991}},
      {"etcd:backup", {990, 34}},
      {"etcd:7", {990, 7}},
      {"1000:1000", {1000, 1000}},
      {"1000:etcd", {1000, 991}},
      {"0:0", {0, 0}},
      {"root", {0, 0}},
      {"1000x", {1001, 1002}},
      {"4294967294:0", {4294967294, 0}},
  };
  for (const auto& [text, owner] : owners) EXPECT_EQ(parse_owner(text, fs), owner) << text;
}

TEST_F(OwnerTest, RefusesWhatIsNoOwner) {
  const char* texts[] = {"",
                         ":",
                         "etcd:",
                         ":etcd",
                         "nobody",
                         "short",
                         "negative",
                         "none",
                         "etcd:no",
                         "etcd:nogroup",
                         "1000",
                         "4294967295:1",
                         "1:4294967295",
                         "-1:5",
                         "1 :2",
                         "#",
                         "# a comment",
                         "etcd:etcd:etcd",
                         "ETCD",
                         "etcd:99999999999"};
  for (const char* text : texts) {
    try {
      parse_owner(text, fs);
      ADD_FAILURE() << text << " was taken";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid) << text;
      EXPECT_THAT(error.what(), HasSubstr("owner")) << text;
    }
  }
}

TEST_F(OwnerTest, NeedsNoFilesForNumbers) {
  testing::FaultFs empty;
  EXPECT_EQ(parse_owner("990:991", empty), (os::Owner{990, 991}));
  EXPECT_THROW(parse_owner("etcd", empty), base::Error);
}

}  // namespace
}  // namespace lifeboat::cli
