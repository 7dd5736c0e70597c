// Bech32 (BIP 173) as age uses it for keys: without its limit of length. A text is a prefix, a "1",
// data in 32 letters and digits, and a checksum of six of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/secret.h"

namespace lifeboat::codec {

// May be a secret key.
struct Bech32 {
  std::string prefix;  // in lower case
  Secret data;
};

// In lower case. `prefix` is lower case itself, and not empty.
Secret encode_bech32(std::string_view prefix, base::Bytes data);

// Nullopt for anything that encode_bech32() does not make, once it is in lower case: upper and
// lower case mixed, a wrong checksum, bits behind the last byte that are not zero.
std::optional<Bech32> decode_bech32(std::string_view text);

}  // namespace lifeboat::codec
