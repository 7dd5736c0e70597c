#include "backup/store_file.h"

#include "backup/background_writer.h"
#include "base/hashing.h"

namespace lifeboat::backup {
namespace {

PlainContent describe(const base::StreamDigest& digest) {
  return {.size_bytes = digest.size_bytes(), .sha256 = digest.sha256()};
}

PlainContent write_plain(const FileToStore& file, base::Sink& first,
                         const std::function<void(base::Sink&)>& write) {
  if (file.plain) {
    write(first);
    first.finish();
    return *file.plain;
  }
  base::HashingSink plain(first);
  write(plain);
  plain.finish();
  return describe(plain.digest());
}

// Compressing, and encrypting and storing what comes of that, each have a thread beside the one
// that reads and hashes, since each takes about as long. Where there are to be several threads that
// compress, they are all that it takes.
PlainContent encode(const FileToStore& file, base::Sink& stored,
                    const std::function<void(base::Sink&)>& write) {
  vault::Encoder sealed(stored, {.zstd = {}, .recipients = file.encoding.recipients});
  BackgroundSink sealing(sealed);
  vault::Encoder packed(sealing, {.zstd = file.encoding.zstd, .recipients = {}});
  if (!file.encoding.zstd || file.encoding.zstd->threads > 1) {
    return write_plain(file, packed, write);
  }
  BackgroundSink packing(packed);
  return write_plain(file, packing, write);
}

}  // namespace

vault::CatalogFile store_file(vault::ClusterVault& vault, const vault::BackupId& id,
                              const FileToStore& file,
                              const std::function<void(base::Sink&)>& write) {
  const std::string name = file.name + file.encoding.file_ending();
  const auto target = vault.put_file(id, name);
  base::HashingSink stored(*target);
  PlainContent plain;
  if (file.encoding.is_plain()) {
    write(stored);
    stored.finish();
    plain = describe(stored.digest());
  } else {
    plain = encode(file, stored, write);
  }
  return {.role = std::string(file.role),
          .name = name,
          .size_bytes = stored.digest().size_bytes(),
          .sha256 = stored.digest().sha256(),
          .encoding = file.encoding.names(),
          .plain_size_bytes = plain.size_bytes,
          .plain_sha256 = std::move(plain.sha256)};
}

}  // namespace lifeboat::backup
