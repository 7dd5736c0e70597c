// A piece of work as Progress sees it, ended on every way out of a scope.
#pragma once

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

}  // namespace lifeboat::backup
