// Streams that count and hash what goes through them.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/io.h"

namespace lifeboat::base {

// Size and SHA-256 of a stream so far.
class StreamDigest {
 public:
  void update(Bytes bytes) {
    hash_.update(bytes);
    size_bytes_ += bytes.size();
  }

  std::uint64_t size_bytes() const { return size_bytes_; }
  std::string sha256() const { return to_hex(hash_.digest()); }  // hexadecimal

 private:
  Sha256 hash_;
  std::uint64_t size_bytes_ = 0;
};

// Hands everything on to `next`, which is borrowed and is finished with it.
class HashingSink : public Sink {
 public:
  explicit HashingSink(Sink& next) : next_(next) {}

  void write(Bytes bytes) override {
    digest_.update(bytes);
    next_.write(bytes);
  }
  void finish() override { next_.finish(); }

  const StreamDigest& digest() const { return digest_; }

 private:
  Sink& next_;
  StreamDigest digest_;
};

// What is read from `source`, which is borrowed.
class HashingSource : public Source {
 public:
  explicit HashingSource(Source& source) : source_(source) {}

  std::size_t read(MutableBytes buffer) override {
    const std::size_t count = source_.read(buffer);
    digest_.update(buffer.first(count));
    return count;
  }

  const StreamDigest& digest() const { return digest_; }

 private:
  Source& source_;
  StreamDigest digest_;
};

}  // namespace lifeboat::base
