#include "testing/scripted_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "base/text.h"

namespace lifeboat::testing {
namespace {

int choose_http2(SSL* /*ssl*/, const unsigned char** out, unsigned char* size,
                 const unsigned char* /*in*/, unsigned /*in_size*/, void* /*unused*/) {
  *out = reinterpret_cast<const unsigned char*>("h2");
  *size = 2;
  return SSL_TLSEXT_ERR_OK;
}

X509* read_certificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

void demand_client_certificate(SSL_CTX* context, const std::string& ca_pem) {
  X509* ca = read_certificate(ca_pem);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
  SSL_CTX_add_client_CA(context, ca);
  X509_free(ca);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::shared_ptr<SSL_CTX> server_context(const TlsServerSpec& spec) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  X509* certificate = read_certificate(spec.pair.certificate_pem);
  SSL_CTX_use_certificate(context.get(), certificate);
  X509_free(certificate);
  BIO* bio = BIO_new_mem_buf(spec.pair.key_pem.data(), static_cast<int>(spec.pair.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context.get(), key);
  EVP_PKEY_free(key);
  BIO_free(bio);
  SSL_CTX_set_min_proto_version(context.get(), spec.version);
  SSL_CTX_set_max_proto_version(context.get(), spec.version);
  if (spec.version < TLS1_2_VERSION) SSL_CTX_set_security_level(context.get(), 0);
  if (spec.http2) SSL_CTX_set_alpn_select_cb(context.get(), &choose_http2, nullptr);
  if (!spec.client_ca_pem.empty()) demand_client_certificate(context.get(), spec.client_ca_pem);
  return context;
}

}  // namespace

int listen_on_loopback(std::uint16_t& port, int backlog) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener, generic, size), 0);
  EXPECT_EQ(::listen(listener, backlog), 0);
  EXPECT_EQ(::getsockname(listener, generic, &size), 0);
  port = ntohs(address.sin_port);
  return listener;
}

ScriptedServer::ScriptedServer(Handler handler)
    : listener_(listen_on_loopback(port_, 8)), handler_(std::move(handler)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

ScriptedServer::~ScriptedServer() {
  thread_ = {};
  ::close(listener_);
}

std::string ScriptedServer::at(std::string_view host) const { return base::cat(host, ":", port_); }

void ScriptedServer::serve(const std::stop_token& stop) {
  // In this thread only: the other side has to live without.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  while (!stop.stop_requested()) {
    pollfd entry = {.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 10) <= 0) continue;
    const int socket = ::accept(listener_, nullptr, nullptr);
    const timeval patience = {.tv_sec = 3, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    handler_(socket);
    ::close(socket);
  }
}

ScriptedServer::Handler answering(std::string_view answer) {
  return [answer](int socket) {
    char request[1024];
    if (::recv(socket, request, sizeof(request), 0) <= 0) return;
    EXPECT_EQ(::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(answer.size()));
  };
}

void stay_silent(int socket) {
  char byte[1024];
  while (::recv(socket, byte, sizeof(byte), 0) > 0) {
  }
}

ScriptedServer::Handler tls(const TlsServerSpec& spec) {
  return [spec, context = server_context(spec)](int socket) {
    SSL* ssl = SSL_new(context.get());
    SSL_set_fd(ssl, socket);
    char request[64];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
      SSL_write(ssl, spec.answer.data(), static_cast<int>(spec.answer.size()));
      SSL_shutdown(ssl);
      // Closing on bytes that nobody has read would take back the answer.
      ::shutdown(socket, SHUT_WR);
      stay_silent(socket);
    }
    SSL_free(ssl);
    ERR_clear_error();
  };
}

}  // namespace lifeboat::testing
