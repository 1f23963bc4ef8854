#include "model/provider/ernie_reader.hpp"

#include <utility>

#include "lian/core/utf8.hpp"
#include "model/provider/ernie.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t padding = 64;

Usage read_usage(JsonValue value) {
  Usage usage;
  value.fields([&usage](JsonKey key, JsonValue count) {
    if (key == "prompt_tokens") usage.input_tokens = count.integer();
    if (key == "completion_tokens") usage.output_tokens = count.integer();
    if (key == "total_tokens") usage.total_tokens = count.integer();
  });
  if (usage.total_tokens == 0) usage.total_tokens = usage.input_tokens + usage.output_tokens;
  return usage;
}

FinishReason finish_reason(std::string_view word) {
  if (word.empty() || word == "normal" || word == "stop") return FinishReason::stop;
  if (word == "length") return FinishReason::length;
  if (word == "content_filter") return FinishReason::content_filter;
  return word == "function_call" ? FinishReason::tool_calls : FinishReason::other;
}

// "[DONE]", which some gateways add, or nothing at all.
bool says_nothing(std::string_view data) {
  return data.starts_with("[DONE]") || data.find_first_not_of(" \t\r\n") == data.npos;
}

class ErnieStreamDecoder final : public ChatStreamDecoder {
 public:
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (says_nothing(event.data)) return false;
    return reader_.read(event.data, ErnieReader::Kind::event, piece);
  }
  bool complete() const noexcept override { return reader_.ended(); }
  bool finished() const noexcept override { return reader_.ended(); }

 private:
  ErnieReader reader_;
};

}  // namespace

bool ErnieReader::read(std::string_view json, Kind kind, ChatPiece& piece) {
  has_error_ = has_reply_ = false;
  reader_.read(json, [&](JsonValue root) {
    root.fields([&](JsonKey key, JsonValue value) { read_field(key, value, piece); });
  });
  if (has_error_) throw ernie_error_in_reply(json);
  if (kind == Kind::reply && !has_reply_)
    throw_not_json("ernie", json, 0, "it has neither a result nor a function call");
  if (kind == Kind::reply || ended_) close(piece);
  return has_reply_ || ended_ || piece.usage || !piece.extra.is_null();
}

void ErnieReader::read_field(JsonKey key, JsonValue value, ChatPiece& piece) {
  if (key == "result") {
    has_reply_ = has_reply_ || value.is_string();
    value.append_to(piece.text);
  } else if (key == "usage") {
    if (value.is_object()) piece.usage = read_usage(value);
  } else if (key == "finish_reason") {
    value.assign_to(reason_);
  } else if (key == "is_end") {
    ended_ = value.boolean();
  } else if (key == "is_truncated") {
    truncated_ = value.boolean() || truncated_;
  } else if (key == "need_clear_history") {
    clear_history_ = value.boolean() || clear_history_;
  } else if (key == "function_call") {
    if (value.is_object()) read_call(value, piece);
  } else if (key == "error_code") {
    has_error_ = value.is_string() ? value.text() != "0" : value.integer() != 0;
  } else if (key == "id") {
    if (!std::exchange(identified_, true)) value.assign_to(piece.id);
  } else if (key == "object" || key == "sentence_id" || key == "error_msg") {
    return;
  } else if (key == "created") {
    if (!std::exchange(dated_, true)) piece.extra.set("created", value.json());
  } else if (!value.is_null()) {
    piece.extra.set(key.text(), value.json());
  }
}

void ErnieReader::read_call(JsonValue value, ChatPiece& piece) {
  has_reply_ = true;
  ToolCallPiece call;
  call.index = 0;
  std::string name;
  value.fields([&](JsonKey key, JsonValue member) {
    if (key == "name") {
      member.assign_to(name);
    } else if (key == "arguments") {
      scratch_.clear();
      if (member.is_object())
        scratch_ = member.raw();
      else
        member.append_to(scratch_);
      append_arguments(scratch_, call);
    } else if (!member.is_null()) {
      call.extra.set(key.text(), member.json());
    }
  });
  if (!std::exchange(called_, true)) {
    call.id = "call_0";  // the protocol has one call and no ids
    call.name = std::move(name);
  }
  piece.tool_calls.push_back(std::move(call));
}

// Arguments come once; an event that repeats what came before adds what is new.
void ErnieReader::append_arguments(std::string_view text, ToolCallPiece& call) {
  if (text.starts_with(arguments_)) text.remove_prefix(arguments_.size());
  arguments_ += text;
  call.arguments = text;
}

void ErnieReader::close(ChatPiece& piece) {
  piece.raw_finish_reason = reason_;
  piece.finish_reason = finish_reason(reason_);
  if (clear_history_) piece.finish_reason = FinishReason::content_filter;
  if (truncated_) piece.finish_reason = FinishReason::length;
  if (called_) piece.finish_reason = FinishReason::tool_calls;
  piece.extra.set("need_clear_history", Json(clear_history_));
  if (!called_ || !arguments_.empty()) return;
  if (piece.tool_calls.empty()) {
    ToolCallPiece call;
    call.index = 0;
    piece.tool_calls.push_back(std::move(call));
  }
  piece.tool_calls.back().arguments = arguments_ = "{}";
}

std::unique_ptr<ChatStreamDecoder> ErnieChatCodec::decoder(const ChatRequest&) const {
  return std::make_unique<ErnieStreamDecoder>();
}

AIMessage ErnieChatCodec::decode(const HttpReply& reply) const {
  std::string body = utf8::repair(reply.body);
  body.reserve(body.size() + padding);
  try {
    static_cast<void>(Json::parse(body));  // to its last byte, which the reader does not check
  } catch (const ParseError& error) {
    throw_not_json("ernie", body, error.offset, error.message());
  }
  ChatPiece piece;
  ErnieReader().read(body, ErnieReader::Kind::reply, piece);
  AIMessage message;
  append(message, std::move(piece));
  finish(message);
  message.provider = "ernie";
  return message;
}

}  // namespace v0
}  // namespace lian
