// Object Lock: what a bucket keeps for a time, whoever wants it gone. (Amazon S3 API Reference:
// PutObject, PutObjectRetention, GetObjectLockConfiguration.)
#pragma once

#include <stop_token>
#include <string>

#include "os/clock.h"
#include "store/s3_client.h"

namespace lifeboat::store {

// What asks for it beside a new blob; empty if the options don't.
http::Headers s3_retention_headers(const S3Options& options, const os::Clock& clock);

// Makes sure that the blob of that key, of which the server has said these headers, is retained, by
// a request of its own where they do not say so: Ceph's gateway (16.2) forgets what is asked of a
// blob in parts, and other servers say nothing to whom they trust less. Throws what refuses it.
void ensure_s3_retention(S3Client& client, const os::Clock& clock, const std::string& key,
                         const http::Headers& headers, const std::stop_token& stop);

// Throws kInvalid if the options ask for it and the bucket is known to have no Object Lock: before
// anything is sent there in vain. Credentials that may not ask that are no reason to end.
void check_s3_object_lock(S3Client& client, const std::stop_token& stop);

}  // namespace lifeboat::store
