#pragma once
// Reads HTTP/1.1 requests from bytes that arrive in any pieces. Internal to the test servers.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "support/http_message.hpp"

namespace lian::test {

class RequestReader {
 public:
  /// The next whole request, or nothing until more bytes come. Throws std::runtime_error when the
  /// bytes are not a request.
  std::optional<Request> next();
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// What follows are the frames of a WebSocket, each a request of its own.
  void upgrade(std::string target) { upgraded_ = true, target_ = std::move(target); }
  /// True once for a head that asks "Expect: 100-continue" before its body.
  bool take_expectation();

 private:
  void read_head(std::size_t end);
  bool read_sized_body();
  bool read_chunked_body();
  Request take();
  std::optional<Request> next_frame();

  std::string buffer_;
  std::optional<Request> current_;
  std::size_t body_left_ = 0;
  bool chunked_ = false;
  bool expects_ = false;
  bool upgraded_ = false;
  std::string target_;  // of the opening
};

}  // namespace lian::test
