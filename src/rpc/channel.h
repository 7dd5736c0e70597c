// gRPC channels as this program wants them: bounded in memory, silent, straight to the endpoint.
// Inside this folder only.
#pragma once

#include <grpc/support/time.h>

#include <chrono>
#include <memory>

#include "rpc/endpoint_url.h"
#include "rpc/etcd_client.h"

namespace grpc {
class Channel;
class ResourceQuota;
}  // namespace grpc

namespace lifeboat::rpc {

// From here on gRPC prints nothing, whatever its environment variables say: its lines mean nothing
// to an operator, and standard error is ours.
void silence_grpc();

// Returns when no channel is left that gRPC has not ended yet, or when `patience` is over.
// Not to be stopped: it comes after all that could be.
void wait_for_grpc(std::chrono::milliseconds patience);

// Of all the buffers of all channels that share it.
std::unique_ptr<grpc::ResourceQuota> make_quota();

// Connects nothing yet. The options' CA must be given for TLS that verifies.
std::shared_ptr<grpc::Channel> make_channel(const EndpointUrl& url, const ClientOptions& options,
                                            const grpc::ResourceQuota& quota);

// Immune to steps of the wall clock.
gpr_timespec deadline_after(std::chrono::milliseconds timeout);

}  // namespace lifeboat::rpc
