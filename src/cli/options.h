// Groups of flags that several commands share, and what is made of them.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/flags.h"
#include "cli/store_options.h"
#include "os/fs.h"
#include "rpc/etcd_client.h"
#include "store/store.h"
#include "vault/retention.h"

namespace lifeboat::cli {

// Every command has these.
struct CommonOptions {
  std::string output = "table";
  std::string log_format = "text";
  bool quiet = false;
  std::string config;
  bool help = false;
};

void declare_common_flags(FlagTable& flags, CommonOptions* options);

// Which vault, and whose backups in it.
struct VaultOptions {
  std::string vault;  // a folder, or a bucket's URL
  std::string cluster;
  S3Flags s3 = {};
};

void declare_vault_flags(FlagTable& flags, VaultOptions* options);

// The same without those of buckets.
void declare_vault_name_flags(FlagTable& flags, VaultOptions* options);

// Throws kInvalid if no vault was named or the names can't be right.
void check_vault_options(const VaultOptions& options);

// The vault that was named, as open_store gives it. Throws as above and as that does, and kNotFound
// if it is not there: a volume that is not mounted must not look like an empty vault.
std::unique_ptr<store::Store> open_vault(const VaultOptions& options, const World& world,
                                         const std::stop_token& stop);

// The cluster that was named, or the only one in the vault. Throws kInvalid if the name can't be
// one or has to be given, kNotFound if nothing is there.
std::string choose_cluster(const VaultOptions& options, store::Store& vault);

// The same for a command that may begin a cluster: a name that is not there yet is fine.
std::string choose_cluster_to_write(const VaultOptions& options, store::Store& vault,
                                    base::Log& log);

// How to reach etcd: etcdctl's own flags and variables, and deadlines.
struct EtcdOptions {
  std::vector<std::string> endpoints;  // none: 127.0.0.1:2379, as etcdctl has it
  std::string cacert;
  std::string cert;
  std::string key;
  bool insecure_skip_tls_verify = false;
  std::string user;
  std::string password;       // from the environment
  std::string password_file;  // whichever of the two was given closer; the other one is empty
  std::chrono::milliseconds dial_timeout = rpc::ClientOptions().connect_timeout;
  std::chrono::milliseconds first_byte_timeout = rpc::ClientOptions().first_byte_timeout;
  std::chrono::milliseconds stall_timeout = rpc::ClientOptions().stall_timeout;
};

void declare_etcd_flags(FlagTable& flags, EtcdOptions* options);

// Reads the files that the flags name. Throws kInvalid for flags that contradict each other and
// for files that can't be read.
rpc::ClientOptions make_client_options(const EtcdOptions& options, os::FileSystem& fs);

void declare_retention_flags(FlagTable& flags, vault::RetentionPolicy* policy);

// Editors and `echo` end a file with a line break that is no part of the secret in it.
template <typename Text>
void drop_line_end(Text* text) {
  if (!text->empty() && text->back() == '\n') text->pop_back();
  if (!text->empty() && text->back() == '\r') text->pop_back();
}

// A file that the user named with `flag`, such as a Secret's; symbolic links are followed. Throws
// kInvalid, naming both, if it can't be read or is larger than 1 MiB: no such file is.
std::string read_named_file(os::FileSystem& fs, std::string_view flag, const std::string& path);

}  // namespace lifeboat::cli
