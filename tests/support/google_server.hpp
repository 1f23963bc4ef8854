#pragma once
// What the simulated providers of Google's three APIs share: the script, what was understood, the
// errors of google.rpc.Status. Each of the three checks and answers its own protocol.

#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// A request that breaks the vendor's rules; answered by 400 INVALID_ARGUMENT.
class GoogleRefusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class GoogleServer : public SimulatedProvider {
 public:
  ~GoogleServer() override;
  void answer(Script script) override;
  bool fail(ErrorKind kind) override;
  void deliver(std::function<void(Reply&)> how) override;
  Seen seen() const override;
  std::vector<std::string> refused() const override;
  RawServer& server() override { return *server_; }
  static std::string key() { return "key-of-the-simulation"; }

 protected:
  GoogleServer();
  /// To be called by the most derived class' destructor: no request comes after it.
  void stop() { server_.reset(); }

  virtual bool is_authorized(const Request& request) const = 0;
  /// The status and body of a missing or wrong key.
  virtual int wrong_key_status() const = 0;
  /// Answers a request that is authorized. `body` is null for a GET. Throws GoogleRefusal.
  virtual Reply respond(const Request& request, const nlohmann::json& body) = 0;

  Script script_;
  Seen seen_;
  bool has_seen_ = false;

 private:
  Reply handle(const Request& request);
  Reply answered(const Request& request);

  mutable std::mutex mutex_;
  std::optional<ErrorKind> failure_;
  std::function<void(Reply&)> delivery_;
  std::vector<std::string> refused_;
  std::unique_ptr<RawServer> server_;
};

/// An error body of google.rpc.Status.
std::string google_error_body(int code, const std::string& status, const std::string& message,
                              nlohmann::json details = nlohmann::json::array());

void google_require(bool holds, const std::string& what);
/// The value of a member that must be there.
const nlohmann::json& google_member(const nlohmann::json& object, const std::string& name);
/// Refuses members that are not in the list.
void google_only(const nlohmann::json& object, const std::vector<std::string>& names,
                 const std::string& where);
void google_number(const nlohmann::json& object, const std::string& name, double low, double high);
void google_texts(const nlohmann::json& object, const std::string& name, std::size_t most);

struct GooglePath {
  std::string model, verb, query;
};
/// "PREFIX/MODEL:VERB?QUERY", the model decoded; nothing for another path.
std::optional<GooglePath> google_path(const Request& request, const std::string& prefix);

/// Chunks as server-sent events with CRLF, or as one JSON array, as the query asks.
Reply google_stream(const std::vector<nlohmann::json>& chunks, const std::string& query);

std::unique_ptr<SimulatedProvider> make_gemini_server();
std::unique_ptr<SimulatedProvider> make_vertex_gemini_server();
std::unique_ptr<SimulatedProvider> make_palm_server();
std::unique_ptr<SimulatedProvider> make_vertex_palm_server();

}  // namespace lian::test
