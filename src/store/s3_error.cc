#include "store/s3_error.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "store/s3_xml.h"

namespace lifeboat::store {
namespace {

using base::Code;

struct Meaning {
  std::string_view word;
  Code code;
  std::string_view hint;
};

constexpr std::string_view kBucketHint = "check the bucket's name and the endpoint, or make it";
constexpr std::string_view kKeyHint = "check the access key and the secret key";
constexpr std::string_view kTokenHint =
    "the session token has run out: renew the credentials, or let them be renewed by mounting them";
constexpr std::string_view kRegionHint = "set the region that the bucket is in";
constexpr std::string_view kSpaceHint = "free space or raise the quota on the server";

constexpr auto kMeanings = std::to_array<Meaning>({
    {"NoSuchBucket", Code::kNotFound, kBucketHint},
    {"NoSuchKey", Code::kNotFound, ""},
    {"NoSuchUpload", Code::kNotFound, "somebody has removed the unfinished upload: run again"},
    {"AccessDenied", Code::kDenied,
     "let these credentials list the bucket, and read, write and delete below its prefix"},
    {"InvalidAccessKeyId", Code::kDenied, kKeyHint},
    {"SignatureDoesNotMatch", Code::kDenied, kKeyHint},
    {"ExpiredToken", Code::kDenied, kTokenHint},
    {"ExpiredTokenException", Code::kDenied, kTokenHint},
    {"TokenRefreshRequired", Code::kDenied, kTokenHint},
    {"InvalidToken", Code::kDenied, kTokenHint},
    {"RequestTimeTooSkewed", Code::kDenied, "set the clock of this machine, or of the server"},
    {"AuthorizationHeaderMalformed", Code::kInvalid, kRegionHint},
    {"PermanentRedirect", Code::kInvalid, kRegionHint},
    {"TemporaryRedirect", Code::kInvalid, kRegionHint},
    {"IllegalLocationConstraintException", Code::kInvalid, kRegionHint},
    {"PreconditionFailed", Code::kExists, ""},
    {"BadDigest", Code::kCorrupt, "the bytes have changed on their way: check the network"},
    {"InvalidDigest", Code::kCorrupt, "the bytes have changed on their way: check the network"},
    {"XAmzContentSHA256Mismatch", Code::kCorrupt,
     "the bytes have changed on their way: check the network"},
    {"InvalidPart", Code::kCorrupt, "the server has not kept what it was given: check it"},
    {"NotImplemented", Code::kUnsupported, "the server does not know this part of S3"},
    {"InvalidBucketState", Code::kUnsupported, "Object Lock needs a bucket made with it"},
    {"QuotaExceeded", Code::kNoSpace, kSpaceHint},
    {"XMinioStorageFull", Code::kNoSpace, kSpaceHint},
});

Code code_of_status(unsigned status) {
  switch (status) {
    case 301:
    case 307:
    case 400:
      return Code::kInvalid;
    case 401:
    case 403:
    case 407:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 412:
      return Code::kExists;
    case 501:
      return Code::kUnsupported;
    case 507:
      return Code::kNoSpace;
    default:
      return Code::kIo;
  }
}

std::string_view hint_of_status(unsigned status) {
  if (status == 301 || status == 307) return kRegionHint;
  if (status == 400) return "check the region that the bucket is in, and the credentials";
  if (status == 407) return "give the proxy user and password, in HTTP_PROXY";
  if (status == 401 || status == 403) {
    return "check the credentials and what they may do, and the rules of a proxy on the way";
  }
  if (status == 507) return kSpaceHint;
  return "see the server's log";
}

}  // namespace

S3Refusal read_refusal(unsigned status, std::string_view body) {
  S3Refusal refusal{.status = status};
  try {
    const XmlElement root = parse_xml(body);
    // STS wraps it: ErrorResponse, Error, Code.
    const XmlElement* error = root.name == "Error" ? &root : root.find("Error");
    if (error == nullptr) return refusal;
    refusal.code = base::printable(error->text_of("Code"), 60);
    refusal.message = base::printable(error->text_of("Message"));
  } catch (const base::Error&) {
    // A proxy's page, or nothing at all: the status has to do.
  }
  return refusal;
}

bool is_worth_another_attempt(const S3Refusal& refusal) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "InternalError",
       "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded",
       "OperationAborted", "ConditionalRequestConflict", "IDPCommunicationError"});
  constexpr auto kStatuses = std::to_array<unsigned>({408, 429, 500, 502, 503, 504});
  return std::ranges::find(kWords, refusal.code) != kWords.end() ||
         std::ranges::find(kStatuses, refusal.status) != kStatuses.end();
}

bool may_be_expired(const S3Refusal& refusal) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken",
       "InvalidAccessKeyId", "SignatureDoesNotMatch"});
  constexpr auto kStatuses = std::to_array<unsigned>({400, 401, 403});
  if (!refusal.code.empty()) return std::ranges::find(kWords, refusal.code) != kWords.end();
  return std::ranges::find(kStatuses, refusal.status) != kStatuses.end();
}

base::Error explain_refusal(const std::string& what, const S3Refusal& refusal) {
  const std::string said =
      refusal.code.empty()
          ? std::string()
          : base::cat(" ", refusal.code, refusal.message.empty() ? "" : ": ", refusal.message);
  const std::string message = base::cat(what, ": the server answers ", refusal.status, said);
  if (is_worth_another_attempt(refusal)) {
    return base::Error(Code::kUnavailable, message,
                       "the server is overloaded or broken: try again later, see its log");
  }
  const auto meaning = std::ranges::find(kMeanings, refusal.code, &Meaning::word);
  if (meaning != kMeanings.end()) {
    return base::Error(meaning->code, message, std::string(meaning->hint));
  }
  return base::Error(code_of_status(refusal.status), message,
                     std::string(hint_of_status(refusal.status)));
}

}  // namespace lifeboat::store
