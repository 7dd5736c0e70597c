#include "store/s3_credentials.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/text.h"
#include "os/posix_fs.h"
#include "testing/error_of.h"
#include "testing/fake_clock.h"
#include "testing/temp_folder.h"

namespace lifeboat::store {
namespace {

using base::Code;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Answers every request with the same.
class OneAnswer : public http::Client {
 public:
  OneAnswer(http::Response response, std::vector<std::string>& bodies)
      : response_(std::move(response)), bodies_(bodies) {}
  http::Response send(const http::Request& request, std::stop_token /*stop*/) override {
    bodies_.emplace_back(request.body);
    return response_;
  }

 private:
  const http::Response response_;
  std::vector<std::string>& bodies_;
};

class S3CredentialSources : public ::testing::Test {
 protected:
  std::unique_ptr<S3CredentialSource> make(const S3CredentialOptions& options) {
    return make_s3_credentials(options, fs_, clock_, [this](const http::Url& url) {
      asked_ = url.text();
      return std::make_unique<OneAnswer>(sts_answer_, bodies_);
    });
  }

  const testing::TempFolder folder_;
  os::PosixFileSystem fs_;
  testing::FakeClock clock_{"2026-11-21T06:00:00Z"};
  http::Response sts_answer_;
  std::vector<std::string> bodies_;
  std::string asked_;
};

TEST_F(S3CredentialSources, ComeFromNowhereElseWhereAProfileIsNamed) {
  write_file(folder_.path("file"),
             "[a]\naws_access_key_id = A\naws_secret_access_key = a\n"
             "[b]\naws_access_key_id = B\naws_secret_access_key = b\n");
  S3CredentialOptions options{
      .environment = {{"AWS_ACCESS_KEY_ID", "E"},
                      {"AWS_SECRET_ACCESS_KEY", "e"},
                      {"AWS_PROFILE", "a"},
                      {"AWS_SHARED_CREDENTIALS_FILE", folder_.path("file")}}};
  EXPECT_EQ(make(options)->current().access_key, "E");
  options.profile = "b";
  EXPECT_EQ(make(options)->current().access_key, "B");
}

TEST_F(S3CredentialSources, ComeFromTheEnvironment) {
  EXPECT_EQ(make({.environment = {{"AWS_ACCESS_KEY_ID", "A"},
                                  {"AWS_SECRET_ACCESS_KEY", "B"},
                                  {"AWS_SESSION_TOKEN", "C"}}})
                ->current(),
            (S3Credentials{"A", "B", "C"}));
  EXPECT_EQ(error_of([&] {
              make({.environment = {{"AWS_ACCESS_KEY_ID", "A"}}})->current();
            }).code(),
            Code::kInvalid);
  EXPECT_EQ(error_of([&] { make({})->current(); }).code(), Code::kNotFound);
}

TEST_F(S3CredentialSources, ComeFromAMountedSecretAndAreFoundAgainWhenTheyRotate) {
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "one\n");
  write_file(folder_.path("aws_secret_access_key"), "secret\n");
  const auto source =
      make({.environment = {{"AWS_ACCESS_KEY_ID", "unused"}}, .folder = folder_.path()});
  EXPECT_EQ(source->current(), (S3Credentials{"one", "secret"}));
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "two");
  EXPECT_EQ(source->current().access_key, "one");
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(source->current().access_key, "two");
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "three");
  source->renew({"somebody else's", ""});
  EXPECT_EQ(source->current().access_key, "two");
  source->renew({"two", "secret"});
  EXPECT_EQ(source->current().access_key, "three");
  clock_.set("2026-11-20T06:00:00Z");
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "four");
  EXPECT_EQ(source->current().access_key, "four") << "after the clock was set back";
}

TEST_F(S3CredentialSources, AreNotTheOldOnesAfterALookForNewOnesFailed) {
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "one");
  write_file(folder_.path("AWS_SECRET_ACCESS_KEY"), "secret");
  const auto source = make({.folder = folder_.path()});
  EXPECT_EQ(source->current().access_key, "one");
  clock_.advance(std::chrono::minutes(1));
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "");
  EXPECT_EQ(error_of([&] { source->current(); }).code(), Code::kNotFound);
  EXPECT_EQ(error_of([&] { source->current(); }).code(), Code::kNotFound);
  write_file(folder_.path("AWS_ACCESS_KEY_ID"), "two");
  EXPECT_EQ(source->current().access_key, "two");
}

TEST_F(S3CredentialSources, ComeFromAProfileOfTheSharedFile) {
  const std::string path = folder_.path("credentials");
  write_file(path, "[default]\naws_access_key_id = A\naws_secret_access_key=B==\n");
  EXPECT_EQ(make({.environment = {{"AWS_SHARED_CREDENTIALS_FILE", path}}})->current(),
            (S3Credentials{"A", "B=="}));
  EXPECT_EQ(error_of([&] {
              make({.environment = {{"AWS_SHARED_CREDENTIALS_FILE", path}}, .profile = "prod"})
                  ->current();
            }).code(),
            Code::kNotFound);
}

TEST(SharedCredentials, HaveProfiles) {
  const std::string text =
      "# aws_access_key_id = no\r\n[default]\r\naws_access_key_id = A\r\naws_secret_access_key = "
      "B\r\n"
      "[ prod ]\n  aws_access_key_id=C\n; x\naws_secret_access_key=D\naws_session_token = E\n"
      "region = x\n[half]\naws_access_key_id = F\n";
  EXPECT_EQ(parse_shared_credentials(text, "default"), (S3Credentials{"A", "B"}));
  EXPECT_EQ(parse_shared_credentials(text, "prod"), (S3Credentials{"C", "D", "E"}));
  EXPECT_EQ(parse_shared_credentials(text, "none"), std::nullopt);
  EXPECT_EQ(error_of([&] { parse_shared_credentials(text, "half"); }).code(), Code::kInvalid);
}

constexpr std::string_view kAssumed =
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId>"
    "<SecretAccessKey>B</SecretAccessKey><SessionToken>C</SessionToken>"
    "<Expiration>2026-11-21T07:00:00Z</Expiration></Credentials>"
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

TEST_F(S3CredentialSources, ComeFromStsForAWebIdentityAndAreRenewedBeforeTheyEnd) {
  write_file(folder_.path("token"), "ey.to+ken\n");
  sts_answer_ = {.status = 200, .body = std::string(kAssumed)};
  const auto source = make({.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder_.path("token")},
                                            {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}},
                            .region = "eu-west-1"});
  EXPECT_EQ(source->current(), (S3Credentials{"A", "B", "C"}));
  EXPECT_EQ(asked_, "https://sts.eu-west-1.amazonaws.com:443");
  EXPECT_EQ(bodies_[0],
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
            "RoleSessionName=lifeboat&Version=2011-06-15&WebIdentityToken=ey.to%2Bken");
  clock_.advance(std::chrono::minutes(54));
  source->current();
  EXPECT_EQ(bodies_.size(), 1U);
  clock_.advance(std::chrono::minutes(1));
  source->current();
  EXPECT_EQ(bodies_.size(), 2U);
}

TEST_F(S3CredentialSources, OfStsServeUntilTheyEndWhereItIsAway) {
  write_file(folder_.path("token"), "ey.to+ken\n");
  sts_answer_ = {.status = 200, .body = std::string(kAssumed)};
  const auto source = make({.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder_.path("token")},
                                            {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}}});
  source->current();
  sts_answer_ = {.status = 503};
  clock_.advance(std::chrono::minutes(56));
  EXPECT_EQ(source->current(), (S3Credentials{"A", "B", "C"}));
  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(source->current(), (S3Credentials{"A", "B", "C"}));
  EXPECT_EQ(bodies_.size(), 3U) << "it was asked each time";
  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(error_of([&] { source->current(); }).code(), Code::kUnavailable);
}

TEST_F(S3CredentialSources, SayWhatStsSaysWithoutTheToken) {
  write_file(folder_.path("token"), "ey.secret");
  sts_answer_ = {.status = 400,
                 .body =
                     "<ErrorResponse><Error><Code>ExpiredTokenException</Code>"
                     "<Message>Token expired</Message></Error></ErrorResponse>"};
  const base::Error error = error_of([&] {
    make({.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder_.path("token")},
                          {"AWS_ROLE_ARN", "arn:r"}}})
        ->current();
  });
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.what(), HasSubstr("arn:r: the server answers 400 ExpiredTokenException"));
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
}

TEST_F(S3CredentialSources, BlameTheTokenForWhatStsRefusesAndDoNotQuoteIt) {
  write_file(folder_.path("token"), "ey.secret\n");
  for (const char* code : {"InvalidIdentityToken", "AccessDenied", "ValidationError"}) {
    sts_answer_ = {.status = 400,
                   .body = base::cat("<ErrorResponse><Error><Code>", code,
                                     "</Code><Message>bad token ey.secret</Message></Error>"
                                     "</ErrorResponse>")};
    const base::Error error = error_of([&] {
      make({.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder_.path("token")},
                            {"AWS_ROLE_ARN", "arn:r"}}})
          ->current();
    });
    EXPECT_EQ(error.code(), Code::kDenied) << code;
    EXPECT_THAT(error.what(), HasSubstr(code));
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
    EXPECT_THAT(error.hint(), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"));
  }
}

TEST(AssumedRole, MustBeComplete) {
  EXPECT_EQ(parse_assumed_role(kAssumed).expires, base::parse_time("2026-11-21T07:00:00Z"));
  for (const std::string name : {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration",
                                 "Credentials", "AssumeRoleWithWebIdentityResult"}) {
    std::string text(kAssumed);
    for (auto at = text.find(name + ">"); at != text.npos; at = text.find(name + ">", at)) {
      text.replace(at, name.size(), "Other");
    }
    EXPECT_EQ(error_of([&] { parse_assumed_role(text); }).code(), Code::kCorrupt) << name;
  }
}

}  // namespace
}  // namespace lifeboat::store
