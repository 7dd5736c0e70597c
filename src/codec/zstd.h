// zstd (RFC 8878), streaming and in bounded memory, over libzstd: what is written here, `zstd -d`
// reads, and the other way round.
#pragma once

#include <memory>

#include "base/io.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace lifeboat::codec {

// What ZstdOptions::level may be. 1 is fast, 19 is small; the levels above would make readers hold
// 128 MiB.
inline constexpr int kZstdLevelMax = 19;

// Throws kInvalid for what is no level.
void check_zstd_level(int level);

struct FreeZstdContext {
  void operator()(ZSTD_CCtx_s* context) const;
};
using ZstdContext = std::unique_ptr<ZSTD_CCtx_s, FreeZstdContext>;

// Compresses what is written, as one frame with a checksum over the content, into `next`, which is
// borrowed and is finished with it.
class ZstdCompressor : public base::Sink {
 public:
  // Throws as check_zstd_level does.
  ZstdCompressor(base::Sink& next, int level);

  void write(base::Bytes bytes) override;
  void finish() override;

 private:
  // Returns how much libzstd still holds back.
  std::size_t compress(base::Bytes& bytes, int mode);

  base::Sink& next_;
  const ZstdContext context_;
  base::Buffer output_;
};

// Makes frames of what is at hand whole. Used by one thread at a time.
class ZstdFrameCompressor {
 public:
  // Throws as check_zstd_level does.
  explicit ZstdFrameCompressor(int level);

  // One frame with a checksum over the content. Borrowed until the next call.
  base::Bytes compress(base::Bytes plain);

 private:
  const ZstdContext context_;
  base::Buffer output_;
};

// What `packed`, which is borrowed, unpacks to: one frame or several behind each other.
//
// Trusts nothing: read() throws kCorrupt for input that is no zstd, is damaged, ends too early or
// goes on behind its last frame, and kUnsupported for what takes more than 128 MiB of window
// (more than `zstd --long=27` asks for) or a dictionary. What was read before that stays read: only
// its end says that the stream was whole.
class ZstdDecompressor : public base::Source {
 public:
  explicit ZstdDecompressor(base::Source& packed);
  ~ZstdDecompressor() override;

  std::size_t read(base::MutableBytes buffer) override;

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  // Reads until `wanted` bytes are at hand or `packed` ends. Returns how many are.
  std::size_t fill(std::size_t wanted);
  // False at the end of the stream.
  bool begin_frame();
  std::size_t decompress(base::MutableBytes buffer);

  base::Source& packed_;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  base::Buffer input_;
  base::Bytes rest_;  // of the input, at hand
  bool in_frame_ = false;
  bool any_frame_ = false;
};

}  // namespace lifeboat::codec
