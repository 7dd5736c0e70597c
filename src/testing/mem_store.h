// A Store in memory, for tests of what lies above stores.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "store/store.h"

namespace lifeboat::testing {

// Views share their content when made from the same Content.
class MemStore : public store::Store {
 public:
  struct Content {
    std::mutex mutex;
    std::map<std::string, std::string> blobs;
    std::set<std::string> locks;
    bool remote = false;  // plays a bucket: is_remote(), and there are fingerprints
  };

  explicit MemStore(std::shared_ptr<Content> content = std::make_shared<Content>());

  std::string location() const override { return "memory"; }
  void check() override {}
  store::Listing list(const std::string& folder) override;
  std::unique_ptr<base::Source> get(const std::string& name) override;
  void set_remote(bool remote);
  bool is_remote() const override;
  std::unique_ptr<base::RandomSource> open(const std::string& name) override;
  std::optional<std::uint64_t> size_bytes(const std::string& name) override;
  std::optional<std::string> fingerprint(const std::string& name) override;
  std::unique_ptr<base::Sink> put(const std::string& name) override;
  std::unique_ptr<base::Sink> put_new(const std::string& name) override;
  void remove(const std::string& name) override;
  void remove_folder(const std::string& folder) override;
  void remove_unfinished(const std::string& folder) override;
  std::optional<std::uint64_t> available_bytes() override { return std::nullopt; }
  std::unique_ptr<store::StoreLock> lock(const std::string& name) override;

 private:
  std::shared_ptr<Content> content_;
};

}  // namespace lifeboat::testing
