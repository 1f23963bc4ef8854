#pragma once
// What the server's loop and its two protocols know of each other. Internal to the test servers.

#include <memory>
#include <string>
#include <string_view>

#include "support/channel.hpp"
#include "support/http_message.hpp"

namespace lian::test {

/// The server as a connection sees it.
class Answerer {
 public:
  virtual ~Answerer() = default;
  /// Records the request, numbers it and asks the script.
  virtual Reply answer(Request request) = 0;
  virtual void problem(std::string text) = 0;
  virtual void sent(std::size_t bytes) = 0;
  virtual void replied() = 0;
  virtual void stalled(int change) = 0;
  virtual void streams(int change, int open_on_connection) = 0;
  virtual void stream_cancelled() = 0;
};

/// One connection's protocol. `false` means that the connection is over.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual bool receive(std::string_view bytes) = 0;
  /// Sends what is due.
  virtual bool advance(Clock::time_point now) = 0;
  /// When advance() has something to do without new input; time_point::max() for never.
  virtual Clock::time_point due() const = 0;
  virtual bool wants_write() const = 0;
  virtual void release() = 0;
};

std::unique_ptr<Connection> make_http1(Channel& channel, Answerer& answerer, int number,
                                       bool ignore_expect);
std::unique_ptr<Connection> make_http2(Channel& channel, Answerer& answerer, int number,
                                       unsigned max_concurrent_streams);

}  // namespace lian::test
