// Requests to one bucket: signed, sent, and sent again where that may help.
//
// Trusts no answer: sizes are bounded by http, what is read out of them by its decoders.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "http/client.h"
#include "os/clock.h"
#include "store/s3_error.h"
#include "store/s3_options.h"
#include "store/sigv4.h"

namespace lifeboat::store {

// Where keys come from. Thread-safe.
class S3CredentialSource {
 public:
  virtual ~S3CredentialSource() = default;

  // Those that are good now. Throws kDenied or kNotFound, saying where it has looked.
  virtual S3Credentials current() = 0;

  // The server has refused `used`: the next current() does not answer from memory.
  virtual void renew(const S3Credentials& used) = 0;
};

struct S3Request {
  std::string method = "GET";
  std::string key = {};  // the whole of it, prefix included; "" is the bucket itself
  QueryParameters query = {};
  http::Headers headers = {};
  std::string body = {};
  // Of the body, where the caller knows it already: a part is not hashed twice.
  std::optional<base::Sha256::Digest> body_sha256 = {};
  // Whether an answer of 200 may still hold a refusal: the server begins it before it knows.
  bool refuses_late = false;
  int attempts_max = 0;  // 0: as the options say
};

// What the server made of a request.
struct S3Answer {
  http::Response response;
  std::optional<S3Refusal> refusal = {};  // nullopt: it was done
  int attempts = 1;  // more than one: an earlier one may have been done without our hearing of it

  bool is(std::string_view code, unsigned status) const {
    return refusal && (refusal->code == code || refusal->status == status);
  }
};

// Const or not, calls are safe from any thread.
class S3Client {
 public:
  using Connect = std::function<std::unique_ptr<http::Client>(const http::Url& url)>;

  // Borrows `credentials` and `clock`. `connect` is called from any thread. Throws kInvalid.
  S3Client(const S3Options& options, S3CredentialSource& credentials, const os::Clock& clock,
           Connect connect);

  const S3Options& options() const { return options_; }

  // Sends until the server has decided, or S3Retry is used up. Throws kIo for that,
  // kCancelled soon after `stop`, and what http and the credentials throw.
  S3Answer exchange(const S3Request& request, const std::stop_token& stop);

  // The same for a request that has to succeed: throws what its refusal means.
  http::Response send(const S3Request& request, const std::stop_token& stop);

  // "PUT s3://bucket/key", for messages.
  std::string describe(const S3Request& request) const;

 private:
  // Its body is that of `request`.
  http::Request sign(const S3Request& request, const S3Credentials& credentials) const;
  S3Answer attempt(const http::Request& signed_request, const S3Request& request,
                   const std::stop_token& stop);
  void pause(int failures, const S3Answer* answer, const std::stop_token& stop);
  std::unique_ptr<http::Client> take_connection();

  const S3Options options_;
  const S3Endpoint endpoint_;
  S3CredentialSource& credentials_;
  const os::Clock& clock_;
  const Connect connect_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<http::Client>> idle_;  // guarded, as is the next one
  std::minstd_rand random_{std::random_device{}()};
};

// What makes the server encrypt a new blob as the options ask for.
http::Headers s3_encryption_headers(const S3Options& options);

// How long to wait after that many failures: between half and all of a delay that doubles.
// `random` is from 0 to 1.
std::chrono::milliseconds retry_delay(const S3Retry& retry, int failures, double random);

// Sixteen random bytes in hexadecimal: marks what this process has written.
std::string random_mark();

}  // namespace lifeboat::store
