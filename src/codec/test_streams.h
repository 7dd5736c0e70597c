// Streams in memory, for the tests of this room.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "base/io.h"

namespace lifeboat::codec {

struct StringSink : base::Sink {
  void write(base::Bytes bytes) override { text.append(base::as_text(bytes)); }
  void finish() override { ++finished; }

  std::string text;
  int finished = 0;
};

// Gives at most `piece_bytes` at a time, as a network does.
class PieceSource : public base::Source {
 public:
  PieceSource(std::string_view text, std::size_t piece_bytes)
      : stream_(base::as_bytes(text)), piece_bytes_(piece_bytes) {}

  std::size_t read(base::MutableBytes buffer) override {
    return stream_.read(buffer.first(std::min(buffer.size(), piece_bytes_)));
  }

 private:
  base::MemoryStream stream_;
  std::size_t piece_bytes_;
};

inline std::string read_all(base::Source& source, std::size_t piece_bytes = 10000) {
  base::Buffer buffer(piece_bytes);
  std::string text;
  while (const std::size_t count = source.read(buffer)) {
    text.append(base::as_text(base::Bytes(buffer).first(count)));
  }
  return text;
}

// The same bytes for the same seed, half of which can be compressed away.
inline std::string sample(std::size_t size_bytes, unsigned seed = 1) {
  std::mt19937 engine(seed);
  std::string text;
  while (text.size() < size_bytes) {
    if (engine() % 2 == 0) text.append(32, 'a');
    for (int i = 0; i < 32; ++i) text.push_back(static_cast<char>(engine()));
  }
  text.resize(size_bytes);
  return text;
}

}  // namespace lifeboat::codec
