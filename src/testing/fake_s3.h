// A bucket in memory behind http::Client: as much of S3 as the store asks for, honest until a test
// says otherwise.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"
#include "store/s3_client.h"
#include "testing/fake_clock.h"

namespace lifeboat::testing {

class FakeS3 {
 public:
  struct Blob {
    std::string content;
    std::string etag;
    http::Headers headers;  // x-amz-meta-..., checksums: given back as they came
    base::TimePoint written;
  };
  struct Upload {
    std::string key;
    http::Headers headers;
    std::map<int, Blob> parts;
  };

  // What a request looks like to a test that spoils things.
  struct Seen {
    std::string method;
    std::string key;
    std::map<std::string, std::string> query;
    const http::Request* request;
  };

  // A client of this bucket, which outlives it. Its name is "bucket", in path style.
  std::unique_ptr<http::Client> connect();

  // Answers instead of the bucket where it returns something; may throw, as a connection does.
  std::function<std::optional<http::Response>(const Seen&)> before = [](const Seen&) {
    return std::nullopt;
  };
  // Changes an answer after the bucket has done what it was asked, or throws: it is lost then.
  std::function<void(const Seen&, http::Response&)> after = [](const Seen&, http::Response&) {};

  bool honours_conditions = true;
  // As Ceph's gateway (16.2) has it: no ETag is the right one on writing, and what is put in parts
  // is not retained, unless that is asked for by itself.
  bool is_ceph = false;
  bool has_object_lock = true;
  std::size_t page_size = 1000;
  std::string access_key = "KEY";  // requests signed with another one are refused
  std::string secret_key = "secret";
  FakeClock clock{"2026-11-21T06:00:00Z"};

  std::mutex mutex;  // guards what follows, and the clock
  std::map<std::string, Blob> blobs;
  std::map<std::string, Upload> uploads;
  std::vector<std::string> log;  // "PUT key"
  int changes = 0;

  http::Response answer(const http::Request& request);

 private:
  http::Response answer_for(const Seen& seen);
  http::Response list(const Seen& seen) const;
  http::Response list_uploads(const Seen& seen) const;
  http::Response read(const Seen& seen) const;
  http::Response put(const Seen& seen);
  http::Response put_part(const Seen& seen);
  http::Response retain(const Seen& seen);
  http::Response complete(const Seen& seen);
  std::optional<http::Response> refuse_condition(const Seen& seen) const;
  bool is_signed(const http::Request& request) const;
};

// An answer as S3 refuses.
http::Response s3_refusal(unsigned status, const std::string& code);

// Keys that never change.
class FixedCredentials : public store::S3CredentialSource {
 public:
  explicit FixedCredentials(store::S3Credentials credentials = {"KEY", "secret"})
      : credentials_(std::move(credentials)) {}
  store::S3Credentials current() override { return credentials_; }
  void renew(const store::S3Credentials& /*used*/) override {}

 private:
  const store::S3Credentials credentials_;
};

}  // namespace lifeboat::testing
