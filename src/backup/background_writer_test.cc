#include "backup/background_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "base/error.h"

namespace lifeboat::backup {
namespace {

using std::chrono::milliseconds;

class FakeSink : public base::Sink {
 public:
  void write(base::Bytes bytes) override {
    if (on_write) on_write();
    content += base::as_text(bytes);
    ++writes;
  }
  void finish() override { finished = true; }

  std::function<void()> on_write;
  std::string content;  // the writer's thread's own until it is drained or gone
  std::atomic<std::size_t> writes = 0;
  bool finished = false;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 / 7);
  return text;
}

void write_in_pieces(BackgroundWriter& writer, std::string_view text, std::size_t piece) {
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    writer.write(base::as_bytes(text.substr(0, piece)));
  }
}

TEST(BackgroundWriter, WritesEverythingInOrder) {
  constexpr std::size_t kBuffer = BackgroundWriter::kBufferBytes;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kBuffer - 1, kBuffer, kBuffer + 1, 20 * kBuffer + 17}) {
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{32768}, 3 * kBuffer + 5}) {
      FakeSink sink;
      const std::string text = pattern(size);
      BackgroundWriter writer(sink, {});
      write_in_pieces(writer, text, piece);
      writer.drain();
      EXPECT_TRUE(sink.content == text) << size << " bytes in pieces of " << piece;
      EXPECT_FALSE(sink.finished);
    }
  }
}

TEST(BackgroundWriter, CarriesOverWhatTheSinkThrowsInItsOwnType) {
  struct Odd {};
  FakeSink sink;
  sink.on_write = [] { throw Odd(); };
  BackgroundWriter writer(sink, {});
  writer.write(base::as_bytes("x"));
  EXPECT_THROW(writer.drain(), Odd);
}

TEST(BackgroundWriter, TellsTheReceiverSoonThatTheSinkFailed) {
  FakeSink sink;
  sink.on_write = [&] {
    if (sink.writes == 3) throw base::Error(base::Code::kNoSpace, "full");
  };
  BackgroundWriter writer(sink, {});
  const std::string text = pattern(BackgroundWriter::kBufferBytes);
  try {
    // What it takes to notice: three good ones, the bad one, and as many as are under way.
    for (std::size_t i = 0; i < BackgroundWriter::kBuffersMax + 6; ++i) {
      writer.write(base::as_bytes(text));
    }
    ADD_FAILURE() << "nothing was thrown";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kNoSpace);
  }
}

TEST(BackgroundWriter, HoldsNoMoreThanItsBuffers) {
  FakeSink sink;
  std::atomic<bool> go = false;
  sink.on_write = [&] {
    go.wait(false);
    // The writer is told to end before it has been through them all.
    std::this_thread::sleep_for(milliseconds(50));
  };
  std::atomic<std::size_t> handed_over = 0;
  std::stop_source stop;
  {
    BackgroundWriter writer(sink, stop.get_token());
    const std::string text = pattern(BackgroundWriter::kBufferBytes);
    std::jthread receiver([&] {
      try {
        for (;; ++handed_over) writer.write(base::as_bytes(text));
      } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::Code::kCancelled);
      }
    });
    // One is being written, the rest stand in the queue, and the next one has to wait.
    constexpr std::size_t kUnderWay = BackgroundWriter::kBuffersMax + 1;
    while (handed_over < kUnderWay) std::this_thread::sleep_for(milliseconds(1));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(handed_over, kUnderWay);
    stop.request_stop();
    receiver.join();
    go = true;
    go.notify_all();
  }
  EXPECT_LT(sink.writes, BackgroundWriter::kBuffersMax);
}

TEST(BackgroundWriter, StopsWaitingForTheDrainOnRequest) {
  FakeSink sink;
  std::atomic<bool> go = false;
  sink.on_write = [&] { go.wait(false); };
  std::stop_source stop;
  BackgroundWriter writer(sink, stop.get_token());
  writer.write(base::as_bytes("x"));
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(20));
    stop.request_stop();
  });
  EXPECT_THROW(writer.drain(), base::Error);
  go = true;
  go.notify_all();
}

TEST(BackgroundWriter, GivesUpWhatIsUnderWayWhenItEnds) {
  FakeSink sink;
  {
    BackgroundWriter writer(sink, {});
    writer.write(base::as_bytes(pattern(3 * BackgroundWriter::kBufferBytes)));
  }
  EXPECT_LE(sink.writes, 3U);
}

}  // namespace
}  // namespace lifeboat::backup
