#include "penstock/server/http_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/server/http_client.h"
#include "penstock/server/url_fetch.h"

namespace penstock::server {
namespace {

using testing::HasSubstr;

/// Three bits of a body, with silences between.
class SlowBody : public BodyStream {
 public:
  Result<Chunk> Next() override {
    ++num_asked_;
    if (num_asked_ % 2 == 0) return Chunk{};
    return Chunk{fmt::format("part {}\n", num_asked_), num_asked_ >= 5};
  }

 private:
  int num_asked_ = 0;
};

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = HttpServer::Start({.num_threads = 4, .max_body_bytes = 1000},
                                    [this](const HttpRequest& request) { return Answer(request); });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  HttpResponse Answer(const HttpRequest& request) {
    ++num_requests_;
    if (request.path == "/stream") {
      HttpResponse response{.content_type = "text/plain"};
      response.stream = std::make_shared<SlowBody>();
      return response;
    }
    if (request.path == "/error") return ErrorResponse(NotFound("nothing here"));
    return {.content_type = "text/plain",
            .body = request.method + " " + request.path + " " + request.Query("q") + " " +
                    request.Header("x-a") + " " + request.peer + " " + request.body};
  }
  std::string Url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
  }

  /// Sends bytes as they are; answers what comes back until the other side closes.
  std::string SendRaw(const std::string& bytes) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    ::shutdown(fd, SHUT_WR);
    std::string answer;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;)
      answer.append(buffer, static_cast<size_t>(size));
    ::close(fd);
    return answer;
  }

  std::unique_ptr<HttpServer> server_;
  std::atomic<int> num_requests_{0};
};

TEST_F(HttpServerTest, HandsOverMethodPathQueryHeadersAndBody) {
  const auto reply =
      CallHttp({.method = "POST", .url = Url("/a%2Fb?q=x%20y"), .body = "hello", .headers = {{"X-A", "v"}}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "POST /a%2Fb x y v 127.0.0.1 hello");
  const auto error = CallHttp({.url = Url("/error")});
  ASSERT_TRUE(error.ok()) << error.status();
  EXPECT_EQ(error->status, 404);
  EXPECT_THAT(error->body, HasSubstr("nothing here"));
}

TEST_F(HttpServerTest, SendsAStreamAsItComes) {
  std::vector<std::string> parts;
  HttpCall call{.url = Url("/stream")};
  call.on_data = [&](std::string_view data) {
    parts.emplace_back(data);
    return true;
  };
  const auto reply = CallHttp(call);
  ASSERT_TRUE(reply.ok()) << reply.status();
  std::string whole;
  for (const auto& part : parts) whole += part;
  EXPECT_EQ(whole, "part 1\npart 3\npart 5\n");
}

TEST_F(HttpServerTest, KeepsAConnectionForSeveralRequests) {
  const std::string answer = SendRaw(
      "GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("GET /one"));
  EXPECT_THAT(answer, HasSubstr("GET /two"));
  EXPECT_EQ(num_requests_, 2);
}

TEST_F(HttpServerTest, RefusesWhatIsTooLargeOrNoHttp) {
  const auto large = CallHttp({.method = "POST", .url = Url("/"), .body = std::string(1001, 'x')});
  if (large.ok()) {
    EXPECT_EQ(large->status, 413);
  } else {
    EXPECT_EQ(large.status().code(), StatusCode::kUnavailable);  // Closed while it was still being sent.
  }
  EXPECT_THAT(SendRaw("this is no HTTP\r\n\r\n"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(SendRaw("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"),
              HasSubstr("400 Bad Request"));
  EXPECT_THAT(SendRaw("GET /%zz?%z HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("400 Bad Request"));
  EXPECT_EQ(SendRaw(""), "");
  EXPECT_EQ(num_requests_, 0);
}

TEST_F(HttpServerTest, ServesManyAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> num_good{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        const auto reply = CallHttp({.url = Url("/")});
        if (reply.ok() && reply->status == 200) ++num_good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(num_good, 160);
}

TEST_F(HttpServerTest, AnswersNobodyAfterItsStop) {
  server_->Stop(100);
  const auto reply = CallHttp({.url = Url("/")});
  EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable);
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  const auto taken = HttpServer::Start({.port = server_->port()}, nullptr);
  EXPECT_EQ(taken.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(HttpServer::Start({.host = "nowhere"}, nullptr).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(HttpServer::Start({.certificate_path = "/none.pem", .private_key_path = "/none.pem"}, nullptr)
                .status()
                .code(),
            StatusCode::kNotFound);
}

TEST(HttpClientTest, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "ftp://x", "http://", "http://a b/", "http://[::1/", "http://user@host/"})
    EXPECT_EQ(CallHttp({.url = url}).status().code(), StatusCode::kInvalidArgument) << url;
  EXPECT_EQ(FetchUrl("http://169.254.169.254/latest/meta-data").status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(FetchUrl("file:///etc/passwd").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::server
