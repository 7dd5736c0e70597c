#include "node/owner_names.h"

#include <gtest/gtest.h>

#include "node/tar_writer.h"
#include "testing/node_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

using lifeboat::testing::TempFolder;
using lifeboat::testing::write_node_file;

TEST(OwnerNames, ReadsPasswdAndGroup) {
  const AccountNames expected = {{0, "root"}, {4294967294, "nobody"}};
  EXPECT_EQ(parse_account_names("root:x:0:0:root:/root:/bin/bash\nnobody:x:4294967294:0:::\n"),
            expected);
  EXPECT_EQ(parse_account_names("root:x:0:\nnobody::4294967294:core,root"), expected);
}

TEST(OwnerNames, TakesTheFirstNameOfAnId) {
  EXPECT_EQ(parse_account_names("root:x:0:\ntoor:x:0:\n"), (AccountNames{{0, "root"}}));
}

TEST(OwnerNames, PassesOverWhatMakesNoSense) {
  const std::string long_name(kAccountNameBytesMax + 1, 'n');
  const std::string lines[] = {
      "",        "\n\n",       ":",           "name",          "name:",     "name:x",
      "name:x:", "name:x::",   "name:x:-1:",  "name:x: 1:",    "name:x:1 ", "name:x:1x:",
      "name::",  "a b:x:1:",   "a\tb:x:1:",   "\xc3\xa9:x:1:", ":x:1:",     "name:x:4294967296:",
      "#:",      "+::::::",    "name:x:+1:",  "name:x:0x1:",   "\x7f:x:1:", long_name + ":x:1:",
      "name\n:", "1:1\n1:1\n", "name\nx:1\n", "name;x;1;",     ":::",       "x:1:name:",
  };
  for (const std::string& line : lines)
    EXPECT_EQ(parse_account_names(line), AccountNames{}) << line;
  EXPECT_EQ(parse_account_names("+::::::\nroot:x:0:\n-"), (AccountNames{{0, "root"}}));
}

TEST(OwnerNames, ComeFromTheNode) {
  const TempFolder root;
  write_node_file(root.path(), "etc/passwd", "captain:x:7:8::/:/bin/sh\n");
  write_node_file(root.path(), "etc/group", "crew:x:8:\n");
  const auto host = os::open_host_tree(root.path());
  const OwnerNames names(*host);
  EXPECT_EQ(names.user(7), "captain");
  EXPECT_EQ(names.user(8), "");
  EXPECT_EQ(names.group(8), "crew");
}

TEST(OwnerNames, AreRootsAloneWhereTheNodesFilesAreNotMountedOrTooLarge) {
  const TempFolder root;
  write_node_file(root.path(), "etc/group", "crew:x:8:\n" + std::string(5'000'000, '\n'));
  const auto host = os::open_host_tree(root.path());
  const OwnerNames names(*host);
  EXPECT_EQ(names.user(0), "root");
  EXPECT_EQ(names.user(8), "");
  EXPECT_EQ(names.group(0), "root");
  EXPECT_EQ(names.group(8), "");
}

}  // namespace
}  // namespace lifeboat::node
