#pragma once
// What simulated providers share: the script, the failure asked for, what was understood and what
// was refused. A provider of its own says how a request is read and how an answer is written.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// Why a request is refused.
struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Malformed unless `holds`.
inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw Malformed(otherwise);
}

class ScriptedServer : public SimulatedProvider {
 public:
  void answer(Script script) override {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
    failure_.reset();
  }
  /// Until the next `answer`.
  bool fail(ErrorKind kind) override {
    const std::lock_guard lock(mutex_);
    if (!error_reply(kind)) return false;
    failure_ = kind;
    failures_ = -1;
    return true;
  }
  /// For that many requests.
  void fail(ErrorKind kind, int times) {
    const std::lock_guard lock(mutex_);
    failure_ = kind;
    failures_ = times;
  }
  void deliver(std::function<void(Reply&)> how) override {
    const std::lock_guard lock(mutex_);
    deliver_ = std::move(how);
  }
  Seen seen() const override {
    const std::lock_guard lock(mutex_);
    if (!seen_) throw std::logic_error("the provider has seen no request");
    return *seen_;
  }
  std::vector<std::string> refused() const override {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  RawServer& server() override { return *server_; }

 protected:
  /// To be called last by the constructor and first by the destructor of the provider.
  void start() {
    server_ = std::make_unique<RawServer>([this](const Request& request) {
      const std::lock_guard lock(mutex_);
      if (is_authorized(request))
        if (std::optional<Reply> greeting = greet(request, failing())) return *greeting;
      Reply reply = handle(request);
      if (deliver_) deliver_(reply);
      return reply;
    });
  }
  void stop() { server_.reset(); }

  /// Answers a request whose key is right; throws Malformed.
  virtual Reply respond(const Request& request) = 0;
  /// How the vendor reports that kind of error; nothing when it has none.
  virtual std::optional<Reply> error_reply(ErrorKind kind) const = 0;
  virtual Reply malformed_reply(const std::string& why) const = 0;
  virtual bool is_authorized(const Request& request) const = 0;
  /// Answers what is no question yet (the opening of a WebSocket, a pong), as it is and whole.
  virtual std::optional<Reply> greet(const Request& request, std::optional<ErrorKind> failing) {
    static_cast<void>(request), static_cast<void>(failing);
    return std::nullopt;
  }

  const Script& script() const { return script_; }
  void understood(Seen seen) { seen_ = std::move(seen); }

 private:
  std::optional<ErrorKind> failing() const { return failures_ != 0 ? failure_ : std::nullopt; }

  Reply handle(const Request& request) {
    if (!is_authorized(request)) return *error_reply(ErrorKind::authentication);
    if (failing()) {
      if (failures_ > 0) --failures_;
      return *error_reply(*failure_);
    }
    try {
      return respond(request);
    } catch (const std::exception& error) {  // Malformed, or what is no JSON of the right shape
      refused_.push_back(error.what());
      return malformed_reply(error.what());
    }
  }

  mutable std::mutex mutex_;
  Script script_;
  std::optional<ErrorKind> failure_;
  int failures_ = -1;
  std::function<void(Reply&)> deliver_;
  std::optional<Seen> seen_;
  std::vector<std::string> refused_;
  std::unique_ptr<RawServer> server_;
};

}  // namespace lian::test
