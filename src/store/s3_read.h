// A blob of a bucket for reading, by ranges.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/io.h"
#include "store/s3_client.h"

namespace lifeboat::store {

// One blob as it was when it was found.
struct S3Blob {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::string etag = {};
  http::Headers headers = {};  // everything that was said about it
};

// Nullopt if there is none.
std::optional<S3Blob> find_s3_blob(S3Client& client, const std::string& key,
                                   const std::stop_token& stop);

// What store.h says of fingerprints; nullopt if the server says nothing of the content.
std::optional<std::string> s3_fingerprint(const S3Blob& blob);

// Reads it anywhere, each request a range on the condition that the blob is still the same: one
// that breaks off is simply sent again, and pieces of two blobs are never mixed. Asks for much
// while reads follow each other, for little when they jump. Borrows `client`. Reads throw kCorrupt
// if the blob has been replaced meanwhile.
std::unique_ptr<base::RandomSource> open_s3_blob(S3Client& client, S3Blob blob);

// The same from its start to its end.
std::unique_ptr<base::Source> stream_s3_blob(S3Client& client, S3Blob blob);

}  // namespace lifeboat::store
