// Certificates and keys out of PEM files, as OpenSSL holds them, and what the operator wants to
// know of them. Inside this folder only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "rpc/etcd_client.h"
#include "rpc/tls_probe.h"

struct bio_st;
struct evp_pkey_st;
struct x509_st;
struct X509_name_st;

namespace lifeboat::rpc {

struct BioFree {
  void operator()(bio_st* bio) const;
};
using BioHandle = std::unique_ptr<bio_st, BioFree>;

struct X509Free {
  void operator()(x509_st* certificate) const;
};
using X509Handle = std::unique_ptr<x509_st, X509Free>;

struct KeyFree {
  void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, KeyFree>;

// All certificates of the file, in order. Throws kInvalid if there is none or one is broken.
std::vector<X509Handle> parse_certificates(const PemFile& file);

// The first private key of the file. Throws kInvalid if there is none or it is encrypted.
KeyHandle parse_private_key(const PemFile& file);

// A name as RFC 2253 writes it: "CN=etcd-ca,O=Example".
std::string name_text(const X509_name_st* name);
std::string issuer_text(const x509_st& certificate);
CertificateInfo describe_certificate(const x509_st& certificate);

// The host names and addresses that a server's certificate is valid for.
std::vector<std::string> valid_hosts(const x509_st& certificate);

// The CA file to check servers against: the one given, else the system's own bundle. Throws
// kInvalid if there is neither.
PemFile trusted_roots(const ClientOptions& options);

// "2026-11-21T06:00:00Z": certificates know no fractions of a second.
std::string format_seconds(base::TimePoint time);

}  // namespace lifeboat::rpc
