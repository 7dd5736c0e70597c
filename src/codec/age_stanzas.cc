#include "codec/age_stanzas.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "codec/raw_base64.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using base::Error;

constexpr std::string_view kX25519 = "X25519";
constexpr std::string_view kScrypt = "scrypt";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";
constexpr std::string_view kScryptSalt = "age-encryption.org/v1/scrypt";
constexpr std::size_t kScryptSaltBytes = 16;
constexpr std::size_t kBodyBytes = kFileKeyBytes + Aead::kTagBytes;

Key header_mac(const Secret& file_key, const std::vector<Stanza>& stanzas) {
  const std::string covered = covered_by_mac(stanzas);
  return base::hmac_sha256(hkdf_sha256(file_key, {}, "header"), base::as_bytes(covered));
}

bool is_kind(const Stanza& stanza, std::string_view kind) {
  return stanza.arguments.front() == kind;
}

Error bad_stanza(std::string_view kind) {
  return Error(Code::kCorrupt, base::cat("damaged age header: ", kind, " recipient"));
}

base::Buffer decode_argument(const Stanza& stanza, std::size_t index, std::size_t size_bytes) {
  auto bytes = decode_raw_base64(stanza.arguments[index]);
  if (!bytes || bytes->size() != size_bytes) throw bad_stanza(stanza.arguments.front());
  return std::move(*bytes);
}

// The wrap key is used once, so that its nonce may be zero. A body of another length could be made
// to open under several keys, which would tell who tried which.
std::optional<Secret> open_body(const Stanza& stanza, const Secret& wrap_key) {
  Secret file_key(kFileKeyBytes);
  if (!Aead(wrap_key).open({}, stanza.body, file_key)) return std::nullopt;
  return file_key;
}

void require_form(const Stanza& stanza, std::size_t arguments) {
  if (stanza.arguments.size() != arguments || stanza.body.size() != kBodyBytes) {
    throw bad_stanza(stanza.arguments.front());
  }
}

// ---- X25519 -----------------------------------------------------------------------------------

// What both sides know: the recipient's public key and the share that stands in the stanza.
struct Exchange {
  Key share;
  Key recipient;
};

Secret x25519_wrap_key(const Secret& shared_secret, const Exchange& exchange) {
  base::Buffer salt(exchange.share.begin(), exchange.share.end());
  salt.insert(salt.end(), exchange.recipient.begin(), exchange.recipient.end());
  return hkdf_sha256(shared_secret, salt, kX25519Info);
}

Stanza wrap_x25519(const Secret& file_key, const Recipient& recipient) {
  const Secret ephemeral = random_secret(kKeyBytes);
  const Exchange exchange = {x25519_public_key(ephemeral), recipient.public_key()};
  const Secret wrap_key =
      x25519_wrap_key(x25519_shared_secret(ephemeral, exchange.recipient), exchange);
  Stanza stanza{{std::string(kX25519), encode_raw_base64(exchange.share)},
                base::Buffer(kBodyBytes)};
  Aead(wrap_key).seal({}, file_key, stanza.body);
  return stanza;
}

std::optional<Secret> open_x25519(const Stanza& stanza, const Key& share,
                                  const Identity& identity) {
  const Exchange exchange = {share, identity.recipient().public_key()};
  try {
    const Secret shared_secret = x25519_shared_secret(identity.secret_key(), share);
    return open_body(stanza, x25519_wrap_key(shared_secret, exchange));
  } catch (const Error& error) {
    if (error.code() == Code::kInvalid) throw bad_stanza(kX25519);  // a share of low order
    throw;
  }
}

std::optional<Secret> find_x25519(const AgeHeader& header, const Keyring& keyring) {
  for (const Stanza& stanza : header.stanzas) {
    if (!is_kind(stanza, kX25519)) continue;
    require_form(stanza, 2);
    Key share;
    std::ranges::copy(decode_argument(stanza, 1, share.size()), share.begin());
    for (const Identity& identity : keyring.identities) {
      if (auto file_key = open_x25519(stanza, share, identity)) return file_key;
    }
  }
  return std::nullopt;
}

// ---- scrypt -----------------------------------------------------------------------------------

unsigned decode_work_factor(const Stanza& stanza) {
  const std::string& text = stanza.arguments[2];
  const bool digits =
      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) && text[0] != '0';
  if (!digits) throw bad_stanza(kScrypt);
  unsigned value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() ? value : ~0U;
}

std::optional<Secret> open_scrypt(const Stanza& stanza, const Keyring& keyring) {
  require_form(stanza, 3);
  base::Buffer salt = decode_argument(stanza, 1, kScryptSaltBytes);
  const unsigned work_factor = decode_work_factor(stanza);
  if (work_factor > keyring.scrypt_work_factor_max) {
    throw Error(Code::kUnsupported,
                base::cat("an age file whose passphrase takes more memory than the ",
                          scrypt_memory_bytes(keyring.scrypt_work_factor_max) >> 20,
                          " MiB that are allowed"),
                "decrypt it with age, and encrypt it to a recipient (age1...)");
  }
  if (!keyring.passphrase) return std::nullopt;
  salt.insert(salt.begin(), kScryptSalt.begin(), kScryptSalt.end());
  return open_body(stanza, scrypt(*keyring.passphrase, salt, work_factor));
}

// A file that a passphrase opens must open by nothing else: whoever decrypts with it relies on
// having been alone in knowing it.
std::optional<Secret> find_scrypt(const AgeHeader& header, const Keyring& keyring) {
  const auto is_scrypt = [](const Stanza& stanza) { return is_kind(stanza, kScrypt); };
  if (std::ranges::none_of(header.stanzas, is_scrypt)) return std::nullopt;
  if (header.stanzas.size() > 1) throw bad_stanza(kScrypt);
  return open_scrypt(header.stanzas.front(), keyring);
}

Error no_match(const AgeHeader& header, const Keyring& keyring) {
  if (is_kind(header.stanzas.front(), kScrypt)) {
    return Error(Code::kDenied,
                 keyring.passphrase ? "the passphrase does not open it"
                                    : "encrypted with a passphrase, and none was given",
                 "give the passphrase that it was encrypted with");
  }
  const std::string recipients = base::count_of(header.stanzas.size(), "recipient");
  if (keyring.identities.empty()) {
    return Error(Code::kDenied, base::cat("encrypted to ", recipients, ", and no identity given"),
                 "give the file with the secret key: --identity FILE");
  }
  return Error(Code::kDenied,
               base::cat("encrypted to ", recipients, ", and no identity that was given opens it"),
               "give the identity of one whom it was encrypted to: --identity FILE");
}

}  // namespace

AgeHeader wrap_file_key(const Secret& file_key, const std::vector<Recipient>& recipients) {
  LIFEBOAT_CHECK(file_key.size() == kFileKeyBytes);
  if (recipients.empty() || recipients.size() > kStanzasMax) {
    throw Error(Code::kInvalid, base::cat("can't encrypt to ", recipients.size(), " recipients"),
                base::cat("give 1 to ", kStanzasMax));
  }
  AgeHeader header;
  for (const Recipient& recipient : recipients) {
    header.stanzas.push_back(wrap_x25519(file_key, recipient));
  }
  header.mac = header_mac(file_key, header.stanzas);
  return header;
}

Secret unwrap_file_key(const AgeHeader& header, const Keyring& keyring) {
  auto file_key = find_scrypt(header, keyring);
  if (!file_key) file_key = find_x25519(header, keyring);
  if (!file_key) throw no_match(header, keyring);
  if (!equal_in_constant_time(header_mac(*file_key, header.stanzas), header.mac)) {
    throw Error(Code::kCorrupt, "damaged age header: its checksum does not match");
  }
  return std::move(*file_key);
}

}  // namespace lifeboat::codec
