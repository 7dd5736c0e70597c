// Base64 as age writes it (RFC 4648, section 4, without padding): one line, one spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::codec {

std::string encode_raw_base64(base::Bytes bytes);

// Nullopt for anything that encode_raw_base64() does not make: padding, line ends, other
// characters, bits behind the last byte that are not zero.
std::optional<base::Buffer> decode_raw_base64(std::string_view text);

}  // namespace lifeboat::codec
