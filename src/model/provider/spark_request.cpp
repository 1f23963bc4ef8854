#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/base64.hpp"
#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/spark.hpp"
#include "model/provider/turns.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Base64 of the one image an image model is asked about, taken out of the messages.
std::optional<std::string> take_image(Messages& messages) {
  std::optional<std::string> image;
  for (Message& message : messages) {
    for (const Part& part : message.parts) {
      const auto* found = std::get_if<ImagePart>(&part);
      if (!found) continue;
      const std::string& url = found->source.url;
      const std::size_t comma = url.find(";base64,");
      const bool data = url.starts_with("data:") && comma != url.npos;
      if (image || (found->source.data.empty() && !data))
        throw UnsupportedError(
            "spark looks at one image, given by its bytes; leave the others out; nothing was sent",
            image ? "several images" : "images by URL or file id");
      image = data ? url.substr(comma + 8) : base64_encode(found->source.data);
    }
    std::erase_if(message.parts,
                  [](const Part& part) { return std::holds_alternative<ImagePart>(part); });
  }
  std::erase_if(messages, [](const Message& message) { return message.parts.empty(); });
  return image;
}

// Writes one request frame. Vendor's fields go where the vendor has them: app_id, uid and patch_id
// into the header, the others beside the domain.
class FrameWriter {
 public:
  FrameWriter(const ChatRequest& request, const Endpoint& endpoint, const SparkVersion* version,
              std::vector<std::string>& warnings, std::string& out)
      : options_(request.options),
        messages_(request.messages),
        endpoint_(endpoint),
        version_(version),
        warnings_(warnings),
        json_(out) {}

  void write() {
    json_.begin_object();
    write_header();
    write_parameter();
    write_payload();
    json_.end_object();
  }

 private:
  static bool is_of_header(std::string_view name) {
    return name == "app_id" || name == "uid" || name == "patch_id";
  }

  void write_extra(bool header) {
    if (options_.extra().empty()) return;
    for (const std::string& name : options_.extra().keys())
      if (is_of_header(name) == header) json_.key(name).raw(options_.extra()[name].dump());
  }

  bool open(std::string_view name) {
    if (options_.extra().contains(name)) return false;
    json_.key(name);
    return true;
  }

  void write_header() {
    json_.key("header").begin_object();
    if (open("app_id")) json_.string(endpoint_.option("app_id"));
    if (!options_.user().empty() && open("uid")) {
      check_request_utf8(options_.user(), "user");
      json_.string(options_.user());
    }
    write_extra(true);
    json_.end_object();
  }

  void write_parameter() {
    json_.key("parameter").begin_object().key("chat").begin_object();
    if (open("domain")) json_.string(version_ ? version_->domain : options_.model());
    if (options_.temperature() && open("temperature")) json_.number(*options_.temperature());
    if (options_.max_tokens() && open("max_tokens")) json_.integer(max_tokens());
    write_extra(false);
    json_.end_object().end_object();
  }

  std::int64_t max_tokens() {
    const std::int64_t wanted = *options_.max_tokens(), most = version_ ? version_->max_tokens : 65535;
    if (wanted >= 1 && wanted <= most) return wanted;
    if (!options_.lenient())
      refuse_request(fmt::format("max_tokens is {} but must lie between 1 and {} for spark's {}",
                                 wanted, most, options_.model()));
    const std::int64_t inside = std::clamp<std::int64_t>(wanted, 1, most);
    warnings_.push_back(fmt::format("max_tokens is {} but must lie between 1 and {}: {} was sent",
                                    wanted, most, inside));
    return inside;
  }

  void write_payload() {
    const std::optional<std::string> image = take_image(messages_);
    TurnRules rules;
    rules.provider = "spark";
    rules.system = version_ && version_->system;
    json_.key("payload").begin_object().key("message").begin_object().key("text").begin_array();
    if (image) {
      json_.begin_object().key("role").string("user").key("content").string(*image);
      json_.key("content_type").string("image").end_object();
    }
    for (const Turn& turn : text_turns(messages_, rules, warnings_)) {
      json_.begin_object().key("role").string(to_string(turn.role));
      json_.key("content").string(turn.text).end_object();
    }
    json_.end_array().end_object();
    if (!options_.tools().empty()) write_functions();
    json_.end_object();
  }

  void write_functions() {
    json_.key("functions").begin_object().key("text").begin_array();
    for (const ToolSpec& tool : options_.tools()) {
      check_request_utf8(tool.name, "tools name");
      check_request_utf8(tool.description, "tools description");
      json_.begin_object().key("name").string(tool.name);
      json_.key("description").string(tool.description);
      if (!tool.parameters.is_null()) json_.key("parameters").raw(tool.parameters.dump());
      json_.end_object();
    }
    json_.end_array().end_object();
  }

  const ChatOptions& options_;
  Messages messages_;
  const Endpoint& endpoint_;
  const SparkVersion* version_;
  std::vector<std::string>& warnings_;
  JsonWriter json_;
};

ChatAbilities without_the_rest(const SparkVersion* version) {
  ChatAbilities abilities;
  abilities.audio = abilities.files = abilities.json_schema = false;
  abilities.parallel_tool_calls = abilities.seed = abilities.reasoning_effort = false;
  abilities.logprobs = abilities.logit_bias = false;
  abilities.max_alternatives = 1;
  abilities.max_stop = 0;
  abilities.temperature = Range(0, version && version->thinks ? 2 : 1, true);
  return abilities;
}

}  // namespace

ChatAbilities SparkChatCodec::abilities(std::string_view model) const {
  const SparkVersion* version = spark_version(model);
  ChatAbilities abilities = without_the_rest(version);
  abilities.tools = !version || version->functions;
  abilities.tool_choice_none = abilities.tool_choice_required = abilities.tool_choice_named = false;
  abilities.several_tool_calls = false;
  abilities.images = version && version->images;
  abilities.json_object = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  abilities.top_p.reset();
  return abilities;
}

HttpRequest SparkChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                   std::vector<std::string>& warnings) const {
  const SparkVersion* version = spark_version(request.options.model());
  HttpRequest open;
  open.method = "GET";
  open.url = endpoint.base_url;
  if (version) open.url += version->path;
  open.websocket = true;
  FrameWriter(request, endpoint, version, warnings, open.body).write();
  return open;
}

void SparkChatCodec::sign(HttpRequest& request, const Endpoint& endpoint,
                          const Signing& signing) const {
  request.url = spark_signed_url(request.url, request.method, endpoint.api_key,
                                 endpoint.option("secret_key"), signing.now);
}

ChatAbilities SparkHttpCodec::abilities(std::string_view model) const {
  const SparkVersion* version = spark_version(model);
  ChatAbilities abilities = without_the_rest(version);
  abilities.images = false;
  abilities.reasoning_effort = version && version->thinks;
  abilities.top_p = Range(0, 1, true);
  return abilities;
}

HttpRequest SparkHttpCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                   std::vector<std::string>& warnings) const {
  ChatRequest mapped = request;
  ChatOptions& options = mapped.options;
  if (const SparkVersion* version = spark_version(options.model()))
    options.model(std::string(version->domain));
  // Without it the one call comes as an object where OpenAI has an array.
  const bool tools = !options.tools().empty() || options.extra().contains("tools");
  if (tools && !options.extra().contains("tool_calls_switch"))
    options.extra("tool_calls_switch", Json(true));
  if (!options.reasoning_effort().empty()) {
    const std::string effort = options.reasoning_effort();
    const char* type = effort == "none" ? "disabled" : effort == "auto" ? "auto" : "enabled";
    options.unset("reasoning_effort");
    if (!options.extra().contains("thinking"))
      options.extra("thinking", Json::object({{"type", Json(type)}}));
    warnings.push_back(fmt::format("spark has no reasoning_effort {}: thinking of type {} was sent",
                                   effort, type));
  }
  return OpenAIChatCodec::encode(mapped, endpoint, warnings);
}

}  // namespace v0
}  // namespace lian
