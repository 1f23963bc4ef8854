#include <algorithm>
#include <array>
#include <utility>

#include "lian/core/error.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/palm_conversation.hpp"
#include "model/provider/vertex_palm.hpp"
#include "model/provider/vertex_tensor.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr PalmAuthors authors = {"user", "bot"};

std::string_view last_segment(std::string_view model) {
  return model.substr(model.find_last_of('/') + 1);
}

// The members of an instance; further fields of `extra` are parameters.
bool in_instance(std::string_view field) {
  constexpr std::array<std::string_view, 7> fields = {"context", "examples", "messages", "content",
                                                      "prompt",  "prefix",   "suffix"};
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

Json parameters(const ChatOptions& options) {
  Json out = palm_settings(options);
  for (const std::string& name : options.extra().keys())
    if (!in_instance(name)) out.set(name, options.extra()[name]);
  return out;
}

}  // namespace

bool is_palm_chat(std::string_view model) noexcept {
  model = last_segment(model);
  return model.starts_with("chat-") || model.starts_with("codechat-");
}

bool is_palm_text(std::string_view model) noexcept {
  model = last_segment(model);
  return model.starts_with("text-") || model.starts_with("code-");
}

VertexPalmCodec::VertexPalmCodec(Kind kind, const Endpoint& endpoint)
    : kind_(kind), provider_(endpoint.provider), framing_(stream_framing(endpoint)) {}

ChatAbilities VertexPalmCodec::abilities(std::string_view) const {
  ChatAbilities abilities = palm_abilities();
  abilities.system = kind_ == Kind::chat;
  return abilities;
}

Json VertexPalmCodec::instance(const ChatRequest& request,
                               std::vector<std::string>& warnings) const {
  if (kind_ == Kind::chat) return palm_chat_prompt(request, authors, provider_, warnings);
  const bool is_code = last_segment(request.options.model()).starts_with("code-");
  Json out = Json::object(
      {{is_code ? "prefix" : "content", palm_text_prompt(request, provider_, warnings)}});
  const Json& extra = request.options.extra();
  for (const std::string& name : extra.keys())
    if (in_instance(name)) out.set(name, extra[name]);
  return out;
}

HttpRequest VertexPalmCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                    std::vector<std::string>& warnings) const {
  const ChatOptions& options = request.options;
  const Json settings = parameters(options), filled = instance(request, warnings);
  Json body = Json::object();
  body.set(request.stream ? "inputs" : "instances",
           Json::array({request.stream ? to_tensor(filled) : filled}));
  if (!settings.empty()) body.set("parameters", request.stream ? to_tensor(settings) : settings);
  const std::string verb =
      request.stream ? "serverStreamingPredict" + std::string(stream_query(framing_)) : "predict";
  HttpRequest post = google_post(endpoint, options.model(), verb, body.dump());
  post.stream = request.stream;
  return post;
}

// The call is of v1beta1 alone.
HttpRequest VertexPalmCodec::encode_count(const ChatRequest& request,
                                          const Endpoint& endpoint) const {
  Endpoint beta = endpoint;
  if (beta.base_url.ends_with("/v1")) beta.base_url += "beta1";
  std::vector<std::string> warnings;
  Json body = Json::object();
  body.set("instances", Json::array({instance(request, warnings)}));
  return google_post(beta, request.options.model(), "countTokens", body.dump());
}

std::int64_t VertexPalmCodec::decode_count(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  if (!root["totalTokens"].is_integer()) throw_not_json(provider_, reply.body, 0, "no totalTokens");
  return root["totalTokens"].as_int();
}

}  // namespace v0
}  // namespace lian
