#include "rpc/snapshot_call.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <functional>

#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "etcd_rpc.grpc.pb.h"
#include "rpc/channel.h"

namespace lifeboat::rpc {
namespace {

// How long the look for the reason may take once a stream has broken: the caller wants to go on
// with another member.
constexpr std::chrono::milliseconds kDiagnosisTimeout{1000};

}  // namespace

// The call itself. Driven by a completion queue of its own, because that is what can wait for a
// message with a deadline; the thread that waits is the one that does the network's work, so there
// is no other thread to agree with. A stop cancels the call, which ends every wait.
class SnapshotCall::Call {
 public:
  Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& token,
       const std::stop_token& stop)
      : stub_(etcdserverpb::Maintenance::NewStub(channel)),
        on_stop_(stop, [this] { context_.TryCancel(); }) {
    if (!token.empty()) context_.AddMetadata("token", token);
    reader_ = stub_->PrepareAsyncSnapshot(&context_, {}, &queue_);
    reader_->StartCall(nullptr);
  }

  ~Call() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    for (bool ok = false; queue_.Next(&tag, &ok);) {
    }
  }

  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  enum class Event { kMessage, kEnd, kTimeout };

  // Waits for the next message, which message() then is. kEnd: the call has ended, as status()
  // says. Not called again after anything but kMessage.
  Event read(std::chrono::milliseconds timeout) {
    const gpr_timespec deadline = deadline_after(timeout);
    std::optional<bool> good = true;
    if (!started_) good = wait(deadline);
    started_ = true;
    if (good && *good) {
      reader_->Read(&message_, nullptr);
      good = wait(deadline);
    }
    if (!good) return Event::kTimeout;
    if (*good) return Event::kMessage;
    reader_->Finish(&status_, nullptr);
    return wait(deadline) ? Event::kEnd : Event::kTimeout;
  }

  const etcdserverpb::SnapshotResponse& message() const { return message_; }
  const grpc::Status& status() const { return status_; }

 private:
  // Waits for the one operation that is under way: whether it went well, nullopt at the deadline.
  std::optional<bool> wait(gpr_timespec deadline) {
    bool ok = false;
    void* tag = nullptr;
    const auto event = queue_.AsyncNext(&tag, &ok, deadline);
    if (event != grpc::CompletionQueue::GOT_EVENT) return std::nullopt;
    return ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  const std::unique_ptr<etcdserverpb::Maintenance::Stub> stub_;
  etcdserverpb::SnapshotResponse message_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncReader<etcdserverpb::SnapshotResponse>> reader_;
  bool started_ = false;
  std::stop_callback<std::function<void()>> on_stop_;
};

SnapshotCall::SnapshotCall(std::shared_ptr<const Peer> peer,
                           const std::shared_ptr<grpc::Channel>& channel, const std::string& token,
                           std::stop_token stop)
    : peer_(std::move(peer)),
      stop_(std::move(stop)),
      call_(std::make_unique<Call>(channel, token, stop_)) {}

SnapshotCall::~SnapshotCall() = default;

grpc::Status SnapshotCall::wait_for_first(std::chrono::milliseconds timeout) {
  const Call::Event event = call_->read(timeout);
  first_is_pending_ = event == Call::Event::kMessage;
  ended_ = event == Call::Event::kEnd;
  if (event != Call::Event::kTimeout) return call_->status();
  return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "");
}

std::optional<base::Bytes> SnapshotCall::next() {
  while (true) {
    if (!first_is_pending_) read_message();
    first_is_pending_ = false;
    if (ended_) return std::nullopt;
    const std::string& piece = call_->message().blob();
    received_bytes_ += piece.size();
    remaining_bytes_ = call_->message().remaining_bytes();
    if (!piece.empty()) return base::as_bytes(piece);
  }
}

void SnapshotCall::read_message() {
  if (ended_) return;
  const auto timeout = peer_->options.stall_timeout;
  const Call::Event event = call_->read(timeout);
  if (event == Call::Event::kMessage) return;
  ended_ = true;
  base::throw_if_stopped(stop_);
  if (event == Call::Event::kTimeout) {
    throw broken(base::Error(base::Code::kUnavailable,
                             base::cat("nothing came for ", format_timeout(timeout)),
                             "check that etcd is not stopped, and its disk and the network"));
  }
  if (!call_->status().ok()) {
    throw broken(
        explain_failure(*peer_, call_->status(), Limits::within(kDiagnosisTimeout, stop_)));
  }
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
