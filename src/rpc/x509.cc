#include "rpc/x509.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <climits>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/host_name.h"
#include "base/text.h"

namespace lifeboat::rpc {
namespace {

BioHandle read_only_bio(std::string_view content) {
  LIFEBOAT_CHECK(content.size() <= INT_MAX);
  return BioHandle(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

void require_pem(const PemFile& file, std::string_view what) {
  if (file.content.find("-----BEGIN ") != std::string::npos) return;
  throw base::Error(base::Code::kInvalid, base::cat(file.path, ": not a PEM file"),
                    base::cat("give ", what, " as PEM text, which begins with -----BEGIN"));
}

// Whether reading stopped because there is nothing more to read.
bool reached_the_end() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// Instead of OpenSSL's own, which would ask on the terminal.
int note_passphrase_wanted(char* /*buffer*/, int /*size*/, int /*writing*/, void* wanted) {
  *static_cast<bool*>(wanted) = true;
  return -1;
}

base::TimePoint to_time(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const auto month = std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1);
  const std::chrono::sys_days day = month / 1;
  return day + std::chrono::days(parts.tm_mday - 1) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return "?";
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text));
  return text;
}

std::string host_text(const GENERAL_NAME* name) {
  if (name->type == GEN_IPADD) return address_text(name->d.iPAddress);
  if (name->type != GEN_DNS) return {};
  const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName));
  return base::printable(std::string_view(data, size));
}

}  // namespace

void BioFree::operator()(bio_st* bio) const { BIO_free(bio); }
void X509Free::operator()(x509_st* certificate) const { X509_free(certificate); }
void KeyFree::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::vector<X509Handle> parse_certificates(const PemFile& file) {
  require_pem(file, "a certificate");
  ERR_clear_error();
  std::vector<X509Handle> certificates;
  const BioHandle bio = read_only_bio(file.content);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  if (!reached_the_end()) {
    throw base::Error(
        base::Code::kInvalid,
        base::cat(file.path, ": certificate ", certificates.size() + 1, " in it is broken"),
        "copy the file again from where it was made");
  }
  if (certificates.empty()) {
    throw base::Error(base::Code::kInvalid, base::cat(file.path, ": no certificate in it"),
                      "check that certificate and key were not mistaken for each other");
  }
  return certificates;
}

KeyHandle parse_private_key(const PemFile& file) {
  require_pem(file, "a private key");
  bool passphrase_wanted = false;
  const BioHandle bio = read_only_bio(file.content);
  KeyHandle key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, &note_passphrase_wanted, &passphrase_wanted));
  ERR_clear_error();
  if (passphrase_wanted) {
    throw base::Error(base::Code::kInvalid, base::cat(file.path, ": the key in it is encrypted"),
                      base::cat("decrypt it: openssl pkey -in ", file.path, " -out plain.key"));
  }
  if (!key) {
    throw base::Error(base::Code::kInvalid, base::cat(file.path, ": no usable private key in it"),
                      "check that certificate and key were not mistaken for each other");
  }
  return key;
}

std::string name_text(const X509_name_st* name) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return base::printable(std::string_view(data, static_cast<std::size_t>(size)));
}

std::string issuer_text(const x509_st& certificate) {
  return name_text(X509_get_issuer_name(&certificate));
}

CertificateInfo describe_certificate(const x509_st& certificate) {
  return {.subject = name_text(X509_get_subject_name(&certificate)),
          .not_before = to_time(X509_get0_notBefore(&certificate)),
          .not_after = to_time(X509_get0_notAfter(&certificate))};
}

std::vector<std::string> valid_hosts(const x509_st& certificate) {
  std::vector<std::string> hosts;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    std::string host = host_text(sk_GENERAL_NAME_value(names, i));
    if (!host.empty()) hosts.push_back(std::move(host));
  }
  GENERAL_NAMES_free(names);
  return hosts;
}

PemFile trusted_roots(const ClientOptions& options) {
  if (options.ca.given()) return options.ca;
  for (const char* path : base::kCaBundles) {
    std::ifstream file(path, std::ios::binary);
    if (!file) continue;
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!content.empty()) return {.path = path, .content = std::move(content)};
  }
  throw base::Error(base::Code::kInvalid,
                    "no CA to check etcd's certificate against: this system has no CA bundle",
                    "give the CA of etcd with --cacert");
}

std::string format_seconds(base::TimePoint time) {
  return base::format_time(time).substr(0, std::string_view("2026-11-21T06:00:00").size()) + "Z";
}

}  // namespace lifeboat::rpc
