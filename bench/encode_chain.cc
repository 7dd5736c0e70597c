// Compresses and encrypts one file into a new vault: what a backup does with its snapshot once that
// is proven, and nothing else, for scripts/bench.
//
//   encode_chain FILE RECIPIENT FOLDER
#include <iostream>
#include <span>

#include "backup/store_file.h"
#include "base/error.h"
#include "base/random_stream.h"
#include "codec/age_keys.h"
#include "os/posix_fs.h"
#include "store/dir_store.h"

namespace lifeboat {
namespace {

void encode(const std::string& path, const std::string& recipient, const std::string& folder) {
  os::PosixFileSystem fs;
  store::DirStore store(fs, folder);
  vault::ClusterVault vault(store, "bench");
  const backup::FileToStore file{.role = vault::kRoleSnapshot,
                                 .name = "snapshot.db",
                                 .encoding = {.zstd = codec::ZstdOptions{.level = 3, .threads = 2},
                                              .recipients = codec::parse_recipients(recipient)},
                                 // Its hash is known from when it was received.
                                 .plain = backup::PlainContent()};
  base::RandomStream source(fs.open(path, os::Links::kFollow));
  backup::store_file(vault, vault::BackupId(), file,
                     [&](base::Sink& sink) { base::copy(source, sink, {}); });
}

}  // namespace
}  // namespace lifeboat

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() != 4) {
    std::cerr << "usage: encode_chain FILE RECIPIENT FOLDER\n";
    return 2;
  }
  try {
    lifeboat::encode(arguments[1], arguments[2], arguments[3]);
    return 0;
  } catch (const lifeboat::base::Error& error) {
    std::cerr << "encode_chain: " << error.what() << "\n";
    return 1;
  }
}
