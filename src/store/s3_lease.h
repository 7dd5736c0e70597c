// The lock of a bucket: a blob that says who works there, renewed while its owner lives, and of no
// force once it has not been renewed for as long as it says.
//
// Its age is measured by the server's clock alone (Date and Last-Modified of one answer), so that
// clocks of machines need not agree. Where the server honours conditions on writing, two owners
// can't take it at once. Where it does not, or where a dead owner's lease is taken over, whoever
// writes last has it, after S3Options::lease_settle; a rival who was held up for longer than that
// between looking and writing takes the lease away, which the owner notices at the next renewal.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "os/clock.h"
#include "store/s3_client.h"
#include "store/store.h"

namespace lifeboat::store {

// Whether a lease is still held, to be asked from any thread.
class S3LeaseState {
 public:
  explicit S3LeaseState(std::chrono::milliseconds duration) : duration_(duration) { renewed(); }

  bool is_held() const;
  // As of now, or as of `when`, which is before the request that renews was sent.
  void renewed(std::chrono::steady_clock::time_point when = std::chrono::steady_clock::now()) {
    renewed_at_ = when;
  }
  void lose() { lost_ = true; }

 private:
  const std::chrono::milliseconds duration_;
  std::atomic<std::chrono::steady_clock::time_point> renewed_at_;
  std::atomic<bool> lost_ = false;
};

struct S3Lease {
  std::unique_ptr<StoreLock> lock;
  std::shared_ptr<const S3LeaseState> state;
};

// Throws kBusy if somebody holds it. Borrows `client` and `clock` while the lock lives.
S3Lease take_s3_lease(S3Client& client, const os::Clock& clock, const std::string& key);

// "Sun, 06 Nov 1994 08:49:37 GMT", as in HTTP's headers; nullopt for anything else.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace lifeboat::store
