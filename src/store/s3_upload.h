// A blob of a bucket for writing: one request if it is small, else in parts.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/io.h"
#include "os/clock.h"
#include "store/s3_client.h"

namespace lifeboat::store {

struct S3UploadOptions {
  std::string key;
  // Throw kExists at finish() if there is a blob of that name by then. A server that does not
  // honour conditions replaces one that was put in the same moment.
  bool only_if_absent = false;
  // Called before the blob becomes visible; throws if it must not.
  std::function<void()> allowed = [] {};
};

// Two parts at a time are on their way, each with its SHA-256; the memory that takes is bounded by
// S3Options::part_bytes until the blob has eight thousand parts. finish() asks the server for the
// blob and compares size and checksum before it returns: kCorrupt if they differ. One that is
// destroyed before that removes its parts, also after a stop. Borrows `client` and `clock`.
std::unique_ptr<base::Sink> begin_s3_upload(S3Client& client, const os::Clock& clock,
                                            S3UploadOptions options);

}  // namespace lifeboat::store
