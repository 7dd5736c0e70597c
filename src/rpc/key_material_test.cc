#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "rpc/tls_probe.h"
#include "testing/test_pki.h"

namespace lifeboat::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KeyMaterial : public ::testing::Test {
 protected:
  ClientOptions good() const {
    return {.endpoints = {"https://10.0.0.5:2379"},
            .ca = {"ca.crt", ca_.certificate_pem()},
            .cert = {"client.crt", pair_.certificate_pem},
            .key = {"client.key", pair_.key_pem},
            .user = {},
            .password = {}};
  }

  // Both parts must be in the message.
  static void expect_refused(const ClientOptions& options, const std::string& file,
                             const std::string& why) {
    SCOPED_TRACE(why);
    try {
      check_key_material(options);
      ADD_FAILURE() << "was accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
      EXPECT_THAT(error.what(), ::testing::StartsWith(file + ": "));
      EXPECT_THAT(error.what(), HasSubstr(why));
      EXPECT_THAT(error.what(), Not(HasSubstr("-----")));
      EXPECT_FALSE(error.hint().empty());
    }
  }

  const testing::TestCa ca_{"etcd-ca"};
  const testing::KeyPair pair_ = ca_.issue({});
};

TEST_F(KeyMaterial, AcceptsWhatBelongsTogether) {
  EXPECT_NO_THROW(check_key_material(good()));
  ClientOptions options = good();
  options.ca = {};
  EXPECT_NO_THROW(check_key_material(options));
  options.cert = {};
  options.key = {};
  EXPECT_NO_THROW(check_key_material(options));
  // Without a scheme, TLS files mean TLS; and one endpoint with TLS is enough.
  options = good();
  options.endpoints = {"http://10.0.0.5:2379", "10.0.0.6:2379"};
  EXPECT_NO_THROW(check_key_material(options));
}

TEST_F(KeyMaterial, AcceptsTextAroundThePem) {
  ClientOptions options = good();
  options.cert.content = "Certificate:\n  Data:\n" + options.cert.content + "\n# the end\n";
  options.cert.content += ca_.certificate_pem();
  EXPECT_NO_THROW(check_key_material(options));
}

TEST_F(KeyMaterial, WantsCertificateAndKeyTogether) {
  ClientOptions options = good();
  options.key = {};
  expect_refused(options, "client.crt", "without its key");
  options = good();
  options.cert = {};
  expect_refused(options, "client.key", "without its certificate");
}

TEST_F(KeyMaterial, RefusesFilesThatAreNotWhatTheyShouldBe) {
  ClientOptions options = good();
  options.ca.content = "";
  expect_refused(options, "ca.crt", "not a PEM file");
  options.ca.content = std::string("\x30\x82\x01\x0a\x02", 5);
  expect_refused(options, "ca.crt", "not a PEM file");
  options.ca.content = pair_.key_pem;
  expect_refused(options, "ca.crt", "no certificate in it");
  options = good();
  std::swap(options.cert.content, options.key.content);
  expect_refused(options, "client.crt", "no certificate in it");
  options = good();
  options.key.content = options.cert.content;
  expect_refused(options, "client.key", "no usable private key");
}

TEST_F(KeyMaterial, RefusesABrokenCertificateByItsNumber) {
  ClientOptions options = good();
  std::string broken = ca_.certificate_pem();
  broken[broken.size() / 2] = '*';
  options.ca.content += broken;
  expect_refused(options, "ca.crt", "certificate 2 in it is broken");
  options.ca.content = ca_.certificate_pem().substr(0, 200);
  expect_refused(options, "ca.crt", "certificate 1 in it is broken");
}

TEST_F(KeyMaterial, RefusesAKeyOfAnotherCertificate) {
  ClientOptions options = good();
  options.key.content = ca_.issue({}).key_pem;
  expect_refused(options, "client.key", "does not belong to the certificate in client.crt");
}

TEST_F(KeyMaterial, RefusesAnEncryptedKeyWithoutAskingForThePassphrase) {
  ClientOptions options = good();
  options.key.content = testing::encrypt_key(pair_.key_pem, "geheim");
  expect_refused(options, "client.key", "encrypted");
}

TEST_F(KeyMaterial, RefusesTlsFilesThatNoEndpointUses) {
  ClientOptions options = good();
  options.endpoints = {"http://10.0.0.5:2379", "http://10.0.0.6:2379"};
  expect_refused(options, "ca.crt", "every endpoint is plain http");
  options.ca = {};
  expect_refused(options, "client.crt", "every endpoint is plain http");
}

TEST_F(KeyMaterial, ReadsSubjectAndDates) {
  using std::chrono::hours;
  const auto now = std::chrono::system_clock::now();
  const testing::KeyPair pair =
      ca_.issue({.common_name = "cp-0", .begins = hours(-48), .ends = hours(24 * 365)});
  const auto list = read_certificates({"chain.crt", pair.certificate_pem + ca_.certificate_pem()});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].subject, "CN=cp-0");
  EXPECT_EQ(list[1].subject, "CN=etcd-ca");
  EXPECT_LT(std::chrono::abs(list[0].not_before - (now - hours(48))), std::chrono::minutes(1));
  EXPECT_LT(std::chrono::abs(list[0].not_after - (now + hours(24 * 365))), std::chrono::minutes(1));
}

}  // namespace
}  // namespace lifeboat::rpc
