#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "rpc/connection.h"

namespace lifeboat::rpc {
namespace {

// Filled in by c-ares, on the thread that drives it.
struct Answer {
  bool done = false;
  int status = ARES_SUCCESS;
  std::vector<SocketAddress> addresses;
};

void take_answer(void* argument, int status, int /*timeouts*/, ares_addrinfo* result) {
  auto& answer = *static_cast<Answer*>(argument);
  answer.done = true;
  answer.status = status;
  for (auto* node = result == nullptr ? nullptr : result->nodes; node != nullptr;
       node = node->ai_next) {
    SocketAddress address;
    if (node->ai_addrlen > sizeof(address.storage)) continue;
    std::memcpy(&address.storage, node->ai_addr, node->ai_addrlen);
    address.size = node->ai_addrlen;
    answer.addresses.push_back(address);
  }
  if (result != nullptr) ares_freeaddrinfo(result);
}

// c-ares (1.18, ares_getaddrinfo.c) asks a name server for an IPv4 address, too, if it is not told
// that this is what it gets.
int family_of(const std::string& host) {
  in_addr address = {};
  if (host.find(':') != std::string::npos) return AF_INET6;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ? AF_INET : AF_UNSPEC;
}

struct ChannelDestroy {
  // Ends what is under way: every callback has been called when it returns.
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
};
using ChannelHandle = std::unique_ptr<ares_channeldata, ChannelDestroy>;

ChannelHandle make_channel() {
  // A static local, since the library counts its users without a lock.
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  ares_channel channel = nullptr;
  if (library != ARES_SUCCESS || ares_init(&channel) != ARES_SUCCESS) {
    throw base::Error(base::Code::kUnavailable, "names can't be resolved on this machine",
                      "check /etc/resolv.conf");
  }
  return ChannelHandle(channel);
}

// One round of waiting for name servers and handling what came.
void drive(ares_channel channel, const Limits& limits) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const int wanted = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
  pollfd entries[ARES_GETSOCK_MAXNUM] = {};
  nfds_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = 0;
    if (ARES_GETSOCK_READABLE(static_cast<unsigned>(wanted), i)) events |= POLLIN;
    if (ARES_GETSOCK_WRITABLE(static_cast<unsigned>(wanted), i)) events |= POLLOUT;
    if (events != 0) entries[count++] = {.fd = sockets[i], .events = events, .revents = 0};
  }
  const auto patience = std::min(limits.left(), kStopCheckInterval);
  ::poll(entries, count, static_cast<int>(patience.count()));
  for (nfds_t i = 0; i < count; ++i) {
    const short seen = entries[i].revents;
    const bool readable = (seen & (POLLIN | POLLERR | POLLHUP)) != 0;
    const bool writable = (seen & (POLLOUT | POLLERR | POLLHUP)) != 0;
    ares_process_fd(channel, readable ? entries[i].fd : ARES_SOCKET_BAD,
                    writable ? entries[i].fd : ARES_SOCKET_BAD);
  }
  // Lets it see that time has passed, and try again or give up.
  ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

base::Error resolve_error(const EndpointUrl& url, const Answer& answer) {
  const bool unknown = answer.status == ARES_ENOTFOUND || answer.status == ARES_ENODATA;
  const bool silent = !answer.done || answer.status == ARES_ETIMEOUT;
  const std::string_view why = unknown  ? "there is no such name"
                               : silent ? "the name server did not answer in time"
                                        : ares_strerror(answer.status);
  return base::Error(
      base::Code::kUnavailable, base::cat("the name ", url.host, " does not resolve: ", why),
      unknown ? "check the spelling, or give the address itself"
              : "check the name servers in /etc/resolv.conf, or give the address itself");
}

}  // namespace

std::vector<SocketAddress> resolve_host(const EndpointUrl& url, const Limits& limits) {
  // Declared before the channel, whose end may still call back.
  Answer answer;
  const ChannelHandle channel = make_channel();
  ares_addrinfo_hints hints = {};
  hints.ai_flags = ARES_AI_NUMERICSERV | ARES_AI_NOSORT;
  hints.ai_family = family_of(url.host);
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel.get(), url.host.c_str(), url.port.c_str(), &hints, &take_answer,
                   &answer);
  while (!answer.done && limits.left().count() > 0) {
    base::throw_if_stopped(limits.stop);
    drive(channel.get(), limits);
  }
  if (answer.addresses.empty()) throw resolve_error(url, answer);
  return answer.addresses;
}

}  // namespace lifeboat::rpc
