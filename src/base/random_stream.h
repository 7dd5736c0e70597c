// A RandomSource, such as a file, read as a stream from its start.
#pragma once

#include <memory>
#include <utility>

#include "base/io.h"

namespace lifeboat::base {

class RandomStream : public Source {
 public:
  explicit RandomStream(std::unique_ptr<RandomSource> source)
      : owned_(std::move(source)), source_(*owned_) {}
  // Borrows `source`.
  explicit RandomStream(RandomSource& source) : source_(source) {}

  std::size_t read(MutableBytes buffer) override {
    const std::size_t count = source_.read_at(offset_, buffer);
    offset_ += count;
    return count;
  }

 private:
  const std::unique_ptr<RandomSource> owned_;
  RandomSource& source_;
  std::uint64_t offset_ = 0;
};

}  // namespace lifeboat::base
