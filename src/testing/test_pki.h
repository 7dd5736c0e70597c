// Certificates made on the spot, so that no test depends on files that expire.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace lifeboat::testing {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateSpec {
  std::string common_name = "test";
  // Subject alternative names as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". Empty: none.
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  std::string extended_key_usage = "serverAuth,clientAuth";
  // Relative to now.
  std::chrono::seconds begins = std::chrono::hours(-1);
  std::chrono::seconds ends = std::chrono::hours(24);
};

// A certificate authority with a fresh P-256 key.
class TestCa {
 public:
  explicit TestCa(const std::string& common_name);
  ~TestCa();

  std::string certificate_pem() const;
  KeyPair issue(const CertificateSpec& spec) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The key as PEM under a passphrase.
std::string encrypt_key(const std::string& key_pem, const std::string& passphrase);

}  // namespace lifeboat::testing
