#include "model/provider/openai_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/error.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_calls.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_finish.hpp"
#include "model/provider/repeated_fields.hpp"

namespace lian {
inline namespace v0 {
namespace {

namespace od = simdjson::ondemand;
using simdjson::ondemand::json_type;

constexpr std::size_t kPadding = 64;
static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

// A member where it lies: copies are read in another width than they were written in, for which the
// processor waits at every field.
od::field& member_of(simdjson::simdjson_result<od::field>& found) {
  if (found.error() != simdjson::SUCCESS) throw simdjson::simdjson_error(found.error());
  od::field&& field = std::move(found).value_unsafe();
  return field;
}

// Compares a raw key, which a quote ends and padding follows.
template <std::size_t N>
bool is(const char* key, const char (&name)[N]) {
  return std::memcmp(key, name, N - 1) == 0 && key[N - 1] == '"';
}

bool is_key(const char* key, std::string_view name) {
  return std::memcmp(key, name.data(), name.size()) == 0 && key[name.size()] == '"';
}

std::int64_t integer_or(od::value& value, std::int64_t otherwise) {
  std::int64_t number = 0;
  return value.get_int64().get(number) == simdjson::SUCCESS ? number : otherwise;
}

Json number_of(od::value& value) {
  std::int64_t whole = 0;
  if (value.get_int64().get(whole) == simdjson::SUCCESS) return Json(whole);
  return Json(double(value.get_double()));
}

void append_text(const char* raw, std::string& out) {
  if (!append_unescaped(raw, out)) throw simdjson::simdjson_error(simdjson::STRING_ERROR);
}

std::string key_text(const char* raw) {
  std::string key;
  append_text(raw, key);
  return key;
}

bool is_truthy(od::value& value) {
  switch (value.type()) {
    case json_type::null:
      return false;
    case json_type::boolean:
      return value.get_bool();
    case json_type::string:
      return *value.get_raw_json_string().value().raw() != '"';
    case json_type::object:
      return !value.get_object().is_empty();
    default:
      return true;
  }
}

constexpr std::size_t usual_bytes = std::size_t{16} << 10, max_depth = 128;

void allocate(od::parser& parser, std::size_t bytes) {
  if (parser.allocate(bytes, max_depth) != simdjson::SUCCESS) throw std::bad_alloc();
}

// A parser's memory is some times its text: streams share the thread's, which holds nothing between
// two texts, and only a text above the usual size gets one of its own.
od::parser& usual_parser() {
  thread_local od::parser parser;
  if (parser.capacity() == 0) allocate(parser, usual_bytes);
  return parser;
}

od::parser& parser_for(std::size_t bytes, std::optional<od::parser>& own) {
  if (bytes <= usual_bytes) return usual_parser();
  allocate(own.emplace(), bytes);
  return *own;
}

class SimdjsonReader : public OpenAIReader {
 public:
  explicit SimdjsonReader(const OpenAIDialect& dialect) : dialect_(dialect) {}

  void read(std::string_view json, Kind kind, ChatPiece& first) override;
  bool next(ChatPiece& piece) override;
  bool all_finished() const noexcept override;
  bool any_choice() const noexcept override { return !choices_.empty(); }
  bool any_tool_call() const noexcept override { return !calls_.empty(); }

 private:
  using Value = od::value;
  using Object = od::object;

  void read_top(Object top, ChatPiece& first);
  void read_identity(const char* key, Value& value, ChatPiece& first);
  void read_choices(Value& value, ChatPiece& first);
  void read_choice(Object choice, ChatPiece& piece);
  void read_message(Object message, ChatPiece& piece);
  void read_content(Value& value, ChatPiece& piece);
  void read_part(Object part, ChatPiece& piece);
  void read_calls(Value& value, ChatPiece& piece);
  void read_call(Object call, ToolCallPiece& out);
  void read_function(Value& value, ToolCallPiece& out);
  void read_logprobs(Value& value, ChatPiece& piece);
  void read_tokens(Value& value, std::vector<TokenLogprob>& out);
  void read_logprob(Object object, TokenLogprob& out);
  void read_usage(Value& value, ChatPiece& piece);
  void note_choice(ChatPiece& piece);
  ToolCallPiece& add_call(ChatPiece& piece);
  void append_string(Value& value, std::string& out);
  void assign_string(Value& value, std::string& out);
  void keep(const char* key, Value& value, Json& extra);
  bool postpone(const char* key, Value& value);
  void keep_postponed(ChatPiece& piece);
  void skip(Value& value);

  OpenAIDialect dialect_;
  Kind kind_ = Kind::chunk;
  bool identified_ = false;  // an id has been handed on
  bool has_choices_ = false, has_usage_ = false, has_error_ = false;
  std::size_t choice_count_ = 0, next_ = 0, used_calls_ = 0;
  std::vector<ChatPiece> queue_;
  struct Choice {
    bool finished = false, calls = false, refuses = false;
  };
  std::vector<Choice> choices_;
  OpenAICalls calls_;
  std::string scratch_;
  struct Postponed {
    std::string name;
    std::string_view text;
  };
  std::vector<Postponed> postponed_;  // lists and objects of a choice, until its index is known
  RepeatedFields repeated_;
};

void SimdjsonReader::read(std::string_view json, Kind kind, ChatPiece& first) {
  kind_ = kind;
  has_choices_ = has_usage_ = has_error_ = false;
  choice_count_ = next_ = 0;
  std::optional<od::parser> own;
  od::document document;
  try {
    od::parser& parser = parser_for(json.size(), own);
    document = parser.iterate(json.data(), json.size(), json.size() + kPadding);
    read_top(document.get_object(), first);
    if (choice_count_ == 0) first.tool_calls.clear();  // left there for their strings
    const char* rest = nullptr;
    if (!has_error_ && document.current_location().get(rest) == simdjson::SUCCESS) {
      throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
    }
  } catch (const ApiError&) {  // a finish reason that is a failure; an error beside it says more
    if (is_openai_error(json)) throw openai_error_in_reply(json, dialect_);
    throw;
  } catch (const simdjson::simdjson_error& error) {
    if (is_openai_error(json)) throw openai_error_in_reply(json, dialect_);
    const char* at = nullptr;
    std::size_t offset = 0;
    if (document.is_alive() && document.current_location().get(at) == simdjson::SUCCESS &&
        at >= json.data()) {
      offset = std::min(static_cast<std::size_t>(at - json.data()), json.size());
    }
    throw_not_json(dialect_.name, json, offset, error.what());
  }
  if (has_error_) throw openai_error_in_reply(json, dialect_);
  if (has_choices_ || (kind == Kind::chunk && has_usage_)) return;
  if (is_openai_error(json)) throw openai_error_in_reply(json, dialect_);
  throw_not_json(dialect_.name, json, 0, "it has no choices");
}

bool SimdjsonReader::next(ChatPiece& piece) {
  if (next_ + 1 >= choice_count_) return false;
  std::swap(piece, queue_[next_++]);
  return true;
}

bool SimdjsonReader::all_finished() const noexcept {
  return std::all_of(choices_.begin(), choices_.end(), [](const Choice& c) { return c.finished; });
}

void SimdjsonReader::read_top(Object top, ChatPiece& first) {
  for (auto found : top) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& value = field.value();
    if (is(key, "choices")) {
      read_choices(value, first);
    } else if (is(key, "usage")) {
      read_usage(value, first);
    } else if (is(key, "error")) {
      has_error_ = is_truthy(value);
      if (has_error_) return;
    } else if (dialect_.code_in_reply && is(key, "code")) {
      has_error_ = integer_or(value, 0) != 0;
      if (has_error_) return;
    } else {
      read_identity(key, value, first);
    }
  }
  if (!first.id.empty()) identified_ = true;
}

// What describes the whole reply. Streams repeat it in every chunk: once the id has come, only
// lists and objects are read.
void SimdjsonReader::read_identity(const char* key, Value& value, ChatPiece& first) {
  if (identified_ && kind_ == Kind::chunk) {
    const json_type type = value.type();
    if (type == json_type::object || type == json_type::array) keep(key, value, first.extra);
    return;
  }
  if (is_key(key, dialect_.id_field) || (is(key, "id") && first.id.empty()))
    return assign_string(value, first.id);
  if (is(key, "model")) return assign_string(value, first.model);
  if (is(key, "id") || is(key, "object") || is(key, "obfuscation")) return skip(value);
  keep(key, value, first.extra);
}

void SimdjsonReader::read_choices(Value& value, ChatPiece& first) {
  if (value.is_null()) return;
  if (choice_count_ > 0) throw simdjson::simdjson_error(simdjson::TAPE_ERROR);  // the second list
  has_choices_ = kind_ == Kind::chunk;
  for (auto choice : value.get_array()) {
    has_choices_ = true;
    if (choice_count_ == 0) {
      read_choice(choice.get_object(), first);
    } else {
      if (queue_.size() < choice_count_) queue_.emplace_back();
      queue_[choice_count_ - 1].clear();
      read_choice(choice.get_object(), queue_[choice_count_ - 1]);
    }
    ++choice_count_;
  }
}

void SimdjsonReader::read_choice(Object choice, ChatPiece& piece) {
  piece.choice = kind_ == Kind::reply ? static_cast<int>(choice_count_) : 0;
  used_calls_ = 0;
  postponed_.clear();
  bool has_message = false;
  for (auto found : choice) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& value = field.value();
    if (is(key, "delta") || is(key, "message")) {
      if (value.is_null()) continue;
      // MiniMax repeats the whole message behind the deltas.
      if (kind_ == Kind::chunk && is(key, "message") && any_choice()) continue;
      read_message(value.get_object(), piece);
      has_message = true;
    } else if (is(key, "finish_reason")) {
      assign_string(value, piece.raw_finish_reason);
      piece.finish_reason = openai_finish_reason(piece.raw_finish_reason, dialect_);
    } else if (is(key, "text")) {  // of legacy completions
      append_string(value, piece.text);
      has_message = true;
    } else if (is(key, "index")) {
      piece.choice = static_cast<int>(std::clamp<std::int64_t>(integer_or(value, 0), 0, INT32_MAX));
    } else if (is(key, "logprobs")) {
      read_logprobs(value, piece);
    } else if (is(key, "usage")) {
      read_usage(value, piece);
    } else if (!postpone(key, value)) {
      keep(key, value, piece.extra);
    }
  }
  if (kind_ == Kind::reply && !has_message) {
    throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
  }
  if (dialect_.search_as_tool) piece.choice = 0;
  keep_postponed(piece);
  piece.tool_calls.resize(used_calls_);
  for (ToolCallPiece& call : piece.tool_calls) calls_.settle(call, piece.choice);
  note_choice(piece);
}

void SimdjsonReader::read_message(Object message, ChatPiece& piece) {
  bool found_by_search = false;
  for (auto found : message) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& value = field.value();
    if (dialect_.search_as_tool && is(key, "role")) {
      assign_string(value, scratch_);
      found_by_search = scratch_ == "tool";
    } else if (found_by_search) {
      keep(key, value, piece.extra);
    } else if (is(key, "content")) {
      read_content(value, piece);
    } else if (is(key, "tool_calls")) {
      read_calls(value, piece);
    } else if (is(key, "reasoning_content") || is(key, "reasoning")) {
      if (value.type() == json_type::string) assign_string(value, piece.reasoning);
    } else if (is(key, "refusal")) {
      assign_string(value, piece.refusal);
    } else if (is(key, "role")) {
      skip(value);
    } else if (is(key, "function_call")) {
      if (value.type() == json_type::object) read_function(value, add_call(piece));
    } else if (is(key, "audio")) {
      if (value.is_null()) continue;
      piece.parts.emplace_back(
          UnknownPart("audio", Json::parse(value.get_object().value().raw_json().value())));
    } else {
      keep(key, value, piece.extra);
    }
  }
}

void SimdjsonReader::read_content(Value& value, ChatPiece& piece) {
  if (value.type() != json_type::array) return assign_string(value, piece.text);
  for (auto part : value.get_array()) read_part(part.get_object(), piece);
}

// Some compatible servers send content as an array of parts, as requests have it.
void SimdjsonReader::read_part(Object part, ChatPiece& piece) {
  const std::string_view text = part.raw_json();
  const Json json = Json::parse(text);
  const Json type = json["type"];
  if (type.is_string() && type.as_string() == "text" && json["text"].is_string()) {
    piece.text += json["text"].as_string();
  } else if (type.is_string() && type.as_string() == "thinking") {  // Mistral
    for (std::size_t i = 0; i < json["thinking"].size(); ++i)
      if (json["thinking"][i]["text"].is_string())
        piece.reasoning += json["thinking"][i]["text"].as_string();
  } else if (type.is_string() && type.as_string() == "refusal" && json["refusal"].is_string()) {
    piece.refusal += json["refusal"].as_string();
  } else {
    piece.parts.emplace_back(
        UnknownPart(type.is_string() ? std::string(type.as_string()) : std::string(), json));
  }
}

ToolCallPiece& SimdjsonReader::add_call(ChatPiece& piece) {
  if (used_calls_ == piece.tool_calls.size()) piece.tool_calls.emplace_back();
  ToolCallPiece& call = piece.tool_calls[used_calls_++];
  call.index = -1;
  call.id.clear();
  call.name.clear();
  call.arguments.clear();
  call.custom = false;
  call.extra = Json();
  return call;
}

void SimdjsonReader::read_calls(Value& value, ChatPiece& piece) {
  if (value.is_null()) return;
  if (value.type() == json_type::object) {  // Spark sends one call without an array around it
    read_call(value.get_object(), add_call(piece));
    return;
  }
  for (auto call : value.get_array()) read_call(call.get_object(), add_call(piece));
}

void SimdjsonReader::read_call(Object call, ToolCallPiece& out) {
  for (auto found : call) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& value = field.value();
    if (is(key, "index")) {
      out.index = static_cast<int>(std::clamp<std::int64_t>(integer_or(value, -1), -1, INT32_MAX));
    } else if (is(key, "id")) {
      assign_string(value, out.id);
    } else if (is(key, "function")) {
      read_function(value, out);
    } else if (is(key, "custom")) {
      out.custom = true;
      read_function(value, out);
    } else if (is(key, "type")) {
      skip(value);
    } else {
      keep(key, value, out.extra);
    }
  }
}

void SimdjsonReader::read_function(Value& value, ToolCallPiece& out) {
  if (value.is_null()) return;
  for (auto found : value.get_object()) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& member = field.value();
    if (is(key, "name")) {
      assign_string(member, out.name);
    } else if (is(key, "arguments") || is(key, "input")) {
      if (member.type() == json_type::object) {
        out.arguments = member.get_object().value().raw_json().value();
      } else {
        assign_string(member, out.arguments);
      }
    } else if (kind_ == Kind::reply) {
      skip(member);
    }
  }
}

// What the vendor calls "stop" is a call of tools or a refusal where the choice holds one.
void SimdjsonReader::note_choice(ChatPiece& piece) {
  const auto index = static_cast<std::size_t>(piece.choice);
  constexpr std::size_t max_choices = 1024;
  if (index >= max_choices) {
    throw simdjson::simdjson_error(simdjson::INDEX_OUT_OF_BOUNDS);
  }
  if (choices_.size() <= index) choices_.resize(index + 1);
  Choice& choice = choices_[index];
  if (!piece.tool_calls.empty()) choice.calls = true;
  if (!piece.refusal.empty()) choice.refuses = true;
  if (piece.finish_reason == FinishReason::none) return;
  choice.finished = true;
  if (piece.finish_reason != FinishReason::stop) return;
  if (choice.calls) piece.finish_reason = FinishReason::tool_calls;
  if (choice.refuses) piece.finish_reason = FinishReason::content_filter;
}

void SimdjsonReader::read_logprobs(Value& value, ChatPiece& piece) {
  if (value.type() != json_type::object) return;
  for (auto found : value.get_object()) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& tokens = field.value();
    if (is(key, "content")) {
      read_tokens(tokens, piece.logprobs);
    } else if (is(key, "refusal")) {
      read_tokens(tokens, piece.refusal_logprobs);
    } else {
      skip(tokens);
    }
  }
}

void SimdjsonReader::read_tokens(Value& value, std::vector<TokenLogprob>& out) {
  if (value.type() != json_type::array) return skip(value);
  for (auto token : value.get_array()) {
    out.emplace_back();
    read_logprob(token.get_object(), out.back());
  }
}

void SimdjsonReader::read_logprob(Object object, TokenLogprob& out) {
  for (auto found : object) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& value = field.value();
    if (is(key, "token")) {
      assign_string(value, out.token);
    } else if (is(key, "logprob")) {
      out.logprob = value.get_double();
    } else if (is(key, "bytes") && value.type() == json_type::array) {
      for (auto byte : value.get_array())
        out.bytes += static_cast<char>(static_cast<unsigned char>(integer_or(byte.value(), 0)));
    } else if (is(key, "top_logprobs")) {
      read_tokens(value, out.top);
    } else {
      skip(value);
    }
  }
}

void SimdjsonReader::read_usage(Value& value, ChatPiece& piece) {
  if (value.type() != json_type::object) return;
  Usage usage;
  const auto read_details = [](Value& details, const auto& take) {
    if (details.type() != json_type::object) return;
    for (auto found : details.get_object()) {
      od::field& field = member_of(found);
      const char* key = field.key().raw();
      take(key, integer_or(field.value(), 0));
    }
  };
  const auto prompt_details = [&](const char* key, std::int64_t count) {
    if (is(key, "cached_tokens")) usage.cached_tokens = count;
    if (is(key, "cache_write_tokens")) usage.cache_write_tokens = count;
    if (is(key, "audio_tokens")) usage.audio_input_tokens = count;
  };
  const auto completion_details = [&](const char* key, std::int64_t count) {
    if (is(key, "reasoning_tokens")) usage.reasoning_tokens = count;
    if (is(key, "audio_tokens")) usage.audio_output_tokens = count;
    if (is(key, "accepted_prediction_tokens")) usage.accepted_prediction_tokens = count;
    if (is(key, "rejected_prediction_tokens")) usage.rejected_prediction_tokens = count;
  };
  for (auto found : value.get_object()) {
    od::field& field = member_of(found);
    const char* key = field.key().raw();
    Value& member = field.value();
    if (is(key, "prompt_tokens")) {
      usage.input_tokens = integer_or(member, 0);
    } else if (is(key, "completion_tokens")) {
      usage.output_tokens = integer_or(member, 0);
    } else if (is(key, "total_tokens")) {
      usage.total_tokens = integer_or(member, 0);
    } else if (is(key, "prompt_tokens_details")) {
      read_details(member, prompt_details);
    } else if (is(key, "completion_tokens_details")) {
      read_details(member, completion_details);
    } else if (is(key, "prompt_cache_hit_tokens")) {
      usage.cached_tokens = integer_or(member, 0);
    }
  }
  const std::int64_t apart = usage.input_tokens + usage.output_tokens + usage.reasoning_tokens;
  if (dialect_.reasoning_apart && usage.total_tokens == apart) usage.output_tokens += usage.reasoning_tokens;
  if (usage.total_tokens == 0) usage.total_tokens = usage.input_tokens + usage.output_tokens;
  piece.usage = usage;
  has_usage_ = true;
}

void SimdjsonReader::append_string(Value& value, std::string& out) {
  if (value.is_null()) return;
  append_text(value.get_raw_json_string().value().raw(), out);
}

void SimdjsonReader::assign_string(Value& value, std::string& out) {
  out.clear();
  append_string(value, out);
}

// A field lian has no name for, unless it says nothing.
void SimdjsonReader::keep(const char* key, Value& value, Json& extra) {
  switch (value.type()) {
    case json_type::null:
      return skip(value);
    case json_type::string:
      assign_string(value, scratch_);
      if (!scratch_.empty()) extra.set(key_text(key), Json(scratch_));
      return;
    case json_type::number:
      extra.set(key_text(key), number_of(value));
      return;
    case json_type::boolean:
      extra.set(key_text(key), Json(bool(value.get_bool())));
      return;
    case json_type::array: {
      od::array items = value.get_array();
      if (items.is_empty()) return;
      extra.set(key_text(key), Json::parse(items.raw_json().value()));
      return;
    }
    case json_type::object: {
      od::object members = value.get_object();
      if (members.is_empty()) return;
      extra.set(key_text(key), Json::parse(members.raw_json().value()));
    }
  }
}

// Lists and objects of a stream's chunk wait until it is known whose they are.
bool SimdjsonReader::postpone(const char* key, Value& value) {
  if (kind_ == Kind::reply) return false;
  const json_type type = value.type();
  if (type == json_type::object)
    postponed_.push_back({key_text(key), value.get_object().value().raw_json().value()});
  else if (type == json_type::array)
    postponed_.push_back({key_text(key), value.get_array().value().raw_json().value()});
  else
    return false;
  return true;
}

void SimdjsonReader::keep_postponed(ChatPiece& piece) {
  for (const Postponed& field : postponed_) {
    if (!repeated_.changed(piece.choice, field.name, field.text)) continue;
    Json whole = Json::parse(field.text);
    if (!whole.empty()) piece.extra.set(field.name, std::move(whole));
  }
}

// Reads a value to its end and checks it on the way; of a stream's chunk only the brackets count.
void SimdjsonReader::skip(Value& value) {
  if (kind_ == Kind::chunk) return;
  switch (value.type()) {
    case json_type::object:
      for (auto found : value.get_object()) skip(member_of(found).value());
      return;
    case json_type::array:
      for (auto item : value.get_array()) skip(item.value());
      return;
    case json_type::string:
      return assign_string(value, scratch_);
    case json_type::number:
      static_cast<void>(value.get_double().value());
      return;
    case json_type::boolean:
      static_cast<void>(value.get_bool().value());
      return;
    case json_type::null:
      if (!value.is_null()) throw simdjson::simdjson_error(simdjson::N_ATOM_ERROR);
      return;
  }
}

}  // namespace

std::unique_ptr<OpenAIReader> OpenAIReader::make(const OpenAIDialect& dialect) {
  return std::make_unique<SimdjsonReader>(dialect);
}

}  // namespace v0
}  // namespace lian
