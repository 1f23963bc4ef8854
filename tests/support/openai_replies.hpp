#pragma once
// The replies of an OpenAI-compatible provider as pure functions: request in, bytes out.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_message.hpp"

namespace lian::test {

struct ScriptedCall {
  std::string name;
  std::string arguments;  ///< JSON text, sent as it is
};

/// What the model says: text in pieces, tool calls, or a refusal.
struct Answer {
  std::vector<std::string> pieces;
  std::vector<ScriptedCall> calls;
  std::string refusal;
  std::string finish_reason = "stop";
};

/// Pieces of two code points each; never inside a UTF-8 sequence.
std::vector<std::string> pieces_of(std::string_view text);

/// The `data:` payloads of a streamed reply, "[DONE]" included.
std::vector<std::string> chat_events(const nlohmann::json& request, const Answer& answer, int id);
Reply chat_stream(const nlohmann::json& request, const Answer& answer, int id);
Reply chat_reply(const nlohmann::json& request, const Answer& answer, int id);

/// A unit vector that depends on the text alone; texts that share words lie closer.
std::vector<float> embed(std::string_view text, std::size_t dimensions);
/// One vector an input, in an order that is not the input's: a client must read `index`.
Reply embeddings_reply(const nlohmann::json& request, std::size_t dimensions);

struct ErrorBody {
  std::string message;
  std::string type = "invalid_request_error";
  std::string param;
  std::string code;
};

std::string error_body(const ErrorBody& error);
Reply error_reply(int status, const ErrorBody& error);

/// A value that a JSON Schema accepts (objects, arrays, enums, anyOf, $ref to $defs).
nlohmann::json sample_of(const nlohmann::json& schema, const nlohmann::json& root);

}  // namespace lian::test
