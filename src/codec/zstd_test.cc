#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "codec/test_streams.h"
#include "codec/zstd_threads.h"
#include "testing/error_of.h"
#include "testing/tool.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using testing::error_of;
using ::testing::HasSubstr;

std::string pack(std::string_view text, const ZstdOptions& options = {}) {
  StringSink packed;
  const auto compressor = make_zstd_compressor(packed, options);
  for (std::size_t at = 0; at < text.size(); at += 100'000) {
    compressor->write(base::as_bytes(text.substr(at, 100'000)));
  }
  EXPECT_EQ(packed.finished, 0);
  compressor->finish();
  EXPECT_EQ(packed.finished, 1);
  return packed.text;
}

std::string unpack(std::string_view packed, std::size_t piece_bytes = 100'000) {
  PieceSource source(packed, piece_bytes);
  ZstdDecompressor decompressor(source);
  return read_all(decompressor);
}

// A frame without content, of zstd's format version 1: magic, flags, log2 of the window less 10,
// one empty block, the last.
std::string frame_with_window(unsigned log2) {
  return std::string("\x28\xB5\x2F\xFD\x00", 5) + static_cast<char>((log2 - 10) << 3) +
         std::string("\x01\x00\x00", 3);
}

TEST(Zstd, UnpacksWhatItPacked) {
  for (const std::size_t size_bytes : {0, 1, 65'535, 65'536, 65'537, 1'200'000}) {
    for (const int level : {1, 3, 19}) {
      for (const int threads : {1, 2}) {
        const std::string text = sample(size_bytes);
        EXPECT_EQ(unpack(pack(text, {level, threads})), text)
            << size_bytes << " " << level << " " << threads;
      }
    }
  }
}

TEST(Zstd, MakesItSmaller) { EXPECT_LT(pack(sample(1'000'000)).size(), 700'000); }

TEST(Zstd, ReadsOneByteAtATime) {
  const std::string text = sample(3000);
  const std::string packed = pack(text);
  EXPECT_EQ(unpack(packed, 1), text);
  PieceSource pieces(packed, 7);
  ZstdDecompressor decompressor(pieces);
  EXPECT_EQ(read_all(decompressor, 1), text);
}

TEST(Zstd, StaysAtItsEnd) {
  const std::string packed = pack("x");
  PieceSource source(packed, 100);
  ZstdDecompressor decompressor(source);
  EXPECT_EQ(read_all(decompressor), "x");
  EXPECT_EQ(read_all(decompressor), "");
}

TEST(Zstd, UnpacksFramesBehindEachOther) {
  const std::string skipped("\x5A\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
  EXPECT_EQ(unpack(pack("one ") + pack("") + skipped + pack("two")), "one two");
}

TEST(Zstd, NeverTakesTheTruncatedForWhole) {
  const std::string packed = pack(sample(2000)) + pack("and more");
  const std::size_t border = pack(sample(2000)).size();  // whole again
  for (std::size_t size_bytes = 0; size_bytes < packed.size(); ++size_bytes) {
    if (size_bytes == border) continue;
    const auto error = error_of([&] { unpack(packed.substr(0, size_bytes)); });
    EXPECT_EQ(error.code(), Code::kCorrupt) << size_bytes << ": " << error.what();
  }
}

TEST(Zstd, RefusesGarbageBehindTheEnd) {
  for (const std::string garbage : {"\n", "abc", "abcd", "a longer line of text"}) {
    const auto error = error_of([&] { unpack(pack("text") + garbage); });
    EXPECT_EQ(error.code(), Code::kCorrupt);
    EXPECT_THAT(error.what(), HasSubstr("something else follows"));
  }
  EXPECT_EQ(error_of([&] { unpack(pack("text") + std::string(4, '\0')); }).code(), Code::kCorrupt);
}

TEST(Zstd, RefusesWhatIsNoZstd) {
  for (const std::string text : {"", "a", "plain text", "\x1F\x8B\x08 gzip"}) {
    EXPECT_EQ(error_of([&] { unpack(text); }).code(), Code::kCorrupt) << text;
  }
  // The formats of zstd 0.5 to 0.7, which libzstd may still know.
  for (const char version : {'\x25', '\x26', '\x27'}) {
    const std::string old = version + std::string("\xB5\x2F\xFD and so on");
    EXPECT_EQ(std::string(error_of([&] { unpack(old); }).what()), "no zstd data");
  }
}

TEST(Zstd, NeverUnpacksAnythingElseFromFlippedBytes) {
  const std::string text = sample(500);
  const std::string packed = pack(text);
  for (std::size_t at = 0; at < packed.size(); ++at) {
    for (const int mask : {1, 0x80, 0xFF}) {
      std::string flipped = packed;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      try {
        // Some bits say nothing about the content: the size of the window, what fills a byte up.
        EXPECT_EQ(unpack(flipped), text) << at;
      } catch (const base::Error& error) {
        EXPECT_NE(error.code(), Code::kIo) << at << ": " << error.what();
      }
    }
  }
}

TEST(Zstd, UnpacksInNoMoreThan128MiB) {
  EXPECT_EQ(unpack(frame_with_window(27)), "");
  const auto error = error_of([] { unpack(frame_with_window(28)); });
  EXPECT_EQ(error.code(), Code::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("more than 128 MiB"));
}

TEST(Zstd, RefusesADictionary) {
  const std::string frame("\x28\xB5\x2F\xFD\x01\x00\x07\x01\x00\x00", 10);  // by the number 7
  EXPECT_EQ(error_of([&] { unpack(frame); }).code(), Code::kUnsupported);
}

TEST(Zstd, RefusesOptionsThatMakeNoSense) {
  for (const ZstdOptions options :
       {ZstdOptions{0, 1}, {20, 2}, {-1, 1}, {3, -1}, {3, 0}, {3, 65}}) {
    StringSink packed;
    EXPECT_EQ(error_of([&] { make_zstd_compressor(packed, options); }).code(), Code::kInvalid)
        << options.level << " " << options.threads;
  }
}

TEST(Zstd, PassesOnWhatTheMediumThrows) {
  struct FullDisk : base::Sink {
    void write(base::Bytes) override { throw base::Error(Code::kNoSpace, "full"); }
    void finish() override {}
  };
  for (const int threads : {1, 2}) {
    FullDisk disk;
    const auto compressor = make_zstd_compressor(disk, {3, threads});
    compressor->write(base::as_bytes("text"));
    EXPECT_EQ(error_of([&] { compressor->finish(); }).code(), Code::kNoSpace);
  }
}

// ---- Against zstd's own program -----------------------------------------------------------------

class ZstdTool : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!zstd) GTEST_SKIP() << "zstd is not installed";
  }

  const std::optional<std::string> zstd = testing::find_tool("zstd");
  testing::TempFolder folder;
};

TEST_F(ZstdTool, ReadsOurs) {
  for (const std::size_t size_bytes : {0, 1, 65'535, 65'537, 5'000'000}) {
    for (const int threads : {1, 2}) {
      const std::string text = sample(size_bytes);
      folder.write("a.zst", pack(text, {.level = 3, .threads = threads}));
      ASSERT_TRUE(testing::run_tool(
          *zstd, {"-q", "-d", "-f", folder.path("a.zst"), "-o", folder.path("a")}, folder));
      EXPECT_EQ(folder.read("a"), text);
    }
  }
  // "Check: XXH64": the checksum over the content is there.
  ASSERT_TRUE(testing::run_tool(*zstd, {"-l", folder.path("a.zst")}, folder));
  EXPECT_THAT(folder.read("said"), HasSubstr("XXH64"));
}

TEST_F(ZstdTool, WritesWhatWeRead) {
  const std::string text = sample(150'000);
  folder.write("a", text);
  std::vector<std::vector<std::string>> ways = {
      {"--fast=5"}, {"--long=27"}, {"--no-check"}, {"-T2"}, {"--ultra", "-22", "--long=27"}};
  for (int level = 1; level <= 19; ++level) ways.push_back({base::cat("-", level)});
  for (auto arguments : ways) {
    arguments.insert(arguments.end(), {"-q", "-f", folder.path("a"), "-o", folder.path("a.zst")});
    ASSERT_TRUE(testing::run_tool(*zstd, arguments, folder)) << folder.read("said");
    EXPECT_EQ(unpack(folder.read("a.zst")), text) << arguments.front();
  }
}

}  // namespace
}  // namespace lifeboat::codec
