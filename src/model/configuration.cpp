#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "lian/core/error.hpp"
#include "lian/model/registry.hpp"

namespace lian {
inline namespace v0 {

namespace {

[[noreturn]] void wrong_type(std::string_view name, const Json& value, std::string_view wanted) {
  throw Error(ErrorKind::config, fmt::format("the setting \"{}\" of a model is {} but must be {}",
                                             name, value.type_name(), wanted));
}

// One member of a configuration, read as what its setter takes.
class Member {
 public:
  Member(std::string_view name, const Json& value) : name_(name), value_(value) {}

  std::string text() const {
    if (!value_.is_string()) wrong_type(name_, value_, "a string");
    return std::string(value_.as_string());
  }
  double number() const {
    if (!value_.is_number()) wrong_type(name_, value_, "a number");
    return value_.as_number();
  }
  std::int64_t integer() const {
    if (!value_.is_integer()) wrong_type(name_, value_, "an integer");
    return value_.as_int();
  }
  int small() const { return static_cast<int>(integer()); }
  std::size_t count() const {
    if (integer() < 0) wrong_type(name_, value_, "an integer of at least 0");
    return static_cast<std::size_t>(value_.as_uint());
  }
  bool flag() const {
    if (!value_.is_bool()) wrong_type(name_, value_, "true or false");
    return value_.as_bool();
  }
  std::vector<std::string> texts() const {
    if (value_.is_string()) return {text()};
    if (!value_.is_array()) wrong_type(name_, value_, "an array of strings");
    std::vector<std::string> out;
    for (const Json& item : value_.items()) out.push_back(Member(name_, item).text());
    return out;
  }
  std::vector<std::pair<std::string, Json>> members() const {
    if (!value_.is_object()) wrong_type(name_, value_, "an object");
    std::vector<std::pair<std::string, Json>> out;
    for (const std::string& key : value_.keys()) out.emplace_back(key, value_[key]);
    return out;
  }
  std::chrono::nanoseconds seconds() const {
    if (!(number() > 0)) wrong_type(name_, value_, "a number of seconds above 0");
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(number()));
  }

 private:
  std::string_view name_;
  const Json& value_;
};

template <class Target>
struct Setter {
  std::string_view name;
  void (*set)(Target& target, const Member& member);
};

template <class Target, std::size_t N>
bool apply(const std::array<Setter<Target>, N>& setters, Target& target, std::string_view name,
           const Json& value) {
  for (const Setter<Target>& setter : setters) {
    if (setter.name != name) continue;
    setter.set(target, Member(name, value));
    return true;
  }
  return false;
}

void set_logit_bias(ChatOptions& options, const Member& member) {
  std::vector<std::pair<std::string, double>> bias;
  for (const auto& [token, value] : member.members())
    bias.emplace_back(token, Member("logit_bias", value).number());
  options.logit_bias(std::move(bias));
}

void set_extra(ChatOptions& options, const Member& member) {
  for (auto& [name, value] : member.members()) options.extra(name, std::move(value));
}

constexpr std::array<Setter<ChatOptions>, 19> option_setters = {{
    {"temperature", [](ChatOptions& o, const Member& m) { o.temperature(m.number()); }},
    {"top_p", [](ChatOptions& o, const Member& m) { o.top_p(m.number()); }},
    {"max_tokens", [](ChatOptions& o, const Member& m) { o.max_tokens(m.integer()); }},
    {"stop", [](ChatOptions& o, const Member& m) { o.stop(m.texts()); }},
    {"seed", [](ChatOptions& o, const Member& m) { o.seed(m.integer()); }},
    {"n", [](ChatOptions& o, const Member& m) { o.n(m.small()); }},
    {"presence_penalty", [](ChatOptions& o, const Member& m) { o.presence_penalty(m.number()); }},
    {"frequency_penalty", [](ChatOptions& o, const Member& m) { o.frequency_penalty(m.number()); }},
    {"logit_bias", &set_logit_bias},
    {"logprobs", [](ChatOptions& o, const Member& m) { o.logprobs(m.flag()); }},
    {"top_logprobs", [](ChatOptions& o, const Member& m) { o.top_logprobs(m.small()); }},
    {"tool_choice", [](ChatOptions& o, const Member& m) { o.tool_choice(ToolChoice(m.text())); }},
    {"parallel_tool_calls",
     [](ChatOptions& o, const Member& m) { o.parallel_tool_calls(m.flag()); }},
    {"reasoning_effort", [](ChatOptions& o, const Member& m) { o.reasoning_effort(m.text()); }},
    {"user", [](ChatOptions& o, const Member& m) { o.user(m.text()); }},
    {"lenient", [](ChatOptions& o, const Member& m) { o.lenient(m.flag()); }},
    {"lenient_about", [](ChatOptions& o, const Member& m) { o.lenient_about(m.texts()); }},
    {"keep_raw", [](ChatOptions& o, const Member& m) { o.keep_raw(m.flag()); }},
    {"extra", &set_extra},
}};

void set_headers(ModelConfig& config, const Member& member) {
  for (const auto& [name, value] : member.members())
    config.header(name, Member("headers", value).text());
}

constexpr std::array<Setter<ModelConfig>, 7> config_setters = {{
    {"api_key", [](ModelConfig& c, const Member& m) { c.api_key(m.text()); }},
    {"base_url", [](ModelConfig& c, const Member& m) { c.base_url(m.text()); }},
    {"headers", &set_headers},
    {"timeout", [](ModelConfig& c, const Member& m) { c.timeout(m.seconds()); }},
    {"max_concurrency", [](ModelConfig& c, const Member& m) { c.max_concurrency(m.count()); }},
    {"dimensions", [](ModelConfig& c, const Member& m) { c.dimensions(m.small()); }},
    {"batch_size", [](ModelConfig& c, const Member& m) { c.batch_size(m.count()); }},
}};

struct Configured {
  std::string name;
  ModelConfig config;
};

// What is neither a setting of lian nor one of a call is an option of the provider; an unknown one
// is refused, with the known ones, when the model is made.
Configured configured(const Json& json) {
  if (!json.is_object()) wrong_type("configuration", json, "an object");
  Configured out;
  ChatOptions options;
  for (const std::string& name : json.keys()) {
    const Json value = json[name];
    if (name == "model") {
      out.name = Member(name, value).text();
    } else if (!apply(config_setters, out.config, name, value) &&
               !apply(option_setters, options, name, value)) {
      out.config.option(name, Member(name, value).text());
    }
  }
  if (out.name.empty())
    throw Error(ErrorKind::config,
                "the configuration of a model names none: set \"model\" to \"provider:model\"");
  out.config.options(std::move(options));
  return out;
}

}  // namespace

ChatOptions ChatOptions::from_json(const Json& json) {
  if (!json.is_object()) wrong_type("options", json, "an object");
  ChatOptions options;
  for (const std::string& name : json.keys()) {
    if (apply(option_setters, options, name, json[name])) continue;
    throw Error(ErrorKind::config,
                fmt::format("a chat model has no setting \"{}\"; further request fields go into "
                            "\"extra\"",
                            name.substr(0, 100)));
  }
  return options;
}

ChatModel Registry::chat_model_from(const Json& configuration) const {
  Configured from = configured(configuration);
  return chat_model(from.name, std::move(from.config));
}

TextModel Registry::text_model_from(const Json& configuration) const {
  Configured from = configured(configuration);
  return text_model(from.name, std::move(from.config));
}

EmbeddingModel Registry::embedding_model_from(const Json& configuration) const {
  Configured from = configured(configuration);
  return embedding_model(from.name, std::move(from.config));
}

}  // namespace v0
}  // namespace lian
