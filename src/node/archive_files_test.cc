#include "node/archive_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "node/static_pods.h"
#include "os/process.h"
#include "testing/error_of.h"
#include "testing/node_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

using base::Code;
using base::Error;
using lifeboat::testing::error_of;
using lifeboat::testing::TempFolder;
using lifeboat::testing::write_node_file;
using std::chrono_literals::operator""s;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMebibyte = 1024 * 1024;

// Of what is written, what a test asks for.
class Output : public base::Sink {
 public:
  void write(base::Bytes bytes) override {
    size_bytes += bytes.size();
    if (keeps) text.append(base::as_text(bytes));
  }
  void finish() override { ADD_FAILURE() << "the sink is its owner's to finish"; }

  bool keeps = true;
  std::string text;
  std::uint64_t size_bytes = 0;
};

// Lets a test change the node between two calls, or makes one fail. Paths are relative to "base".
struct Meddler {
  std::function<void(const std::string& path)> before_open = [](const auto&) {};
  std::function<void(const std::string& path)> after_list = [](const auto&) {};
  // After the bytes have been read.
  std::function<void(const std::string& path, std::uint64_t offset)> on_read = [](auto&&...) {};
  std::set<std::string> denied;  // to open, to list and to follow
  bool reads_nothing = false;    // leaves the buffer as it is: the disk takes its time

  void refuse_denied(const std::string& path) const {
    if (denied.contains(path)) throw Error(Code::kDenied, "cannot open " + path + ": denied");
  }
};

class MeddledFile : public os::HostFile {
 public:
  MeddledFile(std::unique_ptr<os::HostFile> file, const Meddler& meddler, std::string path)
      : file_(std::move(file)), meddler_(meddler), path_(std::move(path)) {}

  std::uint64_t size_bytes() override { return file_->size_bytes(); }
  os::HostFileInfo info() override { return file_->info(); }
  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    const std::size_t count =
        meddler_.reads_nothing ? buffer.size() : file_->read_at(offset, buffer);
    meddler_.on_read(path_, offset);
    return count;
  }

 private:
  const std::unique_ptr<os::HostFile> file_;
  const Meddler& meddler_;
  const std::string path_;
};

class MeddledTree : public os::HostTree {
 public:
  MeddledTree(const std::string& root, const Meddler& meddler)
      : tree_(os::open_host_tree(root)), meddler_(meddler) {}

  std::string location() const override { return tree_->location(); }
  std::optional<os::HostFileInfo> info(const std::string& path, os::Links links) override {
    return tree_->info(path, links);
  }
  std::vector<os::DirectoryEntry> list(const std::string& path) override {
    meddler_.refuse_denied(below_base(path));
    auto entries = tree_->list(path);
    meddler_.after_list(below_base(path));
    return entries;
  }
  std::string read_link(const std::string& path) override {
    meddler_.refuse_denied(below_base(path));
    return tree_->read_link(path);
  }
  std::unique_ptr<os::HostFile> open(const std::string& path, os::Links links) override {
    meddler_.refuse_denied(below_base(path));
    meddler_.before_open(below_base(path));
    return std::make_unique<MeddledFile>(tree_->open(path, links), meddler_, below_base(path));
  }

 private:
  static std::string below_base(const std::string& path) {
    return path.starts_with("base/") ? path.substr(5) : path;
  }

  const std::unique_ptr<os::HostTree> tree_;
  const Meddler& meddler_;
};

class StoppingProgress : public base::Progress {
 public:
  void advance(std::uint64_t bytes) override {
    bytes_seen += bytes;
    if (bytes_seen >= stop_at) stop.request_stop();
  }

  std::uint64_t stop_at = ~0ULL;
  std::uint64_t bytes_seen = 0;
  std::stop_source stop;
};

// Of this process, ever.
std::uint64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

// A node at folder/node, of which base/top is archived.
struct ArchiveFilesTest : ::testing::Test {
  std::string node() const { return folder.path("node"); }
  std::string path(const std::string& name) const { return node() + "/base/" + name; }
  void write(const std::string& name, std::string_view content = "content") {
    write_node_file(node(), "base/" + name, content);
  }
  void write_sparse(const std::string& name, std::uint64_t size_bytes) {
    write(name, "begin");
    std::filesystem::resize_file(path(name), size_bytes);
  }
  void append(const std::string& name, std::string_view text) {
    std::ofstream(path(name), std::ios::binary | std::ios::app) << text;
  }

  ArchivedFiles archive(Compression compression = Compression::kNone) {
    MeddledTree tree(node(), meddler);
    TarWriter tar(output, compression);
    ArchivedFiles archived = archive_files(
        tree, {.base = "base", .paths = {"top"}, .expected = were_there, .left_out = left_out}, tar,
        progress, stop.get_token());
    tar.finish();
    return archived;
  }
  std::string compressed_archive_of(const std::string& root) {
    const auto tree = os::open_host_tree(root);
    Output sink;
    const StaticPods pods{.base = "base", .paths = {"top"}, .problems = {}};
    EXPECT_THAT(archive_static_pods(*tree, pods, sink, progress, {}).problems, IsEmpty());
    return sink.text;
  }

  // What a shell's line prints, in `folder`.
  std::string shell(const std::string& line) {
    std::filesystem::remove(folder.path("log"));
    const auto process = os::PosixPrograms().start(
        {.path = "/bin/sh",
         .arguments = {"-c", "cd " + folder.path() + " && " + line},
         .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC"},
         .output_path = folder.path("log")});
    EXPECT_TRUE(process->wait(20s, {}));
    EXPECT_EQ(process->end(), "exit status 0") << folder.read("log");
    return folder.read("log");
  }
  std::string names_in_archive() {
    folder.write("out.tar", output.text);
    return shell("tar -tf out.tar");
  }
  std::string content_in_archive(const std::string& name) {
    folder.write("out.tar", output.text);
    return shell("tar -xOf out.tar " + name);
  }

  TempFolder folder;
  std::set<std::string> were_there;
  std::set<std::string> left_out;
  Meddler meddler;
  Output output;
  StoppingProgress progress;
  std::stop_source stop;
};

// As strange as a control plane's files may become; owners only where the test may give them away.
constexpr const char* kStrangeTree = R"sh(
  set -e
  mkdir -p node/base/top/secrets/empty node/base/top/ab node/etc
  cp /etc/passwd /etc/group node/etc
  cd node/base/top
  echo manifest > pod.yaml; echo dash > ab-c; echo in > ab/file; : > nothing
  echo blank > 'name with  blanks'; echo new > "$(printf 'new\nline')"
  echo bytes > "$(printf 'bytes-\377\376-\303\251-\303')"
  long=$(printf '%0180d' 0); mkdir $long; echo long > $long/$long
  ln -s /etc/kubernetes/elsewhere absolute; ln -s ../../../../.. out; ln -s $long/$long long-link
  ln -s nowhere "$(printf 'link-\377')"; ln secrets/../pod.yaml secrets/hard; ln out out-again
  ln $long/$long hard-long
  head -c 1200000 /dev/urandom > secrets/large; head -c 1048576 /dev/urandom > secrets/edge
  truncate -s 3000000 sparse
  chmod 4755 pod.yaml; chmod 3777 ab; chmod 0 secrets/edge; chmod 2700 secrets/empty
  if [ "$(id -u)" = 0 ]; then
    chown 1234:4567 secrets/large; chown 2200000:2200000 sparse
    chown daemon:adm secrets/empty; chown -h nobody:bin absolute
  fi
  find . -exec touch -h -d '2021-02-03 04:05:06.789' {} +
  touch -h -d '1970-01-01' nothing; touch -h -d '2025-12-31 23:59:59.999' out sparse
)sh";

TEST_F(ArchiveFilesTest, EqualsWhatGnuTarMakes) {
  shell(kStrangeTree);
  folder.write("ours.tar.gz", compressed_archive_of(node()));
  const std::string list = "tar --full-time -tvvzf ";
  shell("tar -cpzf theirs.tar.gz --sort=name -C node/base top");
  const std::string theirs = shell(list + "theirs.tar.gz | sort");
  EXPECT_EQ(shell(list + "ours.tar.gz | sort"), theirs);
  EXPECT_GT(std::ranges::count(theirs, '\n'), 18);
  EXPECT_THAT(theirs, AllOf(HasSubstr("bytes-\\377\\376"), HasSubstr("link to top/")));
  EXPECT_EQ(shell("mkdir x && tar -xpzf ours.tar.gz -C x && "
                  "diff -r --no-dereference node/base x"),
            "");
}

TEST_F(ArchiveFilesTest, MakesTheSameBytesOfTheSameFiles) {
  shell(kStrangeTree);
  const std::string bytes = compressed_archive_of(node());
  EXPECT_TRUE(compressed_archive_of(node()) == bytes);
  // Copied in another order, so that inodes and what the folders list differ.
  shell(
      "mkdir -p copy/base/top && cp -a node/etc copy && to=$PWD/copy/base/top && "
      "cd node/base/top && set -- && for name in *; do set -- \"$name\" \"$@\"; done && "
      "cp -a \"$@\" $to && touch -r . $to");
  EXPECT_TRUE(compressed_archive_of(folder.path("copy")) == bytes);
}

TEST_F(ArchiveFilesTest, NamesOnceWhatWasThereAMomentBefore) {
  for (const char* name : {"top/a", "top/b/c", "top/d"}) write(name);
  std::filesystem::remove_all(path("top/b"));
  meddler.denied = {"top/d"};
  were_there = {"top", "top/a", "top/b", "top/b/c", "top/d"};
  EXPECT_THAT(archive().problems, ElementsAre(HasSubstr("top/d: denied"), HasSubstr("top/b, which"),
                                              HasSubstr("top/b/c, which was there")));
  EXPECT_EQ(names_in_archive(), "top/\ntop/a\n");
}

TEST_F(ArchiveFilesTest, LeavesOutWhatItIsToldTo) {
  for (const char* name : {"top/a", "top/b", "top/c"}) write(name);
  left_out = {"top/b"};
  EXPECT_THAT(archive().problems, IsEmpty());
  EXPECT_EQ(names_in_archive(), "top/\ntop/a\ntop/c\n");
}

TEST_F(ArchiveFilesTest, LeavesOutAFileOfExabytesAndNamesIt) {
  write("top/a");
  write_sparse("top/huge", kArchivedFileBytesMax + 1);
  were_there = {"top/huge"};
  EXPECT_THAT(archive().problems, ElementsAre(AllOf(HasSubstr("top/huge has 4.0 GiB"))));
  EXPECT_EQ(names_in_archive(), "top/\ntop/a\n");
}

TEST_F(ArchiveFilesTest, SortsByNameByteByByte) {
  for (const char* name : {"a/x", "a-b", "a.b", "a0", "A", "\xff", "a/\x01", "ab"}) {
    write(std::string("top/") + name);
  }
  const ArchivedFiles archived = archive();
  EXPECT_EQ(names_in_archive(),
            "top/\ntop/A\ntop/a-b\ntop/a.b\ntop/a/\ntop/a/\\001\ntop/a/x\ntop/a0\ntop/ab\n"
            "top/\\377\n");
  EXPECT_EQ(archived.entries, 10U);
  EXPECT_THAT(archived.problems, IsEmpty());
}

TEST_F(ArchiveFilesTest, NamesWhatIsNeitherFileNorFolderNorLink) {
  write("top/file");
  ASSERT_EQ(::mkfifo(path("top/fifo").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path("top/socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const bool has_device =
      ::mknod(path("top/device").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0;  // takes root
  std::vector<std::string> expected;
  for (const char* name : {"device", "fifo", "socket"}) {
    if (name != std::string_view("device") || has_device) {
      expected.push_back("not in the archive: " + path("top/") + name +
                         " is neither a file nor a folder nor a symbolic link");
    }
  }
  EXPECT_EQ(archive().problems, expected);
  EXPECT_EQ(names_in_archive(), "top/\ntop/file\n");
  ::close(socket);
}

TEST_F(ArchiveFilesTest, NamesWhatItMayNotRead) {
  for (const char* name : {"top/a", "top/b/in", "top/c"}) write(name);
  std::filesystem::create_symlink("a", path("top/link"));
  meddler.denied = {"top/a", "top/b", "top/link"};
  EXPECT_THAT(archive().problems, ElementsAre("not in the archive: cannot open top/a: denied",
                                              "not in the archive: cannot open top/b: denied",
                                              "not in the archive: cannot open top/link: denied"));
  EXPECT_EQ(names_in_archive(), "top/\ntop/b/\ntop/c\n");
}

TEST_F(ArchiveFilesTest, NamesWhatVanishes) {
  for (const char* name : {"top/a", "top/b", "top/c"}) write(name);
  meddler.after_list = [this](const std::string&) { std::filesystem::remove(path("top/a")); };
  meddler.before_open = [this](const std::string& name) { std::filesystem::remove(path(name)); };
  write("top/d/in");
  EXPECT_THAT(archive().problems,
              ElementsAre("not in the archive: " + path("top/a") + " has just vanished",
                          HasSubstr("cannot open " + path("top/b")),
                          HasSubstr("cannot open " + path("top/c")),
                          HasSubstr("cannot open " + path("top/d/in"))));
  EXPECT_EQ(names_in_archive(), "top/\ntop/d/\n");
}

TEST_F(ArchiveFilesTest, ReadsAFileAgainThatChanged) {
  write("top/file", "old");
  meddler.on_read = [this, done = false](auto&&...) mutable {
    if (!std::exchange(done, true)) write("top/file", "newer");
  };
  EXPECT_THAT(archive().problems, IsEmpty());
  EXPECT_EQ(content_in_archive("top/file"), "newer");
}

TEST_F(ArchiveFilesTest, ReadsWhatWasPutInTheFilesPlace) {
  write("top/file", "old");
  meddler.on_read = [this, done = false](auto&&...) mutable {
    if (std::exchange(done, true)) return;
    write("other", "new");
    std::filesystem::rename(path("other"), path("top/file"));
  };
  EXPECT_THAT(archive().problems, IsEmpty());
  EXPECT_EQ(content_in_archive("top/file"), "new");
}

TEST_F(ArchiveFilesTest, NamesAFileThatNeverComesToRest) {
  write("top/file", "");
  write("top/other");
  int readings = 0;
  meddler.on_read = [&](const std::string& name, std::uint64_t) {
    if (name == "top/file") append(name, std::to_string(++readings));
  };
  EXPECT_THAT(archive().problems,
              ElementsAre(HasSubstr(path("top/file") + " changed each of the 3 times")));
  EXPECT_EQ(content_in_archive("top/file"), "12");
  EXPECT_EQ(content_in_archive("top/other"), "content");
}

TEST_F(ArchiveFilesTest, StreamsAFileThatHasBecomeLarge) {
  write("top/file", "small");
  meddler.on_read = [this](const std::string& name, std::uint64_t offset) {
    if (offset == 0) std::filesystem::resize_file(path(name), 2 * kMebibyte);
  };
  EXPECT_THAT(archive().problems, ElementsAre(HasSubstr("changed while it was read")));
  EXPECT_EQ(content_in_archive("top/file").size(), 2 * kMebibyte);
}

TEST_F(ArchiveFilesTest, FillsUpALargeFileThatBecomesShorter) {
  write("top/file", std::string(2 * kMebibyte, 'x'));
  write("top/next");
  meddler.on_read = [this](const std::string& name, std::uint64_t offset) {
    if (name == "top/file" && offset == 0) std::filesystem::resize_file(path(name), 300'000);
  };
  EXPECT_THAT(
      archive().problems,
      ElementsAre(path("top/file") +
                  " became shorter while it was read: from byte 300000 on, the archive has zeros"));
  EXPECT_TRUE(content_in_archive("top/file") ==
              std::string(300'000, 'x') + std::string(2 * kMebibyte - 300'000, '\0'));
  EXPECT_EQ(content_in_archive("top/next"), "content");
}

TEST_F(ArchiveFilesTest, CutsALargeFileThatGrowsAndNamesIt) {
  write("top/file", std::string(2 * kMebibyte, 'x'));
  meddler.on_read = [this](const std::string& name, std::uint64_t) { append(name, "more"); };
  EXPECT_THAT(archive().problems, ElementsAre(HasSubstr("changed while it was read")));
  EXPECT_EQ(content_in_archive("top/file").size(), 2 * kMebibyte);
}

TEST_F(ArchiveFilesTest, FillsUpALargeFileThatCannotBeReadToItsEnd) {
  write("top/file", std::string(2 * kMebibyte, 'x'));
  meddler.on_read = [](const std::string&, std::uint64_t offset) {
    if (offset >= kMebibyte) throw Error(Code::kIo, "bad sector");
  };
  EXPECT_THAT(archive().problems,
              ElementsAre(HasSubstr("from byte 1048576 on, the archive has zeros (bad sector)")));
  EXPECT_TRUE(content_in_archive("top/file") ==
              std::string(kMebibyte, 'x') + std::string(kMebibyte, '\0'));
}

TEST_F(ArchiveFilesTest, LeavesOutASmallFileThatCannotBeRead) {
  write("top/file");
  meddler.on_read = [](auto&&...) { throw Error(Code::kIo, "bad sector"); };
  EXPECT_THAT(archive().problems, ElementsAre("not in the archive: bad sector"));
  EXPECT_EQ(names_in_archive(), "top/\n");
}

TEST_F(ArchiveFilesTest, StoresAFileUnderItsSecondNameWhereTheFirstCannotBeRead) {
  write("top/a");
  std::filesystem::create_hard_link(path("top/a"), path("top/b"));
  std::filesystem::create_hard_link(path("top/a"), path("top/c"));
  meddler.denied = {"top/a"};
  EXPECT_EQ(archive().problems.size(), 1U);
  folder.write("out.tar", output.text);
  EXPECT_THAT(shell("tar -tvf out.tar"), HasSubstr("top/c link to top/b"));
}

TEST_F(ArchiveFilesTest, HoldsLittleOfALargeFileInMemory) {
  constexpr std::uint64_t kGibibyte = 1024 * kMebibyte;
  write_sparse("top/file", kGibibyte);
  meddler.reads_nothing = true;
  output.keeps = false;
  const std::uint64_t before = peak_memory_bytes();
  EXPECT_THAT(archive().problems, IsEmpty());
  EXPECT_LT(peak_memory_bytes() - before, 16 * kMebibyte);
  EXPECT_GT(output.size_bytes, kGibibyte);
  EXPECT_LT(output.size_bytes, kGibibyte + 8192);
  EXPECT_EQ(progress.bytes_seen, kGibibyte);
}

TEST_F(ArchiveFilesTest, CountsProblemsBeyondAHundred) {
  for (int i = 0; i < 150; ++i) write("top/" + std::to_string(i));
  meddler.before_open = [](const std::string& name) { throw Error(Code::kIo, name); };
  const ArchivedFiles archived = archive();
  ASSERT_EQ(archived.problems.size(), 101U);
  EXPECT_EQ(archived.problems.back(), "and 50 more like these");
}

TEST_F(ArchiveFilesTest, GoesOnlySoDeep) {
  std::string name = "top";
  for (int depth = 0; depth < 70; ++depth) name += "/d";
  write(name + "/file");
  EXPECT_THAT(archive().problems, ElementsAre(HasSubstr("64 folders deep")));
}

TEST_F(ArchiveFilesTest, StopsWithinALargeFile) {
  write_sparse("top/file", kArchivedFileBytesMax);
  output.keeps = false;
  progress.stop_at = 3 * kMebibyte;
  stop = progress.stop;
  EXPECT_EQ(error_of([&] { archive(); }).code(), Code::kCancelled);
  EXPECT_LT(output.size_bytes, 4 * kMebibyte);
}

TEST_F(ArchiveFilesTest, StopsWhileItWaitsForAFileToComeToRest) {
  write("top/file");
  int readings = 0;
  meddler.on_read = [&](const std::string& name, std::uint64_t) {
    append(name, "x");
    ++readings;
    stop.request_stop();
  };
  EXPECT_EQ(error_of([&] { archive(); }).code(), Code::kCancelled);
  EXPECT_EQ(readings, 1);
}

TEST_F(ArchiveFilesTest, StopsBetweenFiles) {
  for (const char* name : {"top/a", "top/b"}) write(name);
  progress.stop_at = 1;
  stop = progress.stop;
  EXPECT_EQ(error_of([&] { archive(); }).code(), Code::kCancelled);
  EXPECT_EQ(progress.bytes_seen, 7U);
}

}  // namespace
}  // namespace lifeboat::node
