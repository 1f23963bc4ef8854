#pragma once
// What a server has seen, shared between its thread and the test. Internal to the test servers.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/raw_server.hpp"

namespace lian::test {

class ServerLog {
 public:
  /// Numbers and keeps the request.
  void add(Request& request) {
    change([&](ServerCounts& counts) {
      const bool frame = request.method == "TEXT" || request.method == "CLOSE" ||
                         request.method == "PING" || request.method == "PONG";
      request.number = frame ? counts.requests : ++counts.requests;
      if (frame) ++counts.frames;
      requests_.push_back(request);
    });
  }

  void problem(std::string text) {
    change([&](ServerCounts&) { problems_.push_back(std::move(text)); });
  }

  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
    changed_.notify_all();
  }

  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::vector<std::string> problems() const {
    const std::lock_guard lock(mutex_);
    return problems_;
  }

  ServerCounts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

  bool wait_until(const std::function<bool(const ServerCounts&)>& condition,
                  Milliseconds limit) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return condition(counts_); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  ServerCounts counts_;
  std::vector<Request> requests_;
  std::vector<std::string> problems_;
};

}  // namespace lian::test
