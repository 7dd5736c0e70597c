// Reads a tar archive, compressed or not, to its end: that it is whole, what it holds, and that it
// does no harm to who unpacks it, as root, with whatever tar.
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/io.h"

namespace lifeboat::node {

struct ArchiveContents {
  std::uint64_t entries = 0;
  std::uint64_t file_bytes = 0;  // of its files, unpacked
  bool is_openshifts = false;    // it has a folder `static-pod-resources`
};

// Memory is bounded, however much the archive unpacks to; nothing is written anywhere. Throws
// kCorrupt for what is no archive, is cut or damaged, or holds nothing; for an entry that would not
// be unpacked into the folder where that is done (an absolute name, "..", below a link of the same
// archive) or is neither file, folder nor link; kCancelled; what `archive` throws.
ArchiveContents check_archive(base::RandomSource& archive, std::stop_token stop);

}  // namespace lifeboat::node
