#include "rpc/channel.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>

#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::rpc {
namespace {

// Answers are small: the largest is one key's value, of which etcd takes 1.5 MiB unless told
// otherwise.
constexpr int kMessageBytesMax = 32 * 1024 * 1024;

// Beyond this gRPC stops reading from its sockets, so it has to hold the largest message.
constexpr std::size_t kQuotaBytes = 48 * 1024 * 1024;

// A connection whose other end is gone without a word is noticed after both together. Not less than
// the 5 s that etcd wants between pings (--grpc-keepalive-min-time).
constexpr std::chrono::milliseconds kKeepaliveTime{20000};
constexpr std::chrono::milliseconds kKeepaliveTimeout{20000};

constexpr std::chrono::milliseconds kReconnectBackoff{200};

// gRPC can't be waited for in any other way.
constexpr std::chrono::milliseconds kGrpcCheckInterval{1};

void drop_log_line(gpr_log_func_args* /*line*/) {}

// Any certificate will do, but ours is still shown.
std::shared_ptr<grpc::ChannelCredentials> unverified_credentials(const ClientOptions& options) {
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_verify_server_certs(false);
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  if (options.cert.given()) {
    const grpc::experimental::IdentityKeyCertPair pair = {
        .private_key = options.key.content, .certificate_chain = options.cert.content};
    tls.set_certificate_provider(
        std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
            std::vector<grpc::experimental::IdentityKeyCertPair>{pair}));
    tls.watch_identity_key_cert_pairs();
  }
  return grpc::experimental::TlsCredentials(tls);
}

std::shared_ptr<grpc::ChannelCredentials> make_credentials(const EndpointUrl& url,
                                                           const ClientOptions& options) {
  if (!url.tls) return grpc::InsecureChannelCredentials();
  if (options.skip_verify) return unverified_credentials(options);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = options.ca.content;
  tls.pem_cert_chain = options.cert.content;
  tls.pem_private_key = options.key.content;
  return grpc::SslCredentials(tls);
}

void set_milliseconds(grpc::ChannelArguments& arguments, const char* name,
                      std::chrono::milliseconds value) {
  arguments.SetInt(name, static_cast<int>(value.count()));
}

grpc::ChannelArguments make_arguments(const ClientOptions& options,
                                      const grpc::ResourceQuota& quota) {
  grpc::ChannelArguments arguments;
  arguments.SetResourceQuota(quota);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // The probe of the line lets windows grow, and memory with them.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // etcd is never behind a proxy for the internet, and names are not asked for gRPC's own records.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  set_milliseconds(arguments, GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTime);
  set_milliseconds(arguments, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeout);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  set_milliseconds(arguments, GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectBackoff);
  set_milliseconds(arguments, GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectBackoff);
  set_milliseconds(arguments, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, options.connect_timeout);
  return arguments;
}

}  // namespace

void silence_grpc() { gpr_set_log_function(&drop_log_line); }

void wait_for_grpc(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (grpc_is_initialized() != 0 && std::chrono::steady_clock::now() < deadline) {
    base::wait(kGrpcCheckInterval, {});
  }
}

gpr_timespec deadline_after(std::chrono::milliseconds timeout) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_millis(timeout.count(), GPR_TIMESPAN));
}

std::unique_ptr<grpc::ResourceQuota> make_quota() {
  auto quota = std::make_unique<grpc::ResourceQuota>("lifeboat");
  quota->Resize(kQuotaBytes);
  return quota;
}

std::shared_ptr<grpc::Channel> make_channel(const EndpointUrl& url, const ClientOptions& options,
                                            const grpc::ResourceQuota& quota) {
  return grpc::CreateCustomChannel(base::cat("dns:///", authority_of(url)),
                                   make_credentials(url, options), make_arguments(options, quota));
}

}  // namespace lifeboat::rpc
