#include <algorithm>
#include <array>
#include <climits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/anthropic_messages.hpp"
#include "model/provider/claude_traits.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view version_without_sampling = "2026-10-21";
constexpr std::array<std::string_view, 3> sampling_fields = {"temperature", "top_p", "top_k"};
// What counting takes of a request (SDK of 2026-11).
constexpr std::array<std::string_view, 10> counted_fields = {
    "model",    "system",        "messages",      "tools",       "tool_choice",
    "thinking", "output_config", "cache_control", "mcp_servers", "context_management"};

constexpr std::int64_t usual_max_tokens = 16384, least_budget = 1024;

// Tokens to think with where a model wants a number; the words are those of `output_config.effort`.
std::optional<std::int64_t> budget_of(std::string_view effort) {
  if (effort == "minimal") return least_budget;
  if (effort == "low") return 2048;
  if (effort == "medium") return 8192;
  if (effort == "high") return 16384;
  if (effort == "xhigh" || effort == "max") return 24576;
  return std::nullopt;
}

bool is_tool_name(std::string_view name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.size() <= 128 && name.find_first_not_of(letters) == name.npos;
}

template <std::size_t N>
bool is_among(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Writes one request body, or what of it is counted.
class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, const AnthropicLeniency& leniency, bool counts,
                std::string& out)
      : request_(request),
        options_(request.options),
        extra_(request.options.extra()),
        leniency_(leniency),
        traits_(claude_traits(request.options.model())),
        counts_(counts),
        json_(out) {}

  void write() {
    settle_thinking();
    settle_sampling();
    json_.begin_object();
    write_model();
    write_messages();
    write_tools();
    write_generation();
    write_thinking();
    write_output_config();
    write_extra();
    json_.end_object();
  }

 private:
  // Whether the field is lian's to write; opens it. What `extra` has is written last.
  bool open_field(std::string_view name) {
    if (extra_.contains(name) || (counts_ && !is_among(name, counted_fields))) return false;
    json_.key(name);
    return true;
  }

  void string(std::string_view value, std::string_view where) {
    check_request_utf8(value, where);
    json_.string(value);
  }

  void settle_thinking() {
    if (options_.reasoning_effort().empty()) return settle_thinking_of_extra();
    effort_ = options_.reasoning_effort();
    if (effort_ == "none" || traits_.adaptive) return settle_effort();
    budget_ = budget_of(effort_);
    if (!budget_)
      refuse_request("reasoning_effort is \"" + effort_ +
                     "\" but must be none, minimal, low, medium, high, xhigh or max for " +
                     options_.model());
    shorten_budget();
    leniency_.say(options_.model() + " takes no effort but a budget of tokens to think with: " +
                  std::to_string(*budget_) + " was sent for \"" + effort_ + "\"");
    thinks_ = true;
  }

  void settle_thinking_of_extra() {
    const Json type = extra_["thinking"]["type"];
    thinks_ = type.is_string() && type.as_string() != "disabled";
  }

  void settle_effort() {
    thinks_ = effort_ != "none";
    if (effort_ != "minimal") return;
    effort_ = "low";
    leniency_.say("claude has no reasoning_effort minimal: low was sent");
  }

  // The budget is part of max_tokens.
  void shorten_budget() {
    if (!options_.max_tokens() || *options_.max_tokens() > *budget_) return;
    if (*options_.max_tokens() <= least_budget)
      refuse_request("max_tokens is " + std::to_string(*options_.max_tokens()) +
                     " but must be above " + std::to_string(least_budget) + " with " +
                     "reasoning_effort, since thinking takes at least that");
    budget_ = std::max(least_budget, *options_.max_tokens() / 2);
  }

  // Neither a thinking model nor the later API version takes sampling settings.
  void settle_sampling() {
    temperature_ = options_.temperature();
    top_p_ = options_.top_p();
    if (leniency_.is_2026 || !traits_.sampling) {
      for (const std::string_view name : sampling_fields) {
        if (!extra_.contains(name)) continue;
        leniency_.leave_out(std::string(name) + " in API version 2026-10-21 or from Claude 4.7 on");
        extra_.erase(name);
      }
    }
    if (!thinks_) return;
    if (temperature_ && *temperature_ != 1) {
      leniency_.leave_out("temperature while it thinks");
      temperature_.reset();
    }
    if (top_p_ && *top_p_ < 0.95) {
      leniency_.leave_out("top_p below 0.95 while it thinks");
      top_p_.reset();
    }
  }

  std::int64_t max_tokens() const {
    if (options_.max_tokens()) return *options_.max_tokens();
    std::int64_t wanted = usual_max_tokens + budget_.value_or(0);
    const Json budget = extra_["thinking"]["budget_tokens"];
    if (budget.is_integer()) wanted += budget.as_int();
    return std::min(wanted, traits_.max_output_tokens);
  }

  void write_model() {
    if (options_.model().empty() && !extra_.contains("model"))
      refuse_request("no model is named: set one, e.g. chat_model(\"claude:MODEL\")");
    if (open_field("model")) string(options_.model(), "model");
    if (options_.max_tokens() && *options_.max_tokens() < 0)
      refuse_request("max_tokens is " + std::to_string(*options_.max_tokens()) +
                     " but must be at least 0");
    if (open_field("max_tokens")) json_.integer(max_tokens());
  }

  void write_messages() {
    if (request_.messages.empty()) refuse_request("the request has no messages");
    const AnthropicConversation conversation(request_.messages, leniency_);
    if (conversation.has_system() && open_field("system")) conversation.write_system(json_);
    if (open_field("messages")) conversation.write_messages(json_);
  }

  void write_tools() {
    if (options_.tools().empty()) return refuse_choice_without_tools();
    if (open_field("tools")) {
      json_.begin_array();
      for (const ToolSpec& tool : options_.tools()) write_tool(tool);
      json_.end_array();
    }
    write_tool_choice(options_.tool_choice().value_or(ToolChoice()));
  }

  void refuse_choice_without_tools() const {
    if (!options_.tool_choice() || extra_.contains("tools")) return;
    const ToolChoice::Mode mode = options_.tool_choice()->mode();
    if (mode == ToolChoice::Mode::required || mode == ToolChoice::Mode::named)
      refuse_request("tool_choice is set but tools are not: pass the tools");
  }

  // A tool of the server ("web_search_20250305") has its type in `extra` and no schema.
  void write_tool(const ToolSpec& tool) {
    if (!is_tool_name(tool.name))
      refuse_request("the tool name \"" + tool.name +
                     "\" must be 1 to 128 of A-Z, a-z, 0-9, _ and -");
    if (!tool.parameters.is_null() && !tool.parameters.is_object())
      refuse_request("the parameters of tool " + tool.name + " must be a JSON Schema object");
    json_.begin_object().key("name").string(tool.name);
    if (!tool.description.empty()) {
      json_.key("description");
      string(tool.description, "tool description");
    }
    if (!tool.parameters.is_null())
      json_.key("input_schema").raw(tool.parameters.dump());
    else if (!tool.extra.contains("type") && !tool.extra.contains("input_schema"))
      json_.key("input_schema").raw(R"({"type":"object","properties":{}})");
    if (tool.strict) json_.key("strict").boolean(true);
    write_members(tool.extra, json_);
    json_.end_object();
  }

  void write_tool_choice(ToolChoice choice) {
    using Mode = ToolChoice::Mode;
    const bool forces = choice.mode() == Mode::required || choice.mode() == Mode::named;
    if (forces && thinks_) {
      leniency_.leave_out("tool_choice required or of one tool while it thinks");
      choice = ToolChoice();
    }
    check_choice(choice);
    const auto& parallel = options_.parallel_tool_calls();
    if (!options_.tool_choice() && !parallel) return;
    if (!open_field("tool_choice")) return;
    json_.begin_object().key("type").string(choice.mode() == Mode::none       ? "none"
                                            : choice.mode() == Mode::required ? "any"
                                            : choice.mode() == Mode::named    ? "tool"
                                                                              : "auto");
    if (choice.mode() == Mode::named) json_.key("name").string(choice.name());
    if (parallel && choice.mode() != Mode::none)
      json_.key("disable_parallel_tool_use").boolean(!*parallel);
    json_.end_object();
  }

  void check_choice(const ToolChoice& choice) const {
    if (choice.mode() != ToolChoice::Mode::named || extra_.contains("tools")) return;
    const auto is_chosen = [&](const ToolSpec& tool) { return tool.name == choice.name(); };
    if (std::none_of(options_.tools().begin(), options_.tools().end(), is_chosen))
      refuse_request("tool_choice names \"" + choice.name() + "\", which is not among the tools");
  }

  void write_generation() {
    if (!options_.stop().empty() && open_field("stop_sequences")) {
      json_.begin_array();
      for (const std::string& text : options_.stop()) string(text, "stop");
      json_.end_array();
    }
    if (temperature_ && open_field("temperature")) json_.number(*temperature_);
    if (top_p_ && open_field("top_p")) json_.number(*top_p_);
    write_metadata();
    if (request_.stream && open_field("stream")) json_.boolean(true);
  }

  void write_metadata() {
    if (options_.user().empty() || counts_) return;
    check_request_utf8(options_.user(), "user");
    add_members("metadata", Json::object({{"user_id", Json(options_.user())}}));
  }

  void write_thinking() {
    if (effort_.empty() || !open_field("thinking")) return;
    json_.begin_object().key("type");
    json_.string(effort_ == "none" ? "disabled" : budget_ ? "enabled" : "adaptive");
    if (budget_) json_.key("budget_tokens").integer(*budget_);
    json_.end_object();
  }

  void write_output_config() {
    Json config;
    if (!effort_.empty() && effort_ != "none" && !budget_) {
      check_request_utf8(effort_, "reasoning_effort");
      config.set("effort", Json(effort_));
    }
    if (options_.response_format()) add_format(*options_.response_format(), config);
    add_members("output_config", std::move(config));
  }

  static void add_format(const ResponseFormat& format, Json& config) {
    if (format.kind() != ResponseFormat::Kind::json_schema) return;
    if (!format.schema().is_object())
      refuse_request("the response format's schema must be a JSON object");
    Json schema = format.schema();
    if (!format.description().empty() && !schema.contains("description"))
      schema.set("description", Json(format.description()));
    config.set("format", Json::object({{"type", Json("json_schema")}, {"schema", schema}}));
  }

  // An object that lian and `extra` both may have members of; those of `extra` count.
  void add_members(std::string_view name, Json ours) {
    if (ours.is_null()) return;
    const Json theirs = extra_[name];
    if (!theirs.is_object() && extra_.contains(name)) return;
    for (const std::string& key : theirs.keys()) ours.set(key, theirs[key]);
    extra_.set(name, std::move(ours));
  }

  void write_extra() {
    if (extra_.empty()) return;
    for (const std::string& name : extra_.keys()) {
      if (counts_ && !is_among(name, counted_fields)) continue;
      json_.key(name).raw(extra_[name].dump());
    }
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  Json extra_;
  const AnthropicLeniency& leniency_;
  ClaudeTraits traits_;
  bool counts_;
  JsonWriter json_;
  std::string effort_;
  std::optional<std::int64_t> budget_;
  std::optional<double> temperature_, top_p_;
  bool thinks_ = false;
};

std::string body_of(const ChatRequest& request, const std::string& version, bool counts,
                    std::vector<std::string>& warnings) {
  std::string body;
  const AnthropicLeniency leniency(request.options.lenient(), version >= version_without_sampling,
                                   warnings);
  RequestWriter(request, leniency, counts, body).write();
  return body;
}

}  // namespace

ChatAbilities AnthropicChatCodec::abilities(std::string_view model) const {
  const ClaudeTraits traits = claude_traits(model);
  ChatAbilities abilities;
  abilities.audio = abilities.json_object = false;
  abilities.seed = abilities.logprobs = abilities.logit_bias = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  abilities.reasoning_effort = traits.thinks;
  abilities.max_alternatives = 1;
  abilities.max_stop = INT_MAX;
  abilities.temperature = Range(0, 1);
  if (traits.sampling && version_ < version_without_sampling) return abilities;
  abilities.temperature.reset();
  abilities.top_p.reset();
  return abilities;
}

HttpRequest anthropic_request(const Endpoint& endpoint, std::string_view path,
                              std::string_view version) {
  HttpRequest request;
  request.url.append(endpoint.base_url).append(path);
  request.headers.add("anthropic-version", std::string(version));
  if (!endpoint.option("beta").empty())
    request.headers.add("anthropic-beta", endpoint.option("beta"));
  if (endpoint.api_key.empty()) return request;
  if (endpoint.option("auth") == "bearer")
    request.headers.add("authorization", "Bearer " + endpoint.api_key);
  else
    request.headers.add("x-api-key", endpoint.api_key);
  return request;
}

HttpRequest anthropic_post(const Endpoint& endpoint, std::string_view path,
                           std::string_view version, std::string body) {
  HttpRequest post = anthropic_request(endpoint, path, version);
  post.headers.add("content-type", "application/json");
  post.body = std::move(body);
  return post;
}

HttpRequest AnthropicChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                       std::vector<std::string>& warnings) const {
  HttpRequest post =
      anthropic_post(endpoint, "/messages", version_, body_of(request, version_, false, warnings));
  post.stream = request.stream;
  return post;
}

HttpRequest AnthropicChatCodec::encode_count(const ChatRequest& request,
                                             const Endpoint& endpoint) const {
  std::vector<std::string> warnings;
  return anthropic_post(endpoint, "/messages/count_tokens", version_,
                        body_of(request, version_, true, warnings));
}

}  // namespace v0
}  // namespace lian
