#include "rpc/explain.h"

#include <grpcpp/support/status.h>

#include <algorithm>

#include "base/stop.h"
#include "base/text.h"
#include "rpc/tls_probe.h"

namespace lifeboat::rpc {
namespace {

constexpr std::chrono::milliseconds kProbeTimeoutMin{500};
constexpr std::size_t kQuoteBytesMax = 200;

bool says(const grpc::Status& status, std::string_view words) {
  return status.error_message().find(words) != std::string::npos;
}

// Texts of etcd (api/v3rpc/rpctypes/error.go) and what the operator does about them.
struct Advice {
  std::string_view words;
  base::Code code;
  std::string_view hint;
};
constexpr Advice kAdvice[] = {
    {"invalid user ID or password", base::Code::kDenied, "check --user and its password"},
    {"user name is empty", base::Code::kDenied,
     "this etcd has authentication on: give --user and its password"},
    {"permission denied", base::Code::kDenied,
     "use a user that has the root role: etcd gives snapshots to no other"},
    {"invalid auth token", base::Code::kDenied,
     "this etcd has authentication on: check --user and its password"},
    {"learner", base::Code::kUnavailable, "use another member: this one is a learner"},
    {"no leader", base::Code::kUnavailable,
     "the cluster has no quorum: check that its other members run"},
    {"request timed out", base::Code::kUnavailable,
     "the cluster has no quorum or its disks are slow: check its other members"},
    {"leader changed", base::Code::kUnavailable,
     "the cluster has just elected a leader: try again"},
    {"too many requests", base::Code::kUnavailable, "etcd is overloaded: try again later"},
    {"has been compacted", base::Code::kUnavailable, "ask for a newer revision"},
    {"future revision", base::Code::kUnavailable, "the member lags behind: try again later"},
};

std::string quote(const grpc::Status& status) {
  return base::printable(status.error_message(), kQuoteBytesMax);
}

base::Error explain_refusal(const grpc::Status& status, std::string_view lead) {
  const std::string message = base::cat(lead, quote(status));
  for (const Advice& advice : kAdvice) {
    if (says(status, advice.words)) {
      return base::Error(advice.code, message, std::string(advice.hint));
    }
  }
  const bool denied = status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
                      status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
  if (denied) return base::Error(base::Code::kDenied, message, "check --user and its password");
  return base::Error(base::Code::kUnavailable, message, "see the log of etcd on that machine");
}

base::Error explain_lost_connection(const Peer& peer, const grpc::Status& status,
                                    const Limits& limits) {
  const auto timeout =
      std::max(kProbeTimeoutMin, std::min(limits.left(), peer.options.connect_timeout));
  const ProbeResult probe = probe_endpoint(peer.url, peer.options, timeout, limits.stop);
  if (!probe.ok) return base::Error(base::Code::kUnavailable, probe.cause, probe.hint);
  return base::Error(base::Code::kUnavailable,
                     base::cat("the connection was lost (", quote(status), ")"),
                     "a new connection succeeds, so try again; see also the log of etcd there");
}

base::Error explain_no_etcd(const grpc::Status& status) {
  return base::Error(base::Code::kUnavailable,
                     base::cat("the server is no etcd that lifeboat knows (", quote(status), ")"),
                     "check that the endpoint is the client URL of an etcd member, 3.4 or newer");
}

}  // namespace

bool is_token_refused(const grpc::Status& status) {
  return says(status, "invalid auth token") || says(status, "revision of auth store is old") ||
         says(status, "user name is empty");
}

bool is_authentication_off(const grpc::Status& status) {
  return says(status, "authentication is not enabled");
}

bool is_misread_connect(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         says(status, "failed to connect") && says(status, "No such file or directory");
}

base::Error explain_failure(const Peer& peer, const grpc::Status& status, const Limits& limits) {
  base::throw_if_stopped(limits.stop);
  if (says(status, "etcdserver:") || says(status, "auth:"))
    return explain_refusal(status, "etcd refuses: ");
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return explain_lost_connection(peer, status, limits);
    case grpc::StatusCode::UNIMPLEMENTED:
      return explain_no_etcd(status);
    default:
      // What a web server or a proxy answers.
      if (says(status, "http2 header with status")) return explain_no_etcd(status);
      return explain_refusal(status, "the call failed: ");
  }
}

base::Error explain_timeout(std::chrono::milliseconds timeout, bool connected) {
  return base::Error(
      base::Code::kUnavailable, base::cat("did not answer within ", format_timeout(timeout)),
      connected ? "the connection stands, but etcd is silent: check that it is not stopped or "
                  "overloaded, and its disk"
                : "no connection came about: check the address, that the machine is up and etcd is "
                  "not stopped, and firewalls on the way");
}

}  // namespace lifeboat::rpc
