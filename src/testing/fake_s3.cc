#include "testing/fake_s3.h"

#include <algorithm>
#include <set>

#include "base/base64.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/percent.h"
#include "base/text.h"
#include "base/units.h"
#include "store/s3_xml.h"
#include "store/sigv4.h"

namespace lifeboat::testing {
namespace {

using store::escape_xml;

std::string sha256_base64(std::string_view text) {
  return base::encode_base64(base::sha256(base::as_bytes(text)));
}

std::optional<std::string> header(const http::Request& request, std::string_view name) {
  return http::Response{.headers = request.headers}.header(name);
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> result;
  for (const std::string& part : base::split(text, '&')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    result[base::decode_percent(part.substr(0, equals))] =
        base::decode_percent(part.substr(std::min(equals + 1, part.size())));
  }
  return result;
}

std::string http_date(base::TimePoint time) {
  const std::string text = base::format_time(time);  // 2026-11-21T06:00:00.000Z
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto month = base::parse_whole_number(text.substr(5, 2)).value();
  return base::cat("Sat, ", text.substr(8, 2), " ", kMonths.substr(3 * (month - 1), 3), " ",
                   text.substr(0, 4), " ", text.substr(11, 8), " GMT");
}

// The headers that a blob keeps.
http::Headers kept_headers(const http::Request& request) {
  http::Headers kept;
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-amz-meta-") || name.starts_with("x-amz-server-side-encryption") ||
        name.starts_with("x-amz-object-lock-")) {
      kept.emplace_back(name, value);
    }
  }
  return kept;
}

std::string value_of(const std::map<std::string, std::string>& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

std::string form_encoded(const std::string& text) {
  std::string result = store::encode_path(text);
  for (auto at = result.find("%20"); at != result.npos; at = result.find("%20")) {
    result.replace(at, 3, "+");
  }
  return result;
}

std::optional<http::Response> refuse_checksum(const http::Request& request) {
  const auto checksum = header(request, "x-amz-checksum-sha256");
  if (checksum && *checksum != sha256_base64(request.body)) return s3_refusal(400, "BadDigest");
  const auto md5 = header(request, "Content-MD5");
  const bool locked = header(request, "x-amz-object-lock-mode").has_value();
  if (md5 && *md5 != base::encode_base64(base::md5(base::as_bytes(request.body)))) {
    return s3_refusal(400, "BadDigest");
  }
  if (locked && request.method == "PUT" && !md5) return s3_refusal(400, "InvalidRequest");
  return std::nullopt;
}

class FakeS3Client : public http::Client {
 public:
  explicit FakeS3Client(FakeS3& server) : server_(server) {}

  http::Response send(const http::Request& request, std::stop_token stop) override {
    if (stop.stop_requested()) throw base::Error(base::Code::kCancelled, "stopped on request");
    return server_.answer(request);
  }

 private:
  FakeS3& server_;
};

}  // namespace

http::Response s3_refusal(unsigned status, const std::string& code) {
  return {.status = status,
          .body = base::cat("<?xml version=\"1.0\"?><Error><Code>", code,
                            "</Code><Message>told so</Message></Error>")};
}

std::unique_ptr<http::Client> FakeS3::connect() { return std::make_unique<FakeS3Client>(*this); }

http::Response FakeS3::answer(const http::Request& request) {
  const std::lock_guard lock(mutex);
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  const std::string path = base::decode_percent(request.target.substr(0, question));
  constexpr std::string_view kBucket = "/bucket/";
  if (!path.starts_with(kBucket)) return s3_refusal(404, "NoSuchBucket");
  const Seen seen{.method = request.method,
                  .key = path.substr(kBucket.size()),
                  .query = parse_query(request.target.substr(
                      question == request.target.size() ? question : question + 1)),
                  .request = &request};
  log.push_back(base::cat(seen.method, " ", seen.key));
  if (auto spoiled = before(seen)) return *std::move(spoiled);
  http::Response response = answer_for(seen);
  response.headers.emplace_back("Date", http_date(clock.now()));
  after(seen, response);
  return response;
}

bool FakeS3::is_signed(const http::Request& request) const {
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  store::SigningInput input{.method = request.method,
                            .path = base::decode_percent(request.target.substr(0, question))};
  if (question < request.target.size()) {
    for (const auto& pair : parse_query(request.target.substr(question + 1))) {
      input.query.push_back(pair);
    }
  }
  for (const auto& [name, value] : request.headers) {
    if (name != "Authorization") input.headers.emplace_back(name, value);
  }
  input.payload_hash = header(request, "x-amz-content-sha256").value_or("");
  const std::string time = header(request, "x-amz-date").value_or("");
  const auto at =
      base::parse_time(base::cat(time.substr(0, 4), "-", time.substr(4, 2), "-", time.substr(6, 5),
                                 ":", time.substr(11, 2), ":", time.substr(13)));
  if (!at) return false;
  const std::string expected =
      store::signature(input, {.region = "us-east-1"}, {access_key, secret_key}, *at);
  const std::string said = header(request, "Authorization").value_or("");
  return said.ends_with("Signature=" + expected) &&
         said.find(base::cat("Credential=", access_key, "/")) != std::string::npos;
}

http::Response FakeS3::answer_for(const Seen& seen) {
  if (!is_signed(*seen.request)) return s3_refusal(403, "SignatureDoesNotMatch");
  const bool of_uploads = seen.query.contains("uploads");
  const bool of_part = seen.query.contains("uploadId");
  if (seen.key.empty() && seen.query.contains("object-lock")) {
    if (!has_object_lock) return s3_refusal(404, "ObjectLockConfigurationNotFoundError");
    return {.status = 200, .body = "<ObjectLockConfiguration/>"};
  }
  if (seen.key.empty()) return of_uploads ? list_uploads(seen) : list(seen);
  if (seen.method == "GET" || seen.method == "HEAD") return read(seen);
  if (seen.method == "PUT" && seen.query.contains("retention")) return retain(seen);
  if (seen.method == "PUT") return of_part ? put_part(seen) : put(seen);
  if (seen.method == "POST" && of_part) return complete(seen);
  if (seen.method == "POST" && of_uploads) {
    const std::string id = base::cat("upload&", ++changes);
    uploads[id] = {.key = seen.key, .headers = kept_headers(*seen.request), .parts = {}};
    return {.status = 200,
            .body = base::cat("<InitiateMultipartUploadResult><UploadId>", escape_xml(id),
                              "</UploadId></InitiateMultipartUploadResult>")};
  }
  if (seen.method == "DELETE" && of_part) {
    if (uploads.erase(seen.query.at("uploadId")) == 0) return s3_refusal(404, "NoSuchUpload");
    return {.status = 204};
  }
  if (seen.method != "DELETE") return s3_refusal(501, "NotImplemented");
  if (auto refused = refuse_condition(seen)) return *std::move(refused);
  blobs.erase(seen.key);
  return {.status = 204};
}

http::Response FakeS3::list(const Seen& seen) const {
  const std::string prefix = value_of(seen.query, "prefix");
  const std::string delimiter = value_of(seen.query, "delimiter");
  const std::string token = value_of(seen.query, "continuation-token");
  std::string body = "<ListBucketResult><EncodingType>url</EncodingType>";
  std::set<std::string> folders;
  std::size_t count = 0;
  for (auto at = blobs.upper_bound(token); at != blobs.end(); ++at) {
    const auto& [key, blob] = *at;
    if (!key.starts_with(prefix)) continue;
    if (count++ == page_size) {
      body += base::cat("<IsTruncated>true</IsTruncated><NextContinuationToken>",
                        escape_xml(std::prev(at)->first), "</NextContinuationToken>");
      break;
    }
    const std::size_t end = delimiter.empty() ? key.npos : key.find(delimiter, prefix.size());
    if (end != key.npos) {
      folders.insert(key.substr(0, end + 1));
      continue;
    }
    body += base::cat("<Contents><Key>", form_encoded(key), "</Key><Size>", blob.content.size(),
                      "</Size></Contents>");
  }
  for (const std::string& folder : folders) {
    body +=
        base::cat("<CommonPrefixes><Prefix>", form_encoded(folder), "</Prefix></CommonPrefixes>");
  }
  return {.status = 200, .body = body + "</ListBucketResult>"};
}

http::Response FakeS3::list_uploads(const Seen& seen) const {
  const std::string prefix = value_of(seen.query, "prefix");
  const std::string marker = value_of(seen.query, "upload-id-marker");
  std::string body = "<ListMultipartUploadsResult>";
  std::size_t count = 0;
  for (auto at = uploads.upper_bound(marker); at != uploads.end(); ++at) {
    if (!at->second.key.starts_with(prefix)) continue;
    if (count++ == page_size) {
      body += base::cat("<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>",
                        "<NextUploadIdMarker>", escape_xml(std::prev(at)->first),
                        "</NextUploadIdMarker>");
      break;
    }
    body += base::cat("<Upload><Key>", escape_xml(at->second.key), "</Key><UploadId>",
                      escape_xml(at->first), "</UploadId></Upload>");
  }
  return {.status = 200, .body = body + "</ListMultipartUploadsResult>"};
}

http::Response FakeS3::read(const Seen& seen) const {
  const auto found = blobs.find(seen.key);
  if (found == blobs.end()) return s3_refusal(404, "NoSuchKey");
  const Blob& blob = found->second;
  http::Response response{.status = 200, .headers = blob.headers};
  response.headers.emplace_back("ETag", blob.etag);
  response.headers.emplace_back("Last-Modified", http_date(blob.written));
  if (seen.method == "HEAD") {
    response.headers.emplace_back("Content-Length", std::to_string(blob.content.size()));
    return response;
  }
  if (header(*seen.request, "If-Match").value_or(blob.etag) != blob.etag) {
    return s3_refusal(412, "PreconditionFailed");
  }
  response.body = blob.content;
  const auto range = header(*seen.request, "Range");
  if (!range) return response;
  const std::size_t dash = range->find('-');
  const auto first = base::parse_whole_number(range->substr(6, dash - 6)).value();
  const auto last = base::parse_whole_number(range->substr(dash + 1)).value();
  if (first >= blob.content.size()) return s3_refusal(416, "InvalidRange");
  response.status = 206;
  response.body = blob.content.substr(first, last - first + 1);
  response.headers.emplace_back(
      "Content-Range",
      base::cat("bytes ", first, "-", first + response.body.size() - 1, "/", blob.content.size()));
  return response;
}

std::optional<http::Response> FakeS3::refuse_condition(const Seen& seen) const {
  if (!honours_conditions) return std::nullopt;
  const auto found = blobs.find(seen.key);
  const bool is_there = found != blobs.end();
  const auto match = header(*seen.request, "If-Match");
  if (match && !is_there) return s3_refusal(404, "NoSuchKey");
  const bool wrong_match = match && (is_ceph || *match != found->second.etag);
  const bool wrong_absence = header(*seen.request, "If-None-Match") && is_there;
  if (wrong_match || wrong_absence) return s3_refusal(412, "PreconditionFailed");
  return std::nullopt;
}

http::Response FakeS3::put(const Seen& seen) {
  if (auto refused = refuse_checksum(*seen.request)) return *std::move(refused);
  if (auto refused = refuse_condition(seen)) return *std::move(refused);
  Blob blob{.content = std::string(seen.request->body),
            .etag = base::cat("\"", ++changes, "\""),
            .headers = kept_headers(*seen.request),
            .written = clock.now()};
  blob.headers.emplace_back("x-amz-checksum-sha256", sha256_base64(blob.content));
  http::Response response{.status = 200, .headers = {{"ETag", blob.etag}}};
  blobs[seen.key] = std::move(blob);
  return response;
}

http::Response FakeS3::retain(const Seen& seen) {
  if (auto refused = refuse_checksum(*seen.request)) return *std::move(refused);
  const auto blob = blobs.find(seen.key);
  if (blob == blobs.end()) return s3_refusal(404, "NoSuchKey");
  if (!has_object_lock) return s3_refusal(400, "InvalidRequest");
  const store::XmlElement asked = store::parse_xml(seen.request->body);
  blob->second.headers.emplace_back("x-amz-object-lock-mode", asked.text_of("Mode"));
  blob->second.headers.emplace_back("x-amz-object-lock-retain-until-date",
                                    asked.text_of("RetainUntilDate"));
  return {.status = 200};
}

http::Response FakeS3::put_part(const Seen& seen) {
  const auto upload = uploads.find(seen.query.at("uploadId"));
  if (upload == uploads.end()) return s3_refusal(404, "NoSuchUpload");
  if (auto refused = refuse_checksum(*seen.request)) return *std::move(refused);
  const auto number = base::parse_whole_number(seen.query.at("partNumber")).value();
  Blob part{.content = std::string(seen.request->body),
            .etag = base::cat("\"", ++changes, "\""),
            .headers = {},
            .written = clock.now()};
  http::Response response{.status = 200, .headers = {{"ETag", part.etag}}};
  response.headers.emplace_back("x-amz-checksum-sha256", sha256_base64(part.content));
  upload->second.parts[static_cast<int>(number)] = std::move(part);
  return response;
}

http::Response FakeS3::complete(const Seen& seen) {
  const auto upload = uploads.find(seen.query.at("uploadId"));
  if (upload == uploads.end()) return s3_refusal(404, "NoSuchUpload");
  if (auto refused = refuse_condition(seen)) return *std::move(refused);
  Blob blob{.content = {},
            .etag = base::cat("\"", ++changes, "-n\""),
            .headers = upload->second.headers,
            .written = clock.now()};
  if (is_ceph) {
    std::erase_if(blob.headers,
                  [](const auto& each) { return each.first.starts_with("x-amz-object-lock-"); });
  }
  std::string digests;
  int number = 0;
  const store::XmlElement asked = store::parse_xml(seen.request->body);
  for (const store::XmlElement& element : asked.children) {
    const Blob& part = upload->second.parts[++number];
    if (element.text_of("PartNumber") != std::to_string(number) ||
        element.text_of("ETag") != part.etag ||
        element.text_of("ChecksumSHA256") != sha256_base64(part.content)) {
      return s3_refusal(400, "InvalidPart");
    }
    blob.content += part.content;
    digests += base::decode_base64(element.text_of("ChecksumSHA256")).value();
  }
  blob.headers.emplace_back("x-amz-checksum-sha256",
                            base::cat(sha256_base64(digests), "-", number));
  blobs[seen.key] = std::move(blob);
  uploads.erase(upload);
  return {.status = 200, .body = "<CompleteMultipartUploadResult/>"};
}

}  // namespace lifeboat::testing
