#pragma once
// A provider simulated over loopback sockets, as the conformance test sees each of them: told what
// to answer in neutral words, it checks what it is sent by its vendor's rules, answers in its
// vendor's protocol, and reports in neutral words what it understood.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/message.hpp"
#include "lian/model/registry.hpp"
#include "support/raw_server.hpp"

namespace lian::test {

/// What the provider is to answer.
struct Script {
  struct Call {
    std::string name, arguments;  // JSON text of an object
  };
  std::vector<std::string> pieces{"Hello", ", ", "world"};
  std::string reasoning;
  std::vector<Call> calls;
  FinishReason finish = FinishReason::stop;  // stop, length or content_filter
  std::string refusal;                       // where the vendor has refusals
  int input_tokens = 11, output_tokens = 7, cached_tokens = 0, reasoning_tokens = 0;
};

/// What the provider understood of the last request.
struct Seen {
  struct Turn {
    std::string role;  // "user", "assistant" or "tool"
    std::string text;
    int images = 0;
    std::vector<Script::Call> calls;      // of an assistant
    std::vector<std::string> results;     // of tools, in order
  };
  std::string model, system;  // system: all of it, wherever it stood
  std::vector<Turn> turns;    // without the system's
  std::optional<double> temperature, top_p;
  std::optional<int> max_tokens;
  std::vector<std::string> stop, tools;  // tools: their names
  std::string tool_choice;               // "", "auto", "none", "required" or a tool's name
  nlohmann::json schema;                 // the JSON schema the reply must have; null without
  bool json_object = false, stream = false, thinking = false;
};

class SimulatedProvider {
 public:
  virtual ~SimulatedProvider() = default;
  /// The name in lian's registry.
  virtual std::string provider() const = 0;
  /// A model of it that reaches this server with the right key (and secrets).
  virtual ChatModel model(ModelConfig config = ModelConfig()) = 0;
  /// The one that is shown images.
  virtual ChatModel seeing_model() { return model(); }
  /// The same with a wrong key.
  virtual ChatModel model_with_wrong_key() = 0;
  virtual std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) = 0;

  /// What to answer from now on; usable from any thread, as all of these.
  virtual void answer(Script script) = 0;
  /// Answers as the vendor does when the kind of error occurs: authentication, permission,
  /// not_found, rate_limited, quota, overloaded, server, invalid_request, context_length,
  /// content_filter. False when the vendor has no such error.
  virtual bool fail(ErrorKind kind) = 0;
  /// How the bytes of an answer travel: e.g. slices of one byte, a cut. Applied to every Reply.
  virtual void deliver(std::function<void(Reply&)> how) = 0;

  /// What it understood of the last request; throws std::logic_error before the first.
  virtual Seen seen() const = 0;
  /// Requests it refused as malformed, with the reason. Empty for a well-behaved client.
  virtual std::vector<std::string> refused() const = 0;
  virtual RawServer& server() = 0;
};

}  // namespace lian::test
