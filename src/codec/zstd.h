// zstd (RFC 8878), streaming and in bounded memory, over libzstd: what is written here, `zstd -d`
// reads, and the other way round.
#pragma once

#include <memory>

#include "base/io.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace lifeboat::codec {

struct ZstdOptions {
  // 1 is fast, 19 is small. The levels above would make readers hold 128 MiB.
  int level = 3;
  // Threads besides the caller's; 0: it compresses itself. More threads hold more memory: 16 MiB
  // each, at level 3.
  int threads = 0;
};

// What `threads` may be: 64, or 0 where libzstd was built without threads, as Debian's static one
// is.
int zstd_threads_max();

// Compresses what is written, as one frame with a checksum over the content, into `next`, which is
// borrowed and is finished with it.
class ZstdCompressor : public base::Sink {
 public:
  // Throws kInvalid for a level that is not 1 to 19 and for a number of threads that never works,
  // kUnsupported for one beyond zstd_threads_max().
  ZstdCompressor(base::Sink& next, const ZstdOptions& options);
  ~ZstdCompressor() override;

  void write(base::Bytes bytes) override;
  void finish() override;

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  // Returns how much libzstd still holds back.
  std::size_t compress(base::Bytes& bytes, int mode);

  base::Sink& next_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
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
