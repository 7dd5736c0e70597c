// A stream of bytes in, a stream of bytes out. Every transform and every file is one of these.
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/bytes.h"

namespace lifeboat::base {

// Used by one thread at a time.
class Source {
 public:
  virtual ~Source() = default;

  // Fills the front of `buffer` and returns how many bytes that is: at least one, and 0 only at
  // the end of the stream. Throws what the medium throws.
  virtual std::size_t read(MutableBytes buffer) = 0;
};

// Used by one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;

  // Takes all of `bytes`, which are borrowed for the call only.
  virtual void write(Bytes bytes) = 0;

  // Called once, after the last write. Only when it returns has the stream been taken whole; a
  // sink that is destroyed before that gives up what it got.
  virtual void finish() = 0;
};

// Bytes that can be read anywhere: a file, or a part of memory. Used by one thread at a time.
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  virtual std::uint64_t size_bytes() = 0;

  // Fills the front of `buffer` from `offset` and returns how many bytes that is; fewer than asked
  // for only at the end.
  virtual std::size_t read_at(std::uint64_t offset, MutableBytes buffer) = 0;
};

// A part of memory as a RandomSource. Borrows it.
class MemorySource : public RandomSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(bytes) {}
  std::uint64_t size_bytes() override { return bytes_.size(); }
  std::size_t read_at(std::uint64_t offset, MutableBytes buffer) override;

 private:
  const Bytes bytes_;
};

// Copies `source` to its end into `sink` through a buffer of 256 KiB, without finishing the sink.
// Returns the number of bytes. Throws kCancelled soon after `stop` is requested.
std::uint64_t copy(Source& source, Sink& sink, std::stop_token stop);

}  // namespace lifeboat::base
