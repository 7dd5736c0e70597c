#include "backup/store_file.h"

#include "backup/background_writer.h"
#include "base/hashing.h"

namespace lifeboat::backup {
namespace {

void describe_plain(const base::StreamDigest& digest, vault::CatalogFile* file) {
  file->plain_size_bytes = digest.size_bytes();
  file->plain_sha256 = digest.sha256();
}

// Hashing the plain content, compressing it, and encrypting and storing what comes of that each
// have a thread, since each takes about as long as reading.
base::StreamDigest encode(const vault::Encoding& encoding, base::Sink& stored,
                          const std::function<void(base::Sink&)>& write) {
  vault::Encoder sealed(stored, {.zstd = {}, .recipients = encoding.recipients});
  BackgroundSink sealing(sealed);
  vault::Encoder packed(sealing, {.zstd = encoding.zstd, .recipients = {}});
  BackgroundSink packing(packed);
  base::HashingSink plain(encoding.zstd ? static_cast<base::Sink&>(packing) : sealing);
  write(plain);
  plain.finish();
  return plain.digest();
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
    const base::StreamDigest plain = encode(file.encoding, stored, write);
    describe_plain(plain, &result);
  }
  result.size_bytes = stored.digest().size_bytes();
  result.sha256 = stored.digest().sha256();
  result.encoding = file.encoding.names();
  return result;
}

}  // namespace lifeboat::backup
