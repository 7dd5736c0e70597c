#include "codec/age.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "codec/age_stanzas.h"
#include "codec/raw_base64.h"
#include "codec/test_streams.h"
#include "testing/error_of.h"
#include "testing/tool.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

std::string encrypt(std::string_view text, const std::vector<Recipient>& recipients,
                    std::size_t piece_bytes = 100'000) {
  StringSink file;
  AgeEncryptor encryptor(file, recipients);
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    encryptor.write(base::as_bytes(text.substr(at, piece_bytes)));
  }
  EXPECT_EQ(file.finished, 0);
  encryptor.finish();
  EXPECT_EQ(file.finished, 1);
  return file.text;
}

// All that came out, and the error that it ended with, if any.
struct Read {
  std::string text;
  std::optional<base::Error> error;
};

Read decrypt(std::string_view file, const Keyring& keyring, std::size_t piece_bytes = 100'000) {
  Read result;
  try {
    PieceSource source(file, piece_bytes);
    AgeDecryptor decryptor(source, keyring);
    base::Buffer buffer(7000);
    while (const std::size_t count = decryptor.read(buffer)) {
      result.text.append(base::as_text(base::Bytes(buffer).first(count)));
    }
  } catch (const base::Error& error) {
    result.error = error;
  }
  return result;
}

Secret secret(std::string_view text) { return Secret(text.begin(), text.end()); }

class Age : public ::testing::Test {
 protected:
  Age() { keyring.identities.push_back(identity); }

  // With what is sealed at `place` behind it, as nobody honest writes it.
  std::string file_of(const std::vector<std::pair<ChunkPlace, std::string>>& chunks) const {
    const Secret file_key(kFileKeyBytes, 1);
    const base::Buffer nonce(kPayloadNonceBytes, 2);
    std::string file = encode_header(wrap_file_key(file_key, {identity.recipient()}));
    file.append(base::as_text(nonce));
    PayloadCipher cipher(file_key, nonce);
    for (const auto& [place, plain] : chunks) {
      base::Buffer sealed(plain.size() + Aead::kTagBytes);
      cipher.seal(place, base::as_bytes(plain), sealed);
      file.append(base::as_text(sealed));
    }
    return file;
  }

  // Opens with "passphrase".
  std::string scrypt_file(const std::string& work_factor, unsigned log2) const {
    const Secret file_key(kFileKeyBytes, 1);
    const base::Buffer salt(16, 3);
    const std::string whole_salt = base::cat("age-encryption.org/v1/scrypt", base::as_text(salt));
    Stanza stanza{{"scrypt", encode_raw_base64(salt), work_factor}, base::Buffer(32)};
    Aead(scrypt(secret("passphrase"), base::as_bytes(whole_salt), log2))
        .seal({}, file_key, stanza.body);
    return with_stanzas({stanza}, file_key);
  }

  std::string with_stanzas(const std::vector<Stanza>& stanzas, const Secret& file_key) const {
    AgeHeader header{stanzas, {}};
    const Secret mac_key = hkdf_sha256(file_key, {}, "header");
    header.mac = base::hmac_sha256(mac_key, base::as_bytes(covered_by_mac(stanzas)));
    const base::Buffer nonce(kPayloadNonceBytes, 2);
    base::Buffer sealed(4 + Aead::kTagBytes);
    PayloadCipher(file_key, nonce).seal({0, true}, base::as_bytes("text"), sealed);
    return base::cat(encode_header(header), base::as_text(nonce), base::as_text(sealed));
  }

  const Identity identity = Identity::generate();
  Keyring keyring;
};

TEST_F(Age, DecryptsWhatItEncrypted) {
  for (const std::size_t size_bytes :
       {0, 1, 65'535, 65'536, 65'537, 131'071, 131'072, 131'073, 1'000'000}) {
    for (const std::size_t piece_bytes : {997, 65'536, 2'000'000}) {
      const std::string text = sample(size_bytes);
      const std::string file = encrypt(text, {identity.recipient()}, piece_bytes);
      const Read read = decrypt(file, keyring, piece_bytes);
      EXPECT_FALSE(read.error) << read.error->what();
      EXPECT_EQ(read.text, text);
      const std::size_t chunks = std::max<std::size_t>(1, (size_bytes + 65'535) / 65'536);
      EXPECT_EQ(file.size() - file.find("\n---") - 49, 16 + size_bytes + 16 * chunks);
    }
  }
}

TEST_F(Age, ReadsOneByteAtATimeAndStaysAtItsEnd) {
  const std::string file = encrypt("some text", {identity.recipient()});
  PieceSource source(file, 1);
  AgeDecryptor decryptor(source, keyring);
  EXPECT_EQ(read_all(decryptor, 1), "some text");
  EXPECT_EQ(read_all(decryptor, 1), "");
}

TEST_F(Age, OpensForEachRecipientAndNobodyElse) {
  std::vector<Recipient> recipients;
  std::vector<Identity> identities;
  for (int i = 0; i < 5; ++i) {
    identities.push_back(Identity::generate());
    recipients.push_back(identities.back().recipient());
  }
  const std::string file = encrypt("text", recipients);
  for (const Identity& one : identities) {
    Keyring ring;
    ring.identities = {Identity::generate(), one};
    EXPECT_EQ(decrypt(file, ring).text, "text");
  }
  const Read read = decrypt(file, keyring);
  EXPECT_EQ(read.error.value().code(), Code::kDenied);
  EXPECT_THAT(read.error->what(), HasSubstr("5 recipients"));
  EXPECT_EQ(decrypt(file, {}).error.value().code(), Code::kDenied);
}

TEST_F(Age, RefusesNoRecipientsAndTooMany) {
  StringSink file;
  EXPECT_EQ(error_of([&] { AgeEncryptor(file, {}); }).code(), Code::kInvalid);
  const std::vector<Recipient> many(kStanzasMax + 1, identity.recipient());
  EXPECT_EQ(error_of([&] { AgeEncryptor(file, many); }).code(), Code::kInvalid);
  EXPECT_EQ(error_of([&] { AgeEncryptor(file, {Recipient(Key{})}); }).code(), Code::kInvalid);
  EXPECT_EQ(file.text, "");
}

TEST_F(Age, NeverRepeatsItself) {
  const std::string one = encrypt("same text", {identity.recipient()});
  const std::string other = encrypt("same text", {identity.recipient()});
  EXPECT_NE(one.substr(22), other.substr(22));
  EXPECT_NE(one.substr(one.size() - 41), other.substr(other.size() - 41)) << "nonce and content";
}

TEST_F(Age, RefusesEveryFlippedByte) {
  const std::string file = encrypt("a small file", {identity.recipient()});
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int mask : {1, 0x20, 0x80, 0xFF}) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      const Read read = decrypt(flipped, keyring);
      EXPECT_TRUE(read.error) << at;
      EXPECT_EQ(read.text, "") << at;
    }
  }
}

TEST_F(Age, NamesEveryTruncationCorrupt) {
  const std::string file = encrypt("a small file", {identity.recipient()});
  for (std::size_t size_bytes = 0; size_bytes < file.size(); ++size_bytes) {
    const Read read = decrypt(file.substr(0, size_bytes), keyring);
    ASSERT_TRUE(read.error) << size_bytes;
    EXPECT_EQ(read.error->code(), Code::kCorrupt) << size_bytes << ": " << read.error->what();
    EXPECT_EQ(read.text, "") << size_bytes;
  }
}

TEST_F(Age, RefusesACutAtAChunksBorderAndKeepsBackNothingBeforeIt) {
  const std::string text = sample(3 * kPlainChunkBytes);
  const std::string file = encrypt(text, {identity.recipient()});
  const std::size_t payload = file.size() - 3 * kSealedChunkBytes;
  for (std::size_t chunks = 0; chunks < 3; ++chunks) {
    const Read read = decrypt(file.substr(0, payload + chunks * kSealedChunkBytes), keyring);
    ASSERT_TRUE(read.error);
    EXPECT_EQ(read.error->code(), Code::kCorrupt);
    // The chunk that is the last now is not one that was written as such.
    EXPECT_EQ(read.text.size(), (chunks < 2 ? 0 : 1) * kPlainChunkBytes);
  }
  std::string damaged = file;
  damaged[payload + kSealedChunkBytes + 5] ^= 1;
  const Read read = decrypt(damaged, keyring);
  EXPECT_EQ(read.text, text.substr(0, kPlainChunkBytes));
  EXPECT_THAT(read.error.value().what(), HasSubstr("begin at byte 65536"));
}

TEST_F(Age, RefusesWhatFollowsTheEnd) {
  for (const std::size_t size_bytes : {5, 65'536}) {
    const std::string file = encrypt(sample(size_bytes), {identity.recipient()});
    for (const std::size_t garbage : {1, 16, 17, 70'000}) {
      const Read read = decrypt(file + std::string(garbage, 'x'), keyring);
      EXPECT_EQ(read.error.value().code(), Code::kCorrupt) << size_bytes << " " << garbage;
      EXPECT_EQ(read.text, "");
    }
    EXPECT_EQ(decrypt(file + file, keyring).error.value().code(), Code::kCorrupt);
  }
}

TEST_F(Age, RefusesChunksThatNobodyWrites) {
  const std::string full = sample(kPlainChunkBytes);
  EXPECT_EQ(decrypt(file_of({{{0, true}, ""}}), keyring).error, std::nullopt);
  EXPECT_EQ(decrypt(file_of({{{0, false}, full}, {{1, true}, "x"}}), keyring).text, full + "x");
  const std::vector<std::vector<std::pair<ChunkPlace, std::string>>> kBad = {
      {{{0, false}, full}, {{1, true}, ""}},                       // a last chunk of nothing
      {{{0, false}, ""}},                                          // none is the last
      {{{0, false}, full}},                                        // likewise
      {{{0, false}, "short"}, {{1, true}, "x"}},                   // a short one in the middle
      {{{0, true}, full}, {{1, true}, "x"}},                       // two that are the last
      {{{1, true}, "x"}},                                          // the first is missing
      {{{0, false}, full}, {{2, true}, "x"}},                      // one between is missing
      {{{1, false}, full}, {{0, false}, full}, {{2, true}, "x"}},  // in another order
      {},
  };
  for (std::size_t i = 0; i < kBad.size(); ++i) {
    const Read read = decrypt(file_of(kBad[i]), keyring);
    ASSERT_TRUE(read.error) << i;
    EXPECT_EQ(read.error->code(), Code::kCorrupt) << i;
  }
}

TEST_F(Age, LeavesUnknownStanzasAlone) {
  const Secret file_key(kFileKeyBytes, 1);
  const Stanza own = wrap_file_key(file_key, {identity.recipient()}).stanzas.front();
  const Stanza grease{{"q/7-grease", "x"}, base::Buffer(100, 9)};
  const Stanza lower{{"x25519", "short"}, {}};
  EXPECT_EQ(decrypt(with_stanzas({grease, lower, own, grease}, file_key), keyring).text, "text");
  EXPECT_EQ(decrypt(with_stanzas({grease}, file_key), keyring).error.value().code(), Code::kDenied);
}

TEST_F(Age, RefusesX25519StanzasOfAnotherForm) {
  const Secret file_key(kFileKeyBytes, 1);
  const Stanza good = wrap_file_key(file_key, {identity.recipient()}).stanzas.front();
  std::vector<Stanza> bad(6, good);
  bad[0].arguments.pop_back();
  bad[1].arguments.push_back("1");
  bad[2].arguments[1] += "A";
  bad[3].body.push_back(0);
  bad[4].body.pop_back();
  bad[5].arguments[1] = std::string(43, 'A');  // of low order
  for (const Stanza& stanza : bad) {
    const Read read = decrypt(with_stanzas({stanza, good}, file_key), keyring);
    EXPECT_EQ(read.error.value().code(), Code::kCorrupt);
  }
}

TEST_F(Age, ChecksTheWholeHeader) {
  const Secret file_key(kFileKeyBytes, 1);
  const Stanza own = wrap_file_key(file_key, {identity.recipient()}).stanzas.front();
  std::string file = with_stanzas({{{"other"}, {}}, own}, file_key);
  file[file.find("other")] = 'a';
  EXPECT_THAT(decrypt(file, keyring).error.value().what(), HasSubstr("checksum does not match"));
}

// ---- Passphrases ------------------------------------------------------------------------------

TEST_F(Age, OpensWithAPassphrase) {
  const std::string file = scrypt_file("4", 4);
  keyring.passphrase = secret("passphrase");
  EXPECT_EQ(decrypt(file, keyring).text, "text");
  keyring.passphrase = secret("passphrase ");
  EXPECT_EQ(decrypt(file, keyring).error.value().code(), Code::kDenied);
  EXPECT_THAT(decrypt(file, keyring).error->what(), Not(HasSubstr("passphrase  ")));
  keyring.passphrase.reset();
  EXPECT_THAT(decrypt(file, keyring).error.value().what(), HasSubstr("none was given"));
}

TEST_F(Age, RefusesWorkFactorsThatAreTooHighOrNoNumbers) {
  keyring.passphrase = secret("passphrase");
  for (const auto* number : {"23", "64", "4294967297", "99999999999999999999999"}) {
    const Read read = decrypt(scrypt_file(number, 1), keyring);
    EXPECT_EQ(read.error.value().code(), Code::kUnsupported) << number;
    EXPECT_THAT(read.error->what(), HasSubstr("4096 MiB"));
  }
  for (const auto* number : {"0", "04", "+4", "-4", "4x", "0x4", "x"}) {
    EXPECT_EQ(decrypt(scrypt_file(number, 4), keyring).error.value().code(), Code::kCorrupt)
        << number;
  }
  keyring.scrypt_work_factor_max = 3;
  EXPECT_EQ(decrypt(scrypt_file("4", 4), keyring).error.value().code(), Code::kUnsupported);
}

TEST_F(Age, RefusesAPassphraseBesideAnotherRecipient) {
  keyring.passphrase = secret("passphrase");
  const Secret file_key(kFileKeyBytes, 1);
  const Stanza own = wrap_file_key(file_key, {identity.recipient()}).stanzas.front();
  const std::string with_scrypt = scrypt_file("4", 4);
  const auto header = decode_header(
      base::as_bytes(with_scrypt).first(find_header_end(base::as_bytes(with_scrypt)).value()));
  for (const auto& stanzas : std::vector<std::vector<Stanza>>{
           {own, header.stanzas[0]}, {header.stanzas[0], header.stanzas[0]}}) {
    EXPECT_EQ(decrypt(with_stanzas(stanzas, file_key), keyring).error.value().code(),
              Code::kCorrupt);
  }
}

// Made with `age -p`, version 1.1.1. Takes 256 MiB.
TEST_F(Age, OpensWhatAgeEncryptedWithAPassphrase) {
  const auto file = base::decode_base64(
      "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBrSUZJdWlGMmJkVWNBeGsyNWxaMHl3IDE4CkRUTnEvMVV6"
      "aWVTM3ZFUGE4R1hmN2lTN3JEbkV4SXFNcjNhY0FSK2xUV2sKLS0tIHhBazNLRzN3YkdqaW9jMkc1T0k3c0RZZDdo"
      "NFFndjBFYWpxWWIxNTE0azgKPa53LDY1asibIAw2RKaFwZAcsAj0g7sfTs8g+abwW0jL6qHMowmPC/vurEyf+c4e"
      "AVUKYIM=");
  keyring.passphrase = secret("correct horse");
  EXPECT_EQ(decrypt(file.value(), keyring).text, "passed on in whispers");
}

// ---- Against age's own programs -----------------------------------------------------------------

class AgeTool : public Age {
 protected:
  void SetUp() override {
    if (!age || !keygen) GTEST_SKIP() << "age is not installed";
  }

  const std::optional<std::string> age = testing::find_tool("age");
  const std::optional<std::string> keygen = testing::find_tool("age-keygen");
  testing::TempFolder folder;
};

TEST_F(AgeTool, OpensWhatWeEncrypt) {
  folder.write("key", base::as_text(identity_file(identity, {})));
  for (const std::size_t size_bytes : {0, 1, 65'535, 65'536, 65'537, 2'000'000}) {
    const std::string text = sample(size_bytes);
    folder.write("a.age", encrypt(text, {Identity::generate().recipient(), identity.recipient()}));
    ASSERT_TRUE(testing::run_tool(
        *age, {"-d", "-i", folder.path("key"), "-o", folder.path("a"), folder.path("a.age")},
        folder))
        << folder.read("said");
    EXPECT_EQ(folder.read("a"), text);
  }
}

TEST_F(AgeTool, EncryptsWhatWeOpen) {
  ASSERT_TRUE(testing::run_tool(*keygen, {"-o", folder.path("key")}, folder));
  Keyring ring;
  ring.identities = parse_identities(folder.read("key"));
  const std::string recipient = ring.identities.at(0).recipient().text();
  EXPECT_THAT(folder.read("key"), HasSubstr("# public key: " + recipient));
  for (const std::size_t size_bytes : {0, 1, 65'535, 65'536, 65'537, 2'000'000}) {
    const std::string text = sample(size_bytes);
    folder.write("a", text);
    ASSERT_TRUE(testing::run_tool(*age,
                                  {"-r", identity.recipient().text(), "-r", recipient, "-o",
                                   folder.path("a.age"), folder.path("a")},
                                  folder))
        << folder.read("said");
    EXPECT_EQ(decrypt(folder.read("a.age"), ring).text, text);
    EXPECT_EQ(decrypt(folder.read("a.age"), keyring).text, text);
  }
}

TEST_F(AgeTool, ArmorIsNamedAsSuch) {
  folder.write("a", "text");
  ASSERT_TRUE(testing::run_tool(
      *age, {"-a", "-r", identity.recipient().text(), "-o", folder.path("a.age"), folder.path("a")},
      folder));
  EXPECT_THAT(decrypt(folder.read("a.age"), keyring).error.value().what(), HasSubstr("armored"));
}

}  // namespace
}  // namespace lifeboat::codec
