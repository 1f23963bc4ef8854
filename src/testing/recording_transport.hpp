#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lian/core/http_transport.hpp"
#include "testing/recorded.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// The exchanges of a recording that is being made. Thread-safe.
class ExchangeLog {
 public:
  /// Notes a request; in order of the calls.
  std::size_t open(const HttpRequest& request);
  void head(std::size_t number, int status, const HttpHeaders& headers);
  void chunk(std::size_t number, const std::string& bytes);
  void end(std::size_t number);
  void fail(std::size_t number, const Error& error);
  /// What was recorded so far, without credentials.
  std::deque<RecordedExchange> exchanges() const;

 private:
  mutable std::mutex mutex_;
  std::deque<RecordedExchange> exchanges_;
  std::deque<std::vector<std::string>> secrets_;  // of each exchange's request
};

/// The recorded exchanges that a replay answers with. Thread-safe.
class ExchangeShelf {
 public:
  ExchangeShelf(std::string path, std::deque<RecordedExchange> exchanges);
  /// The next that answers the request. Throws Error{config}.
  const RecordedExchange& take(const HttpRequest& request);
  std::size_t unused() const;

 private:
  const std::string path_;
  const std::deque<RecordedExchange> exchanges_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::deque<const RecordedExchange*>> waiting_;
};

std::shared_ptr<HttpTransport> recording_transport(std::shared_ptr<HttpTransport> inner,
                                                   std::shared_ptr<ExchangeLog> log);
std::shared_ptr<HttpTransport> replaying_transport(std::shared_ptr<ExchangeShelf> shelf);

}  // namespace testing
}  // namespace v0
}  // namespace lian
