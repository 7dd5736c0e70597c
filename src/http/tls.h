// What TLS needs to know about one server: whom to trust, as whom to appear, and what a handshake
// that fails means. Over OpenSSL. Inside this folder only.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "http/client.h"

struct ssl_ctx_st;
struct ssl_st;

namespace lifeboat::http {

struct SslContextFree {
  void operator()(ssl_ctx_st* context) const;
};

class Tls {
 public:
  // Throws kInvalid if the options' key material can't work, or if no CA is given and this system
  // has none.
  explicit Tls(const ClientOptions& options);

  // TLS 1.2 or newer. Borrowed.
  ssl_ctx_st* context() const { return context_.get(); }

  // Makes `session`, which is of this context, ask for the server's name and verify it.
  void prepare(ssl_st* session) const;

  // Why `session` failed: kDenied if a certificate was refused, by either side; kUnavailable
  // otherwise. `openssl_error` is what OpenSSL's error queue had.
  base::Error explain(const ssl_st* session, unsigned long openssl_error) const;

 private:
  base::Error explain_verification(long verdict) const;
  base::Error explain_alert(int alert) const;

  std::unique_ptr<ssl_ctx_st, SslContextFree> context_;
  const std::string server_name_;
  const bool verify_;
  const bool own_certificate_;
};

}  // namespace lifeboat::http
