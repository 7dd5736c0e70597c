// Puts one file of a backup into the vault, hashed on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/io.h"
#include "vault/vault.h"

namespace lifeboat::backup {

struct FileToStore {
  std::string_view role;  // vault::kRole...
  std::string name;
};

// Calls `write` once with a sink, which it leaves to be finished here. The file is safe on disk
// when this returns what the catalog says of it. Throws what `write` and the store throw; nothing
// of the file is left then.
vault::CatalogFile store_file(vault::ClusterVault& vault, const vault::BackupId& id,
                              const FileToStore& file,
                              const std::function<void(base::Sink&)>& write);

// Copies `source` to its end into `sink`. Throws kCancelled.
void copy_whole(base::RandomSource& source, base::Sink& sink, const std::stop_token& stop);

}  // namespace lifeboat::backup
