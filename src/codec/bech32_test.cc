#include "codec/bech32.h"

#include <gtest/gtest.h>

#include <cctype>

namespace lifeboat::codec {
namespace {

std::string encode(std::string_view prefix, base::Bytes data) {
  return std::string(base::as_text(encode_bech32(prefix, data)));
}

TEST(Bech32, IsThatOfBip173) {
  // Its test vectors, as far as they hold whole bytes.
  const auto empty = decode_bech32("A12UEL5L");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->prefix, "a");
  EXPECT_TRUE(empty->data.empty());
  EXPECT_EQ(encode("a", {}), "a12uel5l");
  EXPECT_TRUE(decode_bech32("?1ezyfcl"));
  EXPECT_FALSE(decode_bech32("split1cheo2y9e2w")) << "a letter that is none of the 32";
  EXPECT_FALSE(decode_bech32("split1a2y9w")) << "too short for its checksum";
  EXPECT_FALSE(decode_bech32("1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"));
  EXPECT_FALSE(decode_bech32("A1G7SGD8")) << "its checksum is over upper case";
  EXPECT_FALSE(decode_bech32("10a06t8"));
  EXPECT_FALSE(decode_bech32("1qzzfhee"));
  EXPECT_FALSE(decode_bech32("pzry9x0s0muk"));
  EXPECT_FALSE(decode_bech32(""));
}

TEST(Bech32, DecodesWhatItEncodes) {
  base::Buffer data;
  for (std::size_t size_bytes = 0; size_bytes < 300; ++size_bytes) {
    const auto decoded = decode_bech32(encode("age-secret-key-", data));
    ASSERT_TRUE(decoded) << size_bytes;
    EXPECT_EQ(decoded->prefix, "age-secret-key-");
    EXPECT_TRUE(std::ranges::equal(decoded->data, data));
    data.push_back(static_cast<std::uint8_t>(size_bytes * 37));
  }
}

TEST(Bech32, FindsEveryTypingError) {
  const std::string text = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
  ASSERT_TRUE(decode_bech32(text));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'q', 'p', 'x', '7', '0', 'b', ' ', '\n', 'A'}) {
      std::string wrong = text;
      if (wrong[at] == c) continue;
      wrong[at] = c;
      EXPECT_FALSE(decode_bech32(wrong)) << wrong;
    }
    EXPECT_FALSE(decode_bech32(text.substr(0, at))) << at;
    EXPECT_FALSE(decode_bech32(text.substr(0, at) + text.substr(at + 1))) << at;
  }
}

TEST(Bech32, TakesUpperCaseButNoMix) {
  std::string text = encode("age", base::as_bytes("data"));
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  const auto decoded = decode_bech32(text);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->prefix, "age");
  text[0] = 'a';
  EXPECT_FALSE(decode_bech32(text));
}

}  // namespace
}  // namespace lifeboat::codec
