#include "cli/store_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/percent.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/legacy_variables.h"
#include "cli/options.h"
#include "http/proxy.h"
#include "store/dir_store.h"
#include "store/s3_credentials.h"
#include "store/s3_store.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kScheme = "s3://";
constexpr std::string_view kFlagPrefix = "s3-";

// A part of 8 MiB over a line of one megabit a second, and a little patience.
constexpr std::chrono::seconds kResponseTimeout{90};

// In capitals, or not, as half of the tools have it.
std::string either(const Environment& environment, const std::string& capitals,
                   const std::string& small) {
  const std::string value = environment_value(environment, capitals, "");
  return value.empty() ? environment_value(environment, small, "") : value;
}

http::ProxySettings proxy_settings(const Environment& environment) {
  return {.https = either(environment, "HTTPS_PROXY", "https_proxy"),
          .http = either(environment, "HTTP_PROXY", "http_proxy"),
          .no_proxy = either(environment, "NO_PROXY", "no_proxy")};
}

// ---- The location -------------------------------------------------------------------------------

using Names = std::vector<std::string>;

void refuse_setting(const std::string& bucket, const std::string& key, const FlagTable& table,
                    const Names& further) {
  Names known;
  for (const Flag& flag : table.flags()) known.push_back(flag.name.substr(kFlagPrefix.size()));
  std::ranges::copy(further, std::back_inserter(known));
  throw Error(Code::kInvalid,
              cat(bucket, "?", base::printable(key, 60), ": there is no such setting"),
              cat("after the '?' may stand ", base::join(known, ", ")));
}

// Of the two sources of keys that may be named, the one that stands closer wins.
void forget_other_keys(S3Flags& flags, const std::string& key) {
  if (key == "profile") flags.credentials_dir.clear();
  if (key == "credentials-dir") flags.profile.clear();
}

void apply_query(const std::string& bucket, const std::string& query, const Names& further,
                 S3Flags& flags) {
  FlagTable table;
  declare_s3_flags(table, &flags);
  std::vector<Setting> settings;
  for (const std::string& part : base::split(query, '&')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string key = part.substr(0, equals);
    const std::string name = cat(kFlagPrefix, key);
    if (table.find(name) == nullptr) refuse_setting(bucket, key, table, further);
    const std::string value =
        equals == part.size() ? "" : base::decode_percent(part.substr(equals + 1));
    settings.push_back({name, value, cat(bucket, "?", key), Setting::Source::kArgument});
    forget_other_keys(flags, key);
  }
  apply_settings(table, settings);
}

struct Bucket {
  store::S3Location location;
  S3Flags flags;
};

void check_url(std::string_view flag, const std::string& url) {
  if (url.empty()) return;
  try {
    http::parse_url(url);
  } catch (const Error& error) {
    throw error.with_context(cat("--", flag));
  }
}

Bucket parse_bucket(std::string_view text, const S3Flags& flags, const Names& further) {
  const std::size_t question = std::min(text.find('?'), text.size());
  const std::string bucket(text.substr(0, question));
  Bucket result{store::parse_s3_url(bucket), flags};
  if (question < text.size()) {
    apply_query(bucket, std::string(text.substr(question + 1)), further, result.flags);
  }
  check_url("s3-endpoint", result.flags.endpoint);
  check_url("s3-sts-endpoint", result.flags.sts_endpoint);
  if (!result.flags.profile.empty() && !result.flags.credentials_dir.empty()) {
    throw Error(Code::kInvalid, "--s3-profile and --s3-credentials-dir contradict each other",
                "leave one of them out; they may also come from the environment or a file");
  }
  return result;
}

// ---- The bucket ---------------------------------------------------------------------------------

store::S3Options make_options(const Bucket& bucket, const World& world,
                              const std::stop_token& stop) {
  using store::S3Addressing;
  using store::S3ObjectLock;
  const S3Flags& flags = bucket.flags;
  store::S3Options options;
  options.location = bucket.location;
  options.endpoint = flags.endpoint;
  options.region = flags.region;
  options.addressing = flags.addressing == "path"           ? S3Addressing::kPath
                       : flags.addressing == "virtual-host" ? S3Addressing::kVirtualHost
                                                            : S3Addressing::kAuto;
  options.server_side_encryption = flags.sse;
  options.kms_key_id = flags.kms_key_id;
  options.object_lock = flags.object_lock.empty()           ? S3ObjectLock::kNone
                        : flags.object_lock == "compliance" ? S3ObjectLock::kCompliance
                                                            : S3ObjectLock::kGovernance;
  options.retain = flags.retain.value_or(std::chrono::seconds(0));
  if (!world.host_name.empty()) options.owner = world.host_name;
  options.stop = stop;
  store::check_s3_options(options);
  return options;
}

store::S3CredentialOptions make_credential_options(const S3Flags& flags, const World& world,
                                                   const std::stop_token& stop) {
  return {.environment = with_legacy_keys(world.environment),
          .folder = flags.credentials_dir,
          .profile = flags.profile,
          .sts_endpoint = flags.sts_endpoint,
          .region = flags.region,
          .stop = stop};
}

store::S3Client::Connect make_connect(const S3Flags& flags, const World& world) {
  const std::string ca =
      flags.cacert.empty() ? "" : read_named_file(world.fs, "s3-cacert", flags.cacert);
  return [ca, proxies = proxy_settings(world.environment),
          make_client = world.make_http_client](const http::Url& url) {
    return make_client({.url = url,
                        .ca_pem = url.tls ? ca : "",
                        .proxy = http::choose_proxy(proxies, url),
                        .response_timeout = kResponseTimeout});
  };
}

// Made before what borrows it.
struct Keys {
  std::unique_ptr<store::S3CredentialSource> source;
};

class BucketStore : private Keys, public store::S3Store {
 public:
  BucketStore(Keys keys, const store::S3Options& options, const os::Clock& clock,
              store::S3Client::Connect connect)
      : Keys(std::move(keys)), S3Store(options, *source, clock, std::move(connect)) {}
};

}  // namespace

void declare_s3_flags(FlagTable& flags, S3Flags* values) {
  flags.group("Bucket (where the vault is s3://BUCKET/PREFIX)");
  flags.text("s3-endpoint", "URL", "the server, where it is not Amazon's own", &values->endpoint)
      .aws_envs = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"};
  flags.text("s3-region", "REGION", "the bucket's region", &values->region).aws_envs = {
      "AWS_REGION", "AWS_DEFAULT_REGION"};
  flags.choice("s3-addressing", {"auto", "path", "virtual-host"},
               "whether the bucket stands in the path or before the server's name; auto is the "
               "latter at Amazon",
               &values->addressing);
  flags
      .text("s3-cacert", "FILE", "the CA that signed the server's certificate, not the system's",
            &values->cacert)
      .aws_envs = {"AWS_CA_BUNDLE"};
  flags.text("s3-profile", "NAME", "the profile of the shared credentials file to take keys from",
             &values->profile);
  flags.text("s3-credentials-dir", "DIR",
             "a mounted Secret with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
             &values->credentials_dir);
  flags
      .text("s3-sts-endpoint", "URL", "who changes web identity tokens into keys, not Amazon's own",
            &values->sts_endpoint)
      .aws_envs = {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"};
  flags.choice("s3-sse", {"AES256", "aws:kms"}, "what the server encrypts new files with",
               &values->sse);
  flags.text("s3-kms-key-id", "ID", "the key for --s3-sse aws:kms, not the bucket's own",
             &values->kms_key_id);
  flags.choice("s3-object-lock", {"governance", "compliance"},
               "have the bucket refuse to lose new files before their time", &values->object_lock);
  flags.optional_duration("s3-retain", "how long that is", &values->retain);
}

std::vector<std::pair<std::string, std::string>> s3_flags_in_use(const S3Flags& values) {
  S3Flags given = values;
  S3Flags usual;
  FlagTable given_table;
  FlagTable usual_table;
  declare_s3_flags(given_table, &given);
  declare_s3_flags(usual_table, &usual);
  std::vector<std::pair<std::string, std::string>> result;
  // A flag's default is what its target held when it was declared.
  for (const Flag& flag : given_table.flags()) {
    if (flag.default_value == usual_table.find(flag.name)->default_value) continue;
    result.emplace_back(flag.name, flag.default_value);
  }
  return result;
}

bool is_bucket(std::string_view location) { return location.starts_with(kScheme); }

std::optional<os::FileId> folder_id(const std::string& location, const World& world) {
  if (is_bucket(location)) return std::nullopt;
  try {
    const auto info = world.open_host_tree(location)->info("");
    if (info) return info->id;
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
  }
  return std::nullopt;
}

void refuse_lock_without_bucket(const S3Flags& flags, const std::vector<std::string>& locations) {
  if (flags.object_lock.empty() && !flags.retain) return;
  if (std::ranges::any_of(locations, is_bucket)) return;
  throw Error(Code::kInvalid,
              cat(flags.object_lock.empty() ? "--s3-retain" : "--s3-object-lock",
                  " is given, and nothing here is written into a bucket"),
              "leave it out, or name a vault that is a bucket: s3://BUCKET/PREFIX");
}

void check_location(std::string_view location, const Names& further_settings) {
  if (is_bucket(location)) {
    parse_bucket(location, {}, further_settings);
  } else if (location.find("://") != std::string_view::npos) {
    throw Error(Code::kInvalid, cat(in_quotes(location), " is an address that leads to no vault"),
                "a vault is a folder or s3://BUCKET/PREFIX");
  }
}

std::unique_ptr<store::Store> open_store(const std::string& location, const S3Flags& flags,
                                         const World& world, const std::stop_token& stop) {
  check_location(location);
  if (!is_bucket(location)) return std::make_unique<store::DirStore>(world.fs, location);
  const Bucket bucket = parse_bucket(location, flags, {});
  auto connect = make_connect(bucket.flags, world);
  Keys keys{store::make_s3_credentials(make_credential_options(bucket.flags, world, stop), world.fs,
                                       world.clock, connect)};
  return std::make_unique<BucketStore>(std::move(keys), make_options(bucket, world, stop),
                                       world.clock, std::move(connect));
}

}  // namespace lifeboat::cli
