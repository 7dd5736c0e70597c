// Puts one file of a backup into the vault, encoded as asked for and hashed on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/io.h"
#include "vault/encoding.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// Of a file as it is before it is encoded.
struct PlainContent {
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

struct FileToStore {
  std::string_view role;  // vault::kRole...
  std::string name;       // of the plain file; the encoding's ending comes behind it
  vault::Encoding encoding = {};
  // Where the caller knows it and compares what it writes with it: that is not hashed twice.
  std::optional<PlainContent> plain = {};
};

// Calls `write` once with a sink for the plain content, which it leaves to be finished here. The
// file is safe on disk when this returns what the catalog says of it. Throws what `write` and the
// store throw; nothing of the file is left then.
vault::CatalogFile store_file(vault::ClusterVault& vault, const vault::BackupId& id,
                              const FileToStore& file,
                              const std::function<void(base::Sink&)>& write);

}  // namespace lifeboat::backup
