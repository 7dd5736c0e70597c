// Where the keys of S3 come from: mounted files or a profile where one is named; else the
// environment, a web identity that STS (AssumeRoleWithWebIdentity) gives temporary keys for, or the
// shared credentials file. Asked in that order; the first that is set up is the one, and what is
// wrong with it is an error, never a reason to look further.
//
// Files are read again when the keys are asked for and were last read a minute ago, so that keys
// that rotate are found; temporary keys are renewed five minutes before they run out. No secret
// goes into a message.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "os/clock.h"
#include "os/fs.h"
#include "store/s3_client.h"

namespace lifeboat::store {

struct S3CredentialOptions {
  // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; AWS_SHARED_CREDENTIALS_FILE,
  // AWS_PROFILE, HOME; AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME.
  std::map<std::string, std::string> environment = {};
  // A folder that a Secret is mounted at, with files named as the variables above, in capitals or
  // not; preferred to everything else. Empty: none.
  std::string folder = {};
  // Of the shared credentials file, and then no other place is looked at. Empty: AWS_PROFILE, or
  // "default", of that file once it is its turn.
  std::string profile = {};
  std::string sts_endpoint = {};  // a URL; empty: Amazon's own in `region`
  std::string region = "us-east-1";
  std::stop_token stop = {};
};

// Borrows `fs` and `clock`. `connect` is used for STS only. Reads nothing yet.
std::unique_ptr<S3CredentialSource> make_s3_credentials(const S3CredentialOptions& options,
                                                        os::FileSystem& fs, const os::Clock& clock,
                                                        S3Client::Connect connect);

// The keys of `profile` in a shared credentials file; nullopt if it has no such profile. Throws
// kInvalid if the profile lacks a key.
std::optional<S3Credentials> parse_shared_credentials(std::string_view text,
                                                      std::string_view profile);

struct TemporaryCredentials {
  S3Credentials credentials;
  base::TimePoint expires;
};

// The answer of STS. Throws kCorrupt.
TemporaryCredentials parse_assumed_role(std::string_view body);

}  // namespace lifeboat::store
