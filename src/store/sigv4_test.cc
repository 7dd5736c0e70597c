#include "store/sigv4.h"

#include <gmock/gmock.h>

#include "base/hash.h"
#include "base/percent.h"

namespace lifeboat::store {
namespace {

// The account of the examples in "Signature Calculations for the Authorization Header".
const S3Credentials kExample = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::string kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

base::TimePoint at(std::string_view time) { return base::parse_time(time).value(); }

std::string sha256(std::string_view text) {
  base::Sha256 hash;
  hash.update(base::as_bytes(text));
  return base::to_hex(hash.digest());
}

SigningInput example(SigningInput input) {
  input.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
  input.headers.emplace_back("x-amz-date", "20130524T000000Z");
  input.headers.emplace_back("x-amz-content-sha256", input.payload_hash);
  return input;
}

std::string example_signature(const SigningInput& input) {
  return signature(example(input), {.region = "us-east-1"}, kExample, at("2013-05-24T00:00:00Z"));
}

TEST(Sigv4, MatchesThePublishedGetOfAnObject) {
  const SigningInput input = {
      .path = "/test.txt", .headers = {{"Range", "bytes=0-9"}}, .payload_hash = kEmptyHash};
  EXPECT_EQ(sha256(canonical_request(example(input))),
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
  EXPECT_EQ(example_signature(input),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Sigv4, MatchesThePublishedPutOfAnObjectWithAnOddName) {
  EXPECT_EQ(example_signature({.method = "PUT",
                               .path = "/test$file.text",
                               .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                           {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                               .payload_hash = sha256("Welcome to Amazon S3.")}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(Sigv4, MatchesThePublishedQueryWithoutAValue) {
  EXPECT_EQ(example_signature({.query = {{"lifecycle", ""}}, .payload_hash = kEmptyHash}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(Sigv4, MatchesThePublishedListing) {
  EXPECT_EQ(example_signature(
                {.query = {{"prefix", "J"}, {"max-keys", "2"}}, .payload_hash = kEmptyHash}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// From the General Reference's "Examples of the complete signing process".
TEST(Sigv4, MatchesThePublishedRequestToAnotherService) {
  const SigningInput input = {
      .query = {{"Action", "ListUsers"}, {"Version", "2010-05-08"}},
      .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"host", "iam.amazonaws.com"},
                  {"x-amz-date", "20150830T123600Z"}},
      .payload_hash = kEmptyHash};
  EXPECT_EQ(signature(input, {.region = "us-east-1", .service = "iam"},
                      {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
                      at("2015-08-30T12:36:00Z")),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(Sigv4, AnyChangeOfARequestChangesTheSignature) {
  const SigningInput input = {.path = "/a", .payload_hash = kEmptyHash};
  const std::string original = example_signature(input);
  for (const SigningInput& changed :
       {SigningInput{.method = "PUT", .path = "/a", .payload_hash = kEmptyHash},
        SigningInput{.path = "/b", .payload_hash = kEmptyHash},
        SigningInput{.path = "/a", .query = {{"x", ""}}, .payload_hash = kEmptyHash},
        SigningInput{.path = "/a", .headers = {{"x", "y"}}, .payload_hash = kEmptyHash},
        SigningInput{.path = "/a", .payload_hash = std::string(kUnsignedPayload)}}) {
    EXPECT_NE(example_signature(changed), original) << canonical_request(changed);
  }
}

TEST(Sigv4, SignsTheSessionTokenAndNamesEveryHeader) {
  const http::Headers headers = signed_headers({.headers = {{"Host", "h"}, {"Range", "bytes=0-1"}},
                                                .payload_hash = std::string(kUnsignedPayload)},
                                               {.region = "eu-west-1"}, {"KEY", "secret", "token"},
                                               at("2026-11-21T06:00:00.999Z"));
  const http::Response finder = {.headers = headers};
  EXPECT_EQ(finder.header("x-amz-security-token"), "token");
  EXPECT_EQ(finder.header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(finder.header("x-amz-date"), "20261121T060000Z");
  EXPECT_THAT(finder.header("Authorization").value(),
              ::testing::MatchesRegex(
                  "AWS4-HMAC-SHA256 Credential=KEY/20261121/eu-west-1/s3/aws4_request,"
                  "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
                  "Signature=[0-9a-f]+"));
  EXPECT_THAT(finder.header("Authorization").value(),
              ::testing::Not(::testing::HasSubstr("secret")));
}

TEST(Sigv4, FoldsBlanksInValuesAndJoinsThoseOfOneName) {
  EXPECT_THAT(canonical_request({.headers = {{"B", "  one   two "}, {"a", "1"}, {"A", "2"}},
                                 .payload_hash = "h"}),
              ::testing::HasSubstr("\na:1,2\nb:one two\n\na;b\nh"));
}

TEST(Sigv4, EncodesEveryByteOnce) {
  EXPECT_EQ(encode_path("/a b/\xC3\xA9+%25/~x"), "/a%20b/%C3%A9%2B%2525/~x");
  EXPECT_EQ(encode_component("a/b=c&d"), "a%2Fb%3Dc%26d");
  EXPECT_EQ(encode_query({{"b", "2 "}, {"a", ""}, {"a-", "/"}}), "a=&a-=%2F&b=2%20");
  std::string every;
  for (int value = 0; value < 256; ++value) every.push_back(static_cast<char>(value));
  EXPECT_EQ(base::decode_percent(encode_component(every)), every);
}

}  // namespace
}  // namespace lifeboat::store
