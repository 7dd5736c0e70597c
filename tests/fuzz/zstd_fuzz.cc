// Any bytes as zstd data: no crash, no loop, and what was packed here unpacks to the same.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "buffer_sink.h"
#include "codec/zstd.h"

namespace {

namespace base = lifeboat::base;
namespace codec = lifeboat::codec;

// What it unpacks to, or its first MiB; nullopt if it is refused.
std::optional<base::Buffer> unpack(base::Bytes packed, std::size_t piece_bytes) {
  constexpr std::size_t kEnough = 1 << 20;
  try {
    base::MemoryStream stream(packed);
    codec::ZstdDecompressor decompressor(stream);
    base::Buffer content;
    base::Buffer piece(piece_bytes);
    while (content.size() < kEnough) {
      const std::size_t count = decompressor.read(piece);
      if (count == 0) break;
      content.insert(content.end(), piece.begin(), piece.begin() + static_cast<long>(count));
    }
    return content;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

base::Buffer pack(base::Bytes content) {
  BufferSink packed;
  codec::ZstdCompressor compressor(packed, 1);
  compressor.write(content);
  compressor.finish();
  return packed.buffer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes bytes(data, size);
  unpack(bytes, 4096);
  const auto read = unpack(pack(bytes), size % 100 + 1);
  if (!read || !std::ranges::equal(*read, bytes)) __builtin_trap();
  return 0;
}
