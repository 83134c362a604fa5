#include "penstock/server/http_client.h"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "penstock/server/url_fetch.h"

namespace penstock::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

struct UrlParts {
  bool is_tls = false;
  std::string host, port, target;
};

Result<UrlParts> ParseUrl(const std::string& url) {
  UrlParts parts;
  std::string_view rest = url;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    parts.is_tls = true;
  } else {
    return InvalidArgument("'{}' is no URL that begins with http:// or https://", url);
  }
  for (const char c : rest)
    if (static_cast<unsigned char>(c) <= ' ') return InvalidArgument("The URL '{}' has a space in it", url);
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  parts.target = std::string(rest.substr(end));
  if (parts.target.empty() || parts.target[0] != '/') parts.target = "/" + parts.target;
  size_t colon = authority.rfind(':');
  if (authority.starts_with("[")) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return InvalidArgument("The URL '{}' has no host", url);
    parts.host = std::string(authority.substr(1, close - 1));
    colon = close + 1 < authority.size() && authority[close + 1] == ':' ? close + 1 : std::string_view::npos;
  } else {
    parts.host = std::string(authority.substr(0, colon));
  }
  parts.port = colon == std::string_view::npos ? (parts.is_tls ? "443" : "80")
                                               : std::string(authority.substr(colon + 1));
  if (parts.host.empty() || parts.host.find('@') != std::string::npos)
    return InvalidArgument("The URL '{}' has no host", url);
  return parts;
}

bool IsLinkLocal(const asio::ip::address& address) {
  if (address.is_v6()) {
    const auto v6 = address.to_v6();
    if (!v6.is_v4_mapped()) return v6.is_link_local();
    return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_uint() >> 16 == 0xA9FE;
  }
  return address.to_v4().to_uint() >> 16 == 0xA9FE;
}

/// One call over one connection.
class Caller {
 public:
  explicit Caller(const HttpCall& call) : call_(call) {}

  Result<HttpReply> Run() {
    PENSTOCK_ASSIGN_OR_RETURN(url_, ParseUrl(call_.url));
    PENSTOCK_ASSIGN_OR_RETURN(const auto addresses, Resolve());
    if (!url_.is_tls) {
      beast::tcp_stream stream(context_);
      PENSTOCK_RETURN_IF_ERROR(Connect(stream, addresses));
      return Exchange(stream);
    }
    asio::ssl::context tls(asio::ssl::context::tls_client);
    error_code error;
    if (call_.trusted_certificates_path.empty()) {
      tls.set_default_verify_paths(error);
    } else {
      tls.load_verify_file(call_.trusted_certificates_path, error);
    }
    if (error) return NotFound("Cannot read trusted certificates: {}", error.message());
    beast::ssl_stream<beast::tcp_stream> stream(context_, tls);
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.set_verify_callback(asio::ssl::host_name_verification(url_.host));
    SSL_set_tlsext_host_name(stream.native_handle(), url_.host.c_str());
    PENSTOCK_RETURN_IF_ERROR(Connect(stream.next_layer(), addresses));
    stream.next_layer().expires_after(Timeout());
    error = Await([&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
    if (error) return Unavailable("No trusted connection to {}: {}", call_.url, error.message());
    return Exchange(stream);
  }

 private:
  std::chrono::seconds Timeout() const { return std::chrono::seconds(call_.num_timeout_seconds); }

  template <class Begin>
  error_code Await(Begin&& begin) {
    error_code result;
    begin([&result](error_code error, auto&&...) { result = error; });
    context_.restart();
    context_.run();
    return result;
  }

  Result<std::vector<tcp::endpoint>> Resolve() {
    tcp::resolver resolver(context_);
    error_code error;
    const auto found = resolver.resolve(url_.host, url_.port, error);
    if (error) return Unavailable("There is no host '{}': {}", url_.host, error.message());
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : found) {
      if (call_.is_link_local_refused && IsLinkLocal(entry.endpoint().address()))
        return InvalidArgument("The URL {} leads to a link-local address, which is not asked", call_.url);
      endpoints.push_back(entry.endpoint());
    }
    return endpoints;
  }

  Status Connect(beast::tcp_stream& stream, const std::vector<tcp::endpoint>& endpoints) {
    stream.expires_after(Timeout());
    const error_code error = Await([&](auto done) { stream.async_connect(endpoints, done); });
    if (error) return Unavailable("Nobody answers at {}: {}", call_.url, error.message());
    return OkStatus();
  }

  template <class Stream>
  Result<HttpReply> Exchange(Stream& stream) {
    http::request<http::string_body> request(http::string_to_verb(call_.method), url_.target, 11);
    request.set(http::field::host, url_.host + ":" + url_.port);
    request.set(http::field::user_agent, "penstock");
    request.keep_alive(false);
    for (const auto& [name, value] : call_.headers) request.set(name, value);
    request.body() = call_.body;
    request.prepare_payload();
    beast::get_lowest_layer(stream).expires_after(Timeout());
    error_code error = Await([&](auto done) { http::async_write(stream, request, done); });
    if (error) return Unavailable("The connection to {} broke: {}", call_.url, error.message());
    http::response_parser<http::string_body> parser;
    parser.body_limit(call_.max_answer_bytes);
    beast::flat_buffer buffer;
    error = Await([&](auto done) { http::async_read_header(stream, buffer, parser, done); });
    HttpReply reply{.status = static_cast<int>(parser.get().result_int())};
    const bool streams = call_.on_data && reply.status == 200;
    while (!error && !parser.is_done()) {
      beast::get_lowest_layer(stream).expires_after(Timeout());
      error = Await([&](auto done) { http::async_read_some(stream, buffer, parser, done); });
      if (!streams || parser.get().body().empty()) continue;
      if (!call_.on_data(parser.get().body())) return reply;
      parser.get().body().clear();
    }
    if (error == http::error::body_limit)
      return InvalidArgument("The answer of {} is larger than {} bytes", call_.url, call_.max_answer_bytes);
    if (error) return Unavailable("The connection to {} broke: {}", call_.url, error.message());
    reply.body = std::move(parser.get().body());
    return reply;
  }

  const HttpCall& call_;
  asio::io_context context_;
  UrlParts url_;
};

}  // namespace

Result<HttpReply> CallHttp(const HttpCall& call) { return Caller(call).Run(); }

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

Result<std::string> FetchUrl(const std::string& url) {
  constexpr uint64_t kMaxBytes = 32 << 20;
  constexpr int kTimeoutSeconds = 10;
  PENSTOCK_ASSIGN_OR_RETURN(HttpReply reply, CallHttp({.url = url,
                                                       .num_timeout_seconds = kTimeoutSeconds,
                                                       .max_answer_bytes = kMaxBytes,
                                                       .is_link_local_refused = true}));
  if (reply.status != 200)
    return InvalidArgument("Failed to fetch pipeline spec with url: {}. Request returned {}", url,
                           reply.status);
  return std::move(reply.body);
}

}  // namespace penstock::server
