#include "vault/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/test_streams.h"
#include "testing/error_of.h"

namespace lifeboat::vault {
namespace {

using base::Code;
using codec::StringSink;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string encode(std::string_view text, const Encoding& encoding) {
  StringSink stored;
  Encoder encoder(stored, encoding);
  encoder.write(base::as_bytes(text));
  encoder.finish();
  EXPECT_EQ(stored.finished, 1);
  return stored.text;
}

std::string decode(std::string_view stored, const std::vector<std::string>& names,
                   const codec::Keyring& keyring) {
  codec::PieceSource source(stored, 5000);
  Decoder decoder(source, names, keyring);
  return codec::read_all(decoder);
}

class EncodingTest : public ::testing::Test {
 protected:
  EncodingTest() { keyring.identities.push_back(identity); }

  const codec::Identity identity = codec::Identity::generate();
  codec::Keyring keyring;
  const std::string text = codec::sample(300'000);
};

TEST_F(EncodingTest, EveryCombinationComesBack) {
  for (const bool packed : {false, true}) {
    for (const bool sealed : {false, true}) {
      Encoding encoding;
      if (packed) encoding.zstd.emplace();
      if (sealed) encoding.recipients.push_back(identity.recipient());
      const std::string stored = encode(text, encoding);
      EXPECT_EQ(stored == text, encoding.is_plain());
      EXPECT_EQ(is_encrypted(encoding.names()), sealed);
      EXPECT_EQ(decode(stored, encoding.names(), keyring), text);
    }
  }
}

TEST_F(EncodingTest, NamesSayWhatWasDoneInItsOrder) {
  EXPECT_THAT(Encoding().names(), IsEmpty());
  EXPECT_EQ(Encoding().file_ending(), "");
  const Encoding both{.zstd = codec::ZstdOptions(), .recipients = {identity.recipient()}};
  EXPECT_THAT(both.names(), ElementsAre("zstd", "age"));
  EXPECT_EQ(both.file_ending(), ".zst.age");
}

TEST_F(EncodingTest, TheEndingsOfANameTellWhatWasDone) {
  EXPECT_THAT(encoding_of_name("a.db"), IsEmpty());
  EXPECT_THAT(encoding_of_name("a.zst.db"), IsEmpty());
  EXPECT_THAT(encoding_of_name("a.db.zst"), ElementsAre("zstd"));
  EXPECT_THAT(encoding_of_name("a.db.age"), ElementsAre("age"));
  EXPECT_THAT(encoding_of_name("a.db.zst.age"), ElementsAre("zstd", "age"));
  EXPECT_THAT(encoding_of_name(".zst"), ElementsAre("zstd"));
}

// Compressed first: what is encrypted can't be compressed any more.
TEST_F(EncodingTest, CompressesBeforeItEncrypts) {
  const std::string zeros(1'000'000, '\0');
  const Encoding both{.zstd = codec::ZstdOptions(), .recipients = {identity.recipient()}};
  const std::string stored = encode(zeros, both);
  EXPECT_LT(stored.size(), 10'000U);
  EXPECT_THAT(stored, HasSubstr("age-encryption.org/v1"));
}

TEST_F(EncodingTest, AnUnknownEncodingIsNamed) {
  const auto error = error_of([&] { decode(text, {"zstd", "rot13"}, keyring); });
  EXPECT_EQ(error.code(), Code::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("rot13"));
  EXPECT_EQ(error_of([&] {
              decode(text, {"zstd", "zstd", "zstd", "zstd", "zstd"}, keyring);
            }).code(),
            Code::kUnsupported);
}

TEST_F(EncodingTest, ACutFileDoesNotPassForAWholeOne) {
  const Encoding both{.zstd = codec::ZstdOptions(), .recipients = {identity.recipient()}};
  const std::string stored = encode(text, both);
  for (const std::size_t missing : {std::size_t{1}, std::size_t{1000}, stored.size() - 1}) {
    const auto cut = std::string_view(stored).substr(0, stored.size() - missing);
    EXPECT_EQ(error_of([&] { decode(cut, both.names(), keyring); }).code(), Code::kCorrupt);
  }
}

TEST_F(EncodingTest, WithoutTheKeyNothingIsRead) {
  const Encoding sealed{.zstd = {}, .recipients = {identity.recipient()}};
  const std::string stored = encode(text, sealed);
  EXPECT_EQ(error_of([&] { decode(stored, sealed.names(), {}); }).code(), Code::kDenied);
}

}  // namespace
}  // namespace lifeboat::vault
