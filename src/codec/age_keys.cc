#include "codec/age_keys.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "codec/bech32.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using base::Error;

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "age-secret-key-";
constexpr std::string_view kIdentityStart = "AGE-SECRET-KEY-";

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool starts_like(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::ranges::equal(text.substr(0, start.size()), start, {}, to_upper, to_upper);
}

bool is_x25519(const std::optional<Bech32>& decoded, std::string_view prefix) {
  return decoded && decoded->prefix == prefix && decoded->data.size() == kKeyBytes;
}

Error explain_recipient(std::string_view text, const std::optional<Bech32>& decoded) {
  if (starts_like(text, kIdentityStart)) {
    return Error(Code::kInvalid, "a secret identity stands where a recipient belongs",
                 "give the public key that belongs to it, age1..., and keep the identity away");
  }
  if (text.starts_with("ssh-") || (decoded && decoded->prefix.starts_with("age1"))) {
    return Error(Code::kUnsupported, "a recipient of a kind that is not supported",
                 "give an X25519 recipient, as lifeboat keygen and age-keygen make: age1 and 58 "
                 "more letters and digits");
  }
  return Error(Code::kInvalid, "no age recipient, or one with a typing error",
               "a recipient is age1 and 58 more letters and digits; copy it whole");
}

Error explain_identity(std::string_view text, const std::optional<Bech32>& decoded) {
  if (starts_like(text, "age1")) {
    return Error(Code::kInvalid, "a recipient stands where an identity belongs",
                 "give the file with the secret key, AGE-SECRET-KEY-1...");
  }
  if (starts_like(text, "age-encryption.org/") || starts_like(text, "-----BEGIN AGE")) {
    return Error(Code::kUnsupported, "the identity is itself encrypted",
                 "decrypt it first: age -d FILE");
  }
  const bool other_key =
      decoded && decoded->prefix != kIdentityPrefix && decoded->prefix.starts_with(kIdentityPrefix);
  if (other_key || starts_like(text, "AGE-PLUGIN-") || starts_like(text, "-----BEGIN ")) {
    return Error(Code::kUnsupported, "an identity of a kind that is not supported",
                 "give an X25519 identity, as lifeboat keygen and age-keygen make");
  }
  return Error(Code::kInvalid, "no age identity, or a damaged one",
               "an identity is AGE-SECRET-KEY-1 and 58 more letters and digits; copy it whole");
}

std::string_view trim(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto first = line.find_first_not_of(kBlanks);
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

void for_each_key(std::string_view file, const std::function<void(std::string_view)>& take) {
  for (std::size_t number = 1; !file.empty(); ++number) {
    const auto end = std::min(file.find('\n'), file.size());
    const std::string_view line = trim(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.empty() || line.front() == '#') continue;
    try {
      take(line);
    } catch (const Error& error) {
      throw error.with_context(base::cat("line ", number));
    }
  }
}

}  // namespace

Recipient Recipient::parse(std::string_view text) {
  const auto decoded = decode_bech32(text);
  if (!is_x25519(decoded, kRecipientPrefix)) throw explain_recipient(text, decoded);
  Key key;
  std::ranges::copy(decoded->data, key.begin());
  return Recipient(key);
}

std::string Recipient::text() const {
  return std::string(base::as_text(encode_bech32(kRecipientPrefix, public_key_)));
}

Identity Identity::generate() { return Identity(random_secret(kKeyBytes)); }

Identity Identity::parse(std::string_view text) {
  auto decoded = decode_bech32(text);
  if (!is_x25519(decoded, kIdentityPrefix)) throw explain_identity(text, decoded);
  return Identity(std::move(decoded->data));
}

Secret Identity::text() const {
  Secret text = encode_bech32(kIdentityPrefix, secret_key_);
  std::ranges::transform(text, text.begin(),
                         [](std::uint8_t c) { return to_upper(static_cast<char>(c)); });
  return text;
}

std::vector<Recipient> parse_recipients(std::string_view file) {
  std::vector<Recipient> recipients;
  for_each_key(file, [&](std::string_view line) { recipients.push_back(Recipient::parse(line)); });
  if (recipients.empty()) {
    throw Error(Code::kInvalid, "no recipient in it", "put one on a line of its own: age1...");
  }
  return recipients;
}

std::vector<Identity> parse_identities(std::string_view file) {
  std::vector<Identity> identities;
  for_each_key(file, [&](std::string_view line) { identities.push_back(Identity::parse(line)); });
  if (identities.empty()) {
    throw Error(Code::kInvalid, "no identity in it",
                "lifeboat keygen and age-keygen make files that hold one");
  }
  return identities;
}

Secret identity_file(const Identity& identity, base::TimePoint created) {
  const std::string time = base::format_time(created);
  const std::string comments = base::cat("# created: ", time.substr(0, time.find('.')),
                                         "Z\n# public key: ", identity.recipient().text(), '\n');
  Secret file(comments.begin(), comments.end());
  const Secret key = identity.text();
  file.insert(file.end(), key.begin(), key.end());
  file.push_back('\n');
  return file;
}

}  // namespace lifeboat::codec
