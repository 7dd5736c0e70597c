#include "base/host_name.h"

#include <gtest/gtest.h>

#include <string>

namespace lifeboat::base {
namespace {

TEST(HostName, IsWhatADomainNameLooksLike) {
  for (const char* name : {"localhost", "cp-0.example.com", "a_b", "1a", "example.com.", "x"}) {
    EXPECT_TRUE(is_domain_name(name)) << name;
  }
  EXPECT_TRUE(is_domain_name(std::string(253, 'a')));
  for (const char* name :
       {"", ".", ".a", "-a", "a..b", "a b", "a/b", "a:1", "10.0.0.5", "1.2", "::1", "\xC3\xA4"}) {
    EXPECT_FALSE(is_domain_name(name)) << name;
  }
  EXPECT_FALSE(is_domain_name(std::string(254, 'a')));
}

TEST(HostName, HasAPortFrom1To65535) {
  EXPECT_EQ(parse_port("1"), 1);
  EXPECT_EQ(parse_port("65535"), 65535);
  EXPECT_EQ(parse_port("0080"), 80);
  for (const char* port :
       {"", "0", "65536", "-1", "+1", " 1", "1 ", "0x1", "1a", "99999999999999999999"}) {
    EXPECT_FALSE(parse_port(port).has_value()) << port;
  }
}

}  // namespace
}  // namespace lifeboat::base
