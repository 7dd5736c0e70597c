#include "os/loopback.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "os/descriptor.h"
#include "os/errno_text.h"

namespace lifeboat::os {
namespace {

base::Error failure(int number) {
  return base::Error(base::Code::kIo,
                     base::cat("cannot find a free port on 127.0.0.1: ", errno_text(number)));
}

// A socket on a port that the kernel chooses.
Descriptor bind_any(sockaddr_in& address) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (socket.get() == -1 || ::bind(socket.get(), generic, size) == -1 ||
      ::getsockname(socket.get(), generic, &size) == -1) {
    throw failure(errno);
  }
  return socket;
}

}  // namespace

std::vector<std::uint16_t> free_loopback_ports(std::size_t count) {
  std::vector<Descriptor> held;  // until all are chosen, so that none comes twice
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    sockaddr_in address;
    held.push_back(bind_any(address));
    ports.push_back(ntohs(address.sin_port));
  }
  return ports;
}

}  // namespace lifeboat::os
