#include "codec/zstd_threads.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/fill.h"
#include "base/text.h"

namespace lifeboat::codec {
namespace {

void check(const ZstdOptions& options) {
  check_zstd_level(options.level);
  if (options.threads >= 1 && options.threads <= kZstdThreadsMax) return;
  throw base::Error(base::Code::kInvalid,
                    base::cat("can't compress with ", options.threads, " threads"),
                    base::cat("give a number from 1 to ", kZstdThreadsMax));
}

}  // namespace

std::unique_ptr<base::Sink> make_zstd_compressor(base::Sink& next, const ZstdOptions& options) {
  check(options);
  if (options.threads == 1) return std::make_unique<ZstdCompressor>(next, options.level);
  return std::make_unique<ThreadedZstdCompressor>(next, options);
}

// One frame more than threads, so that none of them waits for the caller.
ThreadedZstdCompressor::ThreadedZstdCompressor(base::Sink& next, const ZstdOptions& options)
    : next_(next),
      level_(options.level),
      frames_max_(static_cast<std::size_t>(options.threads) + 1) {
  check(options);
  filling_.reserve(kFrameBytes);
  for (int i = 0; i < options.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

ThreadedZstdCompressor::~ThreadedZstdCompressor() = default;

void ThreadedZstdCompressor::write(base::Bytes bytes) {
  while (!bytes.empty()) {
    bytes = base::fill_up(&filling_, kFrameBytes, bytes);
    if (filling_.size() == kFrameBytes) hand_over();
  }
}

void ThreadedZstdCompressor::finish() {
  // Nothing at all is a frame, too: readers take no file of zero bytes for zstd.
  if (!filling_.empty() || !any_frame_) hand_over();
  pass_on(0);
  next_.finish();
}

void ThreadedZstdCompressor::hand_over() {
  any_frame_ = true;
  pass_on(frames_max_ - 1);
  {
    const std::lock_guard guard(mutex_);
    frames_.push_back({.plain = std::move(filling_)});
    changed_.notify_all();
  }
  filling_ = std::exchange(spare_, {});
  filling_.clear();
  filling_.reserve(kFrameBytes);
}

// Gives `next` what is done, in order, and waits for as much as it takes to have no more than
// `frames_left` under way.
void ThreadedZstdCompressor::pass_on(std::size_t frames_left) {
  std::unique_lock guard(mutex_);
  while (!frames_.empty()) {
    if (!frames_.front().is_done && frames_.size() <= frames_left) return;
    changed_.wait(guard, [&] { return frames_.front().is_done; });
    Frame frame = std::move(frames_.front());
    frames_.pop_front();
    guard.unlock();
    spare_ = std::move(frame.plain);
    if (frame.failure) std::rethrow_exception(frame.failure);
    next_.write(frame.packed);
    guard.lock();
  }
}

void ThreadedZstdCompressor::run(const std::stop_token& stop) {
  std::optional<ZstdFrameCompressor> compressor;
  while (Frame* frame = take(stop)) {
    try {
      if (!compressor) compressor.emplace(level_);
      const base::Bytes packed = compressor->compress(frame->plain);
      frame->packed.assign(packed.begin(), packed.end());
    } catch (...) {
      frame->failure = std::current_exception();
    }
    const std::lock_guard guard(mutex_);
    frame->is_done = true;
    changed_.notify_all();
  }
}

// Waits for the first frame that no thread has. It stays where it is until it is done; nullptr:
// there is nothing left to do.
ThreadedZstdCompressor::Frame* ThreadedZstdCompressor::take(const std::stop_token& stop) {
  std::unique_lock guard(mutex_);
  const auto first_free = [&] { return std::ranges::find(frames_, false, &Frame::is_taken); };
  if (!changed_.wait(guard, stop, [&] { return first_free() != frames_.end(); })) return nullptr;
  if (stop.stop_requested()) return nullptr;
  Frame& frame = *first_free();
  frame.is_taken = true;
  return &frame;
}

}  // namespace lifeboat::codec
