#include <array>
#include <utility>

#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/responses.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

std::int64_t count_of(const Json& value) { return value.is_integer() ? value.as_int() : 0; }

Usage usage_of(const Json& json) {
  Usage usage(count_of(json["input_tokens"]), count_of(json["output_tokens"]));
  if (json["total_tokens"].is_integer()) usage.total_tokens = json["total_tokens"].as_int();
  usage.cached_tokens = count_of(json["input_tokens_details"]["cached_tokens"]);
  usage.cache_write_tokens = count_of(json["input_tokens_details"]["cache_write_tokens"]);
  usage.reasoning_tokens = count_of(json["output_tokens_details"]["reasoning_tokens"]);
  return usage;
}

void read_logprobs(const Json& tokens, ChatPiece& piece) {
  for (const Json& item : tokens.items()) {
    TokenLogprob token;
    token.token = text_of(item["token"]);
    if (item["logprob"].is_number()) token.logprob = item["logprob"].as_number();
    for (const Json& other : item["top_logprobs"].items())
      token.top.emplace_back(text_of(other["token"]),
                             other["logprob"].is_number() ? other["logprob"].as_number() : 0);
    piece.logprobs.push_back(std::move(token));
  }
}

// What describes the whole response, and how it ended.
void read_response(const Json& response, bool any_call, bool any_refusal, ChatPiece& piece) {
  piece.id = text_of(response["id"]);
  piece.model = text_of(response["model"]);
  if (response["usage"].is_object()) piece.usage = usage_of(response["usage"]);
  const std::string tier = text_of(response["service_tier"]);
  if (!tier.empty()) piece.extra.set("service_tier", Json(tier));
  const std::string status = text_of(response["status"]);
  if (status == "completed") {
    piece.raw_finish_reason = status;
    piece.finish_reason = any_call      ? FinishReason::tool_calls
                          : any_refusal ? FinishReason::content_filter
                                        : FinishReason::stop;
  } else if (status == "incomplete") {
    piece.raw_finish_reason = text_of(response["incomplete_details"]["reason"]);
    piece.finish_reason = piece.raw_finish_reason == "max_output_tokens" ? FinishReason::length
                          : piece.raw_finish_reason == "content_filter"
                              ? FinishReason::content_filter
                              : FinishReason::other;
    if (piece.raw_finish_reason.empty()) piece.raw_finish_reason = status;
  } else if (status != "in_progress" && status != "queued") {
    piece.raw_finish_reason = status;
    piece.finish_reason = FinishReason::other;
  }
}

ApiError error_of(const Json& error, std::string_view body, std::string_view provider) {
  ApiError known = openai_error_in_reply(error.dump(), named(provider));
  Complaint complaint;
  complaint.message = text_of(error["message"]);
  complaint.code = text_of(error["code"]);
  complaint.parameter = text_of(error["param"]);
  complaint.kind = known.kind();
  return api_error_in_reply(std::move(complaint), body, provider);
}


class WholeReply {
 public:
  WholeReply(const Json& response, std::string_view body, std::string_view provider)
      : response_(response), body_(body), provider_(provider) {}

  AIMessage read() {
    if (!response_["output"].is_array()) throw_not_json(provider_, body_, 0, "it has no output");
    for (const Json& item : response_["output"].items()) read_item(item);
    ChatPiece last;
    read_response(response_, any_call_, any_refusal_, last);
    if (last.raw_finish_reason.empty())
      throw_not_json(provider_, body_, 0, "the response is not finished");
    append(message_, std::move(last));
    finish(message_);
    return std::move(message_);
  }

 private:
  void read_item(const Json& item) {
    const std::string type = text_of(item["type"]);
    ChatPiece piece;
    if (type == "message") return read_message(item);
    if (type == "reasoning") {
      piece.reasoning = thoughts(item);
      piece.reasoning_signature = item.dump();
    } else if (type == "function_call") {
      ToolCallPiece call;
      call.index = calls_++;
      call.id = text_of(item["call_id"]);
      call.name = text_of(item["name"]);
      call.arguments = text_of(item["arguments"]);
      if (call.arguments.empty()) call.arguments = "{}";
      piece.tool_calls.push_back(std::move(call));
      any_call_ = true;
    } else {
      piece.parts.emplace_back(UnknownPart(type, item));
    }
    append(message_, std::move(piece));
  }

  static std::string thoughts(const Json& item) {
    std::string text;
    for (const char* member : {"summary", "content"})
      for (const Json& part : item[member].items()) {
        if (!text.empty()) text += "\n\n";
        text += text_of(part["text"]);
      }
    return text;
  }

  void read_message(const Json& item) {
    for (const Json& part : item["content"].items()) {
      ChatPiece piece;
      const std::string type = text_of(part["type"]);
      if (type == "output_text") {
        piece.text = text_of(part["text"]);
        read_logprobs(part["logprobs"], piece);
        if (!part["annotations"].empty()) piece.extra.set("annotations", part["annotations"]);
      } else if (type == "refusal") {
        piece.refusal = text_of(part["refusal"]);
        any_refusal_ = true;
      } else {
        piece.parts.emplace_back(UnknownPart(type, part));
      }
      append(message_, std::move(piece));
    }
  }

  const Json& response_;
  std::string_view body_, provider_;
  AIMessage message_;
  int calls_ = 0;
  bool any_call_ = false, any_refusal_ = false;
};

enum class Kind {
  other, created, item_added, item_done, text, refusal, arguments, reasoning, reasoning_part, ended,
  error
};

Kind kind_of(std::string_view type) {
  struct Row {
    std::string_view type;
    Kind kind;
  };
  static constexpr std::array<Row, 13> table = {{
      {"response.output_text.delta", Kind::text},
      {"response.refusal.delta", Kind::refusal},
      {"response.function_call_arguments.delta", Kind::arguments},
      {"response.reasoning_summary_text.delta", Kind::reasoning},
      {"response.reasoning_text.delta", Kind::reasoning},
      {"response.reasoning_summary_part.added", Kind::reasoning_part},
      {"response.output_item.added", Kind::item_added},
      {"response.output_item.done", Kind::item_done},
      {"response.created", Kind::created},
      {"response.completed", Kind::ended},
      {"response.incomplete", Kind::ended},
      {"response.failed", Kind::ended},
      {"error", Kind::error},
  }};
  for (const Row& row : table)
    if (row.type == type) return row.kind;
  return Kind::other;
}

// The sign that ends a stream is response.completed, .incomplete or .failed.
class ResponsesDecoder : public ChatStreamDecoder {
 public:
  explicit ResponsesDecoder(std::string_view provider) : provider_(provider), reader_(provider) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (ended_ || event.data.starts_with("[DONE]")) return false;
    read_event(event.data);
    switch (kind_) {
      case Kind::text:
        piece.text.swap(delta_);
        if (!logprobs_.empty()) read_logprobs(Json::parse(logprobs_), piece);
        return !piece.text.empty();
      case Kind::refusal:
        any_refusal_ = true;
        piece.refusal.swap(delta_);
        return !piece.refusal.empty();
      case Kind::reasoning:
        piece.reasoning.swap(delta_);
        return !piece.reasoning.empty();
      case Kind::reasoning_part:
        if (part_index_ > 0) piece.reasoning = "\n\n";
        return part_index_ > 0;
      case Kind::arguments:
        return arguments(piece);
      case Kind::item_added:
      case Kind::item_done:
        return item(piece);
      case Kind::created:
      case Kind::ended:
        return response(event.data, piece);
      case Kind::error:
        throw error_of(Json::parse(event.data), event.data, provider_);
      case Kind::other:
        return bare_error(event.data);
    }
    return false;
  }

  bool complete() const noexcept override { return ended_; }
  bool finished() const noexcept override { return ended_; }

 private:
  void read_event(std::string_view data) {
    kind_ = Kind::other;
    delta_.clear();
    item_ = response_ = logprobs_ = {};
    output_index_ = part_index_ = 0;
    reader_.read(data, [this](JsonValue root) {
      root.fields([this](JsonKey key, JsonValue value) { read_field(key, value); });
    });
  }

  void read_field(JsonKey key, JsonValue value) {
    if (key == "type") {
      value.assign_to(type_);
      kind_ = kind_of(type_);
    } else if (key == "delta") {
      value.append_to(delta_);
    } else if (key == "output_index") {
      output_index_ = value.integer();
    } else if (key == "summary_index") {
      part_index_ = value.integer();
    } else if (key == "item") {
      item_ = value.raw();
    } else if (key == "response") {
      response_ = value.raw();
    } else if (key == "logprobs" && value.is_array()) {
      const std::string_view raw = value.raw();
      if (raw.size() > 2) logprobs_ = raw;
    }
  }

  struct Call {
    std::int64_t output_index;
    bool has_arguments;
  };

  int call_index() {
    for (std::size_t i = 0; i < calls_.size(); ++i)
      if (calls_[i].output_index == output_index_) return static_cast<int>(i);
    return -1;
  }

  bool arguments(ChatPiece& piece) {
    const int index = call_index();
    if (index < 0 || delta_.empty()) return false;
    calls_[static_cast<std::size_t>(index)].has_arguments = true;
    piece.tool_calls.emplace_back();
    piece.tool_calls.back().index = index;
    piece.tool_calls.back().arguments.swap(delta_);
    return true;
  }

  bool item(ChatPiece& piece) {
    const Json item = Json::parse(item_);
    const std::string type = text_of(item["type"]);
    if (type == "function_call") return call(item, piece);
    if (kind_ == Kind::item_added) return false;
    if (type == "reasoning") {
      piece.reasoning_signature = item_;
      return true;
    }
    if (type == "message") return annotations(item, piece);
    piece.parts.emplace_back(UnknownPart(type, item));
    return true;
  }

  bool call(const Json& item, ChatPiece& piece) {
    int index = call_index();
    const bool begins = index < 0;
    if (begins) {
      index = static_cast<int>(calls_.size());
      calls_.push_back({output_index_, false});
    }
    Call& call = calls_[static_cast<std::size_t>(index)];
    ToolCallPiece out;
    out.index = index;
    if (begins) {
      out.id = text_of(item["call_id"]);
      out.name = text_of(item["name"]);
    }
    // The whole arguments count where no fragment came.
    if (kind_ == Kind::item_done && !std::exchange(call.has_arguments, true)) {
      out.arguments = text_of(item["arguments"]);
      if (out.arguments.empty()) out.arguments = "{}";
    }
    if (!begins && out.arguments.empty()) return false;
    piece.tool_calls.push_back(std::move(out));
    return true;
  }

  bool annotations(const Json& item, ChatPiece& piece) {
    for (const Json& part : item["content"].items())
      if (!part["annotations"].empty()) piece.extra.set("annotations", part["annotations"]);
    return !piece.extra.is_null();
  }

  bool response(std::string_view data, ChatPiece& piece) {
    const Json response = Json::parse(response_);
    if (kind_ == Kind::ended && response["error"].is_object())
      throw error_of(response["error"], data, provider_);
    read_response(response, !calls_.empty(), any_refusal_, piece);
    if (kind_ == Kind::created) {
      piece.finish_reason = FinishReason::none;
      piece.raw_finish_reason.clear();
      return true;
    }
    ended_ = true;
    return true;
  }

  bool bare_error(std::string_view data) {
    if (type_.empty() && is_openai_error(data)) throw openai_error_in_reply(data, named(provider_));
    return false;
  }

  std::string provider_;
  JsonReader reader_;
  Kind kind_ = Kind::other;
  std::string type_, delta_;
  std::string_view item_, response_, logprobs_;  // into the event
  std::int64_t output_index_ = 0, part_index_ = 0;
  std::vector<Call> calls_;
  bool any_refusal_ = false, ended_ = false;
};

}  // namespace

AIMessage ResponsesCodec::decode(const HttpReply& reply) const {
  const std::string body = utf8::repair(reply.body);
  const Json response = Json::parse(body);
  if (response["error"].is_object()) throw error_of(response["error"], body, provider_);
  return WholeReply(response, body, provider_).read();
}

std::unique_ptr<ChatStreamDecoder> ResponsesCodec::decoder(const ChatRequest&) const {
  return std::make_unique<ResponsesDecoder>(provider_);
}

ApiError ResponsesCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint);
}

std::int64_t ResponsesCodec::decode_count(const HttpReply& reply) const {
  const Json count = Json::parse(reply.body);
  if (!count["input_tokens"].is_integer())
    throw_not_json(provider_, reply.body, 0, "it has no input_tokens");
  return count["input_tokens"].as_int();
}

}  // namespace v0
}  // namespace lian
