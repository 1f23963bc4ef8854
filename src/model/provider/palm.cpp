#include "model/provider/palm.hpp"

#include <utility>

#include "lian/core/error.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/palm_conversation.hpp"

namespace lian {
inline namespace v0 {
namespace {

// The authors are the service's own defaults.
constexpr PalmAuthors authors = {"0", "1"};

bool in_prompt(std::string_view field) {
  return field == "context" || field == "examples" || field == "messages";
}

// A candidate has its text under "content" or "output"; the rest of it is the vendor's own.
AIMessage choice_in(const Json& candidate, std::string_view text_field) {
  AIMessage choice(scalar_text(candidate[text_field]));
  choice.finish_reason = FinishReason::stop;
  for (const std::string& name : candidate.keys())
    if (name != text_field && name != "author") choice.extra.set(name, candidate[name]);
  return choice;
}

}  // namespace

PalmCodec::PalmCodec(Kind kind, const Endpoint& endpoint)
    : kind_(kind),
      provider_(endpoint.provider),
      counts_(kind == Kind::chat || endpoint.base_url.ends_with("/v1beta3")) {}

ChatAbilities PalmCodec::abilities(std::string_view) const {
  ChatAbilities abilities = palm_abilities();
  abilities.streaming = abilities.seed = abilities.logit_bias = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  const bool is_text = kind_ == Kind::text;
  abilities.system = !is_text;
  abilities.max_tokens = is_text;
  if (!is_text) abilities.max_stop = 0;
  return abilities;
}

Json PalmCodec::prompt(const ChatRequest& request, std::vector<std::string>& warnings) const {
  if (kind_ == Kind::chat) return palm_chat_prompt(request, authors, provider_, warnings);
  return Json::object({{"text", palm_text_prompt(request, provider_, warnings)}});
}

HttpRequest PalmCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                              std::vector<std::string>& warnings) const {
  Json body = palm_settings(request.options);
  body.set("prompt", prompt(request, warnings));
  const Json& extra = request.options.extra();
  for (const std::string& name : extra.keys())
    if (kind_ == Kind::text || !in_prompt(name)) body.set(name, extra[name]);
  return google_post(endpoint, request.options.model(),
                     kind_ == Kind::chat ? "generateMessage" : "generateText", body.dump());
}

AIMessage PalmCodec::decode(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  const Json candidates = root["candidates"], filters = root["filters"];
  AIMessage message;
  if (!candidates.empty()) {
    const char* text_field = kind_ == Kind::chat ? "content" : "output";
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (!candidates[i].is_object())
        throw_not_json(provider_, reply.body, 0, "a candidate is no object");
      AIMessage choice = choice_in(candidates[i], text_field);
      if (i == 0)
        message = std::move(choice);
      else
        message.alternatives.push_back(std::move(choice));
    }
  } else if (!filters.empty()) {
    message.finish_reason = FinishReason::content_filter;
    message.raw_finish_reason = scalar_text(filters[0]["reason"]);
  } else {
    throw_not_json(provider_, reply.body, 0, "neither candidates nor filters");
  }
  for (const char* name : {"filters", "safetyFeedback"})
    if (root.contains(name)) message.extra.set(name, root[name]);
  message.provider = provider_;
  return message;
}

std::unique_ptr<ChatStreamDecoder> PalmCodec::decoder(const ChatRequest&) const {
  throw UnsupportedError(provider_ + " has no streams", "streaming");
}

HttpRequest PalmCodec::encode_count(const ChatRequest& request, const Endpoint& endpoint) const {
  if (!counts_)
    throw UnsupportedError(
        "palm counts the tokens of a text with ModelConfig().api_version(\"v1beta3\") only",
        "count_tokens");
  std::vector<std::string> warnings;
  const Json body = Json::object({{"prompt", prompt(request, warnings)}});
  return google_post(endpoint, request.options.model(),
                     kind_ == Kind::chat ? "countMessageTokens" : "countTextTokens", body.dump());
}

std::int64_t PalmCodec::decode_count(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  if (!root["tokenCount"].is_integer()) throw_not_json(provider_, reply.body, 0, "no tokenCount");
  return root["tokenCount"].as_int();
}

}  // namespace v0
}  // namespace lian
