#include "support/qwen_server.hpp"

#include "support/openai_replies.hpp"
#include "support/qwen_checks.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

constexpr const char* request_id = "b1e3f447-1e25-9e5e-8dda-9a85aed402b6";

struct VendorError {
  int status;
  const char* code;
  const char* message;
};

std::optional<VendorError> vendor_error(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::authentication:
      return VendorError{401, "InvalidApiKey", "Invalid API-key provided."};
    case ErrorKind::permission:
      return VendorError{403, "AccessDenied.Unpurchased", "Access to model denied."};
    case ErrorKind::not_found:
      return VendorError{404, "ModelNotFound", "Model can not be found."};
    case ErrorKind::rate_limited:
      return VendorError{429, "Throttling.RateQuota", "Requests rate limit exceeded."};
    case ErrorKind::quota:
      return VendorError{400, "Arrearage", "Please make sure your account is in good standing."};
    case ErrorKind::overloaded:
      return VendorError{503, "ModelUnavailable", "Model is unavailable, please try again later."};
    case ErrorKind::server:
      return VendorError{500, "InternalError.Algo", "An internal error has occured."};
    case ErrorKind::invalid_request:
      return VendorError{400, "InvalidParameter", "Temperature should be in [0.0, 2.0)"};
    case ErrorKind::context_length:
      return VendorError{400, "InvalidParameter", "Range of input length should be [1, 30720]"};
    case ErrorKind::content_filter:
      return VendorError{400, "DataInspectionFailed",
                         "Input data may contain inappropriate content."};
    default:
      return std::nullopt;
  }
}

Reply error_of(const VendorError& error) {
  const json body{{"code", error.code}, {"message", error.message}, {"request_id", request_id}};
  return Reply::json(error.status, body.dump());
}

json usage_of(const Script& script) {
  return {{"input_tokens", script.input_tokens},
          {"output_tokens", script.output_tokens},
          {"total_tokens", script.input_tokens + script.output_tokens},
          {"prompt_tokens_details", {{"cached_tokens", script.cached_tokens}}},
          {"output_tokens_details", {{"reasoning_tokens", script.reasoning_tokens}}}};
}

std::string finish_of(const Script& script) {
  if (!script.calls.empty()) return "tool_calls";
  if (script.finish == FinishReason::length) return "length";
  return script.finish == FinishReason::content_filter ? "content_filter" : "stop";
}

json content_of(const std::string& text, bool multimodal) {
  if (!multimodal) return text;
  return text.empty() ? json::array() : json::array({{{"text", text}}});
}

json fragment(std::size_t index, const std::string& id, const std::string& name,
              const std::string& arguments) {
  json function{{"arguments", arguments}};
  if (!name.empty()) function["name"] = name;
  return {{"index", index}, {"id", id}, {"type", "function"}, {"function", function}};
}

std::string call_id(std::size_t index) { return "call_qwen" + std::to_string(index); }

// What one event says; in events of whole texts so far each adds to the one before.
struct State {
  std::string text, reasoning;
  json calls = json::array();
};

std::vector<State> states_of(const Script& script, bool incremental) {
  std::vector<State> states;
  State sum;
  const auto emit = [&](const State& delta) {
    sum.text += delta.text;
    sum.reasoning += delta.reasoning;
    for (const json& call : delta.calls) {
      const std::size_t index = call["index"];
      if (index == sum.calls.size()) {
        sum.calls.push_back(call);
        continue;
      }
      json& arguments = sum.calls[index]["function"]["arguments"];
      arguments = arguments.get<std::string>() + call["function"]["arguments"].get<std::string>();
    }
    states.push_back(incremental ? delta : sum);
  };
  for (const std::string& piece : pieces_of(script.reasoning)) emit({"", piece, json::array()});
  if (script.calls.empty())
    for (const std::string& piece : script.pieces) emit({piece, "", json::array()});
  for (std::size_t i = 0; i < script.calls.size(); ++i) {
    emit({"", "", json::array({fragment(i, call_id(i), script.calls[i].name, "")})});
    for (const std::string& piece : pieces_of(script.calls[i].arguments))
      emit({"", "", json::array({fragment(i, "", "", piece)})});
  }
  emit({});
  return states;
}

json message_of(const State& state, bool multimodal) {
  json message{{"role", "assistant"}, {"content", content_of(state.text, multimodal)}};
  if (!state.reasoning.empty()) message["reasoning_content"] = state.reasoning;
  if (!state.calls.empty()) message["tool_calls"] = state.calls;
  return message;
}

json reply_of(const json& message, const std::string& finish, const Script& script) {
  const json choice{{"message", message}, {"finish_reason", finish}};
  return {{"output", {{"choices", json::array({choice})}}},
          {"usage", usage_of(script)},
          {"request_id", request_id}};
}

std::string stream_of(const Script& script, bool incremental, bool multimodal) {
  std::string stream;
  const std::vector<State> states = states_of(script, incremental);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::string finish = i + 1 == states.size() ? finish_of(script) : "null";
    stream += "id:" + std::to_string(i + 1) + "\nevent:result\n:HTTP_STATUS/200\ndata:" +
              reply_of(message_of(states[i], multimodal), finish, script).dump() + "\n\n";
  }
  return stream;
}

Reply embeddings_of(const json& body) {
  const json& texts = body["input"]["texts"];
  const std::size_t width = body["parameters"].value("dimension", 1024);
  json rows = json::array();
  for (std::size_t left = texts.size(); left > 0; --left)
    rows.push_back({{"text_index", left - 1},
                    {"embedding", embed(texts[left - 1].get<std::string>(), width)}});
  return Reply::json(200, json{{"output", {{"embeddings", rows}}},
                               {"usage", {{"total_tokens", texts.size()}}},
                               {"request_id", request_id}}
                              .dump());
}

}  // namespace

QwenServer::QwenServer() { start(); }
QwenServer::~QwenServer() { stop(); }

ChatModel QwenServer::model(ModelConfig config) {
  return chat_model("qwen:qwen-plus", config.base_url(url()).api_key(key()));
}

ChatModel QwenServer::model_with_wrong_key() {
  return chat_model("qwen:qwen-plus", ModelConfig().base_url(url()).api_key("sk-wrong-key-1234"));
}

std::optional<EmbeddingModel> QwenServer::embeddings(ModelConfig config) {
  return embedding_model("qwen:text-embedding-v4", config.base_url(url()).api_key(key()));
}

bool QwenServer::is_authorized(const Request& request) const {
  return request.header("Authorization") == "Bearer " + key();
}

std::optional<Reply> QwenServer::error_reply(ErrorKind kind) const {
  const auto error = vendor_error(kind);
  return error ? std::optional(error_of(*error)) : std::nullopt;
}

Reply QwenServer::malformed_reply(const std::string& why) const {
  return error_of({400, "InvalidParameter", why.c_str()});
}

Reply QwenServer::respond(const Request& request) {
  const std::string path = request.path();
  if (request.method == "GET" && path == "/compatible-mode/v1/models")
    return Reply::json(200, R"({"object":"list","data":[{"id":"qwen-plus","object":"model"}]})");
  require(request.method == "POST", "only POST is taken");
  require(request.header("Content-Type").rfind("application/json", 0) == 0, "not JSON");
  if (path == "/api/v1/services/aigc/text-generation/generation") return generate(request, false);
  if (path == "/api/v1/services/aigc/multimodal-generation/generation")
    return generate(request, true);
  require(path == "/api/v1/services/embeddings/text-embedding/text-embedding",
          "unknown path: " + path);
  const json body = json::parse(request.body);
  check_text_embedding(body);
  return embeddings_of(body);
}

Reply QwenServer::generate(const Request& request, bool multimodal) {
  const json body = json::parse(request.body);
  check_generation(body, multimodal);
  const bool stream = request.header("X-DashScope-SSE") == "enable" ||
                      request.header("Accept") == "text/event-stream";
  understood(seen_by_qwen(body, stream));
  const json parameters = body.value("parameters", json::object());
  if (stream)
    return Reply::event_stream(
        stream_of(script(), parameters.value("incremental_output", false), multimodal));
  const json whole = reply_of(message_of(states_of(script(), false).back(), multimodal),
                              finish_of(script()), script());
  return Reply::json(200, whole.dump());
}

std::unique_ptr<SimulatedProvider> make_qwen_server() { return std::make_unique<QwenServer>(); }

}  // namespace lian::test
