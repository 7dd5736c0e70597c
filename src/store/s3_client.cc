#include "store/s3_client.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/random.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::store {
namespace {

std::chrono::milliseconds asked_delay(const S3Answer* answer) {
  if (answer == nullptr) return {};
  const auto seconds =
      base::parse_whole_number(answer->response.header("Retry-After").value_or(""));
  return std::chrono::seconds(std::min<std::uint64_t>(seconds.value_or(0), 3600));
}

}  // namespace

S3Client::S3Client(const S3Options& options, S3CredentialSource& credentials,
                   const os::Clock& clock, Connect connect)
    : options_(options),
      endpoint_(s3_endpoint(options)),
      credentials_(credentials),
      clock_(clock),
      connect_(std::move(connect)) {
  check_s3_options(options);
}

http::Request S3Client::sign(const S3Request& request, const S3Credentials& credentials) const {
  const base::Sha256::Digest digest =
      request.body_sha256 ? *request.body_sha256 : base::sha256(base::as_bytes(request.body));
  SigningInput input{.method = request.method,
                     .path = base::cat(endpoint_.bucket_path, "/", request.key),
                     .query = request.query,
                     .headers = request.headers,
                     .payload_hash = base::to_hex(digest)};
  input.headers.emplace_back("Host", endpoint_.url.authority());
  http::Request result{.method = request.method, .target = encode_path(input.path)};
  if (!request.query.empty()) result.target += "?" + encode_query(request.query);
  result.headers =
      signed_headers(std::move(input), {.region = options_.region}, credentials, clock_.now());
  result.body = request.body;
  return result;
}

std::unique_ptr<http::Client> S3Client::take_connection() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto client = std::move(idle_.back());
      idle_.pop_back();
      return client;
    }
  }
  return connect_(endpoint_.url);
}

// A connection that fails is not used again.
S3Answer S3Client::attempt(const http::Request& signed_request, const S3Request& request,
                           const std::stop_token& stop) {
  auto client = take_connection();
  S3Answer answer{.response = client->send(signed_request, stop)};
  const unsigned status = answer.response.status;
  if (status < 200 || status >= 300) {
    answer.refusal = read_refusal(status, answer.response.body);
  } else if (request.refuses_late) {
    const S3Refusal late = read_refusal(status, answer.response.body);
    if (!late.code.empty()) answer.refusal = late;
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(client));
  return answer;
}

void S3Client::pause(int failures, const S3Answer* answer, const std::stop_token& stop) {
  double random = 0;
  {
    const std::lock_guard lock(mutex_);
    random = std::uniform_real_distribution<double>(0, 1)(random_);
  }
  const auto delay = std::max(retry_delay(options_.retry, failures, random),
                              std::min(asked_delay(answer), options_.retry.delay_max));
  base::wait(delay, stop);
  base::throw_if_stopped(stop);
}

S3Answer S3Client::exchange(const S3Request& request, const std::stop_token& stop) {
  const int most = request.attempts_max > 0 ? request.attempts_max : options_.retry.attempts_max;
  const auto begun = std::chrono::steady_clock::now();
  bool renewed = false;
  for (int attempts = 1;; ++attempts) {
    base::throw_if_stopped(stop);
    const auto is_last = [&] {
      return attempts >= most ||
             std::chrono::steady_clock::now() - begun >= options_.retry.patience;
    };
    try {
      const S3Credentials credentials = credentials_.current();
      S3Answer answer = attempt(sign(request, credentials), request, stop);
      answer.attempts = attempts;
      if (answer.refusal && may_be_expired(*answer.refusal) && !renewed) {
        credentials_.renew(credentials);
        renewed = true;
        continue;
      }
      if (!answer.refusal || !is_worth_another_attempt(*answer.refusal)) return answer;
      if (is_last()) throw explain_refusal(describe(request), *answer.refusal);
      pause(attempts, &answer, stop);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kUnavailable) throw;
      // Nobody above is to try again, nor to take it for a failure of etcd.
      if (is_last()) throw base::Error(base::Code::kIo, error.what(), error.hint());
      pause(attempts, nullptr, stop);
    }
  }
}

http::Response S3Client::send(const S3Request& request, const std::stop_token& stop) {
  S3Answer answer = exchange(request, stop);
  if (answer.refusal) throw explain_refusal(describe(request), *answer.refusal);
  return std::move(answer.response);
}

std::string S3Client::describe(const S3Request& request) const {
  const std::string key = request.key.empty() ? "" : "/" + base::printable(request.key, 1000);
  return base::cat(request.method, " s3://", options_.location.bucket, key);
}

http::Headers s3_encryption_headers(const S3Options& options) {
  http::Headers headers;
  if (!options.server_side_encryption.empty()) {
    headers.emplace_back("x-amz-server-side-encryption", options.server_side_encryption);
  }
  if (!options.kms_key_id.empty()) {
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", options.kms_key_id);
  }
  return headers;
}

std::chrono::milliseconds retry_delay(const S3Retry& retry, int failures, double random) {
  auto delay = retry.first_delay;
  for (int i = 1; i < failures && delay < retry.delay_max; ++i) delay *= 2;
  delay = std::min(delay, retry.delay_max);
  const auto half = static_cast<double>(delay.count()) / 2;
  return std::chrono::milliseconds(static_cast<std::int64_t>(half + half * random));
}

std::string random_mark() {
  const std::array<std::uint64_t, 2> numbers = {base::random_number(), base::random_number()};
  return base::to_hex({reinterpret_cast<const std::uint8_t*>(numbers.data()), sizeof numbers});
}

}  // namespace lifeboat::store
