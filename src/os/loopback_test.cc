#include "os/loopback.h"

#include <gtest/gtest.h>

#include <set>

namespace lifeboat::os {
namespace {

TEST(LoopbackPorts, AreDifferentAndFreeToUse) {
  const auto ports = free_loopback_ports(20);
  EXPECT_EQ(std::set(ports.begin(), ports.end()).size(), 20U);
  for (const std::uint16_t port : ports) EXPECT_GE(port, 1024);
}

}  // namespace
}  // namespace lifeboat::os
