#include "codec/age_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "codec/bech32.h"
#include "testing/error_of.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

// The pair in age's own paper.
constexpr std::string_view kIdentity =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
constexpr std::string_view kRecipient =
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

std::string text_of(const Secret& secret) { return std::string(base::as_text(secret)); }

TEST(AgeKeys, AreThoseOfTheFormat) {
  const Identity identity = Identity::parse(kIdentity);
  EXPECT_EQ(text_of(identity.text()), kIdentity);
  EXPECT_EQ(identity.recipient().text(), kRecipient);
  EXPECT_EQ(Recipient::parse(kRecipient), identity.recipient());
}

TEST(AgeKeys, AreNewEachTime) {
  const Identity one = Identity::generate();
  EXPECT_NE(one.text(), Identity::generate().text());
  EXPECT_EQ(Identity::parse(text_of(one.text())).recipient(), one.recipient());
}

struct Refusal {
  std::string text;
  Code code;
  std::string_view message;
};

std::string bech32(std::string_view prefix, std::size_t size_bytes) {
  return text_of(encode_bech32(prefix, base::Buffer(size_bytes, 5)));
}

TEST(AgeKeys, SayWhyARecipientIsRefused) {
  const std::string whole(kRecipient);
  const Refusal kTable[] = {
      {"", Code::kInvalid, "no age recipient"},
      {whole.substr(0, 61), Code::kInvalid, "no age recipient"},
      {whole + "j", Code::kInvalid, "no age recipient"},
      {whole + " ", Code::kInvalid, "no age recipient"},
      {"age1" + whole, Code::kInvalid, "no age recipient"},
      {bech32("age", 31), Code::kInvalid, "no age recipient"},
      {bech32("age", 33), Code::kInvalid, "no age recipient"},
      {bech32("age1pq", 1216), Code::kUnsupported, "of a kind"},
      {bech32("age1yubikey", 33), Code::kUnsupported, "of a kind"},
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", Code::kUnsupported, "of a kind"},
      {std::string(kIdentity), Code::kInvalid, "a secret identity"},
      {std::string(kIdentity).substr(0, 40), Code::kInvalid, "a secret identity"},
      {"age-secret-key-1gfp", Code::kInvalid, "a secret identity"},
  };
  for (const auto& [text, code, message] : kTable) {
    const auto error =
        error_of([&, refused = std::string_view(text)] { Recipient::parse(refused); });
    EXPECT_EQ(error.code(), code) << text;
    EXPECT_THAT(error.what(), HasSubstr(std::string(message))) << text;
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(AgeKeys, SayWhyAnIdentityIsRefusedWithoutQuotingIt) {
  const std::string whole(kIdentity);
  const Refusal kTable[] = {
      {"GFPYYSJZGFPYYSJZ", Code::kInvalid, "no age identity"},
      {whole.substr(0, 70), Code::kInvalid, "no age identity"},
      {whole + "GFPYYS", Code::kInvalid, "no age identity"},
      {bech32("age-secret-key-", 31), Code::kInvalid, "no age identity"},
      {bech32("age-secret-key-pq-", 32), Code::kUnsupported, "of a kind"},
      {"AGE-PLUGIN-YUBIKEY-1GFPYYSJZ", Code::kUnsupported, "of a kind"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----", Code::kUnsupported, "of a kind"},
      {"age-encryption.org/v1", Code::kUnsupported, "itself encrypted"},
      {"-----BEGIN AGE ENCRYPTED FILE-----", Code::kUnsupported, "itself encrypted"},
      {std::string(kRecipient), Code::kInvalid, "a recipient stands where"},
  };
  for (const auto& [text, code, message] : kTable) {
    const auto error =
        error_of([&, refused = std::string_view(text)] { Identity::parse(refused); });
    EXPECT_EQ(error.code(), code) << text;
    EXPECT_THAT(error.what(), HasSubstr(std::string(message))) << text;
    EXPECT_THAT(base::cat(error.what(), error.hint()), Not(HasSubstr("GFPYYS")));
  }
}

TEST(AgeKeys, AreReadFromFilesWithComments) {
  const std::string identities = base::cat("# created: some day\n\n", kIdentity, "\r\n  ",
                                           kIdentity, " \n#", kRecipient, "\n");
  ASSERT_EQ(parse_identities(identities).size(), 2u);
  EXPECT_EQ(parse_identities(identities)[1].recipient().text(), kRecipient);
  EXPECT_EQ(parse_identities(kIdentity).size(), 1u) << "without a line end";
  const auto recipients = parse_recipients(base::cat("# the fleet\n", kRecipient, "\n"));
  ASSERT_EQ(recipients.size(), 1u);
  EXPECT_EQ(recipients[0].text(), kRecipient);
}

TEST(AgeKeys, NameTheLineThatIsWrong) {
  const std::string file = base::cat("# comment\n", kIdentity, "\n\nAGE-SECRET-KEY-1GFPYYS\n");
  const auto error = error_of([&] { parse_identities(file); });
  EXPECT_EQ(std::string(error.what()), "line 4: no age identity, or a damaged one");
  EXPECT_EQ(std::string(error_of([&] { parse_recipients(file); }).what()),
            "line 2: a secret identity stands where a recipient belongs");
}

TEST(AgeKeys, AreInTheFileAtLeastOnce) {
  for (const auto* file : {"", "\n\n", "# only a comment\n"}) {
    EXPECT_EQ(error_of([&] { parse_identities(file); }).code(), Code::kInvalid);
    EXPECT_EQ(error_of([&] { parse_recipients(file); }).code(), Code::kInvalid);
  }
}

TEST(AgeKeys, AreWrittenAsAgeKeygenDoes) {
  const Secret file =
      identity_file(Identity::parse(kIdentity), *base::parse_time("2026-11-21T06:00:00.5Z"));
  const std::string expected = base::cat(
      "# created: 2026-11-21T06:00:00Z\n# public key: ", kRecipient, '\n', kIdentity, '\n');
  EXPECT_EQ(text_of(file), expected);
}

}  // namespace
}  // namespace lifeboat::codec
