#include "store/s3_credentials.h"

#include <algorithm>
#include <mutex>

#include "base/text.h"
#include "os/paths.h"
#include "store/s3_error.h"
#include "store/s3_xml.h"

namespace lifeboat::store {
namespace {

using base::Code;

constexpr std::uint64_t kFileMaxBytes = 1024 * 1024;
constexpr auto kReread = std::chrono::minutes(1);
constexpr auto kRenewBefore = std::chrono::minutes(5);
constexpr std::string_view kBlanks = " \t\r\n";
// So much of a token in a message is enough to know that it is quoted.
constexpr std::size_t kQuotedMax = 16;

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string read_file(os::FileSystem& fs, const std::string& path) {
  const auto file = fs.open(path, os::Links::kFollow);
  const std::uint64_t size = file->size_bytes();
  if (size > kFileMaxBytes) {
    throw base::Error(Code::kInvalid, base::cat(path, " is too large to hold credentials"),
                      "check that it is the file that was meant");
  }
  std::string text(size, '\0');
  text.resize(file->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return text;
}

class Chain : public S3CredentialSource {
 public:
  Chain(const S3CredentialOptions& options, os::FileSystem& fs, const os::Clock& clock,
        S3Client::Connect connect)
      : options_(options), fs_(fs), clock_(clock), connect_(std::move(connect)) {}

  S3Credentials current() override {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    // A clock that was set back must not keep old keys for good.
    if (!kept_ || now >= use_until_ || now < read_at_) refresh(now);
    return *kept_;
  }

  void renew(const S3Credentials& used) override {
    const std::lock_guard lock(mutex_);
    if (kept_ == used) kept_.reset();
  }

 private:
  // Keys that are asked for before the old ones end may fail to come for a while. Without an end,
  // the next call asks again instead of using what is too old.
  void refresh(base::TimePoint now) {
    const bool still_valid = kept_ && read_at_ <= now && now < valid_until_;
    use_until_ = now + kReread;
    try {
      kept_ = look();
    } catch (const base::Error&) {
      if (!still_valid) kept_.reset();
      if (!kept_) throw;
    }
    read_at_ = now;
  }

  std::string variable(const std::string& name) const {
    const auto found = options_.environment.find(name);
    return found == options_.environment.end() ? "" : found->second;
  }

  S3Credentials look() {
    if (!options_.folder.empty()) return from_folder();
    if (!options_.profile.empty()) return from_shared_file();
    if (!variable("AWS_ACCESS_KEY_ID").empty()) return from_environment();
    if (!variable("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) return from_web_identity();
    return from_shared_file();
  }

  S3Credentials from_environment() const {
    S3Credentials result{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                         variable("AWS_SESSION_TOKEN")};
    if (!result.secret_key.empty()) return result;
    throw base::Error(Code::kInvalid, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not",
                      "set both, or neither");
  }

  // The keys of a Secret as the mount has them now. An absent file gives "".
  std::string mounted(const std::string& name) {
    std::string small = name;
    std::ranges::transform(small, small.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    for (const std::string& candidate : {name, small}) {
      const std::string path = os::join_path(options_.folder, candidate);
      if (fs_.info(path)) return std::string(trimmed(read_file(fs_, path)));
    }
    return "";
  }

  S3Credentials from_folder() {
    S3Credentials result{mounted("AWS_ACCESS_KEY_ID"), mounted("AWS_SECRET_ACCESS_KEY"),
                         mounted("AWS_SESSION_TOKEN")};
    if (!result.access_key.empty() && !result.secret_key.empty()) return result;
    throw base::Error(
        Code::kNotFound, base::cat(options_.folder, " has no credentials for S3"),
        "it needs the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as a mounted "
        "Secret has them");
  }

  S3Credentials from_shared_file() {
    std::string path = variable("AWS_SHARED_CREDENTIALS_FILE");
    if (path.empty()) path = os::join_path(variable("HOME"), ".aws/credentials");
    std::string profile = options_.profile.empty() ? variable("AWS_PROFILE") : options_.profile;
    if (profile.empty()) profile = "default";
    const bool is_there = !variable("AWS_SHARED_CREDENTIALS_FILE").empty() || fs_.info(path);
    if (!is_there) {
      throw base::Error(Code::kNotFound,
                        base::cat("there are no credentials for S3: neither in the environment "
                                  "nor in ",
                                  path),
                        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or mount a Secret");
    }
    const auto found = parse_shared_credentials(read_file(fs_, path), profile);
    if (found) return *found;
    throw base::Error(Code::kNotFound,
                      base::cat(path, " has no profile ", base::printable(profile)),
                      "name one that it has, with AWS_PROFILE");
  }

  // STS names who asks by the token, so this request carries no signature; and the token stays out
  // of the target, which servers log.
  S3Credentials from_web_identity() {
    const std::string token = read_file(fs_, variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
    const std::string role = variable("AWS_ROLE_ARN");
    if (role.empty()) {
      throw base::Error(Code::kInvalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not",
                        "set the role to assume");
    }
    const std::string session = variable("AWS_ROLE_SESSION_NAME");
    const std::string question =
        encode_query({{"Action", "AssumeRoleWithWebIdentity"},
                      {"Version", "2011-06-15"},
                      {"RoleArn", role},
                      {"RoleSessionName", session.empty() ? "lifeboat" : session},
                      {"WebIdentityToken", std::string(trimmed(token))}});
    const http::Request request{.method = "POST",
                                .target = "/",
                                .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                .body = question};
    const http::Response response = connect_(sts_url())->send(request, options_.stop);
    if (response.status != 200) {
      throw sts_failure(role, trimmed(token), read_refusal(response.status, response.body));
    }
    const TemporaryCredentials temporary = parse_assumed_role(response.body);
    use_until_ = std::max(temporary.expires - kRenewBefore, clock_.now() + kReread);
    valid_until_ = temporary.expires;
    return temporary.credentials;
  }

  // What is refused is the token or the role, not the bucket. A server may quote the token.
  static base::Error sts_failure(const std::string& role, std::string_view token,
                                 S3Refusal refusal) {
    if (refusal.message.find(token.substr(0, kQuotedMax)) != std::string::npos)
      refusal.message = {};
    const base::Error error =
        explain_refusal(base::cat("AssumeRoleWithWebIdentity of ", base::printable(role)), refusal);
    if (refusal.status < 400 || refusal.status >= 500 || is_worth_another_attempt(refusal)) {
      return error;
    }
    return base::Error(Code::kDenied, error.what(),
                       "check the token in AWS_WEB_IDENTITY_TOKEN_FILE, and that the role in "
                       "AWS_ROLE_ARN trusts whoever issued it");
  }

  http::Url sts_url() const {
    if (!options_.sts_endpoint.empty()) return http::parse_url(options_.sts_endpoint);
    return http::parse_url(base::cat("https://sts.", options_.region, ".amazonaws.com",
                                     options_.region.starts_with("cn-") ? ".cn" : ""));
  }

  const S3CredentialOptions options_;
  os::FileSystem& fs_;
  const os::Clock& clock_;
  const S3Client::Connect connect_;
  std::mutex mutex_;
  std::optional<S3Credentials> kept_;  // guarded, as is what follows
  base::TimePoint read_at_;
  base::TimePoint use_until_;
  base::TimePoint valid_until_;  // of temporary keys; others end without saying so
};

}  // namespace

std::unique_ptr<S3CredentialSource> make_s3_credentials(const S3CredentialOptions& options,
                                                        os::FileSystem& fs, const os::Clock& clock,
                                                        S3Client::Connect connect) {
  return std::make_unique<Chain>(options, fs, clock, std::move(connect));
}

std::optional<S3Credentials> parse_shared_credentials(std::string_view text,
                                                      std::string_view profile) {
  std::optional<S3Credentials> result;
  bool inside = false;
  for (const std::string& line : base::split(text, '\n')) {
    const std::string_view content = trimmed(line);
    if (content.starts_with('#') || content.starts_with(';')) continue;
    if (content.starts_with('[') && content.ends_with(']')) {
      inside = trimmed(content.substr(1, content.size() - 2)) == profile;
      if (inside && !result) result.emplace();
      continue;
    }
    const std::size_t equals = content.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(content.substr(0, equals));
    const std::string value(trimmed(content.substr(equals + 1)));
    if (name == "aws_access_key_id") result->access_key = value;
    if (name == "aws_secret_access_key") result->secret_key = value;
    if (name == "aws_session_token") result->session_token = value;
  }
  if (!result || (!result->access_key.empty() && !result->secret_key.empty())) return result;
  throw base::Error(Code::kInvalid,
                    base::cat("the profile ", base::printable(profile),
                              " of the shared "
                              "credentials file lacks a key"),
                    "it needs aws_access_key_id and aws_secret_access_key");
}

TemporaryCredentials parse_assumed_role(std::string_view body) {
  const XmlElement root = parse_xml(body);
  const XmlElement* result = root.find("AssumeRoleWithWebIdentityResult");
  const XmlElement* keys = result == nullptr ? nullptr : result->find("Credentials");
  if (keys != nullptr) {
    const auto expires = base::parse_time(trimmed(keys->text_of("Expiration")));
    const S3Credentials credentials{std::string(trimmed(keys->text_of("AccessKeyId"))),
                                    std::string(trimmed(keys->text_of("SecretAccessKey"))),
                                    std::string(trimmed(keys->text_of("SessionToken")))};
    const bool complete = !credentials.access_key.empty() && !credentials.secret_key.empty() &&
                          !credentials.session_token.empty();
    if (expires && complete) return {credentials, *expires};
  }
  throw base::Error(Code::kCorrupt, "the answer of STS has no credentials in it",
                    "check that the endpoint is that of an STS");
}

}  // namespace lifeboat::store
