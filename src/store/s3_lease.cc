#include "store/s3_lease.h"

#include <algorithm>
#include <array>
#include <exception>
#include <thread>

#include "base/base64.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::store {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kAttemptsMax = 3;  // of a renewal: it must not last longer than the lease

struct Content {
  std::string owner = "somebody";
  std::string mark;
  milliseconds duration;
  base::TimePoint written;
};

std::string encode(const Content& content) {
  return base::Json::object()
      .set("owner", content.owner)
      .set("mark", content.mark)
      .set("duration_ms", static_cast<std::int64_t>(content.duration.count()))
      .set("written", base::format_time(content.written))
      .dump();
}

// What can't be read is somebody's, too: it counts from now, for as long as ours would.
Content decode(std::string_view text, Content result) {
  try {
    const base::Json json = base::Json::parse(text);
    const auto string_at = [&](std::string_view name) {
      const base::Json* member = json.find(name);
      return member != nullptr && member->as_string() != nullptr ? *member->as_string() : "";
    };
    result.owner = base::printable(string_at("owner"));
    result.mark = string_at("mark");
    const base::Json* duration = json.find("duration_ms");
    const auto count = duration == nullptr ? std::nullopt : duration->as_int();
    constexpr std::int64_t kLongest = 24 * 3'600'000;
    if (count && *count > 0 && *count < kLongest) result.duration = milliseconds(*count);
    result.written = base::parse_time(string_at("written")).value_or(result.written);
  } catch (const base::Error&) {
    result.mark.clear();
  }
  return result;
}

struct Found {
  Content content;
  std::string etag;
  milliseconds age{0};
};

http::Headers if_absent() { return {{"If-None-Match", "*"}}; }

// The blob, with no judgement.
class LeaseBlob {
 public:
  LeaseBlob(S3Client& client, const os::Clock& clock, std::string key)
      : client_(client), clock_(clock), key_(std::move(key)) {}

  const S3Options& options() const { return client_.options(); }
  void hurry() { attempts_max_ = kAttemptsMax; }

  std::optional<Found> read(const std::stop_token& stop) {
    const S3Request request{.key = key_, .attempts_max = attempts_max_};
    const S3Answer answer = client_.exchange(request, stop);
    const bool no_bucket = answer.is("NoSuchBucket", 0);
    if (!no_bucket && answer.is("NoSuchKey", 404)) return std::nullopt;
    if (answer.refusal) throw explain_refusal(client_.describe(request), *answer.refusal);
    const http::Response& response = answer.response;
    Found found{.content = decode(
                    response.body,
                    {.mark = {}, .duration = options().lease_duration, .written = clock_.now()}),
                .etag = response.header("ETag").value_or("")};
    const auto now = parse_http_date(response.header("Date").value_or(""));
    const auto written = parse_http_date(response.header("Last-Modified").value_or(""));
    found.age =
        now && written ? *now - *written : milliseconds(clock_.now() - found.content.written);
    return found;
  }

  // Under a condition, or under none.
  S3Answer write(const std::string& mark, const http::Headers& condition,
                 const std::stop_token& stop) {
    S3Request request{.method = "PUT", .key = key_, .attempts_max = attempts_max_};
    request.body = encode({.owner = options().owner,
                           .mark = mark,
                           .duration = options().lease_duration,
                           .written = clock_.now()});
    const auto digest = base::sha256(base::as_bytes(request.body));
    request.headers = s3_encryption_headers(options());
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("x-amz-checksum-sha256", base::encode_base64(digest));
    if (options().object_lock != S3ObjectLock::kNone) {
      const auto md5 = base::md5(base::as_bytes(request.body));
      request.headers.emplace_back("Content-MD5", base::encode_base64(md5));
    }
    request.headers.insert(request.headers.end(), condition.begin(), condition.end());
    S3Answer answer = client_.exchange(request, stop);
    const bool expected = is_condition_failed(answer) || is_condition_unknown(answer);
    if (answer.refusal && !expected) {
      throw explain_refusal(client_.describe(request), *answer.refusal);
    }
    return answer;
  }

  // Writes where nothing was found. Returns whether what stands there now is settled: somebody
  // else was sooner, or nobody can come later.
  bool create(const std::string& mark, const std::stop_token& stop) {
    const S3Answer answer = write(mark, if_absent(), stop);
    if (is_condition_unknown(answer)) write(mark, {}, stop);
    if (is_condition_failed(answer)) return true;
    // A server that honours conditions must refuse it now that the blob is there.
    return is_condition_failed(write(mark, if_absent(), stop));
  }

  // Writes over what was found; false if it has changed since. Where the server knows no
  // conditions, or refuses one that holds, it is written under none. (Ceph's gateway, 16.2, wants
  // the ETag without its quotes, and in a bucket with versions refuses any.)
  bool replace(const Found& found, const std::string& mark, const std::stop_token& stop) {
    const S3Answer answer = write(mark, {{"If-Match", found.etag}}, stop);
    if (!answer.refusal) return true;
    if (has_changed(found, answer, stop)) return false;
    write(mark, {}, stop);
    return true;
  }

  // Removes the blob if it has this mark, and never one that came in its place meanwhile; where the
  // server takes no such condition for removals, as replace() has it. Not to be stopped: what stays
  // keeps others out for a minute.
  void release(const std::string& mark) noexcept {
    hurry();
    try {
      const auto found = read({});
      if (!found || found->content.mark != mark) return;
      const S3Answer answer = remove({{"If-Match", found->etag}});
      if (answer.refusal && !has_changed(*found, answer, {})) remove({});
    } catch (const std::exception&) {
      // It ends by itself.
    }
  }

  base::Error busy(const Found* found) const {
    const std::string who = found == nullptr ? "another run" : found->content.owner;
    return base::Error(
        Code::kBusy,
        base::cat("cannot lock s3://", options().location.bucket, "/", key_, ": ", who,
                  " holds it"),
        base::cat("wait until it is done; if it was killed, its lock ends by itself within ",
                  base::format_duration(found == nullptr ? options().lease_duration
                                                         : found->content.duration)));
  }

  static bool is_condition_failed(const S3Answer& answer) {
    return answer.is("PreconditionFailed", 412) || answer.is("NoSuchKey", 404);
  }
  static bool is_condition_unknown(const S3Answer& answer) {
    return answer.is("NotImplemented", 501);
  }

 private:
  // Whether what was found is no more, where a request on its condition was refused with `answer`.
  bool has_changed(const Found& found, const S3Answer& answer, const std::stop_token& stop) {
    if (!is_condition_failed(answer)) return false;
    const auto now = read(stop);
    return !now || now->etag != found.etag;
  }

  S3Answer remove(http::Headers condition) {
    const S3Request request{.method = "DELETE",
                            .key = key_,
                            .headers = std::move(condition),
                            .attempts_max = attempts_max_};
    return client_.exchange(request, {});
  }

  S3Client& client_;
  const os::Clock& clock_;
  const std::string key_;
  int attempts_max_ = 0;  // as the options say
};

class LeaseLock : public StoreLock {
 public:
  LeaseLock(LeaseBlob blob, std::string mark, std::shared_ptr<S3LeaseState> state)
      : blob_(std::move(blob)), mark_(std::move(mark)), state_(std::move(state)) {
    blob_.hurry();
    renewer_ = std::jthread([this](const std::stop_token& stop) { renew_until(stop); });
  }

  ~LeaseLock() override {
    renewer_.request_stop();
    renewer_.join();
    blob_.release(mark_);
  }

 private:
  void renew_until(const std::stop_token& stop) {
    while (base::wait(blob_.options().lease_duration / 3, stop)) {
      try {
        if (!renew(stop)) return state_->lose();
      } catch (const std::exception&) {
        // The state knows how long ago the last renewal was, and so when it is too late.
      }
    }
  }

  bool renew(const std::stop_token& stop) {
    const auto begin = steady_clock::now();
    const auto found = blob_.read(stop);
    if (!found || found->content.mark != mark_) return false;
    if (!blob_.replace(*found, mark_, stop)) {
      // Perhaps by an attempt of our own, whose answer was lost.
      const auto now = blob_.read(stop);
      if (!now || now->content.mark != mark_) return false;
    }
    state_->renewed(begin);
    return true;
  }

  LeaseBlob blob_;
  const std::string mark_;
  const std::shared_ptr<S3LeaseState> state_;
  std::jthread renewer_;
};

// Writes over what was found, if anything, and returns what stands there once that is settled.
std::optional<Found> write_lease(LeaseBlob& blob, const std::optional<Found>& found,
                                 const std::string& mark, const std::stop_token& stop) {
  // Refused in favour of a lost attempt of our own, or of a rival: reading tells.
  const bool settled = found ? !blob.replace(*found, mark, stop) : blob.create(mark, stop);
  if (!settled) {
    base::wait(blob.options().lease_settle, stop);
    base::throw_if_stopped(stop);
  }
  return blob.read(stop);
}

}  // namespace

bool S3LeaseState::is_held() const {
  return !lost_ && steady_clock::now() - renewed_at_.load() < duration_;
}

S3Lease take_s3_lease(S3Client& client, const os::Clock& clock, const std::string& key) {
  const std::stop_token stop = client.options().stop;
  LeaseBlob blob(client, clock, key);
  const auto found = blob.read(stop);
  if (found && found->age <= found->content.duration) throw blob.busy(&*found);
  const std::string mark = random_mark();
  auto state = std::make_shared<S3LeaseState>(client.options().lease_duration);
  std::optional<Found> now;
  try {
    now = write_lease(blob, found, mark, stop);
  } catch (...) {
    // It may have been written all the same.
    blob.release(mark);
    throw;
  }
  if (!now || now->content.mark != mark) throw blob.busy(now ? &*now : nullptr);
  return {std::make_unique<LeaseLock>(std::move(blob), mark, state), state};
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  constexpr auto kMonths = std::to_array<std::string_view>(
      {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") return {};
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || month == kMonths.end()) return {};
  const std::string number = std::to_string(month - kMonths.begin() + 101).substr(1);
  const auto time = base::parse_time(base::cat(text.substr(12, 4), "-", number, "-",
                                               text.substr(5, 2), "T", text.substr(17, 8), "Z"));
  if (!time) return {};
  return std::chrono::floor<std::chrono::seconds>(*time);
}

}  // namespace lifeboat::store
