// Percent-encoding (RFC 3986, section 2.1), the way back.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::base {

// What is no valid escape stands for itself, as many a password in a URL wants it.
std::string decode_percent(std::string_view text);

}  // namespace lifeboat::base
