#include "rpc/snapshot_call.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "etcd/wire.h"
#include "etcd_rpc.pb.h"

namespace lifeboat::rpc {
namespace {

namespace pb = etcdserverpb;

constexpr std::string_view kSnapshotMethod = "/etcdserverpb.Maintenance/Snapshot";

// How long the look for the reason may take once a stream has broken: the caller wants to go on
// with another member.
constexpr std::chrono::milliseconds kDiagnosisTimeout{1000};

}  // namespace

SnapshotCall::SnapshotCall(std::shared_ptr<const Peer> peer, std::stop_token stop)
    : peer_(std::move(peer)), stop_(std::move(stop)) {}

grpc::Status SnapshotCall::begin(const std::string& token, const Limits& limits) {
  const auto connect_timeout = std::min(limits.left(), peer_->options.connect_timeout);
  try {
    call_ = std::make_unique<ServerStream>(
        *peer_, ServerStream::Call{.method = kSnapshotMethod, .request = {}, .token = token},
        Limits::within(connect_timeout, stop_));
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kUnavailable) throw;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, error.what());
  }
  const ServerStream::Event event = call_->read(limits);
  if (event == ServerStream::Event::kTimeout) {
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "");
  }
  first_is_pending_ = event == ServerStream::Event::kMessage;
  ended_ = !first_is_pending_;
  return first_is_pending_ ? take_message() : call_->status();
}

std::optional<base::Bytes> SnapshotCall::next() {
  // For all messages up to the next piece: etcd has sent empty ones, too.
  const Limits limits = Limits::within(peer_->options.stall_timeout, stop_);
  while (true) {
    if (!first_is_pending_) read_message(limits);
    first_is_pending_ = false;
    if (ended_) return std::nullopt;
    received_bytes_ += piece_.size();
    if (!piece_.empty()) return piece_;
  }
}

grpc::Status SnapshotCall::take_message() {
  piece_ = {};
  remaining_bytes_ = 0;
  try {
    etcd::WireReader message(call_->message());
    while (const auto field = message.next()) {
      if (field->number == pb::SnapshotResponse::kRemainingBytesFieldNumber) {
        remaining_bytes_ = etcd::varint_of(*field);
      }
      if (field->number == pb::SnapshotResponse::kBlobFieldNumber) piece_ = etcd::bytes_of(*field);
    }
  } catch (const base::Error& error) {
    return grpc::Status(grpc::StatusCode::INTERNAL,
                        base::cat("a message is damaged: ", error.what()));
  }
  return grpc::Status::OK;
}

void SnapshotCall::read_message(const Limits& limits) {
  if (ended_) return;
  const ServerStream::Event event = call_->read(limits);
  const bool message = event == ServerStream::Event::kMessage;
  ended_ = !message;
  if (event == ServerStream::Event::kTimeout) {
    throw broken(
        base::Error(base::Code::kUnavailable,
                    base::cat("nothing came for ", format_timeout(peer_->options.stall_timeout)),
                    "check that etcd is not stopped, and its disk and the network"));
  }
  const grpc::Status status = message ? take_message() : call_->status();
  if (!status.ok()) {
    throw broken(explain_failure(*peer_, status, Limits::within(kDiagnosisTimeout, stop_)));
  }
  if (message) return;
  if (remaining_bytes_ != 0) {
    throw broken(base::Error(
        base::Code::kUnavailable,
        base::cat("the member ended it with ", base::format_size(remaining_bytes_), " to come"),
        "see the log of etcd on that machine"));
  }
}

base::Error SnapshotCall::broken(const base::Error& why) const {
  return why
      .with_context(base::cat("the snapshot broke off after ", base::format_size(received_bytes_)))
      .with_context(peer_->url.text);
}

}  // namespace lifeboat::rpc
