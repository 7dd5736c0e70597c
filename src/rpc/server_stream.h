// One gRPC call that is answered with a stream of messages, on a connection of its own (gRPC's
// PROTOCOL-HTTP2.md over RFC 9113, whose frames are nghttp2's). Inside this folder only.
//
// The window is why this is not gRPC's own client: that one (1.51, flow_control.cc) leaves what a
// connection may send ahead at 64 KiB, which is 3 MiB/s over a round trip of 20 ms, or lets it grow
// with the line, and memory with it. Here it is 16 MiB, and the socket is read only when a message
// is asked for, so that this process holds one message and one read; the rest waits in the kernel
// and at the sender.
#pragma once

#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "rpc/explain.h"
#include "rpc/transport.h"

struct nghttp2_session;

namespace lifeboat::rpc {

// The messages in the body of an answer: 5 bytes before each say whether it is compressed and how
// long it is.
class MessageQueue {
 public:
  // Another piece of the body.
  void append(base::Bytes piece);

  // The next message, valid until the next call of append; nullopt if it has not come whole. Throws
  // kUnavailable for one that is compressed, which nobody has asked for, or is larger than 32 MiB.
  std::optional<base::Bytes> take();

  // Whether a message has begun that has not come whole.
  bool has_rest() const { return taken_bytes_ < bytes_.size(); }

 private:
  base::Buffer bytes_;
  std::size_t taken_bytes_ = 0;  // at the front of bytes_
};

class ServerStream {
 public:
  struct Call {
    std::string_view method;  // "/package.Service/Method"
    base::Bytes request;      // one message
    std::string_view token;   // empty: none
  };

  // Connects; the first read sends the call. Throws as Transport does.
  ServerStream(const Peer& peer, const Call& call, const Limits& limits);
  // Breaks the connection, which ends the call if it still goes on.
  ~ServerStream();
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  enum class Event { kMessage, kEnd, kTimeout };

  // Waits for the next message, which message() then is. kEnd: the call has ended, as status()
  // says. Not called again after anything but kMessage. Throws kCancelled.
  Event read(const Limits& limits);

  // Valid until the next read.
  base::Bytes message() const { return message_; }
  const grpc::Status& status() const { return status_; }

 private:
  struct SessionFree {
    void operator()(nghttp2_session* session) const;
  };
  class Callbacks;

  Event end_of_messages();
  void start(const EndpointUrl& url, const Call& call);
  // False at the deadline.
  bool exchange(const Limits& limits);
  bool send_pending(const Limits& limits);
  void end(grpc::StatusCode code, const std::string& why);
  // `last`: of the headers that end the stream.
  void note_header(std::string_view name, std::string_view value, bool last);
  void note_close(std::uint32_t error_code);

  Transport transport_;
  const std::unique_ptr<nghttp2_session, SessionFree> session_;
  base::Buffer request_;  // what is left of the request's body
  base::Buffer read_buffer_;
  MessageQueue messages_;
  base::Bytes message_;

  std::string http_status_;
  std::string grpc_status_;
  std::string grpc_message_;
  bool ended_ = false;
  grpc::Status status_;
};

}  // namespace lifeboat::rpc
