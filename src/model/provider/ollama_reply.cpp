#include <memory>
#include <string>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/embedding_rows.hpp"
#include "model/provider/json_fields.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/ollama.hpp"

namespace lian {
inline namespace v0 {

namespace {

FinishReason finish_reason(std::string_view word) {
  if (word == "stop") return FinishReason::stop;
  if (word == "length") return FinishReason::length;
  return FinishReason::other;
}

// Reads replies of chat and generate, whole ones and lines alike. Not thread-safe.
class OllamaReader {
 public:
  // `json` has 64 readable bytes behind its end; `piece` must be clear. Throws ApiError,
  // ParseError.
  void read(std::string_view json, ChatPiece& piece) {
    bool is_reply = false, is_error = false;
    has_reason_ = false;
    json_.read(json, [&](const JsonValue& top) {
      top.fields([&](const JsonKey& key, const JsonValue& value) {
        if (key == "error")
          is_error = !value.is_null();
        else if (key == "done")
          is_reply = true, done_ = value.boolean();
        else
          read_field(key, value, piece);
      });
    });
    if (is_error) throw ollama_error_in_reply(json);
    if (!is_reply) throw_not_json("ollama", json, 0, "it has no \"done\"");
    if (done_) end(piece);
    first_ = false;
  }
  bool done() const noexcept { return done_; }

 private:
  void read_field(const JsonKey& key, const JsonValue& value, ChatPiece& piece) {
    if (key == "message") return read_message(value, piece);
    if (key == "response") return value.append_to(piece.text);
    if (key == "thinking") return value.append_to(piece.reasoning);
    if (key == "logprobs") return read_logprobs(value, piece.logprobs);
    if (key == "prompt_eval_count") {
      usage_.input_tokens = value.integer();
    } else if (key == "eval_count") {
      usage_.output_tokens = value.integer();
    } else if (key == "done_reason") {
      has_reason_ = value.is_string();
      value.assign_to(piece.raw_finish_reason);
    } else if (first_ && key == "model") {
      value.assign_to(piece.model);
    } else if (first_ || done_) {  // the lines between repeat what the first one says
      if (!(key == "model")) keep_field(key, value, piece.extra);
    }
  }

  void read_message(const JsonValue& message, ChatPiece& piece) {
    message.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "content") {
        value.append_to(piece.text);
      } else if (key == "thinking") {
        value.append_to(piece.reasoning);
      } else if (key == "tool_calls") {
        value.items([&](const JsonValue& call) { read_call(call, piece); });
      } else if (!(key == "role")) {
        keep_field(key, value, piece.extra);
      }
    });
  }

  // Each comes whole; older servers give neither id nor index.
  void read_call(const JsonValue& call, ChatPiece& piece) {
    ToolCallPiece out;
    out.index = calls_++;
    call.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "id") {
        value.assign_to(out.id);
      } else if (key == "function") {
        value.fields([&](const JsonKey& name, const JsonValue& member) {
          if (name == "name") member.assign_to(out.name);
          if (name == "arguments") read_arguments(member, out.arguments);
        });
      } else if (!(key == "type")) {
        keep_field(key, value, out.extra);
      }
    });
    if (out.id.empty()) out.id = "call_" + std::to_string(out.index);
    if (out.arguments.empty()) out.arguments = "{}";
    piece.tool_calls.push_back(std::move(out));
  }

  static void read_arguments(const JsonValue& value, std::string& out) {
    if (value.is_object())
      out = value.raw();
    else
      value.assign_to(out);
  }

  // Counters that are zero are left out; servers of 2023 give no reason.
  void end(ChatPiece& piece) {
    usage_.total_tokens = usage_.input_tokens + usage_.output_tokens;
    piece.usage = usage_;
    piece.finish_reason = has_reason_ ? finish_reason(piece.raw_finish_reason) : FinishReason::stop;
    const bool stopped = piece.finish_reason == FinishReason::stop;
    if (stopped && calls_ > 0) piece.finish_reason = FinishReason::tool_calls;
  }

  JsonReader json_{"ollama"};
  Usage usage_;
  int calls_ = 0;
  bool first_ = true, done_ = false, has_reason_ = false;
};

bool says_something(const ChatPiece& piece) {
  return !piece.text.empty() || !piece.reasoning.empty() || !piece.tool_calls.empty() ||
         piece.usage || !piece.model.empty() || !piece.logprobs.empty() || !piece.extra.is_null();
}

class OllamaStreamDecoder final : public ChatStreamDecoder {
 public:
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    reader_.read(event.data, piece);
    return says_something(piece);
  }
  bool complete() const noexcept override { return reader_.done(); }
  bool finished() const noexcept override { return reader_.done(); }

 private:
  OllamaReader reader_;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> OllamaChatCodec::decoder(const ChatRequest&) const {
  return std::make_unique<OllamaStreamDecoder>();
}

AIMessage OllamaChatCodec::decode(const HttpReply& reply) const {
  const std::string repaired = utf8::repair(reply.body);
  try {
    static_cast<void>(Json::parse(repaired));  // whole to its last byte
  } catch (const ParseError& error) {
    throw_not_json("ollama", repaired, error.offset, error.message());
  }
  std::string copy;
  const std::string_view body = padded(repaired, copy);
  OllamaReader reader;
  ChatPiece piece;
  reader.read(body, piece);
  if (!reader.done()) throw_not_json("ollama", body, 0, "it is not done");
  AIMessage message;
  append(message, std::move(piece));
  finish(message);
  return message;
}

ApiError OllamaChatCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return ollama_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
