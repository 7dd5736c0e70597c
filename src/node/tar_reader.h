// Reads a tar archive, compressed with gzip or not, entry by entry: over libarchive.
//
//   TarReader tar(archive, stop);
//   while (const auto entry = tar.next()) {
//     for (auto piece = tar.read(); !piece.empty(); piece = tar.read()) ...
//   }
//
// Trusts nothing: names and sizes are what the archive says, and nothing is written anywhere. The
// library does not look at gzip's own checksum: see gzip_check.h.
// Memory is bounded, however much the archive unpacks to.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "base/io.h"
#include "node/tar_writer.h"

namespace lifeboat::node {

struct ArchivedEntry {
  enum class Type { kFile, kFolder, kSymlink, kHardLink, kOther };

  Type type = Type::kOther;
  TarEntry header;     // the size is a file's; a folder's name has no slash at its end
  std::string target;  // of a link
};

// What the compressed bytes are: an archive, or anything at all, which is one entry then.
enum class Unpacked { kTar, kAnything };

// Used by one thread. Every call throws kCorrupt for what is no archive, is cut or damaged;
// kCancelled; what the source throws. After that the reader is to be given up.
class TarReader {
 public:
  // Borrows `source`.
  TarReader(base::RandomSource& source, std::stop_token stop, Unpacked unpacked = Unpacked::kTar);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next entry, whether the one before was read or not; nullopt at the end.
  std::optional<ArchivedEntry> next();
  // The next piece of the entry, borrowed until the next call; empty at the entry's end.
  base::Bytes read();

 private:
  void check(long result);

  struct Input;
  const std::unique_ptr<Input> input_;
  archive* archive_;
  base::Buffer piece_;
};

}  // namespace lifeboat::node
