#include "testing/test_pki.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/error.h"

namespace lifeboat::testing {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Bio = std::unique_ptr<BIO, Free>;

std::string content(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string to_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  LIFEBOAT_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return content(bio);
}

std::string to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  LIFEBOAT_CHECK(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
                 1);
  return content(bio);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  LIFEBOAT_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Subject, key, validity; not signed yet.
Certificate begin_certificate(const CertificateSpec& spec, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), spec.begins.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), spec.ends.count());
  X509_set_pubkey(certificate.get(), key);
  const auto* name = reinterpret_cast<const unsigned char*>(spec.common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, name,
                             -1, -1, 0);
  return certificate;
}

}  // namespace

struct TestCa::State {
  Key key;
  Certificate certificate;
};

TestCa::TestCa(const std::string& common_name) : state_(std::make_unique<State>()) {
  state_->key = Key(EVP_EC_gen("P-256"));
  state_->certificate = begin_certificate({.common_name = common_name}, state_->key.get());
  X509* certificate = state_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  LIFEBOAT_CHECK(X509_sign(certificate, state_->key.get(), EVP_sha256()) > 0);
}

TestCa::~TestCa() = default;

std::string TestCa::certificate_pem() const { return to_pem(state_->certificate.get()); }

KeyPair TestCa::issue(const CertificateSpec& spec) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = begin_certificate(spec, key.get());
  X509* issuer = state_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  add_extension(certificate.get(), issuer, NID_subject_alt_name, spec.alternative_names);
  add_extension(certificate.get(), issuer, NID_ext_key_usage, spec.extended_key_usage);
  LIFEBOAT_CHECK(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) > 0);
  return {.certificate_pem = to_pem(certificate.get()), .key_pem = to_pem(key.get())};
}

std::string encrypt_key(const std::string& key_pem, const std::string& passphrase) {
  const Bio input(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const Key key(PEM_read_bio_PrivateKey(input.get(), nullptr, nullptr, nullptr));
  const Bio output(BIO_new(BIO_s_mem()));
  LIFEBOAT_CHECK(PEM_write_bio_PrivateKey(output.get(), key.get(), EVP_aes_128_cbc(),
                                          reinterpret_cast<const unsigned char*>(passphrase.data()),
                                          static_cast<int>(passphrase.size()), nullptr,
                                          nullptr) == 1);
  return content(output);
}

}  // namespace lifeboat::testing
