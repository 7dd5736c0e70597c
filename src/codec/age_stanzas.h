// The file's key, wrapped for recipients and unwrapped by identities.
// Format: age-encryption.org/v1, "X25519 recipient stanza" and "scrypt recipient stanza".
#pragma once

#include <vector>

#include "codec/age_header.h"
#include "codec/age_keys.h"

namespace lifeboat::codec {

constexpr std::size_t kFileKeyBytes = 16;

// A header that each of `recipients` can open. Throws kInvalid for none, for more than kStanzasMax,
// and for one that protects nothing.
AgeHeader wrap_file_key(const Secret& file_key, const std::vector<Recipient>& recipients);

// The file's key, and the header is as it was written. Throws kDenied if nothing in `keyring` opens
// it, kUnsupported if a passphrase asks for more than `keyring` allows, kCorrupt for the rest.
// Stanzas of kinds that are not known are left alone, as age asks for.
Secret unwrap_file_key(const AgeHeader& header, const Keyring& keyring);

}  // namespace lifeboat::codec
