// Where a bucket is and how it is to be used, as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "http/url.h"

namespace lifeboat::store {

struct S3Location {
  std::string bucket;
  std::string prefix = {};  // "a/b", without slashes at its ends; or ""

  bool operator==(const S3Location&) const = default;
};

// "s3://bucket", "s3://bucket/a/b". Throws kInvalid for anything else.
S3Location parse_s3_url(std::string_view text);

// Whether the bucket stands in the path or in the host's name.
enum class S3Addressing {
  kAuto,  // in the host's name at Amazon, unless it has a dot, which its certificate does not cover
  kPath,
  kVirtualHost,
};

enum class S3ObjectLock { kNone, kGovernance, kCompliance };

struct S3Retry {
  int attempts_max = 8;  // the first included
  std::chrono::milliseconds first_delay{250};
  std::chrono::milliseconds delay_max{15'000};
  // From the first attempt on: none begins later, however many are left. Each may itself take as
  // long as a server that says nothing is waited for.
  std::chrono::milliseconds patience{150'000};
};

struct S3Options {
  S3Location location;
  std::string endpoint = {};  // a URL; empty: Amazon's own in `region`
  std::string region = "us-east-1";
  S3Addressing addressing = S3Addressing::kAuto;
  std::string server_side_encryption = {};  // "AES256", "aws:kms"; empty: what the bucket does
  std::string kms_key_id = {};
  S3ObjectLock object_lock = S3ObjectLock::kNone;
  std::chrono::milliseconds retain{0};  // how long Object Lock keeps each blob
  S3Retry retry = {};
  // A part of this size takes twice as much memory while it is sent. From 5 MiB on, save in tests.
  std::uint64_t part_bytes = 8 * 1024 * 1024;
  std::uint64_t read_bytes = 8 * 1024 * 1024;  // of one request; below http's limit of 16 MiB
  std::string owner = "lifeboat";              // who holds a lease, for people
  std::chrono::milliseconds lease_duration{60'000};
  // Where the server does not honour conditions: how long a new lease waits for a rival's.
  std::chrono::milliseconds lease_settle{2'000};
  std::stop_token stop = {};
};

// Throws kInvalid for options that contradict each other.
void check_s3_options(const S3Options& options);

// What requests of a bucket go to.
struct S3Endpoint {
  http::Url url;            // without a path
  std::string bucket_path;  // raw: "", "/bucket" or "/proxy/bucket"
};

// Throws kInvalid.
S3Endpoint s3_endpoint(const S3Options& options);

// The size of part `number`, which counts from 1: the same for eight thousand parts, 62 GiB with
// the usual size, and so is the memory that they take. From there it doubles after each hundred, so
// that ten thousand parts, which is what S3 allows, hold the 5 TiB that it allows.
std::uint64_t s3_part_bytes(std::uint64_t first_part_bytes, int number);

inline constexpr int kS3PartsMax = 10'000;

}  // namespace lifeboat::store
