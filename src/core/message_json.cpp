#include <algorithm>
#include <type_traits>

#include "core/base64.hpp"
#include "core/field_reader.hpp"
#include "lian/core/error.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr Role roles[] = {Role::system,    Role::developer, Role::user,
                          Role::assistant, Role::tool,      Role::other};
constexpr FinishReason finish_reasons[] = {FinishReason::none,           FinishReason::stop,
                                           FinishReason::length,         FinishReason::tool_calls,
                                           FinishReason::content_filter, FinishReason::pause,
                                           FinishReason::other};
constexpr std::string_view part_types[] = {"text",      "image",     "audio",
                                           "file",      "tool_call", "tool_result",
                                           "reasoning", "refusal",   "unknown"};

void set_text(Json& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out.set(name, text);
}

void set_source(Json& out, const MediaSource& source) {
  set_text(out, "url", source.url);
  if (!source.data.empty()) out.set("data", base64_encode(source.data));
  set_text(out, "file_id", source.file_id);
  set_text(out, "mime_type", source.mime_type);
}

Json typed(std::string_view type) { return Json::object({{"type", type}}); }

// Fields of messages and parts. Members of an `extra` stand beside them as they came, but those of
// these names under "extra": a vendor's "usage" is not lian's.
constexpr std::string_view own_fields[] = {
    "type",         "role",      "role_name", "parts",         "name",
    "id",           "text",      "url",       "data",          "file_id",
    "mime_type",    "detail",    "format",    "custom",        "valid",
    "error",        "arguments", "call_id",   "content",       "is_error",
    "signature",    "kind",      "value",     "finish_reason", "raw_finish_reason",
    "model",        "provider",  "usage",     "logprobs",      "refusal_logprobs",
    "alternatives", "extra"};

bool is_own(std::string_view name) {
  return std::find(std::begin(own_fields), std::end(own_fields), name) != std::end(own_fields);
}

void add_members(Json& out, const Json& object) {
  const std::vector<std::string> names = object.keys();
  const std::vector<Json> values = object.items();
  for (std::size_t i = 0; i < names.size(); ++i) out.set(names[i], values[i]);
}

void write_extra(Json& out, const Json& extra, std::string_view where) {
  if (extra.is_null()) return;
  if (!extra.is_object())
    throw Error(ErrorKind::validation, std::string(where) + ": extra must be an object, got " +
                                           std::string(extra.type_name()));
  Json apart;
  const std::vector<std::string> names = extra.keys();
  const std::vector<Json> values = extra.items();
  for (std::size_t i = 0; i < names.size(); ++i)
    (is_own(names[i]) ? apart : out).set(names[i], values[i]);
  if (!apart.is_null()) out.set("extra", std::move(apart));
}

Json read_extra(FieldReader& fields) {
  const Json apart = fields.json("extra");
  if (!apart.is_null() && !apart.is_object()) fields.fail("extra", "expected an object");
  Json extra = fields.rest();
  add_members(extra, apart);
  return extra;
}

// What stands in a part besides its type and extra.
struct PartWriter {
  Json operator()(const TextPart& part) const { return typed("text").set("text", part.text); }
  Json operator()(const ImagePart& part) const {
    Json out = typed("image");
    set_source(out, part.source);
    set_text(out, "detail", part.detail);
    return out;
  }
  Json operator()(const AudioPart& part) const {
    Json out = typed("audio");
    set_source(out, part.source);
    set_text(out, "format", part.format);
    return out;
  }
  Json operator()(const FilePart& part) const {
    Json out = typed("file");
    set_source(out, part.source);
    set_text(out, "name", part.name);
    return out;
  }
  Json operator()(const ToolCall& call) const {
    Json out = typed("tool_call");
    out.set("id", call.id).set("name", call.name).set("arguments", call.arguments);
    if (call.custom) out.set("custom", true);
    if (!call.valid) out.set("valid", false).set("error", call.error);
    return out;
  }
  Json operator()(const ToolResult& result) const {
    Json out = typed("tool_result");
    out.set("call_id", result.call_id).set("content", result.content);
    if (result.is_error) out.set("is_error", true);
    return out;
  }
  Json operator()(const ReasoningPart& part) const {
    Json out = typed("reasoning");
    out.set("text", part.text);
    set_text(out, "signature", part.signature);
    return out;
  }
  Json operator()(const RefusalPart& part) const { return typed("refusal").set("text", part.text); }
  // As it came where its own "type" says the kind; wrapped where that would read as something else.
  Json operator()(const UnknownPart& part) const {
    const Json type = part.value["type"];
    const bool known =
        std::find(std::begin(part_types), std::end(part_types), part.kind) != std::end(part_types);
    if (!known && type.is_string() && type.as_string() == part.kind) return part.value;
    return typed("unknown").set("kind", part.kind).set("value", part.value);
  }
};

Json part_to_json(const Part& part, const std::string& where) {
  const auto write = [&]<class T>(const T& value) {
    Json out = PartWriter()(value);
    if constexpr (!std::is_same_v<T, UnknownPart>) write_extra(out, value.extra, where);
    return out;
  };
  return std::visit(write, part);
}

MediaSource read_source(FieldReader& fields) {
  MediaSource source;
  source.url = fields.text("url");
  source.file_id = fields.text("file_id");
  source.mime_type = fields.text("mime_type");
  std::optional<std::string> bytes = base64_decode(fields.text("data"));
  if (!bytes) fields.fail("data", "expected base64 (RFC 4648 with padding)");
  source.data = std::move(*bytes);
  return source;
}

ToolCall read_tool_call(FieldReader& fields) {
  ToolCall call;
  call.id = fields.text("id");
  call.name = fields.required_text("name");
  call.arguments = fields.text("arguments");
  call.custom = fields.boolean("custom", false);
  call.valid = fields.boolean("valid", true);
  call.error = fields.text("error");
  return call;
}

ToolResult read_tool_result(FieldReader& fields) {
  ToolResult result;
  result.call_id = fields.text("call_id");
  result.content = fields.required_text("content");
  result.is_error = fields.boolean("is_error", false);
  return result;
}

template <class T>
Part with_rest(T part, FieldReader& fields) {
  part.extra = read_extra(fields);
  return part;
}

Part part_from_json(const Json& json, const std::string& where) {
  FieldReader fields(json, where);
  const std::string type = fields.required_text("type");
  if (type == "text") return with_rest(TextPart(fields.required_text("text")), fields);
  if (type == "refusal") return with_rest(RefusalPart(fields.required_text("text")), fields);
  if (type == "tool_call") return with_rest(read_tool_call(fields), fields);
  if (type == "tool_result") return with_rest(read_tool_result(fields), fields);
  if (type == "unknown") return UnknownPart(fields.required_text("kind"), fields.json("value"));
  if (type == "reasoning") {
    ReasoningPart part(fields.required_text("text"));
    part.signature = fields.text("signature");
    return with_rest(std::move(part), fields);
  }
  if (type == "image") {
    ImagePart part(read_source(fields));
    part.detail = fields.text("detail");
    return with_rest(std::move(part), fields);
  }
  if (type == "audio") {
    AudioPart part(read_source(fields));
    part.format = fields.text("format");
    return with_rest(std::move(part), fields);
  }
  if (type == "file") {
    FilePart part(read_source(fields));
    part.name = fields.text("name");
    return with_rest(std::move(part), fields);
  }
  return UnknownPart(type, json);
}

template <class Enum, std::size_t N>
Enum word_to(const Enum (&all)[N], FieldReader& fields, std::string_view name,
             const std::string& word) {
  std::string known;
  for (const Enum value : all) {
    if (to_string(value) == word) return value;
    known.append(known.empty() ? "" : ", ").append(to_string(value));
  }
  fields.fail(name, "'" + word + "' is none of " + known);
}

Json fields_of(const Message& message) {
  Json out = Json::object({{"role", to_string(message.role)}});
  set_text(out, "role_name", message.role_name);
  set_text(out, "name", message.name);
  set_text(out, "id", message.id);
  Json parts = Json::array();
  for (std::size_t i = 0; i < message.parts.size(); ++i) {
    parts.push_back(part_to_json(message.parts[i], "message.parts[" + std::to_string(i) + "]"));
  }
  return out.set("parts", std::move(parts));
}

void read_message(Message& message, FieldReader& fields) {
  message.role = word_to(roles, fields, "role", fields.required_text("role"));
  message.role_name = fields.text("role_name");
  message.name = fields.text("name");
  message.id = fields.text("id");
  const std::vector<Json> parts = fields.items("parts");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string where = fields.place("parts") + "[" + std::to_string(i) + "]";
    message.parts.push_back(part_from_json(parts[i], where));
  }
}

Json usage_to_json(const Usage& usage) {
  return Json::object({{"input_tokens", usage.input_tokens},
                       {"output_tokens", usage.output_tokens},
                       {"total_tokens", usage.total_tokens},
                       {"cached_tokens", usage.cached_tokens},
                       {"cache_write_tokens", usage.cache_write_tokens},
                       {"reasoning_tokens", usage.reasoning_tokens},
                       {"audio_input_tokens", usage.audio_input_tokens},
                       {"audio_output_tokens", usage.audio_output_tokens},
                       {"accepted_prediction_tokens", usage.accepted_prediction_tokens},
                       {"rejected_prediction_tokens", usage.rejected_prediction_tokens}});
}

Usage usage_from_json(FieldReader fields) {
  Usage usage;
  usage.input_tokens = fields.integer("input_tokens");
  usage.output_tokens = fields.integer("output_tokens");
  usage.total_tokens = fields.integer("total_tokens");
  usage.cached_tokens = fields.integer("cached_tokens");
  usage.cache_write_tokens = fields.integer("cache_write_tokens");
  usage.reasoning_tokens = fields.integer("reasoning_tokens");
  usage.audio_input_tokens = fields.integer("audio_input_tokens");
  usage.audio_output_tokens = fields.integer("audio_output_tokens");
  usage.accepted_prediction_tokens = fields.integer("accepted_prediction_tokens");
  usage.rejected_prediction_tokens = fields.integer("rejected_prediction_tokens");
  return usage;
}

Json logprobs_to_json(const std::vector<TokenLogprob>& logprobs) {
  Json out = Json::array();
  for (const TokenLogprob& logprob : logprobs) {
    Json row = Json::object({{"token", logprob.token}, {"logprob", logprob.logprob}});
    if (!logprob.bytes.empty()) row.set("bytes", base64_encode(logprob.bytes));
    if (!logprob.top.empty()) row.set("top", logprobs_to_json(logprob.top));
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<TokenLogprob> read_logprobs(FieldReader& fields, std::string_view name) {
  std::vector<TokenLogprob> out;
  for (const Json& item : fields.items(name)) {
    FieldReader row(item, fields.place(name));
    TokenLogprob logprob;
    logprob.token = row.required_text("token");
    logprob.logprob = row.number("logprob");
    std::optional<std::string> bytes = base64_decode(row.text("bytes"));
    if (!bytes) row.fail("bytes", "expected base64 (RFC 4648 with padding)");
    logprob.bytes = std::move(*bytes);
    logprob.top = read_logprobs(row, "top");
    out.push_back(std::move(logprob));
  }
  return out;
}

void read_reply(AIMessage& message, FieldReader& fields) {
  const std::string reason = fields.text("finish_reason");
  if (!reason.empty()) {
    message.finish_reason = word_to(finish_reasons, fields, "finish_reason", reason);
  }
  message.raw_finish_reason = fields.text("raw_finish_reason");
  message.model = fields.text("model");
  message.provider = fields.text("provider");
  if (const Json usage = fields.json("usage"); !usage.is_null()) {
    message.usage = usage_from_json(FieldReader(usage, fields.place("usage")));
  }
  message.logprobs = read_logprobs(fields, "logprobs");
  message.refusal_logprobs = read_logprobs(fields, "refusal_logprobs");
  for (const Json& item : fields.items("alternatives")) {
    message.alternatives.push_back(ai_message_from_json(item));
  }
}

}  // namespace

Json to_json(const Message& message) {
  Json out = fields_of(message);
  write_extra(out, message.extra, "message");
  return out;
}

Json to_json(const AIMessage& message) {
  Json out = fields_of(message);
  if (message.finish_reason != FinishReason::none) {
    out.set("finish_reason", to_string(message.finish_reason));
  }
  set_text(out, "raw_finish_reason", message.raw_finish_reason);
  set_text(out, "model", message.model);
  set_text(out, "provider", message.provider);
  if (message.usage) out.set("usage", usage_to_json(*message.usage));
  if (!message.logprobs.empty()) out.set("logprobs", logprobs_to_json(message.logprobs));
  if (!message.refusal_logprobs.empty())
    out.set("refusal_logprobs", logprobs_to_json(message.refusal_logprobs));
  Json alternatives = Json::array();
  for (const AIMessage& other : message.alternatives) alternatives.push_back(to_json(other));
  if (!alternatives.empty()) out.set("alternatives", std::move(alternatives));
  write_extra(out, message.extra, "message");
  return out;
}

Message message_from_json(const Json& json) {
  FieldReader fields(json, "message");
  Message message;
  read_message(message, fields);
  message.extra = read_extra(fields);
  return message;
}

AIMessage ai_message_from_json(const Json& json) {
  FieldReader fields(json, "message");
  AIMessage message;
  read_message(message, fields);
  read_reply(message, fields);
  message.extra = read_extra(fields);
  return message;
}

}  // namespace v0
}  // namespace lian
