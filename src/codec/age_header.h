// The header of an age file: text that carries the file's key, wrapped once for each recipient.
// Format: age-encryption.org/v1, "Header".
//
//   age-encryption.org/v1
//   -> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE
//   qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E
//   --- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s
//
// Pure functions over bytes. Each header has one spelling: what decodes encodes to the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/crypto.h"

namespace lifeboat::codec {

constexpr std::size_t kHeaderBytesMax = std::size_t{1} << 20;
constexpr std::size_t kStanzasMax = 1024;

// One recipient's part.
struct Stanza {
  std::vector<std::string> arguments;  // at least one, the kind; of visible characters
  base::Buffer body;

  friend bool operator==(const Stanza&, const Stanza&) = default;
};

struct AgeHeader {
  std::vector<Stanza> stanzas;  // at least one
  Key mac = {};                 // over covered_by_mac()

  friend bool operator==(const AgeHeader&, const AgeHeader&) = default;
};

std::string covered_by_mac(const std::vector<Stanza>& stanzas);
std::string encode_header(const AgeHeader& header);

// How long the header is that `file` begins with; nullopt while its end is not among them. Throws
// kCorrupt as soon as no header can come of it, kUnsupported if it is one of another version, or
// age's form for e-mail ("armor").
std::optional<std::size_t> find_header_end(base::Bytes file);

// `header` is what find_header_end() found, no more and no less. Throws kCorrupt with the number of
// the line, kUnsupported for more than kStanzasMax recipients.
AgeHeader decode_header(base::Bytes header);

}  // namespace lifeboat::codec
