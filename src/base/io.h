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

// Bytes that are appended, and of which earlier ones may be replaced: for formats that know what
// stands at their beginning only at their end. Used by one thread at a time.
class RandomSink {
 public:
  virtual ~RandomSink() = default;

  // Appends all of `bytes`, which are borrowed for the call only.
  virtual void append(Bytes bytes) = 0;

  // Replaces the bytes from `offset` on by `bytes`. All of those were appended before: this changes
  // neither the size nor where the next append goes.
  virtual void overwrite(std::uint64_t offset, Bytes bytes) = 0;
};

// Takes everything and keeps nothing.
class NullSink : public Sink {
 public:
  void write(Bytes /*bytes*/) override {}
  void finish() override {}
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

// A part of memory as a Source. Borrows it.
class MemoryStream : public Source {
 public:
  explicit MemoryStream(Bytes bytes) : rest_(bytes) {}
  std::size_t read(MutableBytes buffer) override;

 private:
  Bytes rest_;
};

// Copies `source` to its end into `sink` through a buffer of 256 KiB, without finishing the sink.
// Returns the number of bytes. Throws kCancelled soon after `stop` is requested.
std::uint64_t copy(Source& source, Sink& sink, std::stop_token stop);

}  // namespace lifeboat::base
