// Any bytes as the body of a gRPC answer: no crash, and how it is cut makes no difference.
#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "rpc/server_stream.h"

namespace {

namespace base = lifeboat::base;
namespace rpc = lifeboat::rpc;

struct Reading {
  std::vector<std::string> messages = {};
  bool refused = false;
  bool has_rest = false;

  bool operator==(const Reading&) const = default;
};

Reading read(base::Bytes body, std::size_t piece_bytes) {
  Reading result;
  rpc::MessageQueue queue;
  try {
    while (!body.empty()) {
      const base::Bytes piece = body.first(std::min(piece_bytes, body.size()));
      body = body.subspan(piece.size());
      queue.append(piece);
      while (const auto message = queue.take()) {
        result.messages.emplace_back(base::as_text(*message));
      }
    }
    result.has_rest = queue.has_rest();
  } catch (const base::Error&) {
    result.refused = true;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const base::Bytes body(data + 1, size - 1);
  if (read(body, data[0] + std::size_t{1}) != read(body, size)) __builtin_trap();
  return 0;
}
