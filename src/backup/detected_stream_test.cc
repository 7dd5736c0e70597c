#include "backup/detected_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "testing/error_of.h"
#include "vault/encoding.h"

namespace lifeboat::backup {
namespace {

using ::testing::HasSubstr;

// Longer than the head that is looked at, and than one read.
const std::string& plain_text() {
  static const std::string text = [] {
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "line " + std::to_string(i) + "\n";
    return lines;
  }();
  return text;
}

std::string encoded(const vault::Encoding& encoding, std::string_view plain) {
  struct StringSink : base::Sink {
    void write(base::Bytes bytes) override { text += base::as_text(bytes); }
    void finish() override {}
    std::string text;
  };
  StringSink sink;
  vault::Encoder encoder(sink, encoding);
  encoder.write(base::as_bytes(plain));
  encoder.finish();
  return sink.text;
}

// As a pipe gives it: a few bytes at a time.
class Trickle : public base::Source {
 public:
  explicit Trickle(std::string_view text) : rest_(text) {}

  std::size_t read(base::MutableBytes buffer) override {
    const std::size_t count = std::min({buffer.size(), rest_.size(), std::size_t{7}});
    std::ranges::copy(base::as_bytes(rest_.substr(0, count)), buffer.begin());
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
};

std::string decoded(std::string_view stored, const codec::Keyring& keyring) {
  Trickle trickle(stored);
  DetectedStream stream(trickle, keyring);
  std::string text;
  base::Buffer buffer(100);
  while (const std::size_t count = stream.read(buffer)) {
    text += base::as_text(base::Bytes(buffer).first(count));
  }
  return text;
}

class DetectedStreamTest : public ::testing::Test {
 protected:
  DetectedStreamTest() { keyring_.identities.push_back(identity_); }

  vault::Encoding compressed() const { return {.zstd = codec::ZstdOptions{}, .recipients = {}}; }
  vault::Encoding encrypted() const { return {.zstd = {}, .recipients = {identity_.recipient()}}; }
  vault::Encoding both() const {
    return {.zstd = codec::ZstdOptions{}, .recipients = {identity_.recipient()}};
  }

  const codec::Identity identity_ = codec::Identity::generate();
  codec::Keyring keyring_;
};

TEST_F(DetectedStreamTest, GivesWhatIsPlainAsItComes) {
  for (const std::string_view text :
       {std::string_view(), std::string_view("a"), std::string_view("age-encryption.or"),
        std::string_view(plain_text())}) {
    EXPECT_EQ(decoded(text, {}), text);
  }
}

TEST_F(DetectedStreamTest, DecodesWhatABackupIsStoredAs) {
  EXPECT_EQ(decoded(encoded(compressed(), plain_text()), {}), plain_text());
  EXPECT_EQ(decoded(encoded(encrypted(), plain_text()), keyring_), plain_text());
  EXPECT_EQ(decoded(encoded(both(), plain_text()), keyring_), plain_text());
}

TEST_F(DetectedStreamTest, NeedsTheKey) {
  const std::string stored = encoded(both(), plain_text());
  const auto without = testing::error_of([&] { decoded(stored, {}); });
  EXPECT_EQ(without.code(), base::Code::kDenied);
  EXPECT_THAT(without.hint(), HasSubstr("--identity"));
  codec::Keyring other;
  other.identities.push_back(codec::Identity::generate());
  EXPECT_EQ(testing::error_of([&] { decoded(stored, other); }).code(), base::Code::kDenied);
}

TEST_F(DetectedStreamTest, FindsThatTheEndIsMissing) {
  for (const vault::Encoding& encoding : {compressed(), encrypted(), both()}) {
    std::string stored = encoded(encoding, plain_text());
    stored.pop_back();
    EXPECT_EQ(testing::error_of([&] { decoded(stored, keyring_); }).code(), base::Code::kCorrupt);
  }
}

TEST_F(DetectedStreamTest, NamesWhatItCanNotUnpack) {
  const std::string twice = encoded(compressed(), encoded(compressed(), plain_text()));
  for (const std::string& stored :
       {std::string("\x1f\x8b of gzip"),
        std::string("\xfd"
                    "7zXZ of xz"),
        twice, encoded(both(), "-----BEGIN AGE ENCRYPTED FILE-----\n")}) {
    const auto error = testing::error_of([&] { decoded(stored, keyring_); });
    EXPECT_EQ(error.code(), base::Code::kUnsupported);
    EXPECT_THAT(error.hint(), HasSubstr("unpack it on its way"));
  }
}

}  // namespace
}  // namespace lifeboat::backup
