#include "backup/background_writer.h"

#include <algorithm>

#include "base/fill.h"
#include "base/stop.h"

namespace lifeboat::backup {

BackgroundWriter::BackgroundWriter(base::Sink& sink, std::stop_token stop)
    : sink_(sink),
      stop_(std::move(stop)),
      thread_([this](std::stop_token thread_stop) { run(std::move(thread_stop)); }) {
  filling_.reserve(kBufferBytes);
}

BackgroundWriter::~BackgroundWriter() {
  thread_.request_stop();
  thread_.join();
}

void BackgroundWriter::write(base::Bytes bytes) {
  while (!bytes.empty()) {
    bytes = base::fill_up(&filling_, kBufferBytes, bytes);
    if (filling_.size() == kBufferBytes) hand_over();
  }
}

void BackgroundWriter::drain() {
  if (!filling_.empty()) hand_over();
  std::unique_lock guard(mutex_);
  changed_.wait(guard, stop_, [&] { return failure_ || (filled_.empty() && !writing_); });
  throw_failure();
}

// Puts the filled buffer into the queue, and an empty one into its place.
void BackgroundWriter::hand_over() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, stop_, [&] { return failure_ || filled_.size() < kBuffersMax; });
  throw_failure();
  filled_.push_back(std::move(filling_));
  filling_ = base::Buffer();
  if (!spare_.empty()) {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
  }
  filling_.clear();
  filling_.reserve(kBufferBytes);
  changed_.notify_all();
}

void BackgroundWriter::run(std::stop_token stop) {
  while (write_next(stop)) {
  }
}

// Returns false when there is nothing left to do in this thread.
bool BackgroundWriter::write_next(const std::stop_token& stop) {
  std::unique_lock guard(mutex_);
  if (!changed_.wait(guard, stop, [&] { return !filled_.empty(); })) return false;
  if (stop.stop_requested()) return false;
  base::Buffer buffer = std::move(filled_.front());
  filled_.pop_front();
  writing_ = true;
  // There is a place in the queue from now on, not only after this write.
  changed_.notify_all();
  guard.unlock();
  std::exception_ptr failure;
  try {
    sink_.write(buffer);
  } catch (...) {
    failure = std::current_exception();
  }
  guard.lock();
  writing_ = false;
  failure_ = failure;
  spare_.push_back(std::move(buffer));
  changed_.notify_all();
  return !failure;
}

// The mutex is held.
void BackgroundWriter::throw_failure() {
  if (failure_) std::rethrow_exception(failure_);
  base::throw_if_stopped(stop_);
}

}  // namespace lifeboat::backup
