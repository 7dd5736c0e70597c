// Work as Progress sees it: a piece, ended on every way out of a scope, and the bytes of it.
#pragma once

#include "base/io.h"
#include "base/progress.h"

namespace lifeboat::backup {

class ProgressPiece {
 public:
  // Borrows `progress`.
  ProgressPiece(base::Progress& progress, std::string_view what, std::uint64_t total_bytes)
      : progress_(progress) {
    progress_.begin(what, total_bytes);
  }
  ~ProgressPiece() { progress_.end(); }
  ProgressPiece(const ProgressPiece&) = delete;
  ProgressPiece& operator=(const ProgressPiece&) = delete;

 private:
  base::Progress& progress_;
};

// Tells of every byte that it hands on. Borrows both.
class ProgressSink : public base::Sink {
 public:
  ProgressSink(base::Sink& next, base::Progress& progress) : next_(next), progress_(progress) {}

  void write(base::Bytes bytes) override {
    next_.write(bytes);
    progress_.advance(bytes.size());
  }
  void finish() override { next_.finish(); }

 private:
  base::Sink& next_;
  base::Progress& progress_;
};

}  // namespace lifeboat::backup
