// The catalog of one backup, `backup.json`: what is in it, where it came from, how it was proven.
// Paper: docs/formats/vault.md. A backup exists exactly when its catalog does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "vault/backup_id.h"

namespace lifeboat::vault {

inline constexpr std::int64_t kCatalogFormat = 1;
// No catalog comes near this; more is not read.
inline constexpr std::uint64_t kCatalogMaxBytes = 4 * 1024 * 1024;

inline constexpr std::string_view kRoleSnapshot = "snapshot";
inline constexpr std::string_view kRoleStaticPods = "static_kuberesources";
inline constexpr std::string_view kRoleRevision = "revision";  // OpenShift's revision.json

struct CatalogFile {
  std::string role;  // one of the above
  std::string name;
  std::uint64_t size_bytes = 0;       // as stored
  std::string sha256;                 // as stored, hexadecimal
  std::vector<std::string> encoding;  // what was done to the plain file, in that order
  std::uint64_t plain_size_bytes = 0;
  std::string plain_sha256;
  // What the store says of the stored file without reading it (store/store.h); "" where it is not
  // known. Of no use in another store.
  std::string fingerprint = {};
};

struct CatalogMember {
  std::string name;
  std::uint64_t member_id = 0;
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
};

struct CatalogHashKv {
  std::int64_t revision = 0;
  std::int64_t compact_revision = 0;
  std::uint32_t hash = 0;
  std::string live;  // "equal", "different" or "unchecked"
};

// What is known of the etcd that was backed up. A member tells of itself; an adopted backup has no
// member to be asked, so the text is empty and the rest is absent then.
struct CatalogEtcd {
  std::string version;
  std::optional<std::uint64_t> cluster_id;
  std::optional<std::uint64_t> member_id;
  std::string endpoint;
  std::optional<bool> leader;
  std::optional<std::uint64_t> raft_term;
  std::optional<std::uint64_t> raft_index;
  std::uint64_t db_size_bytes = 0;
  std::optional<std::uint64_t> db_size_in_use_bytes;
  // From reading the snapshot; absent where it was not read.
  std::optional<std::int64_t> revision;
  std::optional<std::int64_t> compact_revision;
  std::optional<std::uint64_t> keys;
  std::optional<std::uint64_t> records;
  std::optional<std::uint64_t> leases;
  std::optional<CatalogHashKv> hash_kv;
};

struct CatalogVerified {
  base::TimePoint at;
  std::vector<std::string> checks;
};

struct Catalog {
  BackupId id;
  std::string cluster;
  std::string tool_name;
  std::string tool_version;
  base::TimePoint started;
  base::TimePoint finished;
  std::string method;    // "native", "adopted", ...
  std::string platform;  // "none", "openshift", ...
  std::string node;      // where it ran; may be empty
  CatalogEtcd etcd;
  std::vector<CatalogMember> members;
  std::vector<CatalogFile> files;
  std::optional<CatalogVerified> verified;
  std::vector<std::string> warnings;
  // False for one that was decoded from a text without a checksum: it stays as its writer made it.
  bool has_checksum = true;
  // It was decoded from a text that is not as it was encoded, by the checksum that stands in it.
  // Still a catalog, which an editor or a bad disk has changed: verify says so.
  bool is_altered = false;

  // Nullptr if there is none; borrowed.
  const CatalogFile* file_with_role(std::string_view role) const;
  // Of all files as stored.
  std::uint64_t size_bytes() const;
};

// Its last member is a checksum of the text that encode_catalog makes, if it has one.
base::Json to_json(const Catalog& catalog);

// Total: throws kCorrupt for anything that is no catalog (naming the member that is wrong or
// missing) and kUnsupported for a format newer than kCatalogFormat. Members that it does not know
// are passed over. File names are checked to be plain names: no path leads out of the folder.
Catalog decode_catalog(std::string_view text);
std::string encode_catalog(const Catalog& catalog);

}  // namespace lifeboat::vault
