#include "store/sigv4.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/text.h"

namespace lifeboat::store {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keep_slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slashes && c == '/')) {
      result.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return result;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Blanks at both ends go, and of several in a row one stays.
std::string trimmed(std::string_view value) {
  std::string result;
  for (const char c : value) {
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result.push_back(c);
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

// By name in lower case. Values of one name are joined in their order.
std::map<std::string, std::string> canonical_headers(const http::Headers& headers) {
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : headers) {
    std::string key(name);
    std::ranges::transform(key, key.begin(), lower);
    const auto [entry, is_new] = result.try_emplace(key, trimmed(value));
    if (!is_new) entry->second += "," + trimmed(value);
  }
  return result;
}

std::string signed_names(const http::Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : canonical_headers(headers)) names.push_back(name);
  return base::join(names, ";");
}

std::string scope_text(const SigningScope& scope, base::TimePoint time) {
  return base::cat(signing_time(time).substr(0, 8), "/", scope.region, "/", scope.service,
                   "/aws4_request");
}

std::string hash_hex(std::string_view text) {
  return base::to_hex(base::sha256(base::as_bytes(text)));
}

}  // namespace

std::string encode_component(std::string_view text) { return encode(text, false); }

std::string encode_path(std::string_view path) { return encode(path, true); }

std::string encode_query(const QueryParameters& query) {
  QueryParameters encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(encode_component(name), encode_component(value));
  }
  std::ranges::sort(encoded);
  std::vector<std::string> parts;
  for (const auto& [name, value] : encoded) parts.push_back(base::cat(name, "=", value));
  return base::join(parts, "&");
}

std::string canonical_request(const SigningInput& input) {
  std::string text =
      base::cat(input.method, "\n", encode_path(input.path), "\n", encode_query(input.query), "\n");
  for (const auto& [name, value] : canonical_headers(input.headers)) {
    text += base::cat(name, ":", value, "\n");
  }
  return base::cat(text, "\n", signed_names(input.headers), "\n", input.payload_hash);
}

std::string string_to_sign(const SigningInput& input, const SigningScope& scope,
                           base::TimePoint time) {
  return base::cat(kAlgorithm, "\n", signing_time(time), "\n", scope_text(scope, time), "\n",
                   hash_hex(canonical_request(input)));
}

std::string signature(const SigningInput& input, const SigningScope& scope,
                      const S3Credentials& credentials, base::TimePoint time) {
  const std::string first_key = "AWS4" + credentials.secret_key;
  auto key =
      base::hmac_sha256(base::as_bytes(first_key), base::as_bytes(signing_time(time).substr(0, 8)));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = base::hmac_sha256(key, base::as_bytes(part));
  }
  return base::to_hex(base::hmac_sha256(key, base::as_bytes(string_to_sign(input, scope, time))));
}

http::Headers signed_headers(SigningInput input, const SigningScope& scope,
                             const S3Credentials& credentials, base::TimePoint time) {
  input.headers.emplace_back("x-amz-date", signing_time(time));
  input.headers.emplace_back("x-amz-content-sha256", input.payload_hash);
  if (!credentials.session_token.empty()) {
    input.headers.emplace_back("x-amz-security-token", credentials.session_token);
  }
  const std::string authorization =
      base::cat(kAlgorithm, " Credential=", credentials.access_key, "/", scope_text(scope, time),
                ",SignedHeaders=", signed_names(input.headers),
                ",Signature=", signature(input, scope, credentials, time));
  input.headers.emplace_back("Authorization", authorization);
  return std::move(input.headers);
}

std::string signing_time(base::TimePoint time) {
  std::string text = base::format_time(time).substr(0, 19);  // "2013-05-24T00:00:00"
  std::erase(text, '-');
  std::erase(text, ':');
  return text + "Z";
}

}  // namespace lifeboat::store
