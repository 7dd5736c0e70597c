#include "codec/zstd_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "codec/test_streams.h"
#include "testing/error_of.h"

namespace lifeboat::codec {
namespace {

using testing::error_of;

constexpr std::size_t kFrame = ThreadedZstdCompressor::kFrameBytes;

std::string pack(std::string_view text, int threads, std::size_t piece_bytes = 1'000'000) {
  StringSink packed;
  ThreadedZstdCompressor compressor(packed, {.level = 1, .threads = threads});
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    compressor.write(base::as_bytes(text.substr(at, piece_bytes)));
  }
  compressor.finish();
  EXPECT_EQ(packed.finished, 1);
  return packed.text;
}

std::string unpack(std::string_view packed) {
  PieceSource source(packed, 100'000);
  ZstdDecompressor decompressor(source);
  return read_all(decompressor);
}

TEST(ThreadedZstd, KeepsTheOrderAtEveryBorder) {
  const std::string text = sample(5 * kFrame + 1);
  for (const std::size_t size_bytes : {std::size_t{0}, std::size_t{1}, kFrame - 1, kFrame,
                                       kFrame + 1, 2 * kFrame, 5 * kFrame + 1}) {
    const auto part = std::string_view(text).substr(0, size_bytes);
    // Not EXPECT_EQ, which would print megabytes.
    EXPECT_TRUE(unpack(pack(part, 3)) == part) << size_bytes;
  }
}

TEST(ThreadedZstd, MakesTheSameOfTheSameWhateverTheThreads) {
  const std::string text = sample(3 * kFrame + 12345);
  const std::string packed = pack(text, 2);
  EXPECT_TRUE(pack(text, 1) == packed);
  EXPECT_TRUE(pack(text, 7, 777'777) == packed);
}

TEST(ThreadedZstd, HasACheckedFrameForNothingAtAll) {
  EXPECT_THAT(pack("", 2), ::testing::Not(::testing::IsEmpty()));
  EXPECT_EQ(unpack(pack("", 2)), "");
}

// Given up with frames under way, not begun and not passed on: none of its threads stays.
TEST(ThreadedZstd, CanBeGivenUpAtAnyMoment) {
  const std::string text = sample(kFrame);
  for (int frames = 0; frames < 5; ++frames) {
    StringSink packed;
    ThreadedZstdCompressor compressor(packed, {.level = 1, .threads = 2});
    for (int i = 0; i < frames; ++i) compressor.write(base::as_bytes(text));
    EXPECT_EQ(packed.finished, 0);
  }
}

TEST(ThreadedZstd, PassesOnWhatTheMediumThrowsAndNothingAfterIt) {
  struct SmallDisk : StringSink {
    void write(base::Bytes bytes) override {
      if (++writes == 2) throw base::Error(base::Code::kNoSpace, "full");
      StringSink::write(bytes);
    }
    int writes = 0;
  };
  SmallDisk disk;
  const std::string text = sample(kFrame);
  const auto write_much = [&] {
    ThreadedZstdCompressor compressor(disk, {.level = 1, .threads = 2});
    for (int i = 0; i < 20; ++i) compressor.write(base::as_bytes(text));
    compressor.finish();
  };
  EXPECT_EQ(error_of(write_much).code(), base::Code::kNoSpace);
  EXPECT_EQ(disk.writes, 2);
  EXPECT_EQ(disk.finished, 0);
}

}  // namespace
}  // namespace lifeboat::codec
