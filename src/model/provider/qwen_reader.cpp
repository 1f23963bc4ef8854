#include "model/provider/qwen_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "model/provider/json_fields.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t max_choices = 1024;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

FinishReason finish_reason(std::string_view word) {
  if (word.empty()) return FinishReason::none;
  if (word == "stop") return FinishReason::stop;
  if (word == "length") return FinishReason::length;
  if (word == "tool_calls") return FinishReason::tool_calls;
  if (word == "content_filter" || word == "sensitive") return FinishReason::content_filter;
  return FinishReason::other;
}

// "null" is DashScope's word for an unfinished choice.
void read_finish(const JsonValue& value, ChatPiece& piece) {
  if (!value.is_string()) return;
  value.assign_to(piece.raw_finish_reason);
  if (piece.raw_finish_reason == "null") piece.raw_finish_reason.clear();
}

}  // namespace

void QwenReader::fail(std::string_view why) const { throw_not_json("qwen", text_, 0, why); }

std::size_t QwenReader::finished() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(choices_.begin(), choices_.end(), [](const Choice& c) { return c.finished; }));
}

bool QwenReader::next(ChatPiece& piece) {
  if (next_ + 1 >= count_) return false;
  std::swap(piece, queue_[next_++]);
  return true;
}

bool QwenReader::read(std::string_view json, ChatPiece& first) {
  text_ = json;
  has_output_ = has_usage_ = false;
  count_ = next_ = 0;
  json_.read(json, [&](const JsonValue& top) {
    top.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "output") read_output(value, first);
      if (key == "usage") read_usage(value, first);
      if (key == "request_id" && !identified_) value.assign_to(first.id);
    });
  });
  identified_ = identified_ || !first.id.empty();
  return has_output_ || (has_usage_ && begun() > 0);
}

// The output is a text, or a list of choices.
void QwenReader::read_output(const JsonValue& output, ChatPiece& first) {
  bool has_text = false;
  output.fields([&](const JsonKey& key, const JsonValue& value) {
    if (key == "choices") {
      value.items([&](const JsonValue& choice) {
        ChatPiece& piece = piece_for(count_, first);
        piece.choice = static_cast<int>(count_++);
        read_choice(choice, piece);
        settle(piece);
      });
    } else if (key == "text") {
      has_text = value.is_string();
      if (has_text) value.append_to(first.text);
    } else if (key == "finish_reason") {
      if (count_ == 0) read_finish(value, first);
    } else {
      keep_field(key, value, first.extra);
    }
  });
  has_output_ = has_text || count_ > 0;
  if (!has_text || count_ > 0) return;
  count_ = 1;
  settle(first);
}

ChatPiece& QwenReader::piece_for(std::size_t index, ChatPiece& first) {
  if (index >= max_choices) fail("it has too many choices");
  if (index == 0) return first;
  if (queue_.size() < index) queue_.emplace_back();
  queue_[index - 1].clear();
  return queue_[index - 1];
}

void QwenReader::read_choice(const JsonValue& choice, ChatPiece& piece) {
  choice.fields([&](const JsonKey& key, const JsonValue& value) {
    if (key == "message") {
      read_message(value, piece);
    } else if (key == "finish_reason") {
      read_finish(value, piece);
    } else if (key == "index") {
      piece.choice = static_cast<int>(std::clamp<std::int64_t>(value.integer(), 0, INT32_MAX));
    } else if (key == "logprobs") {
      value.fields([&](const JsonKey& name, const JsonValue& tokens) {
        if (name == "content") read_logprobs(tokens, piece.logprobs);
      });
    } else {
      keep_field(key, value, piece.extra);
    }
  });
}

void QwenReader::read_message(const JsonValue& message, ChatPiece& piece) {
  message.fields([&](const JsonKey& key, const JsonValue& value) {
    if (key == "content") {
      read_content(value, piece);
    } else if (key == "reasoning_content") {
      value.append_to(piece.reasoning);
    } else if (key == "tool_calls") {
      value.items([&](const JsonValue& call) { read_call(call, piece); });
    } else if (!(key == "role")) {
      keep_field(key, value, piece.extra);
    }
  });
}

// A text, or a list of `{"text"}` and of other single-key objects.
void QwenReader::read_content(const JsonValue& content, ChatPiece& piece) {
  if (!content.is_array()) return content.append_to(piece.text);
  content.items([&](const JsonValue& item) {
    item.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "text") return value.append_to(piece.text);
      if (key == "type" || value.is_null()) return;
      std::string kind = key.text();
      Json whole = Json::object();
      whole.set(kind, value.json());
      piece.parts.emplace_back(UnknownPart(std::move(kind), std::move(whole)));
    });
  });
}

void QwenReader::read_call(const JsonValue& call, ChatPiece& piece) {
  ToolCallPiece out;
  out.index = -1;
  call.fields([&](const JsonKey& key, const JsonValue& value) {
    if (key == "index") {
      out.index = static_cast<int>(std::clamp<std::int64_t>(value.integer(-1), -1, INT32_MAX));
    } else if (key == "id") {
      value.assign_to(out.id);
    } else if (key == "function") {
      value.fields([&](const JsonKey& name, const JsonValue& text) {
        if (name == "name") text.assign_to(out.name);
        if (name == "arguments" && text.is_object()) out.arguments = text.raw();
        if (name == "arguments") text.append_to(out.arguments);
      });
    } else if (!(key == "type")) {
      keep_field(key, value, out.extra);
    }
  });
  piece.tool_calls.push_back(std::move(out));
}

void QwenReader::read_usage(const JsonValue& value, ChatPiece& piece) {
  if (!value.is_object()) return;
  Usage usage;
  const bool last = !piece.raw_finish_reason.empty();
  Json others;
  value.fields([&](const JsonKey& key, const JsonValue& member) {
    if (key == "input_tokens") {
      usage.input_tokens = member.integer();
    } else if (key == "output_tokens") {
      usage.output_tokens = member.integer();
    } else if (key == "total_tokens") {
      usage.total_tokens = member.integer();
    } else if (key == "prompt_tokens_details" || key == "input_tokens_details") {
      member.fields([&](const JsonKey& name, const JsonValue& count) {
        if (name == "cached_tokens") usage.cached_tokens = count.integer();
        if (name == "cache_creation_input_tokens") usage.cache_write_tokens = count.integer();
        if (name == "audio_tokens") usage.audio_input_tokens = count.integer();
      });
    } else if (key == "output_tokens_details") {
      member.fields([&](const JsonKey& name, const JsonValue& count) {
        if (name == "reasoning_tokens") usage.reasoning_tokens = count.integer();
        if (name == "audio_tokens") usage.audio_output_tokens = count.integer();
      });
    } else if (last) {
      keep_field(key, member, others);
    }
  });
  if (usage.total_tokens == 0) usage.total_tokens = usage.input_tokens + usage.output_tokens;
  piece.usage = usage;
  has_usage_ = true;
  if (!others.is_null()) piece.extra.set("usage", std::move(others));
}

QwenReader::Choice& QwenReader::choice_of(int index) {
  const auto place = static_cast<std::size_t>(index);
  if (place >= max_choices) fail("a choice's index is out of range");
  if (choices_.size() <= place) choices_.resize(place + 1);
  return choices_[place];
}

// Makes of what the event says of a choice what is new of it.
void QwenReader::settle(ChatPiece& piece) {
  Choice& choice = choice_of(piece.choice);
  const bool last = !piece.raw_finish_reason.empty();
  if (cumulative_) {
    keep_new(piece.text, choice.text, last);
    keep_new(piece.reasoning, choice.reasoning, last);
  }
  settle_calls(piece, choice);
  if (!last) return;
  choice.finished = true;
  piece.finish_reason = finish_reason(piece.raw_finish_reason);
  // With a forced tool_choice the vendor's word is "stop".
  const bool stopped = piece.finish_reason == FinishReason::stop;
  if (stopped && !choice.calls.empty()) piece.finish_reason = FinishReason::tool_calls;
}

void QwenReader::settle_calls(ChatPiece& piece, Choice& choice) {
  for (ToolCallPiece& call : piece.tool_calls) {
    calls_.settle(call, piece.choice);
    const auto index = static_cast<std::size_t>(call.index);
    if (choice.calls.size() <= index) choice.calls.resize(index + 1);
    Call& known = choice.calls[index];
    if (cumulative_) keep_new(call.arguments, known.arguments, true);
    known.any = known.any || !call.arguments.empty();
  }
  if (piece.raw_finish_reason.empty()) return;
  for (std::size_t i = 0; i < choice.calls.size(); ++i) {  // a function without parameters
    if (std::exchange(choice.calls[i].any, true)) continue;
    ToolCallPiece none;
    none.index = static_cast<int>(i);
    none.arguments = "{}";
    piece.tool_calls.push_back(std::move(none));
  }
}

// `now` becomes what follows `before`, all that was handed on. A character whose bytes have not all
// been generated stands as U+FFFD at the end: it waits for the next event. What was handed on
// cannot be taken back.
void QwenReader::keep_new(std::string& now, std::string& before, bool last) const {
  while (!last && now.ends_with(replacement)) now.resize(now.size() - replacement.size());
  if (now.empty()) return;
  if (!now.starts_with(before))
    fail(
        "an event replaces text that was handed on before; ask for increments (the default) or "
        "for the whole reply");
  now.erase(0, before.size());
  before += now;
}

}  // namespace v0
}  // namespace lian
