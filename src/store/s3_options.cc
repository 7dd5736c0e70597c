#include "store/s3_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/percent.h"
#include "base/text.h"
#include "store/store.h"

namespace lifeboat::store {
namespace {

[[noreturn]] void refuse(const std::string& what, std::string hint) {
  throw base::Error(base::Code::kInvalid, what, std::move(hint));
}

// "Bucket naming rules" in the S3 User Guide; capitals and '_' are what older buckets have.
bool is_bucket(std::string_view name) {
  const auto known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, known) &&
         name.front() != '.' && name.front() != '-' && name.find("..") == std::string_view::npos;
}

bool is_region(std::string_view name) {
  const auto known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, known);
}

std::string amazon_endpoint(const std::string& region) {
  return base::cat("https://s3.", region, ".amazonaws.com", region.starts_with("cn-") ? ".cn" : "");
}

bool is_amazon(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

bool wants_virtual_host(const S3Options& options, const http::Url& url) {
  if (options.addressing != S3Addressing::kAuto) {
    return options.addressing == S3Addressing::kVirtualHost;
  }
  return is_amazon(url.host) && options.location.bucket.find('.') == std::string::npos;
}

}  // namespace

S3Location parse_s3_url(std::string_view text) {
  constexpr std::string_view kScheme = "s3://";
  // Some write keys before an '@'.
  const std::size_t secret = text.find('@');
  const std::string shown = secret == text.npos
                                ? base::printable(text)
                                : base::cat("s3://...", base::printable(text.substr(secret)));
  const std::string hint = "a bucket is written as s3://bucket or s3://bucket/prefix";
  if (!text.starts_with(kScheme)) refuse(base::cat("'", shown, "' is no bucket"), hint);
  text.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  S3Location location{.bucket = std::string(text.substr(0, slash))};
  if (!is_bucket(location.bucket)) refuse(base::cat("'", shown, "': no name of a bucket"), hint);
  std::string_view prefix = text.substr(slash);
  if (prefix.starts_with('/')) prefix.remove_prefix(1);
  if (prefix.size() > 1 && prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.empty() && !is_valid_name(prefix)) {
    refuse(base::cat("'", shown, "': what follows the bucket is no path"), hint);
  }
  location.prefix = prefix;
  return location;
}

void check_s3_options(const S3Options& options) {
  if (!is_region(options.region)) {
    refuse(base::cat("'", base::printable(options.region), "' is no region"),
           "a region looks like eu-central-1; servers other than Amazon's take us-east-1");
  }
  if (options.object_lock != S3ObjectLock::kNone && options.retain.count() <= 0) {
    refuse("Object Lock is asked for, but not for how long", "say so with --s3-retain, as in 30d");
  }
  if (options.object_lock == S3ObjectLock::kNone && options.retain.count() > 0) {
    refuse("a time to retain is given, but no mode of Object Lock",
           "add --s3-object-lock governance or --s3-object-lock compliance");
  }
  if (!options.kms_key_id.empty() && !options.server_side_encryption.starts_with("aws:kms")) {
    refuse("a KMS key is given, but the server side encryption is not aws:kms",
           "ask for aws:kms, or leave out the key");
  }
}

S3Endpoint s3_endpoint(const S3Options& options) {
  S3Endpoint result;
  result.url = http::parse_url(options.endpoint.empty() ? amazon_endpoint(options.region)
                                                        : options.endpoint);
  result.bucket_path = base::decode_percent(result.url.path);
  result.url.path.clear();
  if (!wants_virtual_host(options, result.url)) {
    result.bucket_path += "/" + options.location.bucket;
    return result;
  }
  if (http::is_address(result.url.host)) {
    refuse(base::cat(result.url.text(), " is an address: no bucket can stand before it"),
           "use path style");
  }
  result.url.host = base::cat(options.location.bucket, ".", result.url.host);
  return result;
}

std::uint64_t s3_part_bytes(std::uint64_t first_part_bytes, int number) {
  constexpr int kOfOneSize = 8000;
  constexpr int kBetweenDoublings = 100;
  constexpr int kDoublingsMax = 9;
  if (number <= kOfOneSize) return first_part_bytes;
  const int doublings = (number - kOfOneSize - 1) / kBetweenDoublings + 1;
  return first_part_bytes << std::min(doublings, kDoublingsMax);
}

}  // namespace lifeboat::store
