#pragma once

#include <sys/types.h>

#include <string>

namespace penstock::tests {

/// An S3 server of a test program's own (moto, which tools/setup_s3_server.sh unpacks), with one empty
/// bucket. It ends with the object, or with the program. Not thread-safe.
class S3Server {
 public:
  /// Why there can be none; "" where there can.
  static std::string WhyMissing();

  /// Starts it and has AWS_ENDPOINT_URL and credentials in the environment lead there.
  explicit S3Server(const std::string& bucket);
  ~S3Server();
  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;

  /// "" once it answers; else what went wrong.
  const std::string& problem() const { return problem_; }

 private:
  pid_t server_ = -1;
  int input_ = -1;  // The server ends when this is closed.
  std::string problem_;
};

}  // namespace penstock::tests
