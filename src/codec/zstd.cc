#include "codec/zstd.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/integers.h"
#include "base/text.h"

namespace lifeboat::codec {
namespace {

constexpr int kWindowLogMax = 27;
constexpr std::size_t kMagicBytes = 4;

base::Error no_memory() {
  return base::Error(base::Code::kIo, "not enough memory for zstd", "a lower level takes less");
}

ZstdContext make_context(int level) {
  check_zstd_level(level);
  ZstdContext context(ZSTD_createCCtx());
  if (context == nullptr) throw no_memory();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  return context;
}

base::Error explain(std::size_t result) {
  switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
      return base::Error(base::Code::kUnsupported,
                         "zstd data that takes more than 128 MiB of memory to unpack",
                         "pack it again with zstd --long=27 or less");
    case ZSTD_error_dictionary_wrong:
      return base::Error(base::Code::kUnsupported, "zstd data that was packed with a dictionary",
                         "unpack it with zstd -D, where that dictionary is");
    case ZSTD_error_memory_allocation:
      return no_memory();
    default:
      return base::Error(base::Code::kCorrupt,
                         base::cat("damaged zstd data: ", ZSTD_getErrorName(result)));
  }
}

// A frame, or one that only says how much of it to skip. The formats before zstd 0.8 are not among
// them, though libzstd may know them.
bool is_magic(base::Bytes bytes) {
  constexpr std::uint32_t kSkippableMask = 0xFFFFFFF0;
  base::le32 stored;
  std::memcpy(&stored, bytes.data(), sizeof(stored));
  const std::uint32_t magic = stored;
  return magic == ZSTD_MAGICNUMBER || (magic & kSkippableMask) == ZSTD_MAGIC_SKIPPABLE_START;
}

}  // namespace

void check_zstd_level(int level) {
  if (level >= 1 && level <= kZstdLevelMax) return;
  throw base::Error(base::Code::kInvalid, base::cat("no such level of compression: ", level),
                    base::cat("give one from 1 (fast) to ", kZstdLevelMax, " (small)"));
}

void FreeZstdContext::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

// ---- ZstdCompressor ---------------------------------------------------------------------------

ZstdCompressor::ZstdCompressor(base::Sink& next, int level)
    : next_(next), context_(make_context(level)), output_(ZSTD_CStreamOutSize()) {}

void ZstdCompressor::write(base::Bytes bytes) {
  while (!bytes.empty()) compress(bytes, ZSTD_e_continue);
}

void ZstdCompressor::finish() {
  base::Bytes nothing;
  while (compress(nothing, ZSTD_e_end) != 0) continue;
  next_.finish();
}

std::size_t ZstdCompressor::compress(base::Bytes& bytes, int mode) {
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out = {output_.data(), output_.size(), 0};
  const std::size_t held =
      ZSTD_compressStream2(context_.get(), &out, &in, static_cast<ZSTD_EndDirective>(mode));
  if (ZSTD_isError(held) != 0) throw no_memory();  // nothing else fails with checked parameters
  bytes = bytes.subspan(in.pos);
  if (out.pos > 0) next_.write(base::Bytes(output_).first(out.pos));
  return held;
}

// ---- ZstdFrameCompressor ----------------------------------------------------------------------

ZstdFrameCompressor::ZstdFrameCompressor(int level) : context_(make_context(level)) {}

base::Bytes ZstdFrameCompressor::compress(base::Bytes plain) {
  output_.resize(std::max(output_.size(), ZSTD_compressBound(plain.size())));
  const std::size_t size =
      ZSTD_compress2(context_.get(), output_.data(), output_.size(), plain.data(), plain.size());
  if (ZSTD_isError(size) != 0) throw no_memory();  // nothing else fails with checked parameters
  return base::Bytes(output_).first(size);
}

// ---- ZstdDecompressor -------------------------------------------------------------------------

void ZstdDecompressor::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

ZstdDecompressor::ZstdDecompressor(base::Source& packed)
    : packed_(packed), context_(ZSTD_createDCtx()), input_(ZSTD_DStreamInSize()) {
  if (context_ == nullptr) throw no_memory();
  const std::size_t result =
      ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  LIFEBOAT_CHECK(ZSTD_isError(result) == 0);
}

ZstdDecompressor::~ZstdDecompressor() = default;

std::size_t ZstdDecompressor::read(base::MutableBytes buffer) {
  if (buffer.empty()) return 0;
  for (;;) {
    if (!in_frame_ && !begin_frame()) return 0;
    if (const std::size_t count = decompress(buffer); count > 0) return count;
  }
}

bool ZstdDecompressor::begin_frame() {
  const std::size_t count = fill(kMagicBytes);
  if (count == 0 && any_frame_) return false;
  if (count < kMagicBytes || !is_magic(rest_)) {
    throw base::Error(base::Code::kCorrupt, any_frame_   ? "something else follows the zstd data"
                                            : count == 0 ? "empty, and so no zstd data"
                                                         : "no zstd data");
  }
  in_frame_ = true;
  any_frame_ = true;
  return true;
}

std::size_t ZstdDecompressor::fill(std::size_t wanted) {
  if (rest_.size() >= wanted) return rest_.size();
  std::size_t count = rest_.size();
  std::ranges::copy(rest_, input_.begin());
  while (count < wanted) {
    const std::size_t more = packed_.read(base::MutableBytes(input_).subspan(count));
    if (more == 0) break;
    count += more;
  }
  rest_ = base::Bytes(input_).first(count);
  return count;
}

// libzstd may still hold output when it has taken all input, so the input's end alone is no reason
// to complain.
std::size_t ZstdDecompressor::decompress(base::MutableBytes buffer) {
  const bool ended = fill(1) == 0;
  ZSTD_inBuffer in = {rest_.data(), rest_.size(), 0};
  ZSTD_outBuffer out = {buffer.data(), buffer.size(), 0};
  const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
  if (ZSTD_isError(result) != 0) throw explain(result);
  rest_ = rest_.subspan(in.pos);
  in_frame_ = result != 0;
  if (ended && in_frame_ && out.pos == 0) {
    throw base::Error(base::Code::kCorrupt, "zstd data that ends too early");
  }
  return out.pos;
}

}  // namespace lifeboat::codec
