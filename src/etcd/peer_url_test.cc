#include "etcd/peer_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::etcd {
namespace {

TEST(PeerUrl, IsKeptAsItIs) {
  for (const char* text : {
           "http://127.0.0.1:2380",
           "https://etcd-0.etcd.kube-system.svc.cluster.local:2380",
           "https://under_score:1",
           "http://h:65535",
           "https://[::1]:2380",
           "https://[fe80::1%25eth0]:2380",
           "http://Mixed.Case:2380",  // etcd hashes the host as it was written
           "unix:///run/etcd/peer.sock",
           "unixs://localhost:m1",
       }) {
    EXPECT_EQ(parse_peer_url(text), text);
  }
}

TEST(PeerUrl, LosesBlanksAndCapitalsOfTheScheme) {
  EXPECT_EQ(parse_peer_url(" HTTPS://h:2380\n"), "https://h:2380");
}

TEST(PeerUrl, IsRefusedWhereEtcdWouldOrWhereItIsAMistake) {
  for (const char* text : {
           "",
           " ",
           "h:2380",
           "10.0.0.5:2380",
           "http:/h:2380",
           "http:h:2380",
           "ftp://h:2380",
           "tcp://h:2380",
           "://h:2380",
           "xhttp://h:2380",  // scheme
           "http://h",
           "http://[::1]",
           "http://",  // no port
           "http://h:",
           "http://h:0",
           "http://h:65536",
           "http://h:+1",
           "http://h:1x",
           "http://h:99999999999",
           "http://h:-1",  // no port that exists
           "http://:2380",
           "http://a b:2380",
           "http://h\x01:2380",
           "http://h%41:2380",  // host
           "http://a:b:2380",
           "http://::1:2380",
           "http://[h]:2380",
           "http://[::1:2380",
           "http://[]:2380",
           "http://[::1%25]:2380",
           "http://[::g]:1",
           "http://[::1]x:1",
           "http://h:2380/",
           "http://h:2380/path",
           "http://h:2380?q",
           "http://h:2380#f",
           "http://user@h:2380",
           "http://user:password@h:2380",
           "unix://",
           "unix:/run/peer.sock",
           "unix:///run/a b",
           "unix:///run/%41",
       }) {
    EXPECT_THROW(parse_peer_url(text), base::Error) << text;
  }
}

TEST(PeerUrl, SaysWhatIsWrongWithIt) {
  try {
    parse_peer_url("https://10.0.0.5:2380/");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_STREQ(error.what(),
                 "bad peer URL 'https://10.0.0.5:2380/': nothing may come after the port, not even "
                 "a slash");
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(PeerUrls, AreSortedAsTexts) {
  EXPECT_THAT(parse_peer_urls("http://h:9, http://h:10,unix:///a"),
              ::testing::ElementsAre("http://h:10", "http://h:9", "unix:///a"));
  EXPECT_THROW(parse_peer_urls(""), base::Error);
  EXPECT_THROW(parse_peer_urls(" , "), base::Error);
  EXPECT_THROW(parse_peer_urls("http://h:1,h:2"), base::Error);
}

}  // namespace
}  // namespace lifeboat::etcd
