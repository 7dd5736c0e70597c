// A Store in a bucket of S3, or of a server that speaks S3. A blob's name follows the prefix in its
// key.
//
// Parts of a name that begin with a dot belong to no blob (kInvalid) and are not listed, as in a
// folder: locks stay out of sight. The lock called "a/.b" is a lease, the blob "a/.b"; while one
// that this object has taken is lost, nothing can be put or removed through it (kBusy).
//
// Where Object Lock retains blobs, their bucket keeps versions: a removed or replaced one is out of
// sight, and the bucket still has it until its time is over. Some servers do not list unfinished
// uploads by folder; what remove_unfinished can't see there, they remove themselves in time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "os/clock.h"
#include "store/s3_client.h"
#include "store/s3_lease.h"
#include "store/store.h"

namespace lifeboat::store {

class S3Store : public Store {
 public:
  // Borrows `credentials` and `clock`; connects nothing yet. Throws kInvalid.
  S3Store(const S3Options& options, S3CredentialSource& credentials, const os::Clock& clock,
          S3Client::Connect connect);

  std::string location() const override;
  void check() override;
  Listing list(const std::string& folder) override;
  std::unique_ptr<base::Source> get(const std::string& name) override;
  bool is_remote() const override { return true; }
  std::unique_ptr<base::RandomSource> open(const std::string& name) override;
  std::optional<std::uint64_t> size_bytes(const std::string& name) override;
  std::optional<std::string> fingerprint(const std::string& name) override;
  std::unique_ptr<base::Sink> put(const std::string& name) override;
  // In one step where the server honours conditions.
  std::unique_ptr<base::Sink> put_new(const std::string& name) override;
  void remove(const std::string& name) override;
  void remove_folder(const std::string& folder) override;
  // Also in folders below that hold nothing else: no listing shows them, so that nobody would ask.
  void remove_unfinished(const std::string& folder) override;
  std::optional<std::uint64_t> available_bytes() override { return std::nullopt; }
  std::unique_ptr<StoreLock> lock(const std::string& name) override;

 private:
  const std::stop_token& stop() const { return client_.options().stop; }
  std::string key(const std::string& name) const;
  std::string folder_prefix(const std::string& folder) const;
  std::vector<std::string> keys_below(const std::string& prefix);
  void remove_key(const S3Request& request);
  void abort_uploads(const std::string& prefix,
                     const std::function<bool(const std::string&)>& is_wanted);
  std::unique_ptr<base::Sink> begin(const std::string& name, bool only_if_absent);
  void check_leases();

  S3Client client_;
  const os::Clock& clock_;
  std::atomic<bool> object_lock_checked_ = false;  // once is enough for all calls of check()
  std::mutex mutex_;
  std::vector<std::weak_ptr<const S3LeaseState>> leases_;  // guarded
};

}  // namespace lifeboat::store
