#include "store/s3_retention.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "store/s3_error.h"

namespace lifeboat::store {
namespace {

constexpr std::string_view kModeHeader = "x-amz-object-lock-mode";
constexpr std::string_view kUntilHeader = "x-amz-object-lock-retain-until-date";

std::string_view mode_of(const S3Options& options) {
  return options.object_lock == S3ObjectLock::kCompliance ? "COMPLIANCE" : "GOVERNANCE";
}

std::string end_of(const S3Options& options, const os::Clock& clock) {
  return base::format_time(clock.now() + options.retain);
}

}  // namespace

http::Headers s3_retention_headers(const S3Options& options, const os::Clock& clock) {
  if (options.object_lock == S3ObjectLock::kNone) return {};
  return {{std::string(kModeHeader), std::string(mode_of(options))},
          {std::string(kUntilHeader), end_of(options, clock)}};
}

void ensure_s3_retention(S3Client& client, const os::Clock& clock, const std::string& key,
                         const http::Headers& headers, const std::stop_token& stop) {
  const S3Options& options = client.options();
  if (options.object_lock == S3ObjectLock::kNone) return;
  if (http::Response{.headers = headers}.header(kModeHeader) == mode_of(options)) return;
  S3Request request{.method = "PUT", .key = key, .query = {{"retention", ""}}};
  request.body = base::cat("<Retention><Mode>", mode_of(options), "</Mode><RetainUntilDate>",
                           end_of(options, clock), "</RetainUntilDate></Retention>");
  const auto body = base::as_bytes(request.body);
  request.headers = {{"Content-MD5", base::encode_base64(base::md5(body))},
                     {"x-amz-checksum-sha256", base::encode_base64(base::sha256(body))}};
  client.send(request, stop);
}

void check_s3_object_lock(S3Client& client, const std::stop_token& stop) {
  if (client.options().object_lock == S3ObjectLock::kNone) return;
  const S3Answer answer = client.exchange({.query = {{"object-lock", ""}}}, stop);
  if (!answer.is("ObjectLockConfigurationNotFoundError", 0)) return;
  throw base::Error(base::Code::kInvalid,
                    base::cat("the bucket ", client.options().location.bucket,
                              " can't retain anything: it was made without Object Lock"),
                    "make a bucket with it for this vault, or leave out --s3-object-lock");
}

}  // namespace lifeboat::store
