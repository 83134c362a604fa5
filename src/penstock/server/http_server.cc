#include "penstock/server/http_server.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "penstock/base/logging.h"

namespace penstock::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int64_t kStreamPollMillis = 100;
constexpr size_t kMaxHeaderBytes = 64 << 10;

/// What all connections of a server share.
struct Shared {
  HttpServerOptions options;
  HttpServer::Handler handler;
  std::atomic<bool> is_stopping{false};
  std::atomic<int64_t> num_requests_in_work{0};
};

Result<HttpRequest> Translate(http::request<http::string_body>& from, std::string peer) {
  HttpRequest request;
  request.method = std::string(from.method_string());
  const std::string_view target(from.target().data(), from.target().size());
  const size_t question = std::min(target.find('?'), target.size());
  request.path = std::string(target.substr(0, question));
  if (question < target.size()) {
    PENSTOCK_ASSIGN_OR_RETURN(request.query, ParseQuery(target.substr(question + 1)));
  }
  for (const auto& field : from) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers[std::move(name)] = std::string(field.value());
  }
  request.body = std::move(from.body());
  request.peer = std::move(peer);
  return request;
}

/// One connection, on a strand of its own; alive while something is pending on it.
template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... Arguments>
  Connection(std::shared_ptr<Shared> shared, std::string peer, Arguments&&... arguments)
      : shared_(std::move(shared)),
        peer_(std::move(peer)),
        stream_(std::forward<Arguments>(arguments)...),
        timer_(stream_.get_executor()) {}

  void Run() {
    if constexpr (std::is_same_v<Stream, beast::ssl_stream<beast::tcp_stream>>) {
      ExpireLater();
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code error) {
                                if (!error) self->Read();
                              });
    } else {
      Read();
    }
  }

 private:
  void ExpireLater() {
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(shared_->options.num_idle_seconds));
  }

  void Read() {
    parser_.emplace();
    parser_->body_limit(shared_->options.max_body_bytes);
    parser_->header_limit(kMaxHeaderBytes);
    ExpireLater();
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](error_code error, size_t) { self->OnHeader(error); });
  }

  void OnHeader(error_code error) {
    if (error) return OnReadError(error);
    // curl waits for this before it sends a long body.
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      auto go_on = std::make_shared<http::response<http::empty_body>>(http::status::continue_,
                                                                      parser_->get().version());
      http::async_write(stream_, *go_on, [self = this->shared_from_this(), go_on](error_code failed, size_t) {
        if (!failed) self->ReadBody();
      });
      return;
    }
    ReadBody();
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](error_code error, size_t) { self->OnRequest(error); });
  }

  void OnReadError(error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout ||
        error == asio::error::connection_reset || error == asio::error::operation_aborted)
      return Close();
    keeps_alive_ = false;
    if (error == http::error::body_limit) {
      HttpResponse response = ErrorResponse(
          InvalidArgument("The request is larger than {} bytes", shared_->options.max_body_bytes));
      response.status = 413;
      return Send(std::move(response));
    }
    Send(ErrorResponse(InvalidArgument("This is no HTTP request: {}", error.message())));
  }

  void OnRequest(error_code error) {
    if (error) return OnReadError(error);
    http::request<http::string_body> message = parser_->release();
    keeps_alive_ = message.keep_alive() && !shared_->is_stopping;
    is_head_ = message.method() == http::verb::head;
    version_ = message.version();
    const Result<HttpRequest> request = Translate(message, peer_);
    // A request in work keeps no clock: some work takes its time.
    beast::get_lowest_layer(stream_).expires_never();
    ++shared_->num_requests_in_work;
    HttpResponse response = request.ok() ? shared_->handler(*request) : ErrorResponse(request.status());
    --shared_->num_requests_in_work;
    Send(std::move(response));
  }

  void SetHeaders(http::fields& to, const HttpResponse& from) {
    to.set(http::field::server, "penstock");
    to.set(http::field::content_type, from.content_type);
    to.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : from.headers) to.set(name, value);
  }

  void Send(HttpResponse from) {
    if (from.stream != nullptr) return SendStream(std::move(from));
    auto message =
        std::make_shared<http::response<http::string_body>>(static_cast<http::status>(from.status), version_);
    SetHeaders(*message, from);
    message->keep_alive(keeps_alive_);
    message->body() = std::move(from.body);
    message->prepare_payload();
    if (is_head_) message->body().clear();
    ExpireLater();
    http::async_write(stream_, *message,
                      [self = this->shared_from_this(), message](error_code error, size_t) {
                        if (error) return;
                        if (self->keeps_alive_) {
                          self->Read();
                        } else {
                          self->Close();
                        }
                      });
  }

  void SendStream(HttpResponse from) {
    streamed_ = from.stream;
    keeps_alive_ = false;
    auto message =
        std::make_shared<http::response<http::empty_body>>(static_cast<http::status>(from.status), version_);
    SetHeaders(*message, from);
    message->set(http::field::cache_control, "no-cache");
    message->keep_alive(false);
    message->chunked(true);
    auto serializer = std::make_shared<http::response_serializer<http::empty_body>>(*message);
    ExpireLater();
    http::async_write_header(
        stream_, *serializer,
        [self = this->shared_from_this(), message, serializer](error_code error, size_t) {
          if (!error) self->SendNextChunk();
        });
  }

  void SendNextChunk() {
    const Result<BodyStream::Chunk> chunk = streamed_->Next();
    if (!chunk.ok()) return Close();  // Cut off before its last chunk: the reader sees that it is not whole.
    const bool is_last = chunk->is_last || shared_->is_stopping;
    if (chunk->data.empty() && is_last) return EndStream();
    if (chunk->data.empty()) {
      timer_.expires_after(std::chrono::milliseconds(kStreamPollMillis));
      timer_.async_wait([self = this->shared_from_this()](error_code error) {
        if (!error) self->SendNextChunk();
      });
      return;
    }
    auto data = std::make_shared<std::string>(chunk->data);
    ExpireLater();
    asio::async_write(stream_, http::make_chunk(asio::buffer(*data)),
                      [self = this->shared_from_this(), data, is_last](error_code error, size_t) {
                        if (error) return;
                        beast::get_lowest_layer(self->stream_).expires_never();
                        if (is_last) {
                          self->EndStream();
                        } else {
                          self->SendNextChunk();
                        }
                      });
  }

  void EndStream() {
    asio::async_write(stream_, http::make_chunk_last(),
                      [self = this->shared_from_this()](error_code, size_t) { self->Close(); });
  }

  void Close() {
    error_code ignored;
    beast::get_lowest_layer(stream_).socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  // All of the connection's strand.
  std::shared_ptr<Shared> shared_;
  std::string peer_;
  Stream stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::shared_ptr<BodyStream> streamed_;
  unsigned version_ = 11;
  bool keeps_alive_ = false;
  bool is_head_ = false;
};

class BeastServer : public HttpServer {
 public:
  BeastServer(const HttpServerOptions& options, Handler handler)
      : shared_(std::make_shared<Shared>()),
        context_(options.num_threads),
        acceptor_(asio::make_strand(context_)) {
    shared_->options = options;
    shared_->handler = std::move(handler);
  }
  ~BeastServer() override { Stop(0); }

  Status Listen() {
    const HttpServerOptions& options = shared_->options;
    if (!options.certificate_path.empty()) PENSTOCK_RETURN_IF_ERROR(LoadCertificate());
    error_code error;
    const auto address =
        asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
    if (error) return InvalidArgument("'{}' is no IP address to listen on", options.host);
    const tcp::endpoint endpoint(address, static_cast<uint16_t>(options.port));
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Unavailable("Cannot listen on {}:{}: {}", options.host, options.port, error.message());
    port_ = acceptor_.local_endpoint().port();
    asio::post(acceptor_.get_executor(), [this] { Accept(); });
    for (int i = 0; i < options.num_threads; ++i) threads_.emplace_back([this] { context_.run(); });
    return OkStatus();
  }

  int port() const override { return port_; }

  void Stop(int64_t drain_millis) override {
    if (is_stopped_.exchange(true)) return;
    shared_->is_stopping = true;
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(drain_millis);
    while (shared_->num_requests_in_work > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    // What was answered is on its way within this moment.
    if (drain_millis > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  Status LoadCertificate() {
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
    error_code error;
    tls_->use_certificate_chain_file(shared_->options.certificate_path, error);
    if (error)
      return NotFound("Cannot read the certificate {}: {}", shared_->options.certificate_path,
                      error.message());
    tls_->use_private_key_file(shared_->options.private_key_path, asio::ssl::context::pem, error);
    if (error)
      return NotFound("Cannot read the private key {}: {}", shared_->options.private_key_path,
                      error.message());
    return OkStatus();
  }

  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_), [this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (error) {
        // No file descriptor is left, as a rule: connections end, then it goes on.
        logging::Warning("cannot accept a connection", {{"error", error.message()}});
        auto timer =
            std::make_shared<asio::steady_timer>(acceptor_.get_executor(), std::chrono::milliseconds(50));
        timer->async_wait([this, timer](error_code) { Accept(); });
        return;
      }
      Serve(std::move(socket));
      Accept();
    });
  }

  void Serve(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto endpoint = socket.remote_endpoint(ignored);
    std::string peer = ignored ? std::string() : endpoint.address().to_string();
    auto executor = socket.get_executor();
    if (tls_.has_value()) {
      auto connection = std::make_shared<Connection<beast::ssl_stream<beast::tcp_stream>>>(
          shared_, std::move(peer), beast::tcp_stream(std::move(socket)), *tls_);
      asio::dispatch(executor, [connection] { connection->Run(); });
    } else {
      auto connection =
          std::make_shared<Connection<beast::tcp_stream>>(shared_, std::move(peer), std::move(socket));
      asio::dispatch(executor, [connection] { connection->Run(); });
    }
  }

  std::shared_ptr<Shared> shared_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::vector<std::thread> threads_;
  std::atomic<bool> is_stopped_{false};
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options, Handler handler) {
  auto server = std::make_unique<BeastServer>(options, std::move(handler));
  PENSTOCK_RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace penstock::server
