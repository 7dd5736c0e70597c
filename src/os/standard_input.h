// Standard input as a Source.
#pragma once

#include <stop_token>

#include "base/io.h"

namespace lifeboat::os {

class StandardInput : public base::Source {
 public:
  explicit StandardInput(std::stop_token stop) : stop_(std::move(stop)) {}

  // Throws kIo, and kCancelled soon after a stop is requested, also while nothing comes.
  std::size_t read(base::MutableBytes buffer) override;

 private:
  const std::stop_token stop_;
};

}  // namespace lifeboat::os
