#include "support/responses_server.hpp"

#include <algorithm>

#include "support/data.hpp"
#include "support/openai_replies.hpp"
#include "support/request_rules.hpp"
#include "support/scripted_server.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

std::string text_of(const json& content) {
  if (content.is_string()) return content;
  std::string text;
  if (content.is_array())
    for (const json& part : content) text += part.value("text", "");
  return text;
}

int images_in(const json& content) {
  int images = 0;
  if (content.is_array())
    for (const json& part : content) images += part.value("type", "") == "input_image" ? 1 : 0;
  return images;
}

std::string choice_of(const json& body) {
  const json choice = body.value("tool_choice", json(""));
  return choice.is_string() ? choice.get<std::string>() : choice.value("name", "");
}

template <class T>
std::optional<T> number(const json& body, const char* name) {
  if (!body.contains(name)) return std::nullopt;
  return body[name].get<T>();
}

// OpenAI's errors, embeddings and model names are those of its row in tests/data/vendors.
class ResponsesServer final : public ScriptedServer {
 public:
  ResponsesServer() : openai_(json::parse(read_data("vendors/openai.json"))) { start(); }
  ~ResponsesServer() override { stop(); }

  std::string provider() const override { return "openai"; }
  ChatModel model(ModelConfig config) override { return model_with(key(), std::move(config)); }
  ChatModel model_with_wrong_key() override { return model_with("sk-wrong-0123456789", {}); }
  std::optional<EmbeddingModel> embeddings(ModelConfig config) override {
    return embedding_model("openai:text-embedding-3-small",
                           config.base_url(server().url() + "/v1").api_key(key()));
  }

 private:
  std::string key() const { return openai_["key"]; }

  ChatModel model_with(const std::string& with_key, ModelConfig config) {
    config.base_url(server().url() + "/v1").api_key(with_key).option("api", "responses");
    return chat_model("openai:gpt-5-mini", std::move(config));
  }

  bool is_authorized(const Request& request) const override {
    return request.header("authorization") == "Bearer " + key();
  }

  std::optional<Reply> error_reply(ErrorKind kind) const override {
    const std::string name(to_string(kind));
    if (!openai_["errors"].contains(name)) return std::nullopt;
    const json& error = openai_["errors"][name];
    return Reply::json(error["status"], error["body"].dump());
  }

  Reply malformed_reply(const std::string& why) const override {
    ErrorBody body;
    body.message = why;
    return lian::test::error_reply(400, body);
  }

  Reply respond(const Request& request) override {
    const json body = json::parse(request.body);
    if (request.path() == "/v1/embeddings") return embeddings_reply(body, 8);
    require(request.path() == "/v1/responses", "no such path: " + request.target);
    check(body);
    understood(understand(body));
    return answer_to(body, script());
  }

  static void check(const json& body) {
    static const json fields = {{"model", "text"},
                                {"input", "any"},
                                {"instructions", "text"},
                                {"max_output_tokens", {{"integer", {16, 1000000}}}},
                                {"temperature", {{"number", {0, 2}}}},
                                {"top_p", {{"number", {0, 1}}}},
                                {"tools", "any"},
                                {"tool_choice", "any"},
                                {"parallel_tool_calls", "flag"},
                                {"text", "object"},
                                {"reasoning", "object"},
                                {"include", "texts"},
                                {"top_logprobs", {{"integer", {0, 20}}}},
                                {"store", "flag"},
                                {"stream", "flag"},
                                {"user", "text"},
                                {"metadata", "object"},
                                {"truncation", {{"one of", {"auto", "disabled"}}}}};
    for (const auto& [name, value] : body.items()) {
      require(fields.contains(name), "Unknown parameter: " + name);
      const auto wrong = misfit(value, fields[name]);
      require(!wrong, name + " " + wrong.value_or(""));
    }
    require(body.contains("model") && body["input"].is_array(), "model and input are required");
    for (const json& tool : body.value("tools", json::array()))
      require(tool.contains("parameters") && tool.contains("strict") && !tool.contains("function"),
              "tools are flat, with parameters and strict");
    for (const json& item : body["input"]) check_item(item);
  }

  static void check_item(const json& item) {
    const std::string type = item.value("type", "message");
    require(type != "message" || item.contains("content"), "an item has no content");
    require(type != "function_call_output" || (item.contains("call_id") && item.contains("output")),
            "a result without call_id or output");
    require(!item.contains("tool_calls"), "tool_calls is no field of an item");
    if (type != "message" || !item["content"].is_array()) return;
    const bool own = item["role"] == "assistant";
    for (const json& part : item["content"]) {
      const std::string kind = part.value("type", "");
      const bool fits =
          own ? kind == "output_text" || kind == "refusal" : kind.rfind("input_", 0) == 0;
      require(fits, "a part of the type " + kind + " does not go with the role");
      require(kind != "input_image" || !part.contains("image_url") || part["image_url"].is_string(),
              "image_url is a string");
    }
  }

  static Seen understand(const json& body) {
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

  static Reply answer_to(const json& body, const Script& script) {
    const json items = items_of(script);
    json response = {{"id", "resp_s1"},        {"object", "response"},
                     {"model", body["model"]}, {"status", "completed"},
                     {"error", nullptr},       {"incomplete_details", nullptr},
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
      items.push_back(
          {{"id", "rs_1"},
           {"type", "reasoning"},
           {"summary", json::array({{{"type", "summary_text"}, {"text", script.reasoning}}})}});
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
          emit(
              {{"type", "response.refusal.delta"}, {"output_index", i}, {"delta", script.refusal}});
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

  json openai_;
};

}  // namespace

std::unique_ptr<SimulatedProvider> make_responses_server() {
  return std::make_unique<ResponsesServer>();
}

}  // namespace lian::test
