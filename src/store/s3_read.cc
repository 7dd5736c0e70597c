#include "store/s3_read.h"

#include <algorithm>
#include <cstring>

#include "base/random_stream.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::store {
namespace {

using base::Code;

constexpr std::uint64_t kJumpBytes = 256 * 1024;

class S3Reader : public base::RandomSource {
 public:
  S3Reader(S3Client& client, S3Blob blob) : client_(client), blob_(std::move(blob)) {}

  std::uint64_t size_bytes() override { return blob_.size_bytes; }

  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    std::size_t done = 0;
    while (done < buffer.size() && offset + done < blob_.size_bytes) {
      const std::uint64_t at = offset + done;
      if (at < window_offset_ || at >= window_offset_ + window_.size()) {
        fetch(at, buffer.size() - done);
      }
      const auto skipped = static_cast<std::size_t>(at - window_offset_);
      const std::size_t size = std::min(window_.size() - skipped, buffer.size() - done);
      std::memcpy(buffer.data() + done, window_.data() + skipped, size);
      done += size;
    }
    return done;
  }

 private:
  void fetch(std::uint64_t offset, std::uint64_t wanted_bytes) {
    const std::uint64_t most = client_.options().read_bytes;
    const bool follows = offset == window_offset_ + window_.size();
    const std::uint64_t size = std::min(
        {follows ? most : std::max(kJumpBytes, wanted_bytes), most, blob_.size_bytes - offset});
    const std::string range = base::cat(offset, "-", offset + size - 1);
    S3Request request{.key = blob_.key, .headers = {{"Range", base::cat("bytes=", range)}}};
    if (!blob_.etag.empty()) request.headers.emplace_back("If-Match", blob_.etag);
    window_.clear();  // not two windows in memory
    S3Answer answer = client_.exchange(request, client_.options().stop);
    check(request, answer, base::cat("bytes ", range, "/", blob_.size_bytes), size);
    window_ = std::move(answer.response.body);
    window_offset_ = offset;
  }

  void check(const S3Request& request, const S3Answer& answer, const std::string& content_range,
             std::uint64_t size) const {
    const std::string what = client_.describe(request);
    if (answer.is("PreconditionFailed", 412) || answer.is("InvalidRange", 416)) {
      throw base::Error(Code::kCorrupt, base::cat(what, ": it was replaced while it was read"),
                        "find out who else writes there, and run again");
    }
    if (answer.refusal) throw explain_refusal(what, *answer.refusal);
    if (answer.response.status != 206) {
      throw base::Error(Code::kUnsupported, base::cat(what, ": the server does not serve ranges"),
                        "use a server that does, or a proxy that leaves the header Range alone");
    }
    const std::string said = answer.response.header("Content-Range").value_or("");
    if (said == content_range && answer.response.body.size() == size) return;
    throw base::Error(Code::kCorrupt,
                      base::cat(what, ": asked for ", content_range, ", the server sent ",
                                answer.response.body.size(), " bytes as ", base::printable(said)),
                      "see the server's log");
  }

  S3Client& client_;
  const S3Blob blob_;
  std::string window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace

std::optional<S3Blob> find_s3_blob(S3Client& client, const std::string& key,
                                   const std::stop_token& stop) {
  const S3Request request{
      .method = "HEAD", .key = key, .headers = {{"x-amz-checksum-mode", "ENABLED"}}};
  S3Answer answer = client.exchange(request, stop);
  if (answer.is("NoSuchKey", 404)) return std::nullopt;
  if (answer.refusal) throw explain_refusal(client.describe(request), *answer.refusal);
  const auto size = base::parse_whole_number(answer.response.header("Content-Length").value_or(""));
  if (!size) {
    throw base::Error(Code::kCorrupt,
                      base::cat(client.describe(request), ": the server does not say its size"),
                      "see the server's log");
  }
  return S3Blob{.key = key,
                .size_bytes = *size,
                .etag = answer.response.header("ETag").value_or(""),
                .headers = std::move(answer.response.headers)};
}

std::optional<std::string> s3_fingerprint(const S3Blob& blob) {
  const auto checksum = http::Response{.headers = blob.headers}.header("x-amz-checksum-sha256");
  std::string etag = blob.etag;
  std::erase(etag, '"');
  if (!checksum) return etag.empty() ? std::nullopt : std::optional("etag:" + etag);
  if (checksum->find('-') != std::string::npos) return "sha256-parts:" + *checksum;
  // Some servers leave the number of parts out; the ETag of a blob in parts ends in it.
  const std::size_t dash = etag.rfind('-');
  const bool in_parts = dash != etag.npos && base::parse_whole_number(etag.substr(dash + 1));
  if (!in_parts) return "sha256:" + *checksum;
  return "sha256-parts:" + *checksum + etag.substr(dash);
}

std::unique_ptr<base::RandomSource> open_s3_blob(S3Client& client, S3Blob blob) {
  return std::make_unique<S3Reader>(client, std::move(blob));
}

std::unique_ptr<base::Source> stream_s3_blob(S3Client& client, S3Blob blob) {
  return std::make_unique<base::RandomStream>(open_s3_blob(client, std::move(blob)));
}

}  // namespace lifeboat::store
