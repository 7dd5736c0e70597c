#include "codec/crypto.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "testing/error_of.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using testing::error_of;

Secret secret(std::string_view text) { return Secret(text.begin(), text.end()); }

TEST(Crypto, HkdfIsThatOfRfc5869) {
  // Its third test case: neither salt nor info. The output is longer there, and begins so.
  EXPECT_EQ(base::to_hex(hkdf_sha256(Secret(22, 0x0b), {}, "")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(Crypto, ScryptIsThatOfRfc7914) {
  EXPECT_EQ(base::to_hex(scrypt(secret("pleaseletmein"), base::as_bytes("SodiumChloride"), 14)),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(Crypto, BothSidesOfAnExchangeGetToKnowTheSame) {
  const Secret one = random_secret(kKeyBytes);
  const Secret other = random_secret(kKeyBytes);
  EXPECT_NE(one, other);
  EXPECT_EQ(x25519_shared_secret(one, x25519_public_key(other)),
            x25519_shared_secret(other, x25519_public_key(one)));
}

TEST(Crypto, RefusesPublicKeysThatProtectNothing) {
  for (const std::uint8_t first :
       std::initializer_list<std::uint8_t>{0, 1}) {  // the points of order 1 and 4
    Key key = {first};
    EXPECT_EQ(error_of([&] { x25519_shared_secret(random_secret(kKeyBytes), key); }).code(),
              Code::kInvalid);
  }
}

TEST(Crypto, OpensOnlyWhatWasSealed) {
  for (const std::size_t size_bytes : {0, 1, 16, 1000}) {
    Aead aead(random_secret(kKeyBytes));
    const base::Buffer plain(size_bytes, 7);
    base::Buffer sealed(size_bytes + Aead::kTagBytes);
    aead.seal({1}, plain, sealed);
    base::Buffer opened(size_bytes);
    EXPECT_TRUE(aead.open({1}, sealed, opened));
    EXPECT_EQ(opened, plain);
    EXPECT_FALSE(aead.open({2}, sealed, opened));
    EXPECT_EQ(opened, base::Buffer(size_bytes)) << "nothing is left of what is not genuine";
    for (std::size_t at = 0; at < sealed.size(); ++at) {
      sealed[at] ^= 1;
      EXPECT_FALSE(aead.open({1}, sealed, opened)) << at;
      sealed[at] ^= 1;
    }
    EXPECT_FALSE(Aead(random_secret(kKeyBytes)).open({1}, sealed, opened));
  }
}

TEST(Secret, IsWipedToZeros) {
  base::Buffer memory(64, 0xAA);
  wipe(base::MutableBytes(memory).first(32));
  EXPECT_EQ(std::ranges::count(memory, 0), 32);
  EXPECT_EQ(std::ranges::count(memory, 0xAA), 32);
}

}  // namespace
}  // namespace lifeboat::codec
