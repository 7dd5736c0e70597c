// Maintenance.Snapshot as a stream of pieces with deadlines. Inside this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "etcd/cluster.h"
#include "rpc/explain.h"
#include "rpc/server_stream.h"

namespace lifeboat::rpc {

class SnapshotCall : public etcd::SnapshotStream {
 public:
  // Borrows nothing: the stream may outlive its endpoint.
  SnapshotCall(std::shared_ptr<const Peer> peer, std::stop_token stop);

  // Connects, asks for the snapshot and waits for the first piece, which next() then hands out.
  // DEADLINE_EXCEEDED when it does not come in time, UNAVAILABLE without a connection. Called once,
  // before next(). Throws kCancelled.
  grpc::Status begin(const std::string& token, const Limits& limits);

  std::optional<base::Bytes> next() override;

 private:
  // Throws if the stream breaks; sets ended_ after the last message.
  void read_message(const Limits& limits);
  // Reads the call's message (etcdserverpb.SnapshotResponse) in place.
  grpc::Status take_message();
  base::Error broken(const base::Error& why) const;

  const std::shared_ptr<const Peer> peer_;
  const std::stop_token stop_;
  std::unique_ptr<ServerStream> call_;
  base::Bytes piece_;  // the last message's
  bool first_is_pending_ = false;
  bool ended_ = false;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t remaining_bytes_ = 0;  // as the last message has it
};

}  // namespace lifeboat::rpc
