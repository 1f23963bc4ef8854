#include "lian/model/structured_output.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "model/schema_check.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

// The ways to ask, as they are tried: `named` asks for a call of the one tool, `required` for a
// call.
enum class Way { schema, named, required, object, words };

std::vector<Way> ways_of(StructuredMethod method) {
  switch (method) {
    case StructuredMethod::json_schema:
      return {Way::schema};
    case StructuredMethod::function_calling:
      return {Way::named, Way::required};
    case StructuredMethod::json_mode:
      return {Way::object, Way::words};
    case StructuredMethod::automatic:
      break;
  }
  return {Way::schema, Way::named, Way::required, Way::object, Way::words};
}

bool by_call(Way way) { return way == Way::named || way == Way::required; }
bool by_words(Way way) { return way == Way::object || way == Way::words; }

// ------------------------------------------------------------------ the schema

// What "strict" wants of a schema: every property required (those that may be null say so), no
// property without a name. False when the schema allows others.
bool make_strict(Json& schema) {
  if (schema.is_array()) {
    Json out = Json::array();
    for (Json item : schema.items()) {
      if (!make_strict(item)) return false;
      out.push_back(std::move(item));
    }
    schema = std::move(out);
    return true;
  }
  if (!schema.is_object()) return true;
  if (schema.empty() || schema["additionalProperties"].is_object()) return false;
  for (const char* key : {"items", "anyOf"}) {
    Json inner = schema[key];
    if (inner.is_null()) continue;
    if (!make_strict(inner)) return false;
    schema.set(key, std::move(inner));
  }
  for (const char* key : {"properties", "$defs"}) {
    Json members = schema[key];
    if (members.is_null()) continue;
    for (const std::string& name : members.keys()) {
      Json member = members[name];
      if (!make_strict(member)) return false;
      members.set(name, std::move(member));
    }
    schema.set(key, std::move(members));
  }
  if (!schema["properties"].is_object()) return true;
  Json required = Json::array();
  for (const std::string& name : schema["properties"].keys()) required.push_back(name);
  schema.set("required", std::move(required));
  return true;
}

// Providers take letters, digits, '_' and '-'.
std::string provider_name(std::string name) {
  const std::size_t colon = name.rfind(':');
  if (colon != name.npos) name.erase(0, colon + 1);
  for (char& c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    if (!fine) c = '_';
  }
  return name.empty() ? "answer" : name.substr(0, 64);
}

// ------------------------------------------------------------------ the reply

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// What stands in the first fence of three backticks, "json" or not.
std::string_view fenced(std::string_view text) {
  constexpr std::string_view fence = "```";
  std::size_t begin = text.find(fence);
  if (begin == text.npos) return {};
  begin += fence.size();
  if (text.substr(begin).starts_with("json")) begin += 4;
  const std::size_t end = text.find(fence, begin);
  return trimmed(text.substr(begin, end == text.npos ? end : end - begin));
}

// The text as JSON, alone, in a fence, or between the first brace and the last.
Json json_in(std::string_view text) {
  text = trimmed(text);
  try {
    return Json::parse(text);
  } catch (const ParseError& error) {
    const std::size_t open = text.find('{'), close = text.rfind('}');
    const bool braces = open != text.npos && close != text.npos && open < close;
    for (const std::string_view part :
         {fenced(text), braces ? text.substr(open, close - open + 1) : std::string_view()}) {
      try {
        if (!part.empty()) return Json::parse(part);
      } catch (const ParseError&) {
        continue;  // the error of the whole text is the one to tell
      }
    }
    throw ParseError("the reply is not JSON: " + error.message(), std::string(text), error.offset,
                     "Answer with one JSON object and nothing else.");
  }
}

const ToolCall* call_in(const AIMessage& reply) {
  for (const Part& part : reply.parts)
    if (const auto* call = std::get_if<ToolCall>(&part)) return call;
  return nullptr;
}

Json value_in(const AIMessage& reply, Way way) {
  const ToolCall* call = by_call(way) ? call_in(reply) : nullptr;
  return json_in(call ? call->arguments : reply.text());
}

// A reply that another try would not mend.
void check_ended(const AIMessage& reply) {
  for (const Part& part : reply.parts)
    if (const auto* refusal = std::get_if<RefusalPart>(&part))
      throw Error(ErrorKind::content_filter, "the model refused: " + refusal->text);
  if (reply.finish_reason == FinishReason::content_filter)
    throw Error(ErrorKind::content_filter, "the provider's filter cut the reply");
  if (reply.finish_reason == FinishReason::length)
    throw ParseError("the reply was cut at its length before its JSON was whole: raise max_tokens",
                     reply.text());
}

}  // namespace

// ------------------------------------------------------------------ asking

struct StructuredModel::State {
  State(ChatModel chat_model, StructuredSchema structured_schema,
        StructuredOptions structured_options)
      : model(std::move(chat_model)),
        schema(std::move(structured_schema)),
        options(std::move(structured_options)),
        name(provider_name(options.name().empty() ? schema.name : options.name())),
        strict_schema(schema.schema),
        strict(make_strict(strict_schema)) {
    if (!strict) strict_schema = schema.schema;
    if (options.repairs() < 0)
      throw Error(ErrorKind::config, "StructuredOptions::repairs cannot be negative");
  }

  // The last way is the model's own: what its provider cannot take is left out where it is lenient.
  ChatModel bound(Way way, bool last) const {
    ChatOptions changes;
    if (!last) changes.lenient(false);
    if (way == Way::schema)
      changes.response_format(
          ResponseFormat::json_schema(name, strict_schema, strict, options.description()));
    if (way == Way::object) changes.response_format(ResponseFormat::json_object());
    if (by_call(way)) {
      changes.tools({ToolSpec(name, options.description(), schema.schema)});
      changes.tool_choice(way == Way::named ? ToolChoice(name)
                                            : ToolChoice(ToolChoice::Mode::required));
    }
    return model.bind(changes);
  }

  Messages first(Messages messages, Way way) const {
    if (!by_words(way)) return messages;
    std::string words = "Answer with one JSON object of this JSON Schema and nothing else:\n" +
                        schema.schema.dump();
    if (messages.empty() || messages.back().role != Role::user)
      messages.push_back(user(std::move(words)));
    else
      messages.back().parts.push_back(TextPart("\n\n" + words));
    return messages;
  }

  // Throws what is wrong with the reply.
  Json checked(const AIMessage& reply, Way way) const {
    Json value = value_in(reply, way);
    if (auto fault = schema_fault(schema.schema, value, "$"))
      throw Error(ErrorKind::validation, *fault);
    schema.check(value);
    return value;
  }

  // The conversation with the reply and what was wrong with it.
  static void add_fault(Messages& messages, const AIMessage& reply, const Error& error, Way way) {
    const auto* parse = dynamic_cast<const ParseError*>(&error);
    const std::string words = fmt::format(
        "This does not fit: {}. {}", error.message(),
        parse && !parse->hint.empty() ? parse->hint : "Answer again with the corrected JSON only.");
    messages.push_back(reply);
    const bool called = by_call(way) && call_in(reply) != nullptr;
    if (!called) return messages.push_back(user(words));
    for (Part& part : messages.back().parts)
      if (auto* call = std::get_if<ToolCall>(&part)) make_sendable(*call);
    const std::vector<ToolCall> calls = messages.back().tool_calls();
    for (const ToolCall& call : calls) messages.push_back(tool(ToolResult(call.id, words, true)));
  }

  // Sets value or error.
  bool read(StructuredJson& out, Way way) const {
    out.error = nullptr;
    try {
      check_ended(out.raw);
      out.value = checked(out.raw, way);
    } catch (const Error&) {
      out.error = std::current_exception();
    }
    return out.error == nullptr;
  }

  // False where another try would give the same.
  bool mend(Messages& messages, const StructuredJson& out, Way way, const Context& context) const {
    try {
      std::rethrow_exception(out.error);
    } catch (const Error& error) {
      const bool cut = out.raw.finish_reason == FinishReason::length;
      if (cut || error.kind() == ErrorKind::content_filter) return false;
      context.warn(structured_name,
                   "the reply does not fit and goes back to the model: " + error.message());
      add_fault(messages, out.raw, error, way);
      return true;
    }
  }

  static void make_sendable(ToolCall& call) {
    if (call.id.empty()) call.id = "call_structured";
    if (!call.valid) call.arguments = Json::object({{"invalid_arguments", call.arguments}}).dump();
    call.valid = true;
  }

  ChatModel model;
  StructuredSchema schema;
  StructuredOptions options;
  std::string name;
  Json strict_schema;
  bool strict;
};

// The state is kept by the coroutine that awaits these at once.
struct StructuredModel::Asking {
  // One conversation by one way, repairs included.
  static Task<StructuredJson> by(std::shared_ptr<const State> state, Way way, bool last,
                                 Messages messages, Context context) {
    const ChatModel model = state->bound(way, last);
    messages = state->first(std::move(messages), way);
    StructuredJson out;
    for (int left = state->options.repairs();; --left) {
      ChatInput input(messages);
      Task<AIMessage> asking = model.ainvoke(std::move(input), context);
      out.raw = co_await std::move(asking);
      if (state->read(out, way) || left == 0) break;
      if (!state->mend(messages, out, way, context)) break;
    }
    co_return out;
  }
};

Task<StructuredJson> StructuredModel::ask(ChatInput in, Context context) const {
  std::shared_ptr<const State> state = state_;
  const std::vector<Way> ways = ways_of(state->options.method());
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const bool last = i + 1 == ways.size();
    try {
      Task<StructuredJson> asking = Asking::by(state, ways[i], last, in.messages, context);
      co_return co_await std::move(asking);
    } catch (const UnsupportedError&) {
      if (last) throw;  // else nothing was sent: the next way
    }
  }
  co_return StructuredJson();
}

StructuredModel::StructuredModel(ChatModel model, StructuredSchema schema,
                                 StructuredOptions options)
    : state_(
          std::make_shared<const State>(std::move(model), std::move(schema), std::move(options))) {}
StructuredModel::~StructuredModel() = default;

}  // namespace detail
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
