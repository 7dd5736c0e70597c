#include "os/host_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "testing/error_of.h"
#include "testing/temp_folder.h"

namespace lifeboat::os {
namespace {

using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

constexpr std::uint64_t kMany = 1'000'000;

// As another user than root for as long as it lives, root's power over files laid down.
class AsNobody {
 public:
  AsNobody() { EXPECT_EQ(::seteuid(65534), 0); }
  ~AsNobody() { EXPECT_EQ(::seteuid(0), 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

// "TEMP/host" is the root, beside "TEMP/outside", which nothing may lead to.
class PosixHostTree : public ::testing::Test {
 protected:
  PosixHostTree() {
    make_folder("host");
    make_folder("host/etc");
    make_folder("outside");
    folder_.write("outside/secret", "outside");
    folder_.write("host/etc/file", "inside");
    ::chmod(folder_.path().c_str(), 0755);
    tree_ = open_host_tree(folder_.path("host"));
  }

  void make_folder(std::string_view name) const {
    ASSERT_EQ(::mkdir(folder_.path(name).c_str(), 0755), 0);
  }
  void make_link(const std::string& target, std::string_view name) const {
    ASSERT_EQ(::symlink(target.c_str(), folder_.path(name).c_str()), 0);
  }
  std::optional<std::string> read(const std::string& path) const {
    return read_host_file(*tree_, path, kMany);
  }
  std::string shown(std::string_view path) const { return folder_.path("host/") += path; }

  const testing::TempFolder folder_;
  std::unique_ptr<HostTree> tree_;
};

TEST_F(PosixHostTree, ReadsWhatIsBelowItsRoot) {
  EXPECT_EQ(read("etc/file"), "inside");
  EXPECT_EQ(read("/etc//./file"), "inside");
  EXPECT_EQ(tree_->location(), folder_.path("host"));
  EXPECT_EQ(tree_->show("etc/file"), shown("etc/file"));
  EXPECT_EQ(tree_->show("/etc/file"), shown("etc/file"));
  EXPECT_EQ(tree_->show("/"), folder_.path("host"));
  EXPECT_EQ(tree_->info("")->type, FileType::kDirectory);
}

TEST_F(PosixHostTree, MayHaveARootThatIsALink) {
  make_link("host", "mounted");
  EXPECT_EQ(read_host_file(*open_host_tree(folder_.path("mounted")), "etc/file", kMany), "inside");
}

TEST_F(PosixHostTree, RefusesARootThatIsNoFolder) {
  EXPECT_EQ(error_of([&] { open_host_tree(folder_.path("absent")); }).code(), Code::kNotFound);
  const base::Error error = error_of([&] { open_host_tree(shown("etc/file")); });
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_EQ(error.what(), "cannot open " + shown("etc/file") + ": Not a directory");
  EXPECT_EQ(error.hint(),
            "name a folder that is there for this program; a container sees what is mounted");
}

struct LinkCase {
  std::string target;
  std::optional<std::string> content;  // that "etc/link" leads to
};

TEST_F(PosixHostTree, TakesLinksAsTheNodeWould) {
  make_folder("host/outside");
  folder_.write("host/outside/secret", "the node's own");
  const std::string outside = folder_.path("outside/secret");
  const std::vector<LinkCase> cases = {
      {"file", "inside"},
      {"/etc/file", "inside"},
      {"//etc/../etc/./file", "inside"},
      {"../etc/file", "inside"},
      // Out of the root: what is there belongs to somebody else.
      {"../../outside/secret", "the node's own"},
      {"/../../../outside/secret", "the node's own"},
      {outside, std::nullopt},
      {"../../../" + outside, std::nullopt},
      // Nowhere.
      {"absent", std::nullopt},
      {"file/below", std::nullopt},
      {"file/", std::nullopt},
      {"file/.", std::nullopt},
      {"file/..", std::nullopt},
      {"/absent/../etc/file", std::nullopt},
  };
  for (const LinkCase& test : cases) {
    make_link(test.target, "host/etc/link");
    EXPECT_EQ(read("etc/link"), test.content) << test.target;
    ASSERT_EQ(::unlink(folder_.path("host/etc/link").c_str()), 0);
  }
}

TEST_F(PosixHostTree, TakesLinksOnTheWay) {
  make_link("/etc", "host/absolute");
  make_link("../outside", "host/relative");
  make_link("absolute/../etc", "host/both");
  EXPECT_EQ(read("absolute/file"), "inside");
  EXPECT_EQ(read("both/file"), "inside");
  EXPECT_EQ(read("relative/secret"), std::nullopt);
  // Behind a link, ".." is the folder above its target.
  make_folder("host/etc/deep");
  make_link("etc/deep", "host/shortcut");
  EXPECT_EQ(read("shortcut/../file"), "inside");
  // With Links::kRefuse only the last part is meant.
  EXPECT_EQ(tree_->open("absolute/file")->size_bytes(), 6u);
}

TEST_F(PosixHostTree, NeverLeavesItsRootByDots) {
  for (const char* path :
       {"../outside/secret", "/../outside/secret", "etc/../../outside/secret",
        "../host/../outside/secret", "etc/../../../../../../../outside/secret"}) {
    EXPECT_EQ(read(path), std::nullopt) << path;
  }
  EXPECT_EQ(read("../etc/file"), "inside");
}

TEST_F(PosixHostTree, TellsALoopOfLinksFromALongChain) {
  make_link("file", "host/etc/link0");
  for (int i = 1; i < 41; ++i) {
    make_link("link" + std::to_string(i - 1), "host/etc/link" + std::to_string(i));
  }
  EXPECT_EQ(read("etc/link39"), "inside");
  EXPECT_EQ(error_of([&] { read("etc/link40"); }).code(), Code::kInvalid);
  make_link("loop", "host/etc/loop");
  for (const char* path : {"etc/loop", "etc/loop/below"}) {
    const base::Error error = error_of([&] { read(path); });
    EXPECT_EQ(error.code(), Code::kInvalid);
    EXPECT_EQ(error.what(), "cannot examine " + shown(path) +
                                ": more than 40 symbolic links lead from one to the next");
  }
}

TEST_F(PosixHostTree, ShowsALinkAsALinkWhereItIsNotFollowed) {
  make_link("/etc/file", "host/link");
  EXPECT_EQ(tree_->info("link")->type, FileType::kSymlink);
  EXPECT_EQ(tree_->info("link", Links::kFollow)->type, FileType::kFile);
  EXPECT_EQ(tree_->info("link", Links::kFollow)->id, tree_->info("etc/file")->id);
  EXPECT_EQ(tree_->read_link("link"), "/etc/file");
  EXPECT_EQ(tree_->open("link", Links::kFollow)->size_bytes(), 6u);
}

TEST_F(PosixHostTree, KnowsWhatIsNotThere) {
  for (const char* path : {"absent", "absent/file", "etc/file/below", "etc/file/"}) {
    EXPECT_EQ(tree_->info(path), std::nullopt) << path;
    EXPECT_EQ(read(path), std::nullopt) << path;
  }
  EXPECT_EQ(read(std::string("etc/file\0x", 10)), std::nullopt);
}

struct Failure {
  std::function<void()> call;
  Code code;
  std::string message;
};

TEST_F(PosixHostTree, TellsWhatFailed) {
  make_link("etc", "host/link");
  ASSERT_EQ(::mkfifo(shown("pipe").c_str(), 0600), 0);
  const std::vector<Failure> cases = {
      {[&] { tree_->open("absent"); }, Code::kNotFound,
       "cannot open " + shown("absent") + ": No such file or directory"},
      {[&] { tree_->open("etc/file/below"); }, Code::kInvalid,
       "cannot open " + shown("etc/file/below") + ": Not a directory"},
      {[&] { tree_->open("etc"); }, Code::kInvalid,
       "cannot open " + shown("etc") + ": it is a folder"},
      {[&] { tree_->open("/"); }, Code::kInvalid,
       "cannot open " + folder_.path("host") + ": it is a folder"},
      {[&] { tree_->open("link"); }, Code::kDenied,
       "cannot open " + shown("link") + ": it is a symbolic link, which is not followed here"},
      {[&] { tree_->open("pipe"); }, Code::kInvalid,
       "cannot open " + shown("pipe") + ": it is not a regular file"},
      {[&] { tree_->list("etc/file"); }, Code::kInvalid,
       "cannot list " + shown("etc/file") + ": Not a directory"},
      {[&] { tree_->list("pipe"); }, Code::kInvalid,
       "cannot list " + shown("pipe") + ": Not a directory"},
      {[&] { tree_->list("link"); }, Code::kDenied,
       "cannot list " + shown("link") + ": it is a symbolic link, which is not followed here"},
      {[&] { tree_->list("absent"); }, Code::kNotFound,
       "cannot list " + shown("absent") + ": No such file or directory"},
      {[&] { tree_->read_link("etc"); }, Code::kInvalid,
       "cannot read the link " + shown("etc") + ": it is not a symbolic link"},
      {[&] { tree_->info(std::string(5000, 'a')); }, Code::kInvalid, ": File name too long"},
      {[&] { tree_->info(std::string(300, 'a')); }, Code::kInvalid, ": File name too long"},
  };
  for (const Failure& test : cases) {
    const base::Error error = error_of(test.call);
    EXPECT_THAT(error.what(), HasSubstr(test.message));
    EXPECT_EQ(code_name(error.code()), code_name(test.code)) << test.message;
  }
}

// Its other end is nobody's: who opens it for reading waits for ever.
TEST_F(PosixHostTree, DoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(shown("pipe").c_str(), 0600), 0);
  EXPECT_EQ(tree_->info("pipe")->type, FileType::kOther);
  EXPECT_EQ(error_of([&] { read("pipe"); }).code(), Code::kInvalid);
}

TEST_F(PosixHostTree, LeavesDevicesAlone) {
  if (::mknod(shown("device").c_str(), S_IFCHR | 0600, ::makedev(1, 5)) != 0) {
    GTEST_SKIP() << "making a device node needs root";
  }
  EXPECT_EQ(tree_->info("device")->type, FileType::kOther);
  EXPECT_EQ(error_of([&] { read("device"); }).code(), Code::kInvalid);
}

TEST_F(PosixHostTree, ListsByNameWhateverTheNamesAre) {
  make_folder("host/names");
  const std::string latin = "caf\xe9";
  for (const std::string& name : {std::string("b"), std::string("a b"), latin, std::string("B"),
                                  std::string("a\nb"), std::string("-rf")}) {
    folder_.write("host/names/" + name, name);
  }
  make_folder("host/names/folder");
  make_link("nowhere", "host/names/link");
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : tree_->list("names")) {
    names.push_back(entry.name);
    if (entry.type == FileType::kFile) {
      EXPECT_EQ(read("names/" + entry.name), entry.name);
    }
  }
  EXPECT_THAT(names, ElementsAre("-rf", "B", "a\nb", "a b", "b", latin, "folder", "link"));
  EXPECT_EQ(tree_->list("names")[6].type, FileType::kDirectory);
  EXPECT_EQ(tree_->list("names")[7].type, FileType::kSymlink);
  EXPECT_EQ(tree_->list("").size(), 2u);
  // A slash at the end follows.
  make_link("names", "host/alias");
  EXPECT_EQ(tree_->list("alias/").size(), 8u);
}

TEST_F(PosixHostTree, KnowsWhatAFileIs) {
  const std::string path = shown("etc/file");
  ASSERT_EQ(::chmod(path.c_str(), 04750), 0);
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = -1, .tv_nsec = 999'999'999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  ASSERT_EQ(::link(path.c_str(), shown("second").c_str()), 0);
  const HostFileInfo info = *tree_->info("etc/file");
  EXPECT_EQ(info.type, FileType::kFile);
  EXPECT_EQ(info.size_bytes, 6u);
  EXPECT_EQ(info.mode, 04750u);
  EXPECT_EQ(info.owner.user_id, ::geteuid());
  EXPECT_EQ(info.modified, base::TimePoint(std::chrono::milliseconds(-1)));
  EXPECT_GT(info.changed, base::TimePoint());
  EXPECT_EQ(info.link_count, 2u);
  EXPECT_EQ(info, *tree_->info("second"));
  EXPECT_EQ(info, tree_->open("etc/file")->info());
}

TEST_F(PosixHostTree, SeesAnOpenFileAsItIsNow) {
  const auto file = tree_->open("etc/file");
  const HostFileInfo before = file->info();
  folder_.write("host/etc/file", "something longer");
  EXPECT_EQ(file->size_bytes(), 16u);
  EXPECT_NE(file->info(), before);
  std::uint8_t buffer[32];
  EXPECT_EQ(file->read_at(10, buffer), 6u);
  EXPECT_EQ(base::as_text({buffer, 6}), "longer");
}

TEST_F(PosixHostTree, SaysWhatItMayNotRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "becoming another user needs root";
  make_folder("host/closed");
  folder_.write("host/closed/file", "closed");
  ASSERT_EQ(::chmod(shown("closed").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(shown("etc/file").c_str(), 0600), 0);
  const AsNobody nobody;
  EXPECT_EQ(tree_->info("etc/file")->size_bytes, 6u);
  for (const auto& call : {std::function<void()>([&] { read("etc/file"); }),
                           std::function<void()>([&] { tree_->info("closed/file"); }),
                           std::function<void()>([&] { tree_->list("closed"); })}) {
    const base::Error error = error_of(call);
    EXPECT_EQ(error.code(), Code::kDenied);
    EXPECT_THAT(error.what(), HasSubstr("Permission denied"));
    EXPECT_THAT(error.hint(), HasSubstr("which user runs this program"));
  }
}

TEST_F(PosixHostTree, ReadsNoMoreOfAFileThanIsAllowed) {
  folder_.write("host/big", std::string(200'000, 'x'));
  EXPECT_EQ(read_host_file(*tree_, "big", 200'000)->size(), 200'000u);
  const base::Error error = error_of([&] { read_host_file(*tree_, "big", 199'999); });
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_EQ(error.what(), "cannot read " + shown("big") + ": it has more than 199999 bytes");
  folder_.write("host/empty", "");
  EXPECT_EQ(read_host_file(*tree_, "empty", 0), "");
}

// The kernel's own files have size 0 and content all the same.
TEST(ReadHostFile, ReadsFilesThatDoNotKnowTheirSize) {
  const auto tree = open_host_tree("/proc/self");
  ASSERT_EQ(tree->info("stat")->size_bytes, 0u);
  EXPECT_THAT(*read_host_file(*tree, "stat", kMany), HasSubstr("os_test"));
}

// A file that is longer with every look at it.
class GrowingTree : public HostTree {
 public:
  std::string location() const override { return "/host"; }
  std::optional<HostFileInfo> info(const std::string&, Links) override {
    HostFileInfo info;
    info.type = FileType::kFile;
    return info;
  }
  std::vector<DirectoryEntry> list(const std::string&) override { return {}; }
  std::string read_link(const std::string&) override { return {}; }
  std::unique_ptr<HostFile> open(const std::string&, Links) override {
    return std::make_unique<Growing>();
  }

 private:
  class Growing : public HostFile {
   public:
    HostFileInfo info() override { return {}; }
    std::uint64_t size_bytes() override { return 0; }
    std::size_t read_at(std::uint64_t, base::MutableBytes buffer) override { return buffer.size(); }
  };
};

TEST(ReadHostFile, GivesUpOnAFileThatGrowsForEver) {
  GrowingTree tree;
  EXPECT_EQ(error_of([&] { read_host_file(tree, "file", kMany); }).code(), Code::kInvalid);
}

}  // namespace
}  // namespace lifeboat::os
