#include "store/s3_upload.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <future>
#include <thread>

#include "base/base64.h"
#include "base/fill.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/s3_read.h"
#include "store/s3_retention.h"
#include "store/s3_xml.h"

namespace lifeboat::store {
namespace {

using base::Code;

constexpr std::size_t kPartsUnderWay = 2;
constexpr std::string_view kMarkHeader = "x-amz-meta-lifeboat-upload";
constexpr std::string_view kChecksumHeader = "x-amz-checksum-sha256";

struct Part {
  std::string etag;
  base::Sha256::Digest digest;
};

// Stops with either of two tokens' owners: the run's, and the upload's own.
class LinkedStop {
 public:
  explicit LinkedStop(const std::stop_token& outer) : link_(outer, Request{source_}) {}
  std::stop_token token() const { return source_.get_token(); }
  void request() { source_.request_stop(); }

 private:
  struct Request {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Request> link_;
};

class S3Upload : public base::Sink {
 public:
  S3Upload(S3Client& client, const os::Clock& clock, S3UploadOptions options)
      : client_(client),
        clock_(clock),
        options_(std::move(options)),
        stop_(client.options().stop) {}

  ~S3Upload() override {
    stop_.request();
    under_way_.clear();
    if (upload_id_.empty() || finished_) return;
    try {
      client_.exchange(
          {.method = "DELETE", .key = options_.key, .query = upload_query(), .attempts_max = 2},
          {});
    } catch (const std::exception&) {
      // remove_unfinished of a later run finds it.
    }
  }

  void write(base::Bytes bytes) override {
    size_bytes_ += bytes.size();
    while (!bytes.empty()) {
      // A full part is sent when it is known not to be the last one.
      if (buffer_.size() == next_part_bytes()) send_part();
      bytes = base::fill_up(&buffer_, next_part_bytes(), bytes);
    }
  }

  void finish() override {
    const bool certain = upload_id_.empty() ? put_whole() : put_parts();
    verify(certain);
    finished_ = true;
  }

 private:
  struct UnderWay {
    std::future<Part> part;
    std::jthread thread;
  };

  std::size_t next_part_bytes() const {
    return s3_part_bytes(client_.options().part_bytes, next_number());
  }
  int next_number() const { return static_cast<int>(parts_.size() + under_way_.size()) + 1; }

  QueryParameters upload_query() const { return {{"uploadId", upload_id_}}; }

  // ---- What a blob is made with ----

  http::Headers headers_of_blob() const {
    const S3Options& settings = client_.options();
    http::Headers headers = s3_encryption_headers(settings);
    headers.emplace_back("Content-Type", "application/octet-stream");
    headers.emplace_back(kMarkHeader, mark_);
    const http::Headers retention = s3_retention_headers(settings, clock_);
    headers.insert(headers.end(), retention.begin(), retention.end());
    return headers;
  }

  // Many servers want Content-MD5 for what Object Lock retains.
  void add_checksums(http::Headers& headers, std::string_view body,
                     const base::Sha256::Digest& digest) const {
    headers.emplace_back(kChecksumHeader, base::encode_base64(digest));
    if (client_.options().object_lock == S3ObjectLock::kNone) return;
    headers.emplace_back("Content-MD5", base::encode_base64(base::md5(base::as_bytes(body))));
  }

  void add_condition(http::Headers& headers) const {
    if (options_.only_if_absent) headers.emplace_back("If-None-Match", "*");
  }

  // ---- One request ----

  // Whether the server has said that this very request was done.
  bool put_whole() {
    S3Request request{.method = "PUT", .key = options_.key, .headers = headers_of_blob()};
    const auto digest = base::sha256(base::as_bytes(buffer_));
    expected_checksum_ = base::encode_base64(digest);
    add_checksums(request.headers, buffer_, digest);
    add_condition(request.headers);
    request.body = std::move(buffer_);
    request.body_sha256 = digest;
    return send_last(request);
  }

  // The request that makes the blob visible. If its answer is lost, the next attempt may be told
  // that it comes too late.
  bool send_last(const S3Request& request) {
    options_.allowed();
    if (options_.only_if_absent) refuse_what_is_there();
    const S3Answer answer = client_.exchange(request, stop_.token());
    if (!answer.refusal) return true;
    const bool too_late = answer.is("PreconditionFailed", 412) || answer.is("NoSuchUpload", 404);
    if (answer.attempts > 1 && too_late && has_our_mark()) return false;
    throw explain_refusal(client_.describe(request), *answer.refusal);
  }

  // For servers that take no notice of the condition.
  void refuse_what_is_there() {
    if (!find_s3_blob(client_, options_.key, stop_.token())) return;
    throw base::Error(Code::kExists,
                      base::cat("s3://", client_.options().location.bucket, "/",
                                base::printable(options_.key, 1000), " is there already"));
  }

  bool has_our_mark() {
    const auto blob = find_s3_blob(client_, options_.key, stop_.token());
    return blob && http::Response{.headers = blob->headers}.header(kMarkHeader) == mark_;
  }

  // ---- Parts ----

  void begin_parts() {
    S3Request request{.method = "POST",
                      .key = options_.key,
                      .query = {{"uploads", ""}},
                      .headers = headers_of_blob()};
    request.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
    const http::Response answer = client_.send(request, stop_.token());
    upload_id_ = parse_xml(answer.body).text_of("UploadId");
    if (!upload_id_.empty()) return;
    throw base::Error(Code::kCorrupt,
                      base::cat(client_.describe(request), ": the server names no upload"),
                      "check that the endpoint is that of an S3 server");
  }

  void send_part() {
    if (upload_id_.empty()) begin_parts();
    if (next_number() > kS3PartsMax) {
      throw base::Error(Code::kNoSpace,
                        base::cat("s3://", client_.options().location.bucket, "/", options_.key,
                                  ": more than S3 takes as one blob"));
    }
    if (under_way_.size() == kPartsUnderWay) take_part();
    std::packaged_task<Part()> task(
        [this, number = next_number(), body = std::move(buffer_)]() mutable {
          return put_part(number, std::move(body));
        });
    buffer_ = {};
    std::future<Part> part = task.get_future();
    under_way_.push_back({std::move(part), std::jthread(std::move(task))});
  }

  void take_part() {
    parts_.push_back(under_way_.front().part.get());
    under_way_.pop_front();
  }

  // On a thread of its own.
  Part put_part(int number, std::string body) {
    S3Request request{.method = "PUT", .key = options_.key, .query = upload_query()};
    request.query.emplace_back("partNumber", std::to_string(number));
    const auto digest = base::sha256(base::as_bytes(body));
    add_checksums(request.headers, body, digest);
    request.body = std::move(body);
    request.body_sha256 = digest;
    const http::Response answer = client_.send(request, stop_.token());
    const std::string checksum = base::encode_base64(digest);
    if (answer.header(kChecksumHeader).value_or(checksum) != checksum) {
      throw differs(base::cat("part ", number, " has another checksum there"));
    }
    const auto etag = answer.header("ETag");
    if (!etag) throw differs(base::cat("the server gives part ", number, " no ETag"));
    return {*etag, digest};
  }

  bool put_parts() {
    send_part();
    while (!under_way_.empty()) take_part();
    std::string digests;
    std::string body = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      digests += base::as_text(parts_[i].digest);
      body += base::cat("<Part><PartNumber>", i + 1, "</PartNumber><ETag>",
                        escape_xml(parts_[i].etag), "</ETag><ChecksumSHA256>",
                        base::encode_base64(parts_[i].digest), "</ChecksumSHA256></Part>");
    }
    // The checksum of checksums: S3 has no other SHA-256 of a blob in parts.
    expected_checksum_ =
        base::cat(base::encode_base64(base::sha256(base::as_bytes(digests))), "-", parts_.size());
    S3Request request{.method = "POST",
                      .key = options_.key,
                      .query = upload_query(),
                      .body = body + "</CompleteMultipartUpload>",
                      .refuses_late = true};
    add_condition(request.headers);
    return send_last(request);
  }

  // ---- Afterwards ----

  base::Error differs(const std::string& how) const {
    return base::Error(Code::kCorrupt,
                       base::cat("s3://", client_.options().location.bucket, "/",
                                 base::printable(options_.key, 1000), ": ", how),
                       "the server does not keep what it is given: check it, and run again");
  }

  void verify(bool certain) {
    const auto blob = find_s3_blob(client_, options_.key, stop_.token());
    if (!blob) throw differs("it is not there after it was put");
    const http::Response answer{.headers = blob->headers};
    if (!certain && answer.header(kMarkHeader) != mark_) throw differs("it was replaced meanwhile");
    if (blob->size_bytes != size_bytes_) {
      throw differs(
          base::cat("it has ", blob->size_bytes, " bytes there, ", size_bytes_, " were put"));
    }
    const auto checksum = answer.header(kChecksumHeader);
    // Some servers leave the number of parts out.
    const bool same = !checksum || checksum == expected_checksum_ ||
                      expected_checksum_.starts_with(*checksum + "-");
    if (!same) throw differs("it has another checksum there");
    ensure_s3_retention(client_, clock_, options_.key, blob->headers, stop_.token());
  }

  S3Client& client_;
  const os::Clock& clock_;
  const S3UploadOptions options_;
  const std::string mark_ = random_mark();
  LinkedStop stop_;
  std::string buffer_;
  std::string upload_id_;
  std::vector<Part> parts_;
  std::deque<UnderWay> under_way_;
  std::string expected_checksum_;
  std::uint64_t size_bytes_ = 0;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<base::Sink> begin_s3_upload(S3Client& client, const os::Clock& clock,
                                            S3UploadOptions options) {
  return std::make_unique<S3Upload>(client, clock, std::move(options));
}

}  // namespace lifeboat::store
