#include "backup/receive.h"

#include "backup/background_writer.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::Code;
using base::Error;

// A member's stream that keeps what goes wrong at the member apart from everything else.
class MemberStream {
 public:
  MemberStream(etcd::Endpoint& endpoint, std::stop_token stop) {
    guard([&] { stream_ = endpoint.snapshot(std::move(stop)); });
  }

  // The next piece; nullopt at the end, and when the member failed.
  std::optional<base::Bytes> next() {
    std::optional<base::Bytes> piece;
    if (!failure_) guard([&] { piece = stream_->next(); });
    return piece;
  }

  const std::optional<Error>& failure() const { return failure_; }

 private:
  template <typename Action>
  void guard(Action action) {
    try {
      action();
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      failure_ = error;
    }
  }

  std::unique_ptr<etcd::SnapshotStream> stream_;
  std::optional<Error> failure_;
};

class SnapshotHashingSink : public base::Sink {
 public:
  explicit SnapshotHashingSink(base::Sink& next) : next_(next) {}

  void write(base::Bytes bytes) override {
    hasher_.update(bytes);
    next_.write(bytes);
  }
  void finish() override { next_.finish(); }

  const etcd::SnapshotHasher& hasher() const { return hasher_; }

 private:
  base::Sink& next_;
  etcd::SnapshotHasher hasher_;
};

Error wrong_trailer(const etcd::Endpoint& endpoint, std::uint64_t size_bytes) {
  const std::string_view what = etcd::has_trailer_length(size_bytes)
                                    ? " does not match the SHA-256 that etcd sent with it"
                                    : " ends without the SHA-256 that etcd sends with it";
  return Error(Code::kCorrupt,
               base::cat("the snapshot from ", endpoint.url(), " (", size_bytes, " bytes)", what),
               "check the network between here and the member, and the member's disk and memory");
}

}  // namespace

Reception receive_snapshot(etcd::Endpoint& endpoint, base::Sink& sink, base::Progress& progress,
                           std::stop_token stop) {
  SnapshotHashingSink hashing(sink);
  MemberStream stream(endpoint, stop);
  BackgroundWriter writer(hashing, stop);
  while (const auto piece = stream.next()) {
    writer.write(*piece);
    progress.advance(piece->size());
  }
  if (stream.failure()) return {.failure = stream.failure()};
  writer.drain();
  const etcd::SnapshotHasher& hasher = hashing.hasher();
  if (!hasher.trailer_matches()) return {.failure = wrong_trailer(endpoint, hasher.size_bytes())};
  return {
      .failure = std::nullopt, .size_bytes = hasher.size_bytes(), .sha256 = hasher.file_digest()};
}

}  // namespace lifeboat::backup
