#include "rpc/endpoint_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Accepted {
  std::string_view text;
  bool tls_by_default;
  std::string_view canonical;
  std::string_view host;
  std::string_view port;
  bool tls;
};

TEST(EndpointUrl, AcceptsWhatEtcdctlAccepts) {
  const Accepted table[] = {
      {"https://10.0.0.5:2379", false, "https://10.0.0.5:2379", "10.0.0.5", "2379", true},
      {"http://10.0.0.5:2379", true, "http://10.0.0.5:2379", "10.0.0.5", "2379", false},
      {"h:2379", false, "http://h:2379", "h", "2379", false},
      {"h:2379", true, "https://h:2379", "h", "2379", true},
      {"h", true, "https://h:2379", "h", "2379", true},
      {"https://h", false, "https://h:2379", "h", "2379", true},
      {"https://h/", false, "https://h:2379", "h", "2379", true},
      {"https://h:1/", false, "https://h:1", "h", "1", true},
      {"h:65535", false, "http://h:65535", "h", "65535", false},
      {"h:02379", false, "http://h:2379", "h", "2379", false},
      {"HTTPS://h:2379", false, "https://h:2379", "h", "2379", true},
      {"[::1]:2379", false, "http://[::1]:2379", "::1", "2379", false},
      {"[::1]", true, "https://[::1]:2379", "::1", "2379", true},
      {"https://[::1]:2379", false, "https://[::1]:2379", "::1", "2379", true},
      {"https://[2001:db8::5]:12379/", false, "https://[2001:db8::5]:12379", "2001:db8::5", "12379",
       true},
      {"https://etcd-0.etcd.svc.cluster.local.:2379", false,
       "https://etcd-0.etcd.svc.cluster.local.:2379", "etcd-0.etcd.svc.cluster.local.", "2379",
       true},
      {"my_etcd:2379", false, "http://my_etcd:2379", "my_etcd", "2379", false},
      {"3com.example:2379", false, "http://3com.example:2379", "3com.example", "2379", false},
  };
  for (const Accepted& row : table) {
    SCOPED_TRACE(row.text);
    const EndpointUrl url = parse_endpoint_url(row.text, row.tls_by_default);
    EXPECT_EQ(url.text, row.canonical);
    EXPECT_EQ(url.host, row.host);
    EXPECT_EQ(url.port, row.port);
    EXPECT_EQ(url.tls, row.tls);
  }
}

struct Refused {
  std::string_view text;
  std::string_view why;
};

TEST(EndpointUrl, RefusesNearMissesAndSaysWhy) {
  const Refused table[] = {
      {"", "host is missing"},
      {"http://", "host is missing"},
      {"https:///", "host is missing"},
      {":2379", "host is missing"},
      {"https://:2379", "host is missing"},
      {"/", "host is missing"},
      {"ftp://10.0.0.5:2379", "scheme must be http or https"},
      {"httpss://10.0.0.5:2379", "scheme must be http or https"},
      {"://10.0.0.5:2379", "scheme must be http or https"},
      {" https://10.0.0.5:2379", "scheme must be http or https"},
      {"unix:///var/run/etcd.sock", "scheme must be http or https"},
      {"https:/10.0.0.5:2379", "no path"},
      {"https:10.0.0.5:2379", "port must be"},
      {"https://https://10.0.0.5:2379", "no path"},
      {"http://h:0", "port must be"},
      {"http://h:00000", "port must be"},
      {"http://h:65536", "port must be"},
      {"http://h:99999999999999999999", "port must be"},
      {"http://h:", "port must be"},
      {"http://h:-1", "port must be"},
      {"http://h:+1", "port must be"},
      {"http://h:2379 ", "port must be"},
      {"http://h: 2379", "port must be"},
      {"http://h:23x9", "port must be"},
      {"host:port:x", "port must be"},
      {"10.0.0.5:2379,10.0.0.6:2379", "port must be"},
      {"http://h/path", "no path"},
      {"http://h:2379/path", "no path"},
      {"http://h:2379//", "no path"},
      {"http://h:2379?x=1", "no path"},
      {"http://h:2379#x", "no path"},
      {"::1", "needs brackets"},
      {"fe80::1:2379", "needs brackets"},
      {"[::1", "']' is missing"},
      {"[::1]2379", "a ':' belongs after ']'"},
      {"[::1]]:2379", "a ':' belongs after ']'"},
      {"[]:2379", "host is missing"},
      {"[::g]:2379", "is no host"},
      {"[10.0.0.5]:2379", "is no host"},
      {"[fe80::1%eth0]:2379", "is no host"},
      {"10.0.0:2379", "is no host"},
      {"10.0.0.256:2379", "is no host"},
      {"10.0.0.5.6:2379", "is no host"},
      {"a b:2379", "is no host"},
      {"a..b:2379", "is no host"},
      {".a:2379", "is no host"},
      {"-a:2379", "is no host"},
      {"h\n:2379", "is no host"},
      {"h\xc3\xa4:2379", "is no host"},
      {std::string_view("h\0h:2379", 8), "is no host"},
  };
  for (const Refused& row : table) {
    SCOPED_TRACE(row.text);
    try {
      parse_endpoint_url(row.text, false);
      ADD_FAILURE() << "was accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
      EXPECT_THAT(error.what(), HasSubstr(row.why));
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(EndpointUrl, RefusesAHostThatIsTooLong) {
  EXPECT_NO_THROW(parse_endpoint_url(std::string(253, 'a'), false));
  EXPECT_THROW(parse_endpoint_url(std::string(254, 'a'), false), base::Error);
}

TEST(EndpointUrl, NeverRepeatsAPassword) {
  for (const std::string_view text :
       {"http://root:geheim@h:2379", "root:geheim@h", "ftp://root:geheim@h", "http://geheim@h/x",
        "http://root:geheim@a@h:2379"}) {
    SCOPED_TRACE(text);
    try {
      parse_endpoint_url(text, false);
      ADD_FAILURE() << "was accepted";
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("geheim")));
      EXPECT_THAT(error.what(), HasSubstr("@h"));
    }
  }
}

}  // namespace
}  // namespace lifeboat::rpc
