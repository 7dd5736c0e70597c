#include "store/s3_error.h"

#include <gmock/gmock.h>

namespace lifeboat::store {
namespace {

using base::Code;

TEST(S3Error, ReadsWhatServersSay) {
  const S3Refusal plain = read_refusal(
      404, "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>gone\n</Message></Error>");
  EXPECT_EQ(plain.code, "NoSuchKey");
  EXPECT_EQ(plain.message, "gone?");
  EXPECT_EQ(read_refusal(403,
                         "<ErrorResponse xmlns='x'><Error><Code>AccessDenied</Code></Error>"
                         "</ErrorResponse>")
                .code,
            "AccessDenied");
  for (const std::string body : {"", "<html>no</html>", "<Error>", "Bad Gateway"}) {
    EXPECT_EQ(read_refusal(502, body).code, "") << body;
  }
}

struct Case {
  unsigned status;
  std::string code;
  Code expected;
};

TEST(S3Error, KnowsWhatRefusalsMean) {
  const Case cases[] = {
      {404, "NoSuchBucket", Code::kNotFound},
      {404, "", Code::kNotFound},
      {403, "AccessDenied", Code::kDenied},
      {403, "RequestTimeTooSkewed", Code::kDenied},
      {400, "ExpiredToken", Code::kDenied},
      {400, "AuthorizationHeaderMalformed", Code::kInvalid},
      {301, "", Code::kInvalid},
      {412, "PreconditionFailed", Code::kExists},
      {412, "", Code::kExists},
      {400, "BadDigest", Code::kCorrupt},
      {400, "InvalidPart", Code::kCorrupt},
      {501, "NotImplemented", Code::kUnsupported},
      {507, "", Code::kNoSpace},
      {403, "QuotaExceeded", Code::kNoSpace},
      {503, "SlowDown", Code::kUnavailable},
      {500, "", Code::kUnavailable},
      {429, "", Code::kUnavailable},
      {400, "RequestTimeout", Code::kUnavailable},
      {409, "OperationAborted", Code::kUnavailable},
      {418, "Teapot", Code::kIo},
  };
  for (const Case& row : cases) {
    const S3Refusal refusal{.status = row.status, .code = row.code};
    const base::Error error = explain_refusal("GET s3://b/k", refusal);
    EXPECT_EQ(code_name(error.code()), code_name(row.expected)) << row.status << " " << row.code;
    EXPECT_EQ(is_worth_another_attempt(refusal), row.expected == Code::kUnavailable) << row.status;
    EXPECT_THAT(error.what(), ::testing::HasSubstr("GET s3://b/k: the server answers "));
  }
}

}  // namespace
}  // namespace lifeboat::store
