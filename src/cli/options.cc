#include "cli/options.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/destinations.h"
#include "vault/backup_id.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;

// ---- Vault ------------------------------------------------------------------------------------

void check_cluster_name(const std::string& name) {
  if (vault::is_cluster_name(name)) return;
  throw Error(Code::kInvalid,
              base::cat("--cluster: ", in_quotes(name), " can't be a cluster's name"),
              "up to 100 letters, digits, '.', '_' and '-', the first a letter or digit");
}

// What a backup takes for the vault's own retention says nothing to who reads it.
std::string location_of(const VaultOptions& options) {
  return parse_vault_location(options.vault, {}).location;
}

// ---- etcd -------------------------------------------------------------------------------------

constexpr const char* kDefaultEndpoint = "127.0.0.1:2379";

// "NAME", or "NAME:PASSWORD" as in ETCDCTL_USER. No part of it goes into a message.
void set_user(EtcdOptions& options, const std::string& value) {
  const std::size_t colon = value.find(':');
  options.user = value.substr(0, colon);
  if (options.user.empty()) throw Error(Code::kInvalid, "the user's name is empty");
  if (colon == std::string::npos) return;
  options.password = value.substr(colon + 1);
  options.password_file.clear();
}

void refuse_password_in_argument(const std::string& value) {
  if (value.find(':') == std::string::npos) return;
  throw Error(Code::kInvalid,
              "takes a name only: arguments can be read by every user of the machine",
              "give the password with --password-file or LIFEBOAT_PASSWORD");
}

void check_contradictions(const EtcdOptions& options) {
  const bool has_password = !options.password.empty() || !options.password_file.empty();
  if (options.insecure_skip_tls_verify && !options.cacert.empty()) {
    throw Error(Code::kInvalid, "--insecure-skip-tls-verify and --cacert contradict each other",
                "leave one of them out; they may also come from the environment or a file");
  }
  if (has_password && options.user.empty()) {
    throw Error(Code::kInvalid, "a password without --user",
                "name the user with --user, or leave out --password-file and LIFEBOAT_PASSWORD");
  }
  if (!has_password && !options.user.empty()) {
    throw Error(Code::kInvalid,
                base::cat("--user ", base::printable(options.user, 60), " needs a password"),
                "give it with --password-file or LIFEBOAT_PASSWORD");
  }
}

rpc::PemFile read_pem(os::FileSystem& fs, std::string_view flag, const std::string& path) {
  if (path.empty()) return {};
  return {path, read_named_file(fs, flag, path)};
}

std::string read_password(os::FileSystem& fs, const std::string& path) {
  std::string password = read_named_file(fs, "password-file", path);
  drop_line_end(&password);
  if (password.empty()) {
    throw Error(Code::kInvalid, base::cat("--password-file: ", path, " holds no password"));
  }
  return password;
}

std::string read_all(os::ReadableFile& file, const std::string& path) {
  constexpr std::size_t kMaxBytes = 1024 * 1024;
  base::Buffer buffer(kMaxBytes + 1);
  std::size_t size = 0;
  while (size < buffer.size()) {
    const std::size_t count = file.read_at(size, base::MutableBytes(buffer).subspan(size));
    if (count == 0) return std::string(base::as_text(base::Bytes(buffer).first(size)));
    size += count;
  }
  throw Error(Code::kInvalid, base::cat(path, " is larger than 1 MiB"));
}

}  // namespace

void declare_common_flags(FlagTable& flags, CommonOptions* options) {
  flags.group("Common flags");
  flags
      .choice("output", {"table", "json"}, "what to print: a table for people, or JSON",
              &options->output)
      .short_name = 'o';
  flags.choice("log-format", {"text", "json"}, "how messages on standard error look",
               &options->log_format);
  flags.toggle("quiet", "only warnings and errors on standard error", &options->quiet);
  flags
      .text("config", "FILE", "read flags from a YAML file, names with underscores",
            &options->config)
      .from_file = false;
  Flag& help = flags.toggle("help", "print this help", &options->help);
  help.short_name = 'h';
  help.from_environment = help.from_file = false;
}

void declare_vault_flags(FlagTable& flags, VaultOptions* options) {
  declare_vault_name_flags(flags, options);
  declare_s3_flags(flags, &options->s3);
}

void declare_vault_name_flags(FlagTable& flags, VaultOptions* options) {
  flags.group("Vault");
  flags.text("vault", "DIR|URL", "where the backups are: a folder, or s3://BUCKET/PREFIX",
             &options->vault);
  flags.text("cluster", "NAME", "which cluster; not needed where the vault holds one cluster only",
             &options->cluster);
}

void check_vault_options(const VaultOptions& options) {
  if (options.vault.empty()) {
    throw Error(Code::kInvalid, "--vault is needed: the folder or bucket that holds the backups",
                "give --vault DIR or --vault s3://BUCKET/PREFIX, or set LIFEBOAT_VAULT");
  }
  try {
    check_location(location_of(options));
  } catch (const Error& error) {
    throw error.with_context("--vault");
  }
  if (!options.cluster.empty()) check_cluster_name(options.cluster);
}

std::unique_ptr<store::Store> open_vault(const VaultOptions& options, const World& world,
                                         const std::stop_token& stop) {
  check_vault_options(options);
  auto vault = open_store(location_of(options), options.s3, world, stop);
  vault->check();
  return vault;
}

std::string choose_cluster(const VaultOptions& options, store::Store& vault) {
  const std::vector<std::string> clusters = vault::list_clusters(vault);
  if (clusters.empty()) {
    throw Error(Code::kNotFound, base::cat("there are no backups in ", vault.location()),
                "look at the path, or take the first one with \"lifeboat backup\"");
  }
  if (options.cluster.empty() && clusters.size() == 1) return clusters.front();
  if (options.cluster.empty()) {
    throw Error(Code::kInvalid, base::cat("--cluster is needed: ", vault.location(), " holds ",
                                          base::join(clusters, ", ")));
  }
  for (const std::string& cluster : clusters) {
    if (cluster == options.cluster) return cluster;
  }
  throw Error(
      Code::kNotFound,
      base::cat("there is no cluster ", in_quotes(options.cluster), " in ", vault.location()),
      base::cat("it holds ", base::join(clusters, ", ")));
}

std::string choose_cluster_to_write(const VaultOptions& options, store::Store& vault,
                                    base::Log& log) {
  if (!options.cluster.empty()) return options.cluster;
  const std::vector<std::string> clusters = vault::list_clusters(vault);
  if (clusters.empty()) {
    throw Error(Code::kInvalid, "--cluster is needed for the first backup in a vault",
                "choose a name for the cluster and give --cluster NAME or set LIFEBOAT_CLUSTER");
  }
  std::string cluster = choose_cluster(options, vault);
  log.info(base::cat("cluster ", cluster, ": the only one in ", vault.location()));
  return cluster;
}

void declare_etcd_flags(FlagTable& flags, EtcdOptions* options) {
  flags.group("Connection to etcd");
  Flag& endpoints =
      flags.list("endpoints", "URL,...", "the members of the cluster, as many as there are",
                 &options->endpoints);
  endpoints.etcdctl_env = "ETCDCTL_ENDPOINTS";
  endpoints.default_value = kDefaultEndpoint;
  flags.text("cacert", "FILE", "the CA that signed the servers' certificates", &options->cacert)
      .etcdctl_env = "ETCDCTL_CACERT";
  flags.text("cert", "FILE", "the client certificate", &options->cert).etcdctl_env = "ETCDCTL_CERT";
  flags.text("key", "FILE", "the client certificate's key", &options->key).etcdctl_env =
      "ETCDCTL_KEY";
  flags
      .toggle("insecure-skip-tls-verify", "take any server certificate, also a forged one",
              &options->insecure_skip_tls_verify)
      .etcdctl_env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY";
  Flag& user = flags.text("user", "NAME", "the etcd user, where etcd asks for one", &options->user);
  user.etcdctl_env = "ETCDCTL_USER";
  user.set = [options](const std::string& value) { set_user(*options, value); };
  user.check_argument = &refuse_password_in_argument;
  Flag& password_file = flags.text("password-file", "FILE", "a file with the user's password",
                                   &options->password_file);
  password_file.set = [options](const std::string& value) {
    options->password_file = value;
    options->password.clear();
  };
  Flag& password = flags.text("password", "SECRET", "the user's password", &options->password);
  password.etcdctl_env = "ETCDCTL_PASSWORD";
  password.from_arguments = password.from_file = false;
  password.set = [options](const std::string& value) {
    options->password = value;
    options->password_file.clear();
  };
  flags
      .duration("dial-timeout", "how long a member may take to answer a small request",
                &options->dial_timeout)
      .etcdctl_env = "ETCDCTL_DIAL_TIMEOUT";
  flags.duration("first-byte-timeout", "how long a member may take to begin its snapshot",
                 &options->first_byte_timeout);
  flags.duration("stall-timeout", "how long a snapshot may stand still", &options->stall_timeout);
}

rpc::ClientOptions make_client_options(const EtcdOptions& options, os::FileSystem& fs) {
  check_contradictions(options);
  rpc::ClientOptions client;
  client.endpoints = options.endpoints;
  if (client.endpoints.empty()) client.endpoints.emplace_back(kDefaultEndpoint);
  client.ca = read_pem(fs, "cacert", options.cacert);
  client.cert = read_pem(fs, "cert", options.cert);
  client.key = read_pem(fs, "key", options.key);
  client.skip_verify = options.insecure_skip_tls_verify;
  client.user = options.user;
  client.password =
      options.password_file.empty() ? options.password : read_password(fs, options.password_file);
  client.connect_timeout = options.dial_timeout;
  client.first_byte_timeout = options.first_byte_timeout;
  client.stall_timeout = options.stall_timeout;
  return client;
}

void declare_retention_flags(FlagTable& flags, vault::RetentionPolicy* policy) {
  flags.group("Retention (a backup is kept if any rule keeps it; 0 turns a rule off)");
  flags.count("keep-last", "keep the newest N backups", &policy->keep_last);
  flags.count("keep-hourly", "keep the newest backup of each of the newest N hours with one",
              &policy->keep_hourly);
  flags.count("keep-daily", "keep the newest backup of each of the newest N days with one",
              &policy->keep_daily);
  flags.count("keep-weekly", "keep the newest backup of each of the newest N weeks with one",
              &policy->keep_weekly);
  flags.count("keep-monthly", "keep the newest backup of each of the newest N months with one",
              &policy->keep_monthly);
  flags.count("keep-yearly", "keep the newest backup of each of the newest N years with one",
              &policy->keep_yearly);
  flags.optional_duration("keep-within",
                          "keep all that are at most this much older than the newest",
                          &policy->keep_within);
  flags.optional_size("max-size",
                      "then remove the oldest until the rest fits, never the newest "
                      "proven one nor a pinned one",
                      &policy->max_size_bytes);
}

std::string read_named_file(os::FileSystem& fs, std::string_view flag, const std::string& path) {
  try {
    return read_all(*fs.open(path, os::Links::kFollow), path);
  } catch (const Error& error) {
    throw Error(Code::kInvalid, base::cat("--", flag, ": ", error.what()), error.hint());
  }
}

}  // namespace lifeboat::cli
