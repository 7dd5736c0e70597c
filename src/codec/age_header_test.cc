#include "codec/age_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "codec/raw_base64.h"
#include "testing/error_of.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using testing::error_of;
using ::testing::HasSubstr;

constexpr std::string_view kVersion = "age-encryption.org/v1\n";
constexpr std::string_view kMac = "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n";
constexpr std::string_view kStanza =
    "-> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE\n"
    "qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E\n";

std::string full_line(char digit) { return std::string(64, digit) + "\n"; }

AgeHeader decode(std::string_view text) { return decode_header(base::as_bytes(text)); }
std::optional<std::size_t> end_of(std::string_view text) {
  return find_header_end(base::as_bytes(text));
}

TEST(AgeHeader, IsReadAsThePaperShowsIt) {
  const AgeHeader header = decode(base::cat(kVersion, kStanza, kMac));
  ASSERT_EQ(header.stanzas.size(), 1u);
  EXPECT_EQ(header.stanzas[0].arguments[0], "X25519");
  EXPECT_EQ(header.stanzas[0].arguments[1], "XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE");
  EXPECT_EQ(header.stanzas[0].body.size(), 32u);
  EXPECT_EQ(base::cat("--- ", encode_raw_base64(header.mac), '\n'), kMac);
}

TEST(AgeHeader, HasOneSpellingOnly) {
  const std::string kGood[] = {
      base::cat(kVersion, kStanza, kMac),
      base::cat(kVersion, kStanza, kStanza, kMac),
      base::cat(kVersion, "-> empty\n\n", kMac),
      base::cat(kVersion, "-> ~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|} a b\nQQ\n", kMac),
      base::cat(kVersion, "-> full\n", full_line('A'), "\n", kMac),
      base::cat(kVersion, "-> long\n", full_line('A'), full_line('B'), "QQ\n", kMac),
      base::cat(kVersion, "-> -grease---\n\n", kStanza, kMac),
  };
  for (const std::string& text : kGood) {
    EXPECT_EQ(encode_header(decode(text)), text);
    EXPECT_EQ(end_of(text + "payload --- \n---\n"), text.size());
  }
}

TEST(AgeHeader, RefusesNearMisses) {
  const std::string line(63, 'A');
  const std::string kBad[] = {
      base::cat(kVersion, kMac),  // no recipient
      base::cat(kVersion, kStanza),
      base::cat(kVersion, kStanza, "---\n"),
      base::cat(kVersion, kStanza, "--- \n"),
      base::cat(kVersion, kStanza, "---  HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n"),
      base::cat(kVersion, kStanza, "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s \n"),
      base::cat(kVersion, kStanza, "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s=\n"),
      base::cat(kVersion, kStanza, "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75t\n"),
      base::cat(kVersion, kStanza, "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG7w\n"),
      base::cat(kVersion, kStanza, "---HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n"),
      base::cat(kVersion, kStanza, kMac, "\n"),
      base::cat(kVersion, "->\n\n", kMac),
      base::cat(kVersion, "-> \n\n", kMac),
      base::cat(kVersion, "->X25519\n\n", kMac),
      base::cat(kVersion, "->  a\n\n", kMac),
      base::cat(kVersion, "-> a  b\n\n", kMac),
      base::cat(kVersion, "-> a \n\n", kMac),
      base::cat(kVersion, "-> a\tb\n\n", kMac),
      base::cat(kVersion, "-> a\x7F\n\n", kMac),
      base::cat(kVersion, "-> \xC3\xA9\n\n", kMac),
      base::cat(kVersion, "-- a\n\n", kMac),
      base::cat(kVersion, "\n", kStanza, kMac),
      base::cat(kVersion, "-> a\n", kMac),  // no body at all
      base::cat(kVersion, "-> a\nQQ==\n", kMac),
      base::cat(kVersion, "-> a\nQR\n", kMac),  // bits that count for nothing
      base::cat(kVersion, "-> a\nQ\n", kMac),
      base::cat(kVersion, "-> a\n", full_line('A'), kMac),  // a full line is not the last
      base::cat(kVersion, "-> a\n", line, "AA\n\n", kMac),
      base::cat(kVersion, "-> a\nQQ\nQQ\n", kMac),
      base::cat(kVersion, "-> a\nQQ\r\n", kMac),
      "age-encryption.org/v1\r\n" + base::cat(kStanza, kMac),
      base::cat(kStanza, kMac),
  };
  for (const std::string& text : kBad) {
    EXPECT_EQ(error_of([&] { decode(text); }).code(), Code::kCorrupt) << text;
  }
}

TEST(AgeHeader, RefusesEveryTruncation) {
  const std::string text = base::cat(kVersion, kStanza, kMac);
  for (std::size_t size_bytes = 0; size_bytes < text.size(); ++size_bytes) {
    const std::string_view cut = std::string_view(text).substr(0, size_bytes);
    EXPECT_EQ(end_of(cut), std::nullopt) << size_bytes;
    EXPECT_EQ(error_of([&] { decode(cut); }).code(), Code::kCorrupt) << size_bytes;
  }
}

TEST(AgeHeader, NamesTheLine) {
  const auto error = error_of([] { decode(base::cat(kVersion, kStanza, "-> a\nQQ=\n", kMac)); });
  EXPECT_THAT(error.what(), HasSubstr("line 5 "));
}

TEST(AgeHeader, TellsWhatElseItMayBe) {
  const auto version = error_of([] { end_of("age-encryption.org/v2\n"); });
  EXPECT_EQ(version.code(), Code::kUnsupported);
  EXPECT_THAT(version.what(), HasSubstr("version v2"));
  for (const auto* armor : {"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl",
                            "\r\n  -----BEGIN AGE ENCRYPTED FILE-----\r\n"}) {
    const auto error = error_of([&] { end_of(armor); });
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("armored"));
  }
  for (const auto* other : {"a", "bbolt", "age-encryption.com/v1\n", "age-encryption.org/\n",
                            "age-encryption.org/v1 \n", "-----BEGIN PGP MESSAGE-----"}) {
    if (std::string_view(other) == "a") continue;  // may still become one
    EXPECT_EQ(error_of([&] { end_of(other); }).code(), Code::kCorrupt) << other;
  }
}

TEST(AgeHeader, HasLimits) {
  std::string text(kVersion);
  for (std::size_t i = 0; i < kStanzasMax; ++i) text += "-> a\n\n";
  EXPECT_EQ(decode(text + std::string(kMac)).stanzas.size(), kStanzasMax);
  EXPECT_EQ(error_of([&] { decode(base::cat(text, "-> a\n\n", kMac)); }).code(),
            Code::kUnsupported);
  const std::string endless = std::string(kVersion) + std::string(kHeaderBytesMax, 'A');
  EXPECT_EQ(end_of(std::string_view(endless).substr(0, kHeaderBytesMax - 1)), std::nullopt);
  EXPECT_EQ(error_of([&] { end_of(endless); }).code(), Code::kCorrupt);
}

}  // namespace
}  // namespace lifeboat::codec
