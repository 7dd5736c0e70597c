// Who can open an age file: recipients, which are public, and identities, which are secret.
//
// Only age's X25519 keys: "age1..." and "AGE-SECRET-KEY-1...". No message quotes a secret key, nor
// a text that could be one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "codec/crypto.h"
#include "codec/secret.h"

namespace lifeboat::codec {

class Recipient {
 public:
  explicit Recipient(const Key& public_key) : public_key_(public_key) {}

  // "age1...". Throws kInvalid, or kUnsupported for other kinds of recipients: of plugins, of SSH.
  static Recipient parse(std::string_view text);

  const Key& public_key() const { return public_key_; }
  std::string text() const;

  friend bool operator==(const Recipient&, const Recipient&) = default;

 private:
  Key public_key_;
};

class Identity {
 public:
  static Identity generate();

  // "AGE-SECRET-KEY-1...". Throws kInvalid, or kUnsupported for other kinds of identities.
  static Identity parse(std::string_view text);

  const Secret& secret_key() const { return secret_key_; }
  Recipient recipient() const { return Recipient(x25519_public_key(secret_key_)); }
  Secret text() const;

 private:
  explicit Identity(Secret secret_key) : secret_key_(std::move(secret_key)) {}

  Secret secret_key_;
};

// What may open a file.
struct Keyring {
  std::vector<Identity> identities;
  std::optional<Secret> passphrase;
  // Each step doubles time and memory: 22 takes 4 GiB, age itself writes 18, which takes 256 MiB.
  unsigned scrypt_work_factor_max = 22;
};

// A file of keys: one a line; empty lines and those that begin with "#" say nothing. Throw as
// parse() does, naming the line, and kInvalid if there is none.
std::vector<Recipient> parse_recipients(std::string_view file);
std::vector<Identity> parse_identities(std::string_view file);

// A file that age, too, takes as an identity: the key, led by comments that say when it was made
// and what recipient belongs to it.
Secret identity_file(const Identity& identity, base::TimePoint created);

}  // namespace lifeboat::codec
