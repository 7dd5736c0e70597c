// Everything a backup is taken with, in memory: a vault in a folder on a file system that can fail,
// an etcd cluster, a clock. For tests only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "backup/deliver.h"
#include "backup/stored_files.h"
#include "backup/take.h"
#include "backup/verify.h"
#include "store/dir_store.h"
#include "testing/fake_clock.h"
#include "testing/fake_cluster.h"
#include "testing/fault_fs.h"

namespace lifeboat::backup {

inline constexpr std::size_t kTestImageBytes = 64 * 1024;

// As it stands in a catalog, stored as it is.
inline vault::CatalogFile plain_file(std::string_view role, std::string_view name,
                                     std::string_view content) {
  base::StreamDigest digest;
  digest.update(base::as_bytes(content));
  return {.role = std::string(role),
          .name = std::string(name),
          .size_bytes = content.size(),
          .sha256 = digest.sha256(),
          .encoding = {},
          .plain_size_bytes = content.size(),
          .plain_sha256 = digest.sha256()};
}

// Borrows the file system, on which the vault is the folder "/backups".
struct TestWorld {
  explicit TestWorld(testing::FaultFs& file_system) : fs(file_system) {}

  // Connects anew, so that changes to `cluster.members` take effect.
  TakeResult take(std::stop_token stop = {}) {
    const etcd::Endpoints endpoints = connect();
    TakeContext context{endpoints, vault, clock, log, progress, node ? &*node : nullptr};
    context.connect_further = connect_further;
    return take_backup(context, options, std::move(stop));
  }

  // One backup into each of them, by way of the folder "/scratch" where it takes one.
  DeliverResult deliver(const std::vector<Destination>& destinations) {
    const etcd::Endpoints endpoints = connect();
    const DeliverContext context{
        endpoints, fs, clock, log, progress, node ? &*node : nullptr, "/scratch", connect_further};
    return take_and_deliver(context, options, destinations, {});
  }

  etcd::Endpoints connect() {
    etcd::Endpoints endpoints = cluster.endpoints();
    if (endpoints_given) endpoints.resize(*endpoints_given);
    return endpoints;
  }

  // A backup at that time.
  TakeResult take_at(std::string_view time) {
    clock.set(time);
    return take();
  }

  VerifyResult verify(std::string_view id) {
    return verify_backup(vault, vault.find(id), {}, reading(), {});
  }

  // Writes the catalog of a backup anew.
  void change_catalog(std::string_view id, const std::function<void(vault::Catalog&)>& change) {
    vault::Catalog catalog = vault.find(id).catalog;
    change(catalog);
    store::put_text(store, vault::blob_name("prod", catalog.id, vault::kCatalogName),
                    vault::encode_catalog(catalog));
  }

  // Stores a further file in a backup.
  void add_file(std::string_view id, std::string_view role, const std::string& name,
                std::string_view content) {
    change_catalog(id, [&](vault::Catalog& catalog) {
      store::put_text(store, vault::blob_name("prod", catalog.id, name), content);
      catalog.files.push_back(plain_file(role, name, content));
    });
  }

  ReadingContext reading() { return {fs, log, progress, keyring, "/"}; }

  std::vector<std::string> ids() {
    std::vector<std::string> result;
    for (const auto& backup : vault.inventory().backups) {
      result.push_back(backup.catalog.id.text());
    }
    return result;
  }

  testing::FaultFs& fs;
  testing::FakeCluster cluster = testing::FakeCluster::healthy(3, kTestImageBytes);
  std::optional<std::size_t> endpoints_given;  // of the first members; not set: of all
  ConnectFurther connect_further = [this](const std::string& url) {
    return cluster.endpoint_at(url);
  };
  testing::FakeClock clock{"2026-11-21T06:00:00.123Z"};
  store::DirStore store{fs, "/backups"};
  vault::ClusterVault vault{store, "prod"};
  std::ostringstream log_text;
  base::Log log{log_text, base::Log::Format::kText, base::Log::Level::kInfo};
  base::Progress progress;
  codec::Keyring keyring;
  std::optional<NodeContext> node;
  TakeOptions options{.retention = {}, .prove = {}, .tool_version = "0.1.0", .node = "cp-0"};
};

}  // namespace lifeboat::backup
