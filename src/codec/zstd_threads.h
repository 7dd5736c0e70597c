// zstd (RFC 8878) in several threads: what is written is cut into frames of one size, which are
// compressed side by side and stand behind each other in the order in which they were written.
// Every reader of zstd takes that for one file (RFC 8878, 3.1).
//
// libzstd has threads, too, but not where it was built without, as Debian's static library is.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/io.h"
#include "codec/zstd.h"

namespace lifeboat::codec {

inline constexpr int kZstdThreadsMax = 64;

struct ZstdOptions {
  int level = 3;    // 1 to kZstdLevelMax
  int threads = 1;  // that compress at the same time, 1 to kZstdThreadsMax
};

// Compresses into `next`, which is borrowed, is finished with it, and is used by the caller's
// thread alone: in that thread where there is to be one only, else in as many as are asked for.
// Throws kInvalid for options that are out of bounds.
std::unique_ptr<base::Sink> make_zstd_compressor(base::Sink& next, const ZstdOptions& options);

// What comes out depends on content and level only, not on the number of threads. Each of these
// holds about 16 MiB at level 3.
class ThreadedZstdCompressor : public base::Sink {
 public:
  static constexpr std::size_t kFrameBytes = 4 * 1024 * 1024;  // of content, in all but the last

  ThreadedZstdCompressor(base::Sink& next, const ZstdOptions& options);
  // Gives up what was not passed on yet; waits for the frames that are being compressed.
  ~ThreadedZstdCompressor() override;

  // Throws what `next` throws.
  void write(base::Bytes bytes) override;
  void finish() override;

 private:
  struct Frame {
    base::Buffer plain;
    base::Buffer packed = {};
    std::exception_ptr failure = {};
    bool is_taken = false;  // by a thread
    bool is_done = false;
  };

  void hand_over();
  void pass_on(std::size_t frames_left);
  void run(const std::stop_token& stop);
  Frame* take(const std::stop_token& stop);

  base::Sink& next_;
  const int level_;
  const std::size_t frames_max_;
  base::Buffer filling_;  // this and the next are the caller's own
  base::Buffer spare_;    // used up, its memory worth keeping
  bool any_frame_ = false;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Frame> frames_;  // in their order, none of them passed on yet

  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace lifeboat::codec
