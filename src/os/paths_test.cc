#include "os/paths.h"

#include <gtest/gtest.h>

namespace lifeboat::os {
namespace {

TEST(Paths, JoinsWithOneSlash) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("/", "b"), "/b");
  EXPECT_EQ(join_path("a/b", "c/d"), "a/b/c/d");
  EXPECT_EQ(join_path("a", ""), "a/");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path("", "b/c"), "b/c");
  EXPECT_EQ(join_path("", ""), "");
}

TEST(Paths, TheParentIsWhatHoldsTheName) {
  EXPECT_EQ(parent_path("a/b/c"), "a/b");
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(parent_path("/a"), "/");
  EXPECT_EQ(parent_path("a"), ".");
}

TEST(Paths, AnAbsolutePathIsTheSameFromAnywhere) {
  EXPECT_EQ(absolute_path("/home/admin", "a"), "/home/admin/a");
  EXPECT_EQ(absolute_path("/home/admin", "././a/./b"), "/home/admin/a/./b");
  EXPECT_EQ(absolute_path("/home/admin", "../a"), "/home/admin/../a");
  EXPECT_EQ(absolute_path("/home/admin", "."), "/home/admin");
  EXPECT_EQ(absolute_path("/home/admin", "/a"), "/a");
  EXPECT_EQ(absolute_path("/", "a"), "/a");
}

TEST(Paths, TheBaseNameIsTheLastPart) {
  EXPECT_EQ(base_name("a/b/c"), "c");
  EXPECT_EQ(base_name("/a"), "a");
  EXPECT_EQ(base_name("a"), "a");
}

TEST(Paths, ParentAndBaseNameJoinToTheSamePlace) {
  for (const char* path : {"/a", "/a/b", "a/b", "a/b/c.d"}) {
    EXPECT_EQ(join_path(parent_path(path), base_name(path)), path);
  }
}

}  // namespace
}  // namespace lifeboat::os
