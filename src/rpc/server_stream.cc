#include "rpc/server_stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/integers.h"
#include "base/percent.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::rpc {
namespace {

// As much as a line of 1 Gbit/s holds over a round trip of 130 ms.
constexpr std::int32_t kWindowBytes = 16 * 1024 * 1024;

constexpr std::size_t kReadBytes = 128 * 1024;

constexpr std::string_view kHttpOk = "200";
constexpr std::string_view kGrpcOk = "0";

// In front of each message.
struct MessageHeader {
  std::uint8_t compressed = 0;
  base::be32 size_bytes;
};
static_assert(sizeof(MessageHeader) == 5);

// etcd sends pieces of 32 KiB; this is room for whatever another version may send.
constexpr std::uint32_t kMessageBytesMax = 32 * 1024 * 1024;

base::Buffer frame_message(base::Bytes message) {
  MessageHeader header;
  header.size_bytes = static_cast<std::uint32_t>(message.size());
  base::Buffer framed(sizeof(header) + message.size());
  std::memcpy(framed.data(), &header, sizeof(header));
  std::copy(message.begin(), message.end(), framed.data() + sizeof(header));
  return framed;
}

nghttp2_nv make_header(std::string_view name, std::string_view value, bool secret = false) {
  auto* name_bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  auto* value_bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  const std::uint8_t flags = secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
  return {name_bytes, value_bytes, name.size(), value.size(), flags};
}

// For an answer that is not gRPC's (http-grpc-status-mapping.md).
grpc::StatusCode code_of_http(std::string_view status) {
  const bool for_now = status == "429" || status == "502" || status == "503" || status == "504";
  return for_now ? grpc::StatusCode::UNAVAILABLE : grpc::StatusCode::UNKNOWN;
}

// gRPC's statuses for RST_STREAM (PROTOCOL-HTTP2.md, "Errors").
grpc::StatusCode code_of_reset(std::uint32_t error_code) {
  switch (error_code) {
    case NGHTTP2_REFUSED_STREAM:
      return grpc::StatusCode::UNAVAILABLE;
    case NGHTTP2_CANCEL:
      return grpc::StatusCode::CANCELLED;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case NGHTTP2_INADEQUATE_SECURITY:
      return grpc::StatusCode::PERMISSION_DENIED;
    default:
      return grpc::StatusCode::INTERNAL;
  }
}

grpc::StatusCode parse_status(std::string_view text) {
  const auto number = base::parse_whole_number(text);
  const bool known = number && *number <= grpc::StatusCode::UNAUTHENTICATED;
  return known ? static_cast<grpc::StatusCode>(*number) : grpc::StatusCode::UNKNOWN;
}

base::Error bad_message(const std::string& why) {
  return base::Error(base::Code::kUnavailable, base::cat("the server sends a message ", why));
}

}  // namespace

void MessageQueue::append(base::Bytes piece) {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_bytes_));
  taken_bytes_ = 0;
  bytes_.insert(bytes_.end(), piece.begin(), piece.end());
}

std::optional<base::Bytes> MessageQueue::take() {
  const base::Bytes rest = base::Bytes(bytes_).subspan(taken_bytes_);
  MessageHeader header;
  if (rest.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, rest.data(), sizeof(header));
  if (header.compressed != 0) throw bad_message("that is compressed");
  if (header.size_bytes > kMessageBytesMax) {
    throw bad_message(
        base::cat("of ", base::format_size(header.size_bytes), ", which is too large"));
  }
  const base::Bytes body = rest.subspan(sizeof(header));
  if (body.size() < header.size_bytes) return std::nullopt;
  taken_bytes_ += sizeof(header) + header.size_bytes;
  return body.first(header.size_bytes);
}

// What nghttp2 calls while it is given bytes, or asked for them.
class ServerStream::Callbacks {
 public:
  static nghttp2_session* make_session(ServerStream* stream) {
    nghttp2_session_callbacks* callbacks = nullptr;
    LIFEBOAT_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &on_close);
    nghttp2_session* session = nullptr;
    const int result = nghttp2_session_client_new(&session, callbacks, stream);
    nghttp2_session_callbacks_del(callbacks);
    LIFEBOAT_CHECK(result == 0);
    return session;
  }

  static ssize_t read_request(nghttp2_session* /*session*/, std::int32_t /*id*/,
                              std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                              nghttp2_data_source* /*source*/, void* stream) {
    base::Buffer& request = static_cast<ServerStream*>(stream)->request_;
    const auto count = static_cast<std::ptrdiff_t>(std::min(size, request.size()));
    std::copy_n(request.begin(), count, buffer);
    request.erase(request.begin(), request.begin() + count);
    if (request.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return count;
  }

 private:
  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* stream) {
    const bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    static_cast<ServerStream*>(stream)->note_header(base::as_text({name, name_size}),
                                                    base::as_text({value, value_size}), last);
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t /*id*/,
                     const std::uint8_t* data, std::size_t size, void* stream) {
    auto& self = *static_cast<ServerStream*>(stream);
    // Any other has a page for people.
    if (self.http_status_ == kHttpOk) self.messages_.append({data, size});
    return 0;
  }

  static int on_close(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint32_t error_code,
                      void* stream) {
    static_cast<ServerStream*>(stream)->note_close(error_code);
    return 0;
  }
};

void ServerStream::SessionFree::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

ServerStream::ServerStream(const Peer& peer, const Call& call, const Limits& limits)
    : transport_(peer, limits),
      session_(Callbacks::make_session(this)),
      request_(frame_message(call.request)),
      read_buffer_(kReadBytes) {
  start(peer.url, call);
}

ServerStream::~ServerStream() = default;

void ServerStream::start(const EndpointUrl& url, const Call& call) {
  const std::array<nghttp2_settings_entry, 2> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}}};
  LIFEBOAT_CHECK(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(),
                                         settings.size()) == 0);
  LIFEBOAT_CHECK(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                                       kWindowBytes) == 0);
  const std::string authority = authority_of(url);
  std::vector<nghttp2_nv> headers = {
      make_header(":method", "POST"),        make_header(":scheme", url.tls ? "https" : "http"),
      make_header(":path", call.method),     make_header(":authority", authority),
      make_header("te", "trailers"),         make_header("content-type", "application/grpc"),
      make_header("user-agent", "lifeboat"),
  };
  if (!call.token.empty()) headers.push_back(make_header("token", call.token, true));
  nghttp2_data_provider body = {};
  body.read_callback = &Callbacks::read_request;
  LIFEBOAT_CHECK(nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(),
                                        &body, nullptr) > 0);
}

ServerStream::Event ServerStream::read(const Limits& limits) {
  try {
    while (true) {
      if (const auto message = messages_.take()) {
        message_ = *message;
        return Event::kMessage;
      }
      if (ended_) return end_of_messages();
      // Whoever sends other things than a message all the time is late, too.
      if (limits.left().count() == 0 || !exchange(limits)) return Event::kTimeout;
    }
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kUnavailable) throw;
    // Whatever the server says of the end: this message is missing.
    ended_ = true;
    if (status_.ok()) status_ = grpc::Status(grpc::StatusCode::INTERNAL, error.what());
    return Event::kEnd;
  }
}

ServerStream::Event ServerStream::end_of_messages() {
  if (status_.ok() && messages_.has_rest()) {
    status_ = grpc::Status(grpc::StatusCode::INTERNAL, "the server ended the call in a message");
  }
  return Event::kEnd;
}

bool ServerStream::exchange(const Limits& limits) {
  if (!send_pending(limits)) return false;
  if (nghttp2_session_want_read(session_.get()) == 0) {
    end(grpc::StatusCode::UNAVAILABLE, "the server does not keep to HTTP/2");
    return true;
  }
  const auto received = transport_.receive(read_buffer_, limits);
  if (!received) return false;
  if (*received == 0) {
    end(grpc::StatusCode::UNAVAILABLE, transport_.end_reason());
    return true;
  }
  const ssize_t result = nghttp2_session_mem_recv(session_.get(), read_buffer_.data(), *received);
  if (result < 0) {
    end(grpc::StatusCode::UNAVAILABLE, nghttp2_strerror(static_cast<int>(result)));
  }
  return true;
}

// All of it at once: each part alone would be a packet of its own.
bool ServerStream::send_pending(const Limits& limits) {
  base::Buffer pending;
  const std::uint8_t* data = nullptr;
  while (const ssize_t size = nghttp2_session_mem_send(session_.get(), &data)) {
    LIFEBOAT_CHECK(size > 0);
    pending.insert(pending.end(), data, data + size);
  }
  return transport_.send(pending, limits);
}

void ServerStream::end(grpc::StatusCode code, const std::string& why) {
  if (ended_) return;
  ended_ = true;
  status_ = grpc::Status(code, why);
}

void ServerStream::note_header(std::string_view name, std::string_view value, bool last) {
  if (name == ":status") http_status_ = value;
  // A status ahead of the messages says nothing about how they end.
  if (name == "grpc-status" && last) grpc_status_ = value;
  if (name == "grpc-message" && last) grpc_message_ = base::decode_percent(value);
}

void ServerStream::note_close(std::uint32_t error_code) {
  if (!http_status_.empty() && http_status_ != kHttpOk) {
    end(code_of_http(http_status_), base::cat("http2 header with status: ", http_status_));
  } else if (grpc_status_.empty() || error_code != NGHTTP2_NO_ERROR) {
    end(code_of_reset(error_code),
        base::cat("the call was broken off (", nghttp2_http2_strerror(error_code), ")"));
  } else {
    const bool says_why = grpc_status_ == kGrpcOk || !grpc_message_.empty();
    end(parse_status(grpc_status_),
        says_why ? grpc_message_ : base::cat("no reason given, gRPC status ", grpc_status_));
  }
}

}  // namespace lifeboat::rpc
