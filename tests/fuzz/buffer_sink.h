// What a codec writes, kept in memory for a fuzzer to look at.
#pragma once

#include "base/io.h"

struct BufferSink : lifeboat::base::Sink {
  void write(lifeboat::base::Bytes bytes) override {
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  }
  void finish() override {}

  lifeboat::base::Buffer buffer;
};
