#include "http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/error_of.h"

namespace lifeboat::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Accepted {
  std::string_view text;
  bool tls;
  std::string_view host;
  std::uint16_t port;
  std::string_view path;
  std::string_view shown;
  std::string_view authority;
};

TEST(Url, IsTakenApart) {
  const Accepted table[] = {
      {"https://localhost:6443", true, "localhost", 6443, "", "https://localhost:6443",
       "localhost:6443"},
      {"https://api.example.com", true, "api.example.com", 443, "", "https://api.example.com:443",
       "api.example.com"},
      {"http://h", false, "h", 80, "", "http://h:80", "h"},
      {"http://h:443", false, "h", 443, "", "http://h:443", "h:443"},
      {"https://h:443/", true, "h", 443, "", "https://h:443", "h"},
      {"HTTPS://h/", true, "h", 443, "", "https://h:443", "h"},
      {"https://h/k8s/clusters/c-1", true, "h", 443, "/k8s/clusters/c-1", "https://h:443", "h"},
      {"https://h/k8s//", true, "h", 443, "/k8s", "https://h:443", "h"},
      {"https://10.0.0.5:6443", true, "10.0.0.5", 6443, "", "https://10.0.0.5:6443",
       "10.0.0.5:6443"},
      {"https://[::1]:6443/a", true, "::1", 6443, "/a", "https://[::1]:6443", "[::1]:6443"},
      {"https://[2001:db8::5]", true, "2001:db8::5", 443, "", "https://[2001:db8::5]:443",
       "[2001:db8::5]"},
      {"https://api-int.example.com.:06443", true, "api-int.example.com.", 6443, "",
       "https://api-int.example.com.:6443", "api-int.example.com.:6443"},
      {"https://my_host:1/a%20b", true, "my_host", 1, "/a%20b", "https://my_host:1", "my_host:1"},
  };
  for (const Accepted& row : table) {
    SCOPED_TRACE(row.text);
    const Url url = parse_url(row.text);
    EXPECT_EQ(url.tls, row.tls);
    EXPECT_EQ(url.host, row.host);
    EXPECT_EQ(url.port, row.port);
    EXPECT_EQ(url.path, row.path);
    EXPECT_EQ(url.text(), row.shown);
    EXPECT_EQ(url.authority(), row.authority);
  }
}

struct Refused {
  std::string_view text;
  std::string_view why;
};

TEST(Url, NearMissesAreRefusedWithTheReason) {
  const Refused table[] = {
      {"", "begin with https://"},
      {"localhost:6443", "begin with https://"},
      {"ftp://h", "begin with https://"},
      {"httpss://h", "begin with https://"},
      {" https://h", "begin with https://"},
      {"https:/h", "begin with https://"},
      {"unix:///var/run/api.sock", "begin with https://"},
      {"https://", "host is missing"},
      {"https:///healthz", "host is missing"},
      {"https://:6443", "host is missing"},
      {"https://[]:6443", "host is missing"},
      {"https://h:", "port must be"},
      {"https://h:0", "port must be"},
      {"https://h:65536", "port must be"},
      {"https://h:-1", "port must be"},
      {"https://h:6443x", "port must be"},
      {"https://h:1:2", "port must be"},
      {"https://::1", "needs brackets"},
      {"https://[::1", "']' is missing"},
      {"https://[::1]6443", "a ':' belongs"},
      {"https://[h]:6443", "is no host"},
      {"https://[10.0.0.5]", "is no host"},
      {"https://[fe80::1%eth0]", "is no host"},
      {"https://10.0.0.256", "is no host"},
      {"https://10.0.0", "is no host"},
      {"https://a b", "is no host"},
      {"https://-h", "is no host"},
      {"https://.h", "is no host"},
      {"https://a..b", "is no host"},
      {"https://h\xC3\xA9", "is no host"},
      {"https://h\r\nX: y", "is no host"},
      {"https://h/a b", "percent-encoded"},
      {"https://h/a\r\nX: y", "percent-encoded"},
      {"https://h/\xC3\xA9", "percent-encoded"},
      {"https://h?a=b", "no query"},
      {"https://h/a#b", "no fragment"},
  };
  for (const Refused& row : table) {
    SCOPED_TRACE(row.text);
    const base::Error error = testing::error_of([&] { parse_url(row.text); });
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr(row.why));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
  }
}

TEST(Url, SecretsAreNotRepeated) {
  for (const char* text : {"https://me:s3cret@h", "https://me:s3/cret@h", "https://h/?token=s3cret",
                           "https://h/#s3cret", "ftp://me:s3cret@h"}) {
    SCOPED_TRACE(text);
    const std::string message = testing::error_of([&] { parse_url(text); }).what();
    EXPECT_THAT(message, Not(HasSubstr("s3")));
    EXPECT_THAT(message, HasSubstr("h"));
  }
}

TEST(Url, AddressesAreToldFromNames) {
  for (const char* text : {"10.0.0.5", "::1", "2001:db8::5"}) EXPECT_TRUE(is_address(text)) << text;
  for (const char* text : {"", "h", "10.0.0", "[::1]", "::1]", "10.0.0.5."}) {
    EXPECT_FALSE(is_address(text)) << text;
  }
}

}  // namespace
}  // namespace lifeboat::http
