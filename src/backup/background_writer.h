// Writes in a thread of its own what another thread receives, so that network, hash and disk work
// at the same time.
//
// Between the two stand at most kBuffersMax buffers: a slow disk makes write() wait, which makes
// the sender wait, and memory stays bounded whatever the size of the stream.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/io.h"

namespace lifeboat::backup {

// Used by one thread, the one that receives; `sink` is used by the writer's own thread alone until
// drain() has returned or the writer is gone.
class BackgroundWriter {
 public:
  static constexpr std::size_t kBufferBytes = 256 * 1024;
  static constexpr std::size_t kBuffersMax = 8;

  // Borrows `sink`, which it never finishes.
  BackgroundWriter(base::Sink& sink, std::stop_token stop);
  // Gives up what was not written yet; waits for the one write that may be going on.
  ~BackgroundWriter();
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;

  // Takes all of `bytes`, which are borrowed for the call only. Waits while all buffers are full:
  // kCancelled when `stop` is requested meanwhile. Throws whatever the sink threw at earlier bytes,
  // in its own type.
  void write(base::Bytes bytes);

  // Returns when the sink has been given everything. Called once, after the last write; throws as
  // write does.
  void drain();

 private:
  void hand_over();
  void run(std::stop_token stop);
  bool write_next(const std::stop_token& stop);
  void throw_failure();

  base::Sink& sink_;
  const std::stop_token stop_;
  base::Buffer filling_;  // the receiving thread's own

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<base::Buffer> filled_;
  std::vector<base::Buffer> spare_;  // used up, their memory worth keeping
  bool writing_ = false;
  std::exception_ptr failure_;

  std::jthread thread_;  // last: it uses all of the above
};

// The same as a stage of a chain: what is written here, `next` is given in another thread. It is
// finished in the caller's, once it has been given everything. Borrows `next`.
class BackgroundSink : public base::Sink {
 public:
  explicit BackgroundSink(base::Sink& next) : next_(next), writer_(next, {}) {}

  void write(base::Bytes bytes) override { writer_.write(bytes); }
  void finish() override {
    writer_.drain();
    next_.finish();
  }

 private:
  base::Sink& next_;
  BackgroundWriter writer_;
};

}  // namespace lifeboat::backup
