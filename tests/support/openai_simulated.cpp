#include "support/openai_simulated.hpp"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "support/openai_checks.hpp"
#include "support/openai_replies.hpp"

namespace lian::test {
namespace {

ErrorBody saying(std::string message) {
  ErrorBody body;
  body.message = std::move(message);
  return body;
}

using nlohmann::json;

constexpr const char* key = "sk-simulated-0123456789";

std::string text_of(const json& content) {
  if (content.is_string()) return content;
  std::string text;
  if (content.is_array())
    for (const json& part : content)
      if (part.contains("text")) text += part["text"].get<std::string>();
  return text;
}

int images_in(const json& content) {
  int images = 0;
  if (content.is_array())
    for (const json& part : content) {
      const std::string type = part.value("type", "");
      images += type == "image_url" || type == "input_image" ? 1 : 0;
    }
  return images;
}

std::string choice_of(const json& body) {
  if (!body.contains("tool_choice")) return "";
  const json& choice = body["tool_choice"];
  if (choice.is_string()) return choice == "any" ? "required" : choice.get<std::string>();
  return choice.contains("function") ? choice["function"]["name"] : choice["name"];
}

template <class T>
std::optional<T> number(const json& body, const char* name) {
  if (!body.contains(name)) return std::nullopt;
  return body[name].get<T>();
}

struct Failure {
  int status;
  ErrorBody body;
};

std::optional<Failure> failure_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::authentication:
      return Failure{401, {"Incorrect API key provided", "invalid_request_error", "",
                           "invalid_api_key"}};
    case ErrorKind::permission:
      return Failure{403, {"Country, region, or territory not supported", "request_forbidden", "",
                           "unsupported_country_region_territory"}};
    case ErrorKind::not_found:
      return Failure{404, {"The model does not exist", "invalid_request_error", "",
                           "model_not_found"}};
    case ErrorKind::rate_limited:
      return Failure{429, {"Rate limit reached", "requests", "", "rate_limit_exceeded"}};
    case ErrorKind::quota:
      return Failure{429, {"You exceeded your current quota", "insufficient_quota", "",
                           "insufficient_quota"}};
    case ErrorKind::overloaded:
      return Failure{503, {"The server is overloaded", "server_error", "",
                           "server_is_overloaded"}};
    case ErrorKind::server:
      return Failure{500, {"The server had an error", "server_error", "", ""}};
    case ErrorKind::invalid_request:
      return Failure{400, {"Invalid value", "invalid_request_error", "temperature",
                           "invalid_value"}};
    case ErrorKind::context_length:
      return Failure{400, {"This model's maximum context length is 8192 tokens, but 9001 were sent",
                           "invalid_request_error", "messages", "context_length_exceeded"}};
    case ErrorKind::content_filter:
      return Failure{400, {"The prompt was filtered", "invalid_request_error", "prompt",
                           "content_filter"}};
    default:
      return std::nullopt;
  }
}

// What both protocols share; one protocol each below.
class Simulated : public SimulatedProvider {
 public:
  Simulated(std::string provider, std::string example)
      : provider_(std::move(provider)),
        example_(std::move(example)),
        server_(std::make_unique<RawServer>(
            [this](const Request& request) { return handle(request); })) {}

  std::string provider() const override { return provider_; }
  ChatModel model(ModelConfig config) override { return model_with(key, std::move(config)); }
  ChatModel model_with_wrong_key() override { return model_with("sk-wrong-0123456789", {}); }

  void answer(Script script) override {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
    failure_.reset();
  }
  bool fail(ErrorKind kind) override {
    const std::lock_guard lock(mutex_);
    failure_ = failure_of(kind);
    return failure_.has_value();
  }
  void deliver(std::function<void(Reply&)> how) override {
    const std::lock_guard lock(mutex_);
    how_ = std::move(how);
  }
  Seen seen() const override {
    const std::lock_guard lock(mutex_);
    if (!seen_) throw std::logic_error("no request has come yet");
    return *seen_;
  }
  std::vector<std::string> refused() const override {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  RawServer& server() override { return *server_; }

 protected:
  virtual ModelConfig configured(ModelConfig config) const { return config; }
  virtual bool is_chat(const Request& request) const = 0;
  virtual std::optional<Refusal> check(const json& body) const = 0;
  virtual Seen understand(const json& body) const = 0;
  virtual Reply reply(const json& body, const Script& script) const = 0;
  const std::string& example() const { return example_; }

  ModelConfig at_server(ModelConfig config) {
    return config.base_url(server_->url() + "/v1").api_key(key);
  }

 private:
  ChatModel model_with(const std::string& with_key, ModelConfig config) {
    config.base_url(server_->url() + "/v1").api_key(with_key);
    return chat_model(provider_ + ":" + example_, configured(std::move(config)));
  }

  Reply refuse(int status, const ErrorBody& error) {
    refused_.push_back(error.message);
    return error_reply(status, error);
  }

  Reply handle(const Request& request) {
    const std::lock_guard lock(mutex_);
    if (request.header("Authorization") != std::string("Bearer ") + key)
      return error_reply(401, failure_of(ErrorKind::authentication)->body);
    const json body = json::parse(request.body, nullptr, false);
    if (body.is_discarded()) return refuse(400, saying("the body is no JSON"));
    if (request.path() == "/v1/embeddings") {
      if (const auto wrong = check_embeddings_request(body)) return refuse(400, saying(wrong->message));
      return embeddings_reply(body, 8);
    }
    if (!is_chat(request)) return refuse(404, saying("no such path: " + request.target));
    if (const auto wrong = check(body)) return refuse(400, saying(wrong->message + " " + wrong->param));
    seen_ = understand(body);
    Reply out = failure_ ? error_reply(failure_->status, failure_->body) : reply(body, script_);
    if (how_) how_(out);
    return out;
  }

  std::string provider_, example_;
  mutable std::mutex mutex_;
  Script script_;
  std::optional<Failure> failure_;
  std::function<void(Reply&)> how_;
  std::optional<Seen> seen_;
  std::vector<std::string> refused_;
  std::unique_ptr<RawServer> server_;
};

// ------------------------------------------------------------------ chat completions

class ChatServer : public Simulated {
 public:
  using Simulated::Simulated;

  std::optional<EmbeddingModel> embeddings(ModelConfig config) override {
    for (const ProviderInfo& info : providers())
      if (info.name == provider() && !info.embeddings) return std::nullopt;
    return embedding_model(provider() + ":text-embedding-3-small", at_server(std::move(config)));
  }

 protected:
  bool is_chat(const Request& request) const override {
    return request.path() == (provider() == "minimax" ? "/v1/text/chatcompletion_v2"
                                                      : "/v1/chat/completions");
  }
  // The vendors' own words are turned into OpenAI's before they are checked by its rules.
  std::optional<Refusal> check(const json& body) const override {
    json own = body;
    if (own.contains("random_seed")) own["seed"] = own["random_seed"], own.erase("random_seed");
    if (own.contains("tool_choice") && own["tool_choice"] == "any")
      own["tool_choice"] = "required";
    return check_chat_request(own);
  }

  Seen understand(const json& body) const override {
    Seen seen;
    seen.model = body["model"];
    for (const json& message : body["messages"]) add(message, seen);
    seen.temperature = number<double>(body, "temperature");
    seen.top_p = number<double>(body, "top_p");
    seen.max_tokens = number<int>(
        body, body.contains("max_completion_tokens") ? "max_completion_tokens" : "max_tokens");
    if (body.contains("stop")) seen.stop = body["stop"];
    for (const json& tool : body.value("tools", json::array()))
      seen.tools.push_back(tool["function"]["name"]);
    seen.tool_choice = choice_of(body);
    const json format = body.value("response_format", json::object());
    seen.json_object = format.value("type", "") == "json_object";
    if (format.contains("json_schema")) seen.schema = format["json_schema"]["schema"];
    seen.stream = body.value("stream", false);
    seen.thinking = body.contains("reasoning_effort");
    return seen;
  }

  Reply reply(const json& body, const Script& script) const override {
    json usage = {{"prompt_tokens", script.input_tokens},
                  {"completion_tokens", script.output_tokens},
                  {"total_tokens", script.input_tokens + script.output_tokens},
                  {"prompt_tokens_details", {{"cached_tokens", script.cached_tokens}}},
                  {"completion_tokens_details", {{"reasoning_tokens", script.reasoning_tokens}}}};
    return body.value("stream", false) ? streamed(body, script, usage)
                                       : whole(body, script, usage);
  }

 private:
  static void add(const json& message, Seen& seen) {
    const std::string role = message["role"];
    const json content = message.value("content", json());
    if (role == "system" || role == "developer") {
      seen.system += text_of(content);
      return;
    }
    if (role == "tool" && !seen.turns.empty() && seen.turns.back().role == "tool") {
      seen.turns.back().results.push_back(text_of(content));
      return;
    }
    Seen::Turn turn;
    turn.role = role;
    if (role == "tool") {
      turn.results.push_back(text_of(content));
    } else {
      turn.text = text_of(content);
      turn.images = images_in(content);
    }
    for (const json& call : message.value("tool_calls", json::array()))
      turn.calls.push_back({call["function"]["name"], call["function"]["arguments"]});
    seen.turns.push_back(std::move(turn));
  }

  static std::string finish_of(const Script& script) {
    if (script.finish == FinishReason::length) return "length";
    if (script.finish == FinishReason::content_filter) return "content_filter";
    return script.calls.empty() ? "stop" : "tool_calls";
  }

  static json envelope(const json& body, const char* object) {
    return {{"id", "chatcmpl-s1"}, {"object", object}, {"created", 1741570283},
            {"model", body["model"]}};
  }

  static json call(const Script::Call& script, std::size_t index, bool streamed) {
    json out = {{"id", "call_" + std::to_string(index)},
                {"type", "function"},
                {"function", {{"name", script.name}, {"arguments", script.arguments}}}};
    if (streamed) out["index"] = index;
    return out;
  }

  static Reply whole(const json& body, const Script& script, const json& usage) {
    std::string text;
    for (const std::string& piece : script.pieces) text += piece;
    json message = {{"role", "assistant"}, {"content", text}};
    if (script.pieces.empty()) message["content"] = nullptr;
    if (!script.reasoning.empty()) message["reasoning_content"] = script.reasoning;
    if (!script.refusal.empty()) message["refusal"] = script.refusal;
    for (std::size_t i = 0; i < script.calls.size(); ++i)
      message["tool_calls"].push_back(call(script.calls[i], i, false));
    json out = envelope(body, "chat.completion");
    out["choices"] = json::array(
        {{{"index", 0}, {"message", message}, {"finish_reason", finish_of(script)}}});
    out["usage"] = usage;
    return Reply::json(200, out.dump());
  }

  static Reply streamed(const json& body, const Script& script, const json& usage) {
    std::vector<std::string> events;
    const auto emit = [&](const json& delta, const json& finish) {
      json chunk = envelope(body, "chat.completion.chunk");
      chunk["choices"] =
          json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}});
      events.push_back(chunk.dump());
    };
    emit({{"role", "assistant"}, {"content", ""}}, nullptr);
    if (!script.reasoning.empty()) emit({{"reasoning_content", script.reasoning}}, nullptr);
    for (const std::string& piece : script.pieces) emit({{"content", piece}}, nullptr);
    if (!script.refusal.empty()) emit({{"refusal", script.refusal}}, nullptr);
    for (std::size_t i = 0; i < script.calls.size(); ++i) {
      Script::Call head = script.calls[i];
      const std::string arguments = std::exchange(head.arguments, "");
      emit({{"tool_calls", json::array({call(head, i, true)})}}, nullptr);
      for (const std::string& piece : pieces_of(arguments))
        emit({{"tool_calls", json::array({{{"index", i}, {"function", {{"arguments", piece}}}}})}},
             nullptr);
    }
    emit(json::object(), finish_of(script));
    json last = envelope(body, "chat.completion.chunk");
    last["choices"] = json::array();
    last["usage"] = usage;
    events.push_back(last.dump());
    events.push_back("[DONE]");
    return Reply::events(events);
  }
};

// ------------------------------------------------------------------ responses

class ResponsesServer : public Simulated {
 public:
  ResponsesServer() : Simulated("openai", "gpt-5-mini") {}
  std::optional<EmbeddingModel> embeddings(ModelConfig config) override {
    return embedding_model("openai:text-embedding-3-small", at_server(std::move(config)));
  }

 protected:
  ModelConfig configured(ModelConfig config) const override {
    return config.option("api", "responses");
  }
  bool is_chat(const Request& request) const override { return request.path() == "/v1/responses"; }

  std::optional<Refusal> check(const json& body) const override {
    static const std::vector<std::string> known = {
        "model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "tools",
        "tool_choice", "parallel_tool_calls", "text", "reasoning", "include", "top_logprobs",
        "store", "stream", "user", "metadata", "truncation"};
    for (const auto& [name, value] : body.items())
      if (std::find(known.begin(), known.end(), name) == known.end())
        return Refusal{"Unknown parameter", name};
    if (!body.contains("model") || !body["input"].is_array()) return Refusal{"missing", "input"};
    for (const json& tool : body.value("tools", json::array()))
      if (!tool.contains("parameters") || !tool.contains("strict") || tool.contains("function"))
        return Refusal{"tools are flat, with parameters and strict", "tools"};
    for (const json& item : body["input"]) {
      const std::string type = item.value("type", "message");
      if (type == "message" && !item.contains("content")) return Refusal{"no content", "input"};
      if (type == "function_call_output" && !(item.contains("call_id") && item.contains("output")))
        return Refusal{"a result without call_id or output", "input"};
      if (item.contains("tool_calls")) return Refusal{"tool_calls is no field of an item", "input"};
    }
    return std::nullopt;
  }

  Seen understand(const json& body) const override {
    Seen seen;
    seen.model = body["model"];
    seen.system = body.value("instructions", "");
    for (const json& item : body["input"]) add(item, seen);
    seen.temperature = number<double>(body, "temperature");
    seen.top_p = number<double>(body, "top_p");
    seen.max_tokens = number<int>(body, "max_output_tokens");
    for (const json& tool : body.value("tools", json::array())) seen.tools.push_back(tool["name"]);
    seen.tool_choice = choice_of(body);
    const json format = body.value("text", json::object()).value("format", json::object());
    seen.json_object = format.value("type", "") == "json_object";
    if (format.contains("schema")) seen.schema = format["schema"];
    seen.stream = body.value("stream", false);
    seen.thinking = body.contains("reasoning");
    return seen;
  }

  Reply reply(const json& body, const Script& script) const override {
    const json items = items_of(script);
    json response = {{"id", "resp_s1"},
                     {"object", "response"},
                     {"model", body["model"]},
                     {"status", "completed"},
                     {"error", nullptr},
                     {"incomplete_details", nullptr},
                     {"output", items}};
    response["usage"] = {{"input_tokens", script.input_tokens},
                         {"input_tokens_details", {{"cached_tokens", script.cached_tokens}}},
                         {"output_tokens", script.output_tokens},
                         {"output_tokens_details", {{"reasoning_tokens", script.reasoning_tokens}}},
                         {"total_tokens", script.input_tokens + script.output_tokens}};
    if (script.finish == FinishReason::length || script.finish == FinishReason::content_filter) {
      response["status"] = "incomplete";
      response["incomplete_details"]["reason"] =
          script.finish == FinishReason::length ? "max_output_tokens" : "content_filter";
    }
    if (!body.value("stream", false)) return Reply::json(200, response.dump());
    return streamed(script, items, response);
  }

 private:
  static void add(const json& item, Seen& seen) {
    const std::string type = item.value("type", "message");
    if (type == "reasoning") return;
    if (type == "function_call_output") {
      if (seen.turns.empty() || seen.turns.back().role != "tool") {
        seen.turns.emplace_back();
        seen.turns.back().role = "tool";
      }
      seen.turns.back().results.push_back(item["output"]);
      return;
    }
    if (type == "function_call") {
      if (seen.turns.empty() || seen.turns.back().role != "assistant") {
        seen.turns.emplace_back();
        seen.turns.back().role = "assistant";
      }
      seen.turns.back().calls.push_back({item["name"], item["arguments"]});
      return;
    }
    if (item["role"] == "system" || item["role"] == "developer") {
      seen.system += text_of(item["content"]);
      return;
    }
    Seen::Turn turn;
    turn.role = item["role"];
    turn.text = text_of(item["content"]);
    turn.images = images_in(item["content"]);
    seen.turns.push_back(std::move(turn));
  }

  static json items_of(const Script& script) {
    json items = json::array();
    if (!script.reasoning.empty())
      items.push_back({{"id", "rs_1"},
                       {"type", "reasoning"},
                       {"summary", json::array({{{"type", "summary_text"},
                                                 {"text", script.reasoning}}})}});
    std::string text;
    for (const std::string& piece : script.pieces) text += piece;
    json content = json::array();
    if (!script.pieces.empty())
      content.push_back({{"type", "output_text"}, {"text", text}, {"annotations", json::array()}});
    if (!script.refusal.empty())
      content.push_back({{"type", "refusal"}, {"refusal", script.refusal}});
    if (!content.empty())
      items.push_back(
          {{"id", "msg_1"}, {"type", "message"}, {"role", "assistant"}, {"content", content}});
    for (std::size_t i = 0; i < script.calls.size(); ++i)
      items.push_back({{"id", "fc_" + std::to_string(i)},
                       {"type", "function_call"},
                       {"call_id", "call_" + std::to_string(i)},
                       {"name", script.calls[i].name},
                       {"arguments", script.calls[i].arguments}});
    return items;
  }

  static Reply streamed(const Script& script, const json& items, const json& response) {
    std::string stream;
    const auto emit = [&](json event) {
      stream += "event: " + event["type"].get<std::string>() + "\ndata: " + event.dump() + "\n\n";
    };
    json begun = response;
    begun["status"] = "in_progress";
    begun["usage"] = nullptr;
    emit({{"type", "response.created"}, {"response", begun}});
    for (std::size_t i = 0; i < items.size(); ++i) {
      const json& item = items[i];
      json opened = item;
      if (item["type"] == "function_call") opened["arguments"] = "";
      emit({{"type", "response.output_item.added"}, {"output_index", i}, {"item", opened}});
      if (item["type"] == "reasoning")
        emit({{"type", "response.reasoning_summary_text.delta"},
              {"output_index", i},
              {"summary_index", 0},
              {"delta", script.reasoning}});
      if (item["type"] == "message") {
        for (const std::string& piece : script.pieces)
          emit({{"type", "response.output_text.delta"}, {"output_index", i}, {"delta", piece}});
        if (!script.refusal.empty())
          emit({{"type", "response.refusal.delta"},
                {"output_index", i},
                {"delta", script.refusal}});
      }
      if (item["type"] == "function_call")
        for (const std::string& piece : pieces_of(item["arguments"].get<std::string>()))
          emit({{"type", "response.function_call_arguments.delta"},
                {"output_index", i},
                {"delta", piece}});
      emit({{"type", "response.output_item.done"}, {"output_index", i}, {"item", item}});
    }
    emit({{"type", "response." + response["status"].get<std::string>()}, {"response", response}});
    return Reply::event_stream(stream);
  }
};

}  // namespace

std::unique_ptr<SimulatedProvider> make_openai_server(const std::string& provider) {
  for (const ProviderInfo& info : providers())
    if (info.name == provider)
      return std::make_unique<ChatServer>(provider, info.example_model);
  throw std::logic_error("no such provider: " + provider);
}

std::unique_ptr<SimulatedProvider> make_responses_server() {
  return std::make_unique<ResponsesServer>();
}

}  // namespace lian::test
