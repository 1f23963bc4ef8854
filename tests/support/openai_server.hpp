#pragma once
// A simulated OpenAI-compatible provider. It refuses what the real one refuses and answers chat,
// streams, tool calls, structured output, embeddings and the list of models.
//
//   OpenAiServer provider;
//   model.base_url(provider.url()).api_key(provider.key());
//   model.invoke("你好");                       // default_answer()
//   provider.set_tool_calls({{"add", R"({"a":1,"b":2})"}});
//
// The model's name asks for trouble:
//   fail-STATUS            fails always           fail-STATUS-N          fails N times, then
//   answers fail-STATUS-N-FORM     FORM is what it says about waiting: ms (the default:
//   retry-after-ms: 1),
//                          seconds (retry-after: 1), date (a date in the past), long (121 s), none
//   quota                  429 insufficient_quota
//   context-length         400 context_length_exceeded
//   html-gateway           502 with an HTML page
//   length, content-filter, refusal               that finish reason (a refusal finishes with stop)
//   stream-error           an error object after the first pieces of a stream
//   stream-cut, stream-reset, stream-stall        the stream ends after half its bytes in that way
//   stream-no-done         every event but [DONE]
//   tool-loop              calls tools even when it has just been given their results

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/openai_replies.hpp"
#include "support/raw_server.hpp"

namespace lian::test {

/// Sees a well-formed request first; a reply of its own takes the place of the simulation.
using OpenAiHook = std::function<std::optional<Reply>(const Request&, const nlohmann::json& body)>;

/// Every member function may be called from any thread.
class OpenAiServer {
 public:
  explicit OpenAiServer(ServerOptions options = ServerOptions());
  ~OpenAiServer();

  /// The base URL, "/v1" included.
  std::string url() const;
  /// The only key it accepts.
  static std::string key();
  /// Chinese, English and an emoji of several code points.
  static std::string default_answer();

  void set_answer(std::string text);
  /// The exact pieces of a streamed answer.
  void set_pieces(std::vector<std::string> pieces);
  /// What it calls when it is offered tools; without this, the first tool with sample arguments.
  void set_tool_calls(std::vector<ScriptedCall> calls);
  void set_hook(OpenAiHook hook);
  void set_dimensions(std::size_t dimensions);
  void add_model(std::string name);

  std::vector<Request> requests() const { return server_->requests(); }
  /// The JSON of the last request; throws std::logic_error when there is none.
  nlohmann::json last_body() const;
  /// Requests it refused as malformed. A test of a well-behaved client checks that it is empty.
  std::vector<std::string> refused() const;
  RawServer& server() { return *server_; }

 private:
  Reply handle(const Request& request);
  Reply answer_json(const Request& request, const nlohmann::json& body);
  Reply chat(const Request& request, const nlohmann::json& body);
  Reply streamed(const Request& request, const nlohmann::json& body, const Answer& answer) const;
  Answer answer_for(const nlohmann::json& body) const;
  std::vector<ScriptedCall> calls_for(const nlohmann::json& body) const;
  std::optional<Reply> trouble(const std::string& model);
  std::optional<Reply> planned_failure(const std::string& model);
  Reply models() const;
  Reply refuse(int status, const ErrorBody& error);

  mutable std::mutex mutex_;
  std::vector<std::string> models_{"gpt-4o-mini", "gpt-4o", "gpt-3.5-turbo",
                                   "text-embedding-3-small"};
  std::optional<std::vector<std::string>> pieces_;
  std::vector<ScriptedCall> calls_;
  OpenAiHook hook_;
  std::size_t dimensions_ = 1536;
  std::map<std::string, int> failures_;
  std::vector<std::string> refused_;
  std::unique_ptr<RawServer> server_;
};

}  // namespace lian::test
