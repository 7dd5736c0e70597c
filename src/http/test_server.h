// An HTTP server on 127.0.0.1 that does exactly what a test tells it, well-behaved or not.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/text.h"
#include "http/url.h"
#include "testing/test_pki.h"

namespace lifeboat::http {

struct ServerTls {
  testing::KeyPair identity;
  std::string client_ca_pem = {};  // not empty: a client certificate of this CA is required
  int version_max = TLS1_3_VERSION;
};

// The server's end of one connection.
class Peer {
 public:
  Peer(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls)
      : socket_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(socket_, *tls);
  }

  bool shake_hands() {
    if (tls_) tls_->handshake(boost::asio::ssl::stream_base::server, error_);
    return !error_;
  }

  // Up to the empty line, and the body if it has come with it; empty at the end.
  std::string read_request() { return read_until("\r\n\r\n", {}); }

  // Goes on with `text` until `end` is in it, and what comes along; empty at the end.
  std::string read_until(std::string_view end, std::string text) {
    while (text.find(end) == std::string::npos) {
      const std::string piece = read_some();
      if (piece.empty()) return {};
      text += piece;
    }
    return text;
  }

  void say(std::string_view text) {
    const auto buffer = boost::asio::buffer(text);
    tls_ ? boost::asio::write(*tls_, buffer, error_) : boost::asio::write(socket_, buffer, error_);
  }

  void answer(std::string_view body) {
    say(base::cat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }

  // TLS's own goodbye, after which nothing is missing; waits for the client's.
  void end_tls() { tls_->shutdown(error_); }

  // Until the client has closed the connection.
  void wait_for_end() {
    while (!read_some().empty()) continue;
  }

  // How many certificates the client has shown.
  int client_chain_length() {
    return sk_X509_num(SSL_get_peer_cert_chain(tls_->native_handle())) + 1;
  }
  std::string asked_name() {
    const char* name = SSL_get_servername(tls_->native_handle(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }

 private:
  std::string read_some() {
    std::string piece(4096, '\0');
    const auto buffer = boost::asio::buffer(piece);
    piece.resize(tls_ ? tls_->read_some(buffer, error_) : socket_.read_some(buffer, error_));
    return piece;
  }

  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  boost::system::error_code error_;
};

// Hands each connection to `handler`, one after the other, on a thread of its own, and closes it
// afterwards. A client is to be destroyed before the server that it is connected to.
class TestServer {
 public:
  using Handler = std::function<void(Peer&)>;

  explicit TestServer(Handler handler, const std::optional<ServerTls>& tls = {})
      : handler_(std::move(handler)) {
    if (tls) configure(*tls);
    accept();
    thread_ = std::jthread([this] { context_.run(); });
  }
  ~TestServer() { context_.stop(); }

  Url url(const std::string& host = "127.0.0.1") const {
    return {tls_.has_value(), host, acceptor_.local_endpoint().port(), ""};
  }
  int connections() const { return connections_; }
  // Of these, how many the server has closed.
  int closed() const { return closed_; }

 private:
  static boost::asio::const_buffer buffer(const std::string& text) {
    return boost::asio::const_buffer(text.data(), text.size());
  }

  void configure(const ServerTls& tls) {
    tls_.emplace(boost::asio::ssl::context::tls_server);
    tls_->use_certificate_chain(buffer(tls.identity.certificate_pem));
    tls_->use_private_key(buffer(tls.identity.key_pem), boost::asio::ssl::context::pem);
    SSL_CTX_set_max_proto_version(tls_->native_handle(), tls.version_max);
    if (tls.version_max < TLS1_2_VERSION) {
      SSL_CTX_set_cipher_list(tls_->native_handle(), "ALL:@SECLEVEL=0");
    }
    if (tls.client_ca_pem.empty()) return;
    tls_->add_certificate_authority(buffer(tls.client_ca_pem));
    tls_->set_verify_mode(boost::asio::ssl::verify_peer |
                          boost::asio::ssl::verify_fail_if_no_peer_cert);
  }

  void accept() {
    acceptor_.async_accept(
        [this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
          if (error) return;
          ++connections_;
          {
            Peer peer(std::move(socket), tls_ ? &*tls_ : nullptr);
            if (peer.shake_hands()) handler_(peer);
          }
          ++closed_;
          accept();
        });
  }

  Handler handler_;
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<int> connections_ = 0;
  std::atomic<int> closed_ = 0;
  std::jthread thread_;
};

}  // namespace lifeboat::http
