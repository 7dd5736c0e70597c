// Signature Version 4 of Amazon Web Services ("Authenticating Requests", S3 API Reference), as
// functions over values: no clock, no network, no secret kept.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "http/client.h"

namespace lifeboat::store {

struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token = {};  // empty for keys without an end

  bool operator==(const S3Credentials&) const = default;
};

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// A request before it is encoded and signed.
struct SigningInput {
  std::string method = "GET";
  std::string path = "/";  // the raw bytes of it, not encoded
  QueryParameters query = {};
  http::Headers headers = {};     // all that are to be signed; "Host" among them
  std::string payload_hash = {};  // the body's SHA-256 in hexadecimal, or kUnsignedPayload
};

struct SigningScope {
  std::string region;
  std::string service = "s3";
};

// In the place of the body's hash: for a body that nobody can read twice, over TLS.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Letters, digits and "-._~" as they are, every other byte as "%2F". In a path, slashes stay.
std::string encode_component(std::string_view text);
std::string encode_path(std::string_view path);

// "a=1&b=2", encoded and sorted: how it is signed, and how it goes over the line.
std::string encode_query(const QueryParameters& query);

// The three stages of a signature, as the paper has them. Each is there for its test vectors.
std::string canonical_request(const SigningInput& input);
std::string string_to_sign(const SigningInput& input, const SigningScope& scope,
                           base::TimePoint time);
std::string signature(const SigningInput& input, const SigningScope& scope,
                      const S3Credentials& credentials, base::TimePoint time);

// `input.headers` and those that make it a signed request at `time`: x-amz-date,
// x-amz-content-sha256, x-amz-security-token where there is one, Authorization.
http::Headers signed_headers(SigningInput input, const SigningScope& scope,
                             const S3Credentials& credentials, base::TimePoint time);

// "20130524T000000Z".
std::string signing_time(base::TimePoint time);

}  // namespace lifeboat::store
