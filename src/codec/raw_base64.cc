#include "codec/raw_base64.h"

#include <algorithm>

#include "base/base64.h"

namespace lifeboat::codec {

std::string encode_raw_base64(base::Bytes bytes) {
  std::string text = base::encode_base64(bytes);
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

std::optional<base::Buffer> decode_raw_base64(std::string_view text) {
  if (text.find_first_of("=\r\n") != text.npos || text.size() % 4 == 1) return std::nullopt;
  const auto decoded = base::decode_base64(std::string(text) + std::string(-text.size() % 4, '='));
  if (!decoded) return std::nullopt;
  return base::Buffer(decoded->begin(), decoded->end());
}

}  // namespace lifeboat::codec
