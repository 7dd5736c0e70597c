// Ports of this machine that nobody else can reach from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lifeboat::os {

// That many different ports of 127.0.0.1 that nobody listens on now. Somebody else may take one
// before it is used: be ready to ask again. Throws kIo.
std::vector<std::uint16_t> free_loopback_ports(std::size_t count);

}  // namespace lifeboat::os
