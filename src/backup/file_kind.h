// What a file is that hides a database, by its first bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::backup {

// As many tell all kinds apart.
inline constexpr std::size_t kHeadBytes = 40;

struct FileKind {
  // "compressed with zstd", "encrypted with age", ..., for messages; nullptr: not known.
  const char* text = nullptr;
  // As vault/encoding.h names it; empty where this program can't decode it.
  std::string_view encoding;
};

// `head` is what the file begins with, and may be shorter than kHeadBytes.
FileKind kind_of_head(base::Bytes head);

}  // namespace lifeboat::backup
