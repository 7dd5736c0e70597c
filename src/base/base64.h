// Bytes as text, as Kubernetes keeps them in YAML and JSON: base64 of RFC 4648, section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::base {

// Line ends may stand anywhere. Nullopt for anything else that is no base64: other characters,
// missing or misplaced padding, bits behind the last byte that are not zero.
std::optional<std::string> decode_base64(std::string_view text);

// One line, with padding.
std::string encode_base64(Bytes bytes);

}  // namespace lifeboat::base
