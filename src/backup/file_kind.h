// What a file is that hides a database, by its first bytes: for messages.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace lifeboat::backup {

// As many tell all kinds apart.
inline constexpr std::size_t kHeadBytes = 32;

// "compressed with zstd", "encrypted with age", ...; nullptr if that is not known. `head` is what
// the file begins with, and may be shorter.
const char* describe_head(base::Bytes head);

}  // namespace lifeboat::backup
