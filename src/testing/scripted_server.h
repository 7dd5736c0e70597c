// A server on loopback that says what a test tells it to, in TLS if wanted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "testing/test_pki.h"

namespace lifeboat::testing {

// What an HTTP/2 server says first: empty settings (RFC 9113, section 3.4).
inline constexpr std::string_view kSettingsFrame("\0\0\0\x04\0\0\0\0\0", 9);

// Returns the listening socket, for the caller to close.
int listen_on_loopback(std::uint16_t& port, int backlog);

// Hands each connection to a function, one after the other, on a thread of its own, and closes it
// afterwards. A receive that waits longer than 3 s fails.
class ScriptedServer {
 public:
  using Handler = std::function<void(int socket)>;

  explicit ScriptedServer(Handler handler);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // "HOST:PORT".
  std::string at(std::string_view host) const;

 private:
  void serve(const std::stop_token& stop);

  std::uint16_t port_ = 0;
  int listener_;
  Handler handler_;
  std::jthread thread_;
};

// Reads a request and answers with `answer`, whatever it was. Borrows the answer.
ScriptedServer::Handler answering(std::string_view answer);

// Waits for the other side to go away.
void stay_silent(int socket);

struct TlsServerSpec {
  KeyPair pair;
  std::string client_ca_pem = {};  // given: clients must show a certificate of it
  int version = 0x0304;            // TLS 1.3
  bool http2 = true;
  std::string answer = std::string(kSettingsFrame);
};

// As `answering` does, in TLS.
ScriptedServer::Handler tls(const TlsServerSpec& spec);

}  // namespace lifeboat::testing
