#include "backup/store_file.h"

#include "base/hashing.h"

namespace lifeboat::backup {
namespace {

void describe_plain(const base::StreamDigest& digest, vault::CatalogFile* file) {
  file->plain_size_bytes = digest.size_bytes();
  file->plain_sha256 = digest.sha256();
}

}  // namespace

vault::CatalogFile store_file(vault::ClusterVault& vault, const vault::BackupId& id,
                              const FileToStore& file,
                              const std::function<void(base::Sink&)>& write) {
  const std::string name = file.name + file.encoding.file_ending();
  const auto target = vault.put_file(id, name);
  base::HashingSink stored(*target);
  vault::CatalogFile result;
  result.role = file.role;
  result.name = name;
  if (file.encoding.is_plain()) {
    write(stored);
    stored.finish();
    describe_plain(stored.digest(), &result);
  } else {
    vault::Encoder encoder(stored, file.encoding);
    base::HashingSink plain(encoder);
    write(plain);
    plain.finish();
    describe_plain(plain.digest(), &result);
  }
  result.size_bytes = stored.digest().size_bytes();
  result.sha256 = stored.digest().sha256();
  result.encoding = file.encoding.names();
  return result;
}

}  // namespace lifeboat::backup
