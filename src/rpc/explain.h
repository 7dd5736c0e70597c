// Why a call to etcd failed, in words for the operator. Inside this folder only.
#pragma once

#include "base/error.h"
#include "rpc/connection.h"
#include "rpc/endpoint_url.h"
#include "rpc/etcd_client.h"

namespace grpc {
class Status;
}

namespace lifeboat::rpc {

// Whom a call was made to, and with what.
struct Peer {
  EndpointUrl url;
  ClientOptions options;
};

// Whether etcd did not know the token (it may have expired), so that a new one may help.
bool is_token_refused(const grpc::Status& status);

// Whether etcd says that it does not know users at all.
bool is_authentication_off(const grpc::Status& status);

// Whether gRPC only believes that it could not connect. It (1.51, tcp_client_posix.cc) looks at
// errno after connect() once it has allocated memory, and glibc, where it makes room for a
// thread's, asks /sys for the number of processors: in a root without /sys connect() seems to find
// no such file.
bool is_misread_connect(const grpc::Status& status);

// The error for a call that failed, without the endpoint's name in front. Where gRPC does not know
// more than that there is no connection, one is made by hand to find out, within what is left of
// `limits` or half a second. Throws kCancelled if a stop was requested.
base::Error explain_failure(const Peer& peer, const grpc::Status& status, const Limits& limits);

// For a call that had `timeout` and let it pass.
base::Error explain_timeout(std::chrono::milliseconds timeout, bool connected);

}  // namespace lifeboat::rpc
