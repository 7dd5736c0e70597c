#include "store/s3_client.h"

#include <gmock/gmock.h>

#include "testing/error_of.h"
#include "testing/fake_s3.h"

namespace lifeboat::testing {
namespace {

using base::Code;
using std::chrono::milliseconds;

store::S3Options quick_options() {
  return {.location = {"bucket"},
          .endpoint = "http://127.0.0.1:9000",
          .retry = {.attempts_max = 3, .first_delay = milliseconds(1)}};
}

// A client, and how many requests have reached its server.
class S3ClientTest : public ::testing::Test {
 protected:
  store::S3Client make(store::S3CredentialSource& credentials) {
    return store::S3Client(quick_options(), credentials, server_.clock,
                           [this](const http::Url&) { return server_.connect(); });
  }
  void always(unsigned status, const std::string& code) {
    server_.before = [=](const FakeS3::Seen&) { return s3_refusal(status, code); };
  }

  FakeS3 server_;
  FixedCredentials credentials_;
};

TEST_F(S3ClientTest, TriesAgainOnlyWhatMayBeTriedAgain) {
  struct Case {
    unsigned status;
    std::string code;
    std::size_t attempts;
    Code expected;
  };
  for (const Case& row :
       {Case{503, "SlowDown", 3, Code::kIo}, Case{500, "InternalError", 3, Code::kIo},
        Case{429, "", 3, Code::kIo}, Case{403, "AccessDenied", 1, Code::kDenied},
        Case{404, "NoSuchBucket", 1, Code::kNotFound}, Case{400, "BadDigest", 1, Code::kCorrupt},
        Case{501, "NotImplemented", 1, Code::kUnsupported}}) {
    auto client = make(credentials_);
    server_.log.clear();
    always(row.status, row.code);
    const base::Error error = error_of([&] { client.send({.key = "k"}, {}); });
    EXPECT_EQ(code_name(error.code()), code_name(row.expected));
    EXPECT_EQ(server_.log.size(), row.attempts) << row.code;
  }
}

TEST_F(S3ClientTest, TriesAgainAfterALostConnectionButNotAfterBadCertificates) {
  for (const auto& [code, attempts] :
       {std::pair(Code::kUnavailable, 3U), std::pair(Code::kDenied, 1U)}) {
    const Code expected = code == Code::kUnavailable ? Code::kIo : code;
    auto client = make(credentials_);
    server_.log.clear();
    server_.before = [code = code](const FakeS3::Seen&) -> std::optional<http::Response> {
      throw base::Error(code, "no");
    };
    EXPECT_EQ(error_of([&] { client.send({.key = "k"}, {}); }).code(), expected);
    EXPECT_EQ(server_.log.size(), attempts);
  }
}

TEST_F(S3ClientTest, StopsInTheMiddleOfAWait) {
  store::S3Options options = quick_options();
  options.retry.first_delay = std::chrono::hours(1);
  options.retry.delay_max = std::chrono::hours(1);
  store::S3Client client(options, credentials_, server_.clock,
                         [this](const http::Url&) { return server_.connect(); });
  std::stop_source stop;
  server_.before = [&](const FakeS3::Seen&) {
    stop.request_stop();
    return s3_refusal(503, "SlowDown");
  };
  EXPECT_EQ(error_of([&] { client.send({.key = "k"}, stop.get_token()); }).code(),
            Code::kCancelled);
}

// A server that says nothing is waited for every time.
TEST_F(S3ClientTest, LosesPatienceBeforeTheAttemptsAreUsedUp) {
  store::S3Options options = quick_options();
  options.retry.attempts_max = 1000;
  options.retry.patience = milliseconds(0);
  store::S3Client client(options, credentials_, server_.clock,
                         [this](const http::Url&) { return server_.connect(); });
  server_.before = [](const FakeS3::Seen&) -> std::optional<http::Response> {
    throw base::Error(Code::kUnavailable, "nothing came");
  };
  EXPECT_EQ(error_of([&] { client.send({.key = "k"}, {}); }).code(), Code::kIo);
  EXPECT_EQ(server_.log.size(), 1U);
}

// The first keys have run out.
class Rotating : public store::S3CredentialSource {
 public:
  store::S3Credentials current() override {
    return renewed > 0 ? store::S3Credentials{"KEY", "secret"}
                       : store::S3Credentials{"OLD", "secret", "token"};
  }
  void renew(const store::S3Credentials& used) override {
    EXPECT_EQ(used.access_key, "OLD");
    ++renewed;
  }
  int renewed = 0;
};

TEST_F(S3ClientTest, RenewsCredentialsThatHaveRunOutOnce) {
  server_.before = [](const FakeS3::Seen& seen) -> std::optional<http::Response> {
    const http::Response finder{.headers = seen.request->headers};
    if (finder.header("x-amz-security-token")) return s3_refusal(400, "ExpiredToken");
    return std::nullopt;
  };
  Rotating rotating;
  auto client = make(rotating);
  EXPECT_NO_THROW(client.send({}, {}));
  EXPECT_EQ(rotating.renewed, 1);
  always(400, "ExpiredToken");
  auto stale = make(credentials_);
  EXPECT_EQ(error_of([&] { stale.send({}, {}); }).code(), Code::kDenied);
}

TEST_F(S3ClientTest, RenewsCredentialsThatWereReplacedAlsoWhereAHeadCanNotSaySo) {
  for (const unsigned status : {400U, 403U}) {
    server_.before = [status](const FakeS3::Seen& seen) -> std::optional<http::Response> {
      const http::Response finder{.headers = seen.request->headers};
      if (finder.header("x-amz-security-token")) return http::Response{.status = status};
      return std::nullopt;
    };
    Rotating rotating;
    auto client = make(rotating);
    EXPECT_EQ(client.exchange({.method = "HEAD", .key = "nothing"}, {}).response.status, 404U);
    EXPECT_EQ(rotating.renewed, 1);
  }
}

TEST_F(S3ClientTest, IsRefusedWithAWrongSecretWhichItDoesNotShow) {
  FixedCredentials wrong({"KEY", "wrong-secret"});
  auto client = make(wrong);
  const base::Error error = error_of([&] { client.send({.key = "k"}, {}); });
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("wrong-secret")));
}

TEST(RetryDelay, DoublesUpToItsLimitWithJitter) {
  const store::S3Retry retry = {.first_delay = milliseconds(100), .delay_max = milliseconds(1000)};
  EXPECT_EQ(store::retry_delay(retry, 1, 0), milliseconds(50));
  EXPECT_EQ(store::retry_delay(retry, 1, 1), milliseconds(100));
  EXPECT_EQ(store::retry_delay(retry, 3, 1), milliseconds(400));
  EXPECT_EQ(store::retry_delay(retry, 5, 1), milliseconds(1000));
  EXPECT_EQ(store::retry_delay(retry, 1000, 0), milliseconds(500));
}

}  // namespace
}  // namespace lifeboat::testing
