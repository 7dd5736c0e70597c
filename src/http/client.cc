#include "http/client.h"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "http/connection.h"
#include "http/tls.h"

namespace lifeboat::http {
namespace {

namespace beast = boost::beast;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr std::size_t kHeaderMaxBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr int kInterimAnswersMax = 8;

base::Error unavailable(const std::string& cause, std::string hint) {
  return base::Error(base::Code::kUnavailable, cause, std::move(hint));
}

base::Error corrupt(const std::string& cause) {
  return base::Error(base::Code::kCorrupt, cause, "check that the URL is that of the server");
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_names(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

// ---- Requests -----------------------------------------------------------------------------------

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7F' &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

// A line end in a value would begin another header.
bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t') || byte == 0x7F;
  });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

// Values are not shown: they may be secrets.
void check_request(const Request& request) {
  const auto refuse = [](std::string_view what) {
    throw base::Error(base::Code::kInvalid, base::cat(what, " can't be sent over HTTP"));
  };
  if (!is_token(request.method)) refuse("the request's method");
  if (!is_target(request.target)) refuse("the request's target");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) refuse("the name of a header");
    if (!is_value(value)) refuse(base::cat("the value of the header ", name));
  }
}

bool has_header(const Request& request, std::string_view name) {
  return std::ranges::any_of(request.headers,
                             [&](const auto& header) { return equal_names(header.first, name); });
}

// All before the body. A proxy that is no tunnel is given the whole URL.
std::string encode_head(const Url& url, const std::optional<Proxy>& proxy, const Request& request) {
  check_request(request);
  const bool to_proxy = proxy && !url.tls;
  const std::string server = to_proxy ? base::cat("http://", url.authority()) : "";
  std::string text =
      base::cat(request.method, " ", server, url.path, request.target, " HTTP/1.1\r\n");
  const auto add = [&](std::string_view name, std::string_view value) {
    text += base::cat(name, ": ", value, "\r\n");
  };
  if (!has_header(request, "Host")) add("Host", url.authority());
  if (!has_header(request, "User-Agent")) add("User-Agent", "lifeboat");
  if (to_proxy && !proxy->authorization.empty()) {
    add("Proxy-Authorization", proxy->authorization);
  }
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  if (!has_header(request, "Content-Length") && (may_have_body || !request.body.empty())) {
    add("Content-Length", std::to_string(request.body.size()));
  }
  for (const auto& [name, value] : request.headers) add(name, value);
  return text + "\r\n";
}

// Whether sending it twice is as good as once.
bool changes_nothing(const Request& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

// ---- Answers ------------------------------------------------------------------------------------

class AnswerReader {
 public:
  AnswerReader(Connection& connection, std::uint64_t body_max_bytes, bool without_body)
      : connection_(connection), body_max_bytes_(body_max_bytes), without_body_(without_body) {
    start();
  }

  // Nullopt if the server has closed the connection before it answered anything.
  std::optional<Response> read(const Limits& limits) {
    timeout_ = limits.left();
    while (!parser_->is_done()) {
      const std::size_t size = receive(limits);
      if (size == 0 && received_bytes_ == 0) return std::nullopt;
      if (size == 0) break;
      received_bytes_ += size;
      parse();
    }
    return take_response();
  }

  // Whether another request may follow on the same connection.
  bool keeps_connection() const { return parser_->keep_alive() && buffer_.size() == 0; }

 private:
  void start() {
    parser_.emplace();
    parser_->eager(true);
    parser_->skip(without_body_);
    parser_->header_limit(kHeaderMaxBytes);
    parser_->body_limit(body_max_bytes_);
  }

  // Returns 0 at the end, if the answer may end there.
  std::size_t receive(const Limits& limits) {
    const auto space = buffer_.prepare(kReadBytes);
    const Connection::Received received =
        connection_.receive({static_cast<std::uint8_t*>(space.data()), space.size()}, limits);
    switch (received.outcome) {
      case Connection::Outcome::kBytes:
        buffer_.commit(received.size_bytes);
        break;
      case Connection::Outcome::kTimedOut:
        throw timed_out();
      case Connection::Outcome::kClosed:
      case Connection::Outcome::kCut:
        finish_at_end(received.outcome == Connection::Outcome::kClosed);
    }
    return received.size_bytes;
  }

  base::Error timed_out() const {
    const std::string timeout =
        base::format_duration(std::chrono::ceil<std::chrono::milliseconds>(timeout_));
    return unavailable(received_bytes_ == 0
                           ? base::cat("no answer within ", timeout)
                           : base::cat("the answer was not complete within ", timeout),
                       "check that the server is not stopped or overloaded");
  }

  // A body without a length ends with the connection, but only if that ends properly.
  void finish_at_end(bool properly) {
    if (received_bytes_ == 0) return;
    beast::error_code error = beast::http::error::partial_message;
    if (properly && parser_->got_some()) parser_->put_eof(error);
    if (!error) return;
    throw unavailable(base::cat("the server closed the connection in the middle of its answer, "
                                "after ",
                                received_bytes_, " bytes"),
                      "see the server's log");
  }

  void parse() {
    if (!parser_->is_header_done()) check_beginning();
    while (buffer_.size() > 0 && !parser_->is_done()) {
      beast::error_code error;
      const std::size_t used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error && error != beast::http::error::need_more) throw explain(error);
      if (parser_->is_done()) pass_over_interim_answer();
      if (error || used == 0) break;
    }
    if (!parser_->is_done() && buffer_.size() > kHeaderMaxBytes) throw header_too_large();
  }

  // The parser looks at nothing before it has a whole header, which garbage never is.
  void check_beginning() const {
    constexpr std::string_view kBeginning = "HTTP/1.";
    if (parser_->got_some()) return;
    const auto data = buffer_.cdata();
    const std::string_view text(static_cast<const char*>(data.data()), data.size());
    if (text.starts_with(kBeginning.substr(0, text.size()))) return;
    constexpr std::string_view kTlsAlert = "\x15\x03";
    if (text.starts_with(kTlsAlert)) {
      throw base::Error(base::Code::kCorrupt, "the server speaks TLS, not plain http",
                        "write https:// instead of http:// in the URL");
    }
    throw corrupt(base::cat("what the server says is no HTTP: ", base::printable(text, 40)));
  }

  // "100 Continue" and the like announce the answer.
  void pass_over_interim_answer() {
    const unsigned status = parser_->get().result_int();
    if (status < 100 || status >= 200 || status == 101) return;
    if (++interim_answers_ > kInterimAnswersMax) throw corrupt("the server only ever says 1xx");
    start();
  }

  static base::Error header_too_large() {
    return corrupt(
        base::cat("the answer's header is larger than ", base::format_size(kHeaderMaxBytes)));
  }

  base::Error explain(const beast::error_code& error) const {
    if (error == beast::http::error::header_limit) return header_too_large();
    if (error == beast::http::error::body_limit) {
      return corrupt(
          base::cat("the answer's body is larger than ", base::format_size(body_max_bytes_)));
    }
    return corrupt(base::cat("what the server says is no HTTP: ", error.message()));
  }

  Response take_response() {
    auto& message = parser_->get();
    Response response;
    response.status = message.result_int();
    for (const auto& field : message) {
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    response.body = std::move(message.body());
    return response;
  }

  Connection& connection_;
  const std::uint64_t body_max_bytes_;
  const bool without_body_;
  std::optional<Parser> parser_;
  beast::flat_buffer buffer_;
  std::chrono::nanoseconds timeout_{0};
  std::uint64_t received_bytes_ = 0;
  int interim_answers_ = 0;
};

// ---- The client ---------------------------------------------------------------------------------

class BeastClient : public Client {
 public:
  explicit BeastClient(const ClientOptions& options) : options_(options) {
    if (options.url.tls) tls_.emplace(options);
  }

  Response send(const Request& request, std::stop_token stop) override {
    try {
      return send_somehow(request, stop);
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kCancelled) throw;
      throw error.with_context(options_.url.text());
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {  // what Asio throws if it gets no descriptor or thread
      throw unavailable(base::cat(options_.url.text(), ": no connection: ", error.what()),
                        "check the limits of this process and of this machine");
    }
  }

 private:
  Response send_somehow(const Request& request, const std::stop_token& stop) {
    const std::string head = encode_head(options_.url, options_.proxy, request);
    auto kept = std::exchange(connection_, nullptr);
    if (kept && kept->is_quiet()) {
      auto response = exchange(std::move(kept), head, request, stop);
      if (response) return *std::move(response);
      if (!changes_nothing(request)) throw closed_without_answer();
    }
    auto fresh = std::make_unique<Connection>(options_.url, tls_ ? &*tls_ : nullptr, options_.proxy,
                                              limits(options_.connect_timeout, request, stop));
    auto response = exchange(std::move(fresh), head, request, stop);
    if (!response) throw closed_without_answer();
    return *std::move(response);
  }

  // Nullopt if the server has closed the connection instead of an answer.
  std::optional<Response> exchange(std::unique_ptr<Connection> connection, const std::string& head,
                                   const Request& request, const std::stop_token& stop) {
    const Limits sending = limits(options_.response_timeout, request, stop);
    connection->send(base::as_bytes(head), sending);
    if (!request.body.empty()) connection->send(base::as_bytes(request.body), sending);
    AnswerReader reader(*connection, options_.body_max_bytes, request.method == "HEAD");
    auto response = reader.read(limits(options_.response_timeout, request, stop));
    if (response && reader.keeps_connection()) connection_ = std::move(connection);
    return response;
  }

  static Limits limits(std::chrono::milliseconds timeout, const Request& request,
                       const std::stop_token& stop) {
    Limits result = Limits::within(timeout, stop);
    if (request.deadline) result.deadline = std::min(result.deadline, *request.deadline);
    return result;
  }

  static base::Error closed_without_answer() {
    return unavailable("the server closes the connection without an answer",
                       "see the server's log");
  }

  const ClientOptions options_;
  std::optional<Tls> tls_;
  std::unique_ptr<Connection> connection_;
};

void check_that_tls_is_used(const ClientOptions& options) {
  if (options.url.tls || (options.ca_pem.empty() && options.cert_pem.empty())) return;
  throw base::Error(base::Code::kInvalid,
                    base::cat(options.url.text(), ": certificates are given, but it is plain http"),
                    "write https:// in the URL, or leave out the certificates");
}

}  // namespace

std::optional<std::string> Response::header(std::string_view name) const {
  for (const auto& [candidate, value] : headers) {
    if (equal_names(candidate, name)) return value;
  }
  return std::nullopt;
}

std::unique_ptr<Client> make_client(const ClientOptions& options) {
  check_that_tls_is_used(options);
  return std::make_unique<BeastClient>(options);
}

}  // namespace lifeboat::http
