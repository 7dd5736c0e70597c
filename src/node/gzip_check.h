// Compares what gzip (RFC 1952) unpacks with the checksum at its end. libarchive does not, and tar
// reads no further than the archive's own end, so that a changed byte of a file would go unnoticed.
#pragma once

#include <stop_token>

#include "base/io.h"

namespace lifeboat::node {

// Does nothing for what is not compressed with gzip. Throws kCorrupt if checksum or length are not
// what stands at the end, kCancelled, what `source` throws. One member only, as tar -z makes it:
// several behind each other, or anything behind them, do not match.
void check_gzip(base::RandomSource& source, const std::stop_token& stop);

}  // namespace lifeboat::node
