#include "codec/raw_base64.h"

#include <gtest/gtest.h>

namespace lifeboat::codec {
namespace {

TEST(RawBase64, IsThatOfRfc4648WithoutPadding) {
  const std::pair<std::string_view, std::string_view> kTable[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF", "+/8"},
  };
  for (const auto& [plain, encoded] : kTable) {
    EXPECT_EQ(encode_raw_base64(base::as_bytes(plain)), encoded);
    const auto decoded = decode_raw_base64(encoded);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(base::as_text(*decoded), plain);
  }
}

TEST(RawBase64, HasOneSpellingOnly) {
  for (const auto* text : {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "Zm9vY", "Zm9v\n", "Zm\n9v", "Zm9v\r",
                           " Zm9v", "Zm9v ", "Zm-_", "Zm9v=", "====", "="}) {
    EXPECT_FALSE(decode_raw_base64(text)) << text;
  }
  EXPECT_FALSE(decode_raw_base64(std::string_view("Zm9\0", 4)));
}

}  // namespace
}  // namespace lifeboat::codec
