// Maintenance.Snapshot as a stream of pieces with deadlines. Inside this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "etcd/cluster.h"
#include "rpc/explain.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace lifeboat::rpc {

class SnapshotCall : public etcd::SnapshotStream {
 public:
  // Asks for the snapshot. Borrows nothing: the stream may outlive its endpoint.
  SnapshotCall(std::shared_ptr<const Peer> peer, const std::shared_ptr<grpc::Channel>& channel,
               const std::string& token, std::stop_token stop);
  ~SnapshotCall() override;

  // Waits for the first piece, which next() then hands out. DEADLINE_EXCEEDED when it does not come
  // in time. Called once, before next().
  grpc::Status wait_for_first(std::chrono::milliseconds timeout);

  std::optional<base::Bytes> next() override;

 private:
  class Call;

  // Throws if the stream breaks; sets ended_ after the last message.
  void read_message();
  base::Error broken(const base::Error& why) const;

  const std::shared_ptr<const Peer> peer_;
  const std::stop_token stop_;
  std::unique_ptr<Call> call_;
  bool first_is_pending_ = false;
  bool ended_ = false;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t remaining_bytes_ = 0;  // as the last message has it
};

}  // namespace lifeboat::rpc
