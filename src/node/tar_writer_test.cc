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
  EXPECT_EQ(std::string(file + 100, 6), "000600");
  EXPECT_EQ(std::string(file + 124, 11), "00000000005");
  EXPECT_EQ(std::string(file + 136, 11), "15300231540");
  EXPECT_EQ(std::string(file + 257, 5), "ustar");
  EXPECT_EQ(tar.substr(2 * kBlockBytes, 6), std::string("hello\0", 6));
  EXPECT_STREQ(tar.c_str() + 3 * kBlockBytes, "a/second");
  EXPECT_EQ(tar.substr(4 * kBlockBytes), std::string(2 * kBlockBytes, '\0'));
}

TEST(TarWriter, MakesTheSameBytesAgain) { EXPECT_EQ(two_files(), two_files()); }

TEST(TarWriter, WritesPaxHeadersForLargeFiles) {
  TextSink sink;
  TarWriter tar(sink);
  tar.begin_file(entry("large", 1ULL << 40));
  tar.write(base::Buffer(100'000));  // the header has left the library's buffer by then
  EXPECT_NE(sink.text.find("size=1099511627776"), std::string::npos);
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
