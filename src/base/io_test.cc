#include "base/io.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace lifeboat::base {
namespace {

// Hands out its bytes at most `step` at a time.
class SteppedSource : public Source {
 public:
  SteppedSource(std::string content, std::size_t step)
      : content_(std::move(content)), step_(step) {}

  std::size_t read(MutableBytes buffer) override {
    const std::size_t count = std::min({step_, buffer.size(), content_.size() - position_});
    std::copy_n(content_.data() + position_, count, buffer.data());
    position_ += count;
    return count;
  }

 private:
  std::string content_;
  std::size_t step_;
  std::size_t position_ = 0;
};

class TextSink : public Sink {
 public:
  void write(Bytes bytes) override { content += as_text(bytes); }
  void finish() override { finished = true; }

  std::string content;
  bool finished = false;
};

std::string sample(std::size_t size_bytes) {
  std::string text(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

TEST(Copy, CopiesEveryByteWhateverTheStep) {
  for (const std::size_t size : {0, 1, 1000, 256 * 1024, 256 * 1024 + 1, 600000}) {
    for (const std::size_t step : {7919, 65536, 256 * 1024, 1 << 20}) {
      SteppedSource source(sample(size), step);
      TextSink sink;
      EXPECT_EQ(copy(source, sink, {}), size);
      EXPECT_EQ(sink.content, sample(size));
    }
  }
}

TEST(Copy, LeavesFinishingToTheCaller) {
  SteppedSource source("abc", 1);
  TextSink sink;
  copy(source, sink, {});
  EXPECT_FALSE(sink.finished);
}

// Asks to stop once it has taken something.
class StoppingSink : public TextSink {
 public:
  void write(Bytes bytes) override {
    TextSink::write(bytes);
    stop.request_stop();
  }

  std::stop_source stop;
};

TEST(Copy, StopsBetweenTwoPieces) {
  SteppedSource source(sample(100), 10);
  StoppingSink sink;
  try {
    copy(source, sink, sink.stop.get_token());
    FAIL() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
  EXPECT_EQ(sink.content.size(), 10u);
}

TEST(MemorySource, ReadsAtAnyOffsetAndNoFurtherThanItsEnd) {
  const std::string text = "0123456789";
  MemorySource source(as_bytes(text));
  EXPECT_EQ(source.size_bytes(), text.size());
  for (const std::uint64_t offset : {0u, 1u, 7u, 9u, 10u, 11u, 4000000000u}) {
    for (const std::size_t wanted : {0, 1, 3, 10, 20}) {
      Buffer buffer(wanted);
      const std::size_t count = source.read_at(offset, buffer);
      const std::string_view rest =
          offset < text.size() ? std::string_view(text).substr(offset) : std::string_view();
      EXPECT_EQ(as_text(Bytes(buffer).first(count)), rest.substr(0, wanted)) << offset;
    }
  }
}

class FullSink : public TextSink {
 public:
  void write(Bytes) override { throw Error(Code::kNoSpace, "full"); }
};

TEST(Copy, PassesOnWhatASinkThrows) {
  SteppedSource source("abc", 1);
  FullSink sink;
  EXPECT_THROW(copy(source, sink, {}), Error);
}

TEST(MemoryStream, HandsOutEveryByteOnce) {
  const std::string content = sample(1000);
  for (const std::size_t size : {1U, 7U, 999U, 1000U, 1001U, 5000U}) {
    MemoryStream stream(as_bytes(content));
    Buffer buffer(size);
    std::string read;
    while (const std::size_t count = stream.read(buffer)) {
      ASSERT_LE(count, size);
      read += as_text(Bytes(buffer).first(count));
    }
    EXPECT_EQ(read, content) << size;
    EXPECT_EQ(stream.read(buffer), 0U) << size;
  }
}

TEST(MemoryStream, OfNothingIsAtItsEnd) {
  MemoryStream stream(Bytes{});
  Buffer buffer(10);
  EXPECT_EQ(stream.read(buffer), 0U);
}

}  // namespace
}  // namespace lifeboat::base
