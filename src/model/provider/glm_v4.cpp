#include <array>
#include <charconv>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "lian/core/error.hpp"
#include "model/provider/glm.hpp"
#include "model/provider/glm_token.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::chrono::seconds token_lifetime{210};
constexpr std::string_view expired = "1003";

bool is_signed(const Endpoint& endpoint) { return endpoint.option("auth") == "jwt"; }

void sign_bearer(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) {
  request.headers.set("authorization",
                      "Bearer " + glm_token(endpoint.api_key, signing.now, token_lifetime));
}

// glm-4.5 and later: they think when asked to, and take the ends of the ranges.
bool is_recent(std::string_view model) {
  if (!model.starts_with("glm-")) return false;
  double version = 0;
  std::from_chars(model.data() + 4, model.data() + model.size(), version);
  return version >= 4.5;
}

void map_greedy(ChatOptions& options, std::vector<std::string>& warnings) {
  if (!options.temperature() || *options.temperature() != 0) return;
  options.unset("temperature");
  if (options.extra().contains("do_sample")) return;
  options.extra("do_sample", Json(false));
  warnings.push_back("glm takes no temperature of 0: do_sample false was sent, which is greedy");
}

void map_thinking(ChatOptions& options, std::vector<std::string>& warnings) {
  if (options.reasoning_effort().empty()) return;
  const std::string effort = options.reasoning_effort();
  options.unset("reasoning_effort");
  if (options.extra().contains("thinking")) return;
  const char* type = effort == "none" ? "disabled" : "enabled";
  options.extra("thinking", Json::object({{"type", Json(type)}}));
  warnings.push_back(
      fmt::format("glm has no reasoning_effort {}: thinking of type {} was sent", effort, type));
}

}  // namespace

GlmChatCodec::GlmChatCodec(const Endpoint& endpoint)
    : OpenAIChatCodec(glm_dialect), signs_(is_signed(endpoint)) {}

ChatAbilities GlmChatCodec::abilities(std::string_view model) const {
  const bool recent = is_recent(model);
  ChatAbilities abilities;
  abilities.tool_choice_none = abilities.tool_choice_required = false;
  abilities.tool_choice_named = abilities.parallel_tool_calls = false;
  abilities.audio = model.starts_with("glm-4-voice");
  abilities.files = abilities.json_schema = false;
  abilities.reasoning_effort = recent;
  abilities.logprobs = abilities.logit_bias = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  abilities.max_alternatives = 1;
  abilities.max_stop = recent ? 4 : 1;
  abilities.temperature = Range(0, 1, false, !recent);  // 0 becomes do_sample false
  abilities.top_p = Range(0, 1, true, !recent);
  return abilities;
}

HttpRequest GlmChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                 std::vector<std::string>& warnings) const {
  ChatRequest mapped = request;
  map_greedy(mapped.options, warnings);
  map_thinking(mapped.options, warnings);
  return OpenAIChatCodec::encode(mapped, endpoint, warnings);
}

void GlmChatCodec::sign(HttpRequest& request, const Endpoint& endpoint,
                        const Signing& signing) const {
  if (signs_) sign_bearer(request, endpoint, signing);
}

bool GlmChatCodec::sign_anew(const ApiError& error) const {
  return signs_ && error.code == expired;
}

GlmEmbeddingCodec::GlmEmbeddingCodec(const Endpoint& endpoint)
    : OpenAIEmbeddingCodec(glm_dialect), signs_(is_signed(endpoint)) {}

HttpRequest GlmEmbeddingCodec::encode(const EmbeddingRequest& request,
                                      const Endpoint& endpoint) const {
  constexpr std::array widths = {256, 512, 1024, 2048};
  const bool chosen = request.dimensions > 0;
  if (chosen && request.model == "embedding-2")
    throw UnsupportedError(
        "embedding-2 of glm is always 1024 wide; leave dimensions out; nothing was sent",
        "dimensions");
  if (chosen && request.model == "embedding-3" &&
      std::find(widths.begin(), widths.end(), request.dimensions) == widths.end())
    refuse_request(fmt::format("dimensions is {} but embedding-3 of glm takes 256, 512, 1024 or 2048",
                               request.dimensions));
  return OpenAIEmbeddingCodec::encode(request, endpoint);
}

void GlmEmbeddingCodec::sign(HttpRequest& request, const Endpoint& endpoint,
                             const Signing& signing) const {
  if (signs_) sign_bearer(request, endpoint, signing);
}

bool GlmEmbeddingCodec::sign_anew(const ApiError& error) const {
  return signs_ && error.code == expired;
}

}  // namespace v0
}  // namespace lian
