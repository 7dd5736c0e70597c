#include "base/base64.h"

#include <gtest/gtest.h>

namespace lifeboat::base {
namespace {

TEST(Base64, DecodesTheExamplesOfItsPaper) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("Zm9vYmE="), "fooba");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
}

TEST(Base64, DecodesEveryByte) {
  EXPECT_EQ(decode_base64("AAEC/f7/"), std::string("\x00\x01\x02\xFD\xFE\xFF", 6));
  EXPECT_EQ(decode_base64("+/+/"), "\xFB\xFF\xBF");
}

TEST(Base64, PassesOverLineEnds) {
  EXPECT_EQ(decode_base64("Zm9v\nYmFy\n"), "foobar");
  EXPECT_EQ(decode_base64("Z\r\nm8=\r\n"), "fo");
  EXPECT_EQ(decode_base64("Zg=\n=\n"), "f");
  EXPECT_EQ(decode_base64("\n"), "");
}

TEST(Base64, RefusesNearMisses) {
  for (const char* text :
       {"Z",     "Zg",   "Zg=",  "Zg===", "Zm8",      "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====",
        "=",     "==",   "====", "Z===",  "Zg==Zg==", "=Zm9v", "Zm=v",  "Zm 9v",  " Zm9v",
        "Zm9v ", "Zm9-", "Zm9_", "Zm9v.", "Zm9\xC3",  "Zh==",  "Zm9="}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
  EXPECT_EQ(decode_base64(std::string_view("Zm9\0", 4)), std::nullopt);
}

TEST(Base64, EncodesWhatItDecodes) {
  EXPECT_EQ(encode_base64({}), "");
  EXPECT_EQ(encode_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(encode_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(encode_base64(as_bytes("foobar")), "Zm9vYmFy");
  std::string every;
  for (int value = 0; value < 256; ++value) {
    every.push_back(static_cast<char>(value));
    EXPECT_EQ(decode_base64(encode_base64(as_bytes(every))), every);
  }
}

}  // namespace
}  // namespace lifeboat::base
