#include "rpc/connection.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::rpc {
namespace {

base::Error connect_error(int error_number, const Limits& limits) {
  const base::Code code = base::Code::kUnavailable;
  if (error_number == ECONNREFUSED) {
    return base::Error(code, "connection refused",
                       "check that etcd runs there and listens on that address");
  }
  if (error_number == EHOSTUNREACH || error_number == ENETUNREACH) {
    return base::Error(code, "no route to the host",
                       "check the address, and the network between this machine and that one");
  }
  if (error_number == ETIMEDOUT || limits.left().count() == 0) {
    return base::Error(code, "no connection in time: the host or a firewall in between is silent",
                       "check the address, that the machine is up, and firewalls on the way");
  }
  return base::Error(code,
                     base::cat("no connection: ", std::generic_category().message(error_number)),
                     "check the address, and the network between this machine and that one");
}

}  // namespace

std::chrono::milliseconds Limits::left() const {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

std::string format_timeout(std::chrono::milliseconds timeout) {
  const auto count = timeout.count();
  return count % 1000 == 0 ? base::cat(count / 1000, " s") : base::cat(count, " ms");
}

bool wait_for(int descriptor, short events, const Limits& limits) {
  while (true) {
    base::throw_if_stopped(limits.stop);
    const std::chrono::milliseconds left = limits.left();
    pollfd entry = {.fd = descriptor, .events = events, .revents = 0};
    const int ready =
        ::poll(&entry, 1, static_cast<int>(std::min(left, kStopCheckInterval).count()));
    if (ready > 0) return true;
    if (left.count() == 0) return false;
  }
}

Connection::Connection(const std::vector<SocketAddress>& addresses, const Limits& limits) {
  int error_number = 0;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto share = limits.left() / static_cast<int>(addresses.size() - i);
    error_number = connect_to(addresses[i], Limits::within(share, limits.stop));
    if (error_number == 0) return;
    close();
  }
  throw connect_error(error_number, limits);
}

Connection::~Connection() { close(); }

void Connection::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

int Connection::connect_to(const SocketAddress& address, const Limits& limits) {
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  descriptor_ = ::socket(generic->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return errno;
  try {
    if (::connect(descriptor_, generic, address.size) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!wait_for(descriptor_, POLLOUT, limits)) return ETIMEDOUT;
  } catch (...) {
    close();
    throw;
  }
  int result = 0;
  socklen_t size = sizeof(result);
  return ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &result, &size) == 0 ? result : errno;
}

bool Connection::send(base::Bytes bytes, const Limits& limits) {
  while (!bytes.empty()) {
    if (!wait_for(descriptor_, POLLOUT, limits)) return false;
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) return true;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::size_t> Connection::receive(base::MutableBytes buffer, const Limits& limits) {
  while (wait_for(descriptor_, POLLIN, limits)) {
    const ssize_t received = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno != EAGAIN && errno != EINTR) return 0;
  }
  return std::nullopt;
}

}  // namespace lifeboat::rpc
