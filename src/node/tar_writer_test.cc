#include "node/tar_writer.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::node {
namespace {

using base::as_bytes;

constexpr std::size_t kBlockBytes = 512;

class TextSink : public base::Sink {
 public:
  void write(base::Bytes bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void finish() override {}

  std::string text;
};

class FullSink : public base::Sink {
 public:
  void write(base::Bytes) override { throw base::Error(base::Code::kNoSpace, "full"); }
  void finish() override {}
};

TarEntry entry(std::string name, std::uint64_t size_bytes) {
  return {.name = std::move(name),
          .size_bytes = size_bytes,
          .modified = *base::parse_time("2026-11-21T06:00:00Z")};
}

std::string two_files() {
  TextSink sink;
  TarWriter tar(sink);
  tar.add_folder(entry("a", 0));
  tar.begin_file(entry("a/first", 5));
  tar.write(as_bytes("he"));
  tar.write(as_bytes("llo"));
  tar.begin_file(entry("a/second", 0));
  tar.finish();
  return sink.text;
}

// POSIX.1-1988 ustar: name at 0, mode at 100, size at 124, time at 136, each octal; "ustar" at 257.
TEST(TarWriter, WritesOldHeadersWhereTheyAreLargeEnough) {
  const std::string tar = two_files();
  ASSERT_EQ(tar.size(), 6 * kBlockBytes);  // three headers, one block of data, two of zeros
  EXPECT_STREQ(tar.c_str(), "a/");
  const char* file = tar.c_str() + kBlockBytes;
  EXPECT_STREQ(file, "a/first");
  EXPECT_EQ(std::string(file + 100, 7), "0000600");
  EXPECT_EQ(std::string(file + 124, 11), "00000000005");
  EXPECT_EQ(std::string(file + 136, 11), "15300231540");
  EXPECT_EQ(std::string(file + 257, 5), "ustar");
  EXPECT_EQ(tar.substr(2 * kBlockBytes, 6), std::string("hello\0", 6));
  EXPECT_STREQ(tar.c_str() + 3 * kBlockBytes, "a/second");
  EXPECT_EQ(tar.substr(4 * kBlockBytes), std::string(2 * kBlockBytes, '\0'));
}

TEST(TarWriter, MakesTheSameBytesAgain) { EXPECT_EQ(two_files(), two_files()); }

// Beyond what eleven octal digits hold, GNU tar's own way: the number itself behind a byte 0x80.
TEST(TarWriter, WritesSizesThatOldHeadersHaveNoRoomFor) {
  TextSink sink;
  TarWriter tar(sink);
  tar.begin_file(entry("large", 1ULL << 40));
  tar.write(base::Buffer(100'000));  // the header has left the library's buffer by then
  EXPECT_EQ(sink.text.substr(124, 12), std::string("\x80\0\0\0\0\0\1\0\0\0\0\0", 12));
}

// ustar: user at 108, group at 116, user's name at 265, group's at 297.
TEST(TarWriter, KeepsOwnersAndWholeModes) {
  TextSink sink;
  TarWriter tar(sink);
  TarEntry owned = entry("owned", 0);
  owned.mode = 07755;
  owned.owner = {1000, 1001};
  owned.user_name = std::string(kAccountNameBytesMax, 'u');
  owned.group_name = "wheel";
  tar.begin_file(owned);
  tar.finish();
  EXPECT_EQ(sink.text.substr(100, 7), "0007755");
  EXPECT_EQ(sink.text.substr(108, 7), "0001750");
  EXPECT_EQ(sink.text.substr(116, 7), "0001751");
  EXPECT_STREQ(sink.text.c_str() + 265, owned.user_name.c_str());
  EXPECT_STREQ(sink.text.c_str() + 297, "wheel");
}

// ustar: type at 156, link's target at 157.
TEST(TarWriter, WritesLinks) {
  TextSink sink;
  TarWriter tar(sink);
  tar.add_symlink(entry("symbolic", 0), "../to");
  tar.add_hard_link(entry("hard", 7), "first");
  tar.finish();
  EXPECT_EQ(sink.text[156], '2');
  EXPECT_STREQ(sink.text.c_str() + 157, "../to");
  EXPECT_EQ(sink.text[kBlockBytes + 156], '1');
  EXPECT_STREQ(sink.text.c_str() + kBlockBytes + 157, "first");
  EXPECT_EQ(sink.text.size(), 4 * kBlockBytes);  // the linked file's bytes are elsewhere
}

TEST(TarWriter, TakesNamesAsBytes) {
  const std::string name = "name \xff\xfe\xc3";
  const std::string long_name = std::string(300, 'n') + "\xe9";
  const std::string long_target = std::string(300, 't') + "\xe9";
  TextSink sink;
  TarWriter tar(sink);
  tar.begin_file(entry(name, 0));
  tar.add_symlink(entry(long_name, 0), long_target);
  tar.finish();
  EXPECT_STREQ(sink.text.c_str(), name.c_str());
  EXPECT_NE(sink.text.find(long_name + '\0'), std::string::npos);
  EXPECT_NE(sink.text.find(long_target + '\0'), std::string::npos);
}

// RFC 1952: two magic bytes, deflate, flags (a name is one), four bytes of time.
TEST(TarWriter, CompressesWithoutATimeOrAName) {
  TextSink sink;
  TarWriter tar(sink, Compression::kGzip);
  tar.begin_file(entry("file", 0));
  tar.finish();
  EXPECT_EQ(sink.text.substr(0, 8), std::string("\x1f\x8b\x08\0\0\0\0\0", 8));
  EXPECT_LT(sink.text.size(), 3 * kBlockBytes);
}

TEST(TarWriter, LeavesAnArchiveWithoutAnEndUnlessFinished) {
  TextSink sink;
  {
    TarWriter tar(sink);
    tar.begin_file(entry("first", 5));
    tar.write(as_bytes("he"));
  }
  EXPECT_LT(sink.text.size(), 2 * kBlockBytes);
}

TEST(TarWriter, PassesOnWhatTheSinkThrows) {
  FullSink sink;
  TarWriter tar(sink);
  try {
    tar.begin_file(entry("first", 2000000));
    tar.write(base::Buffer(2000000));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kNoSpace);
  }
}

}  // namespace
}  // namespace lifeboat::node
