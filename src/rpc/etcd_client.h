// etcd/cluster.h over gRPC (etcd's api: etcdserverpb/rpc.proto, etcd 3.4 to 3.7).
//
// Memory is bounded: a snapshot is read from its socket as it is asked for, so a slow disk slows
// the sender instead of filling this process.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "etcd/cluster.h"
#include "etcd/key_value_endpoint.h"

namespace lifeboat::rpc {

// A PEM file that was read: its path is for messages only.
struct PemFile {
  std::string path;
  std::string content;

  bool given() const { return !path.empty(); }
};

struct ClientOptions {
  std::vector<std::string> endpoints;  // as parse_endpoint_url takes them

  PemFile ca;  // not given: the system's own roots
  PemFile cert;
  PemFile key;
  bool skip_verify = false;  // any server certificate will do

  std::string user;  // empty: no authentication
  std::string password;

  // To connect and to answer a small request; each endpoint has its own.
  std::chrono::milliseconds connect_timeout{5000};
  // From asking for the snapshot to its first byte. A HashKV and a count of all keys have it as
  // well, and up to ten minutes more: a second for each 32 MiB of the database, which etcd reads
  // whole.
  std::chrono::milliseconds first_byte_timeout{30000};
  // Between two pieces of the stream.
  std::chrono::milliseconds stall_timeout{30000};
};

// Declared before everything that holds endpoints. gRPC closes connections on threads of its own,
// also after their endpoint is gone: at its end the guard waits for that, for a second at most, so
// that no thread is at work while the process takes itself apart. Costs nothing where no endpoint
// was made.
class RpcGuard {
 public:
  RpcGuard() = default;
  ~RpcGuard();
  RpcGuard(const RpcGuard&) = delete;
  RpcGuard& operator=(const RpcGuard&) = delete;
};

// One Endpoint per URL, in their order. Connects nothing yet. Throws kInvalid for bad URLs and for
// key material that can't work, naming the file: not PEM, a key that does not belong to its
// certificate, one without the other, TLS files with http endpoints only.
etcd::Endpoints make_endpoints(const ClientOptions& options);

// The same for one URL, whose keys can be read and written, too.
std::unique_ptr<etcd::KeyValueEndpoint> make_key_value_endpoint(const ClientOptions& options);

}  // namespace lifeboat::rpc
