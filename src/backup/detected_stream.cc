#include "backup/detected_stream.h"

#include <algorithm>
#include <array>
#include <string>

#include "backup/file_kind.h"
#include "backup/stored_files.h"
#include "base/error.h"
#include "base/text.h"
#include "vault/encoding.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

// A stream whose first bytes can be looked at before they are read.
class PeekedStream : public base::Source {
 public:
  // Reads that far. Borrows `in`.
  explicit PeekedStream(base::Source& in) : in_(in) {
    while (size_ < head_.size()) {
      const std::size_t more = in_.read(base::MutableBytes(head_).subspan(size_));
      if (more == 0) break;
      size_ += more;
    }
  }

  base::Bytes head() const { return base::Bytes(head_).first(size_); }

  std::size_t read(base::MutableBytes buffer) override {
    if (given_ == size_) return in_.read(buffer);
    const base::Bytes rest = head().subspan(given_);
    const std::size_t count = std::min(rest.size(), buffer.size());
    std::ranges::copy(rest.first(count), buffer.begin());
    given_ += count;
    return count;
  }

 private:
  base::Source& in_;
  std::array<std::uint8_t, kHeadBytes> head_{};
  std::size_t size_ = 0;
  std::size_t given_ = 0;
};

}  // namespace

DetectedStream::~DetectedStream() = default;

std::size_t DetectedStream::read(base::MutableBytes buffer) {
  if (stages_.empty()) begin();
  return stages_.back()->read(buffer);
}

// From the outermost to the innermost, as backups are encoded: what comes out is never taken for
// another layer of the same kind.
void DetectedStream::begin() {
  std::vector<std::unique_ptr<base::Source>> stages;
  base::Source* last = &stored_;
  for (const std::string_view encoding : {vault::kEncodingAge, vault::kEncodingZstd}) {
    auto peeked = std::make_unique<PeekedStream>(*last);
    const FileKind kind = kind_of_head(peeked->head());
    last = stages.emplace_back(std::move(peeked)).get();
    if (kind.encoding != encoding) continue;
    if (encoding == vault::kEncodingAge && !has_keys(keyring_)) throw no_key_given();
    const std::vector<std::string> names{std::string(encoding)};
    last = stages.emplace_back(std::make_unique<vault::Decoder>(*last, names, keyring_)).get();
  }
  auto peeked = std::make_unique<PeekedStream>(*last);
  const FileKind kind = kind_of_head(peeked->head());
  stages.push_back(std::move(peeked));
  if (kind.text != nullptr) {
    throw Error(Code::kUnsupported, cat("holds a file that is ", kind.text),
                "unpack it on its way, as with gunzip, xz -d, zstd -d or age -d");
  }
  stages_ = std::move(stages);
}

}  // namespace lifeboat::backup
