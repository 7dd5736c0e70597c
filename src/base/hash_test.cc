#include "base/hash.h"

#include <gtest/gtest.h>

namespace lifeboat::base {
namespace {

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.update(as_bytes(text));
  return to_hex(hash.digest());
}

struct Vector {
  std::string_view message;
  std::string_view digest;
};

// From NIST: the examples for FIPS 180-4, and CAVP's SHA256ShortMsg.rsp for one byte.
constexpr Vector kVectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
     "lmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
};

TEST(Sha256, MatchesTheVectorsOfNist) {
  for (const Vector& vector : kVectors) EXPECT_EQ(sha256(vector.message), vector.digest);
}

TEST(Sha256, MatchesTheVectorOfAMillionLetters) {
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DependsOnTheBytesAndNotOnHowTheyCome) {
  const std::string text(200, 'x');
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 hash;
    hash.update(as_bytes(text).first(cut));
    hash.update({});
    hash.update(as_bytes(text).subspan(cut));
    EXPECT_EQ(to_hex(hash.digest()), sha256(text)) << cut;
  }
}

TEST(Sha256, GoesOnAfterADigest) {
  Sha256 hash;
  hash.update(as_bytes("ab"));
  EXPECT_EQ(to_hex(hash.digest()), sha256("ab"));
  EXPECT_EQ(to_hex(hash.digest()), sha256("ab"));
  hash.update(as_bytes("c"));
  EXPECT_EQ(to_hex(hash.digest()), sha256("abc"));
}

TEST(Sha256, CopiesGoTheirOwnWay) {
  Sha256 hash;
  hash.update(as_bytes("ab"));
  Sha256 copy(hash);
  copy.update(as_bytes("X"));
  hash.update(as_bytes("c"));
  EXPECT_EQ(to_hex(copy.digest()), sha256("abX"));
  EXPECT_EQ(to_hex(hash.digest()), sha256("abc"));
}

TEST(Sha1, MatchesTheVectorsOfNist) {
  EXPECT_EQ(to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha1(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

// RFC 4231, test cases 1, 2 and 6.
TEST(HmacSha256, MatchesTheVectorsOfItsPaper) {
  const auto hmac = [](std::string_view key, std::string_view message) {
    return to_hex(hmac_sha256(as_bytes(key), as_bytes(message)));
  };
  EXPECT_EQ(hmac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hmac("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Md5, MatchesTheVectorsOfItsPaper) {
  EXPECT_EQ(to_hex(md5(as_bytes(""))), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(as_bytes("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace lifeboat::base
