// Where backups are kept, as the user names it: a folder, or a bucket with the flags of buckets.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/flags.h"
#include "os/host_tree.h"
#include "store/store.h"

namespace lifeboat::cli {

struct World;

// How buckets are reached and used. None of it is a secret: keys come from the environment or from
// files.
struct S3Flags {
  std::string endpoint;  // a URL; empty: Amazon's own
  std::string region = "us-east-1";
  std::string addressing = "auto";
  std::string cacert;
  std::string profile;
  std::string credentials_dir;
  std::string sts_endpoint;
  std::string sse;
  std::string kms_key_id;
  std::string object_lock;
  std::optional<std::chrono::seconds> retain;
};

void declare_s3_flags(FlagTable& flags, S3Flags* values);

// The flags that are not at their defaults, "s3-region" and its value: for commands that are
// printed for others to run.
std::vector<std::pair<std::string, std::string>> s3_flags_in_use(const S3Flags& values);

// Whether `location` is "s3://...", or means to be.
bool is_bucket(std::string_view location);

// Which folder it is, however it is spelled; nullopt for a bucket, and for one that is not there or
// can't be looked at: opening it will say so.
std::optional<os::FileId> folder_id(const std::string& location, const World& world);

// For commands that write: Object Lock must not be asked for in vain. `locations` are all that are
// written to. Throws kInvalid if none of them is a bucket.
void refuse_lock_without_bucket(const S3Flags& flags, const std::vector<std::string>& locations);

// Opens "/backups" or "s3://bucket/prefix?region=eu-central-1&profile=archive": what stands after
// the '?' goes before the flags, by their names without "s3-", so that two buckets of one run may
// differ. Connects nothing yet. Borrows the world's file system and clock. Throws kInvalid for what
// is neither, for settings that nobody knows, and for those that contradict each other.
std::unique_ptr<store::Store> open_store(const std::string& location, const S3Flags& flags,
                                         const World& world, const std::stop_token& stop);

// Throws as open_store does for a location that can't be one. `further_settings`: what the caller
// took out of it, and what may stand behind the '?' as well.
void check_location(std::string_view location,
                    const std::vector<std::string>& further_settings = {});

}  // namespace lifeboat::cli
