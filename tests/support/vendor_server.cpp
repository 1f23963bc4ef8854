#include "support/vendor_server.hpp"

#include "support/data.hpp"
#include "support/openai_replies.hpp"
#include "support/request_rules.hpp"
#include "support/vendor_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

// Every "{why}" in the texts of a body.
json filled_in(const json& body, const std::string& why) {
  if (body.is_string()) {
    std::string text = body;
    if (const std::size_t at = text.find("{why}"); at != std::string::npos)
      text.replace(at, 5, why);
    return text;
  }
  json out = body;
  if (body.is_structured())
    for (json& item : out) item = filled_in(item, why);
  return out;
}

Reply stated(const json& error, const std::string& why = "") {
  const json& body = error["body"];
  Reply reply = body.is_string() ? Reply::http(error["status"], {{"content-type", "text/plain"}},
                                               filled_in(body, why).get<std::string>())
                                 : Reply::json(error["status"], filled_in(body, why).dump());
  const json headers = error.value("headers", json::object());
  for (const auto& [name, value] : headers.items()) reply.header(name, value);
  return reply;
}

}  // namespace

VendorServer::VendorServer(const std::string& name)
    : rules_(json::parse(read_data("vendors/" + name + ".json"))) {
  start();
}

ModelConfig VendorServer::configured(ModelConfig config, const std::string& with_key) {
  config.base_url(server().url() + rules_["base"].get<std::string>()).api_key(with_key);
  const json options = rules_.value("options", json::object());
  for (const auto& [name, value] : options.items()) config.option(name, value.get<std::string>());
  return config;
}

ChatModel VendorServer::model(ModelConfig config) {
  return chat_model(provider() + ":" + rules_["model"].get<std::string>(),
                    configured(std::move(config), key()));
}

ChatModel VendorServer::model_with_wrong_key() {
  return chat_model(provider() + ":" + rules_["model"].get<std::string>(),
                    configured(ModelConfig(), "wrong-" + key()));
}

std::optional<EmbeddingModel> VendorServer::embeddings(ModelConfig config) {
  if (!rules_.contains("embeddings")) return std::nullopt;
  return embedding_model(provider() + ":" + rules_["embeddings"]["model"].get<std::string>(),
                         configured(std::move(config), key()));
}

bool VendorServer::is_authorized(const Request& request) const {
  const json& header = rules_["authorization"];
  return request.header(header[0].get<std::string>()) == header[1].get<std::string>() + key();
}

Reply VendorServer::respond(const Request& request) {
  require(request.method == "POST", "the method is " + request.method);
  require(request.header("content-type").rfind("application/json", 0) == 0, "no application/json");
  const json body = json::parse(request.body);
  if (rules_.contains("embeddings") && request.target == rules_["embeddings"]["path"])
    return embed(body);
  require(request.target == rules_["chat"], "unknown path " + request.target);
  const auto wrong = complaint(body, rules_["fields"], rules_["messages"]);
  require(!wrong, wrong.value_or(""));
  understood(seen_in_chat(body));
  if (script().finish == FinishReason::content_filter &&
      rules_["reply"].contains("filter is error"))
    return *error_reply(ErrorKind::content_filter);
  return VendorReplies(rules_["reply"], body, script()).reply();
}

Reply VendorServer::embed(const json& body) const {
  const json& fields = rules_["embeddings"]["fields"];
  const bool own = rules_["embeddings"].contains("vectors");
  for (const char* name : {"model", own ? "texts" : "input"})
    require(body.contains(name), std::string(name) + " is missing");
  for (const auto& [name, value] : body.items()) {
    require(fields.contains(name), name + " is unknown");
    const auto wrong = misfit(value, fields[name]);
    require(!wrong, name + " " + wrong.value_or(""));
  }
  if (!own) return embeddings_reply(body, 8);
  json reply = rules_["embeddings"]["vectors"];  // MiniMax's
  for (const json& text : body["texts"])
    reply["vectors"].push_back(lian::test::embed(text.get<std::string>(), 8));
  return Reply::json(200, reply.dump());
}

std::optional<Reply> VendorServer::error_reply(ErrorKind kind) const {
  const std::string name(to_string(kind));
  if (!rules_["errors"].contains(name)) return std::nullopt;
  return stated(rules_["errors"][name]);
}

Reply VendorServer::malformed_reply(const std::string& why) const {
  return stated(rules_["malformed"], why);
}

std::unique_ptr<SimulatedProvider> make_vendor_server(const std::string& name) {
  return std::make_unique<VendorServer>(name);
}

}  // namespace lian::test
