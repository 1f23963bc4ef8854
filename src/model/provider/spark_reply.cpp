#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "lian/core/error.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_finish.hpp"
#include "model/provider/spark.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view clock_advice =
    "check the secret, and that this machine's clock is right to within 300 s";
constexpr double second_limit_wait = 1;  // what the vendor's limits a second ask for
constexpr std::int64_t last = 2;         // the status of the frame that ends a reply

Complaint complaint_of(std::string code, std::string message, std::string sid) {
  Complaint complaint;
  complaint.code = std::move(code);
  complaint.message = std::move(message);
  complaint.request_id = std::move(sid);
  const VendorCode* known = find_code(spark_dialect.codes, complaint.code);
  complaint.kind = known ? known->kind : ErrorKind::server;
  if (known && !known->advice.empty()) complaint.message.append(" ").append(known->advice);
  if (complaint.code == "11202" || complaint.code == "11203")
    complaint.retry_after_seconds = second_limit_wait;
  return complaint;
}

Complaint complaint_of(const Json& header) {
  return complaint_of(scalar_text(header["code"]), scalar_text(header["message"]),
                      scalar_text(header["sid"]));
}

struct Header {
  std::int64_t code = 0;
  std::string message;

  void read(JsonValue value, std::string& sid) {
    value.fields([&](JsonKey key, JsonValue field) {
      if (key == "code") code = field.integer();
      if (key == "message") field.assign_to(message);
      if (key == "sid" && sid.empty()) field.assign_to(sid);
    });
  }
};

/// Frames of JSON: a header with a code, the next words with a status, at last the usage.
class SparkStream final : public ChatStreamDecoder {
 public:
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (done_) return false;
    const bool first = sid_.empty();
    reader_.read(event.data, [&](JsonValue frame) {
      frame.fields([&](JsonKey key, JsonValue value) {
        if (key == "header") header_.read(value, sid_);
        if (key == "payload" && header_.code == 0) read_payload(value, piece);
      });
    });
    if (header_.code != 0)
      throw api_error_in_reply(complaint_of(std::to_string(header_.code), header_.message, sid_),
                               event.data, spark_dialect.name);
    if (first) piece.id = sid_;
    if (done_) piece.finish_reason = missing_finish_reason(calls_ > 0);
    return done_ || !piece.id.empty() || !piece.text.empty() || !piece.reasoning.empty() ||
           !piece.tool_calls.empty() || piece.usage || !piece.extra.is_null();
  }
  bool complete() const noexcept override { return done_; }
  bool finished() const noexcept override { return done_; }

 private:
  void read_payload(JsonValue payload, ChatPiece& piece) {
    payload.fields([&](JsonKey key, JsonValue value) {
      if (key == "choices") read_choices(value, piece);
      if (key == "usage") read_usage(value, piece);
      if (key == "plugins") piece.extra.set("plugins", value.json());
    });
  }

  void read_choices(JsonValue choices, ChatPiece& piece) {
    choices.fields([&](JsonKey key, JsonValue value) {
      if (key == "status") done_ = value.integer() == last;
      if (key == "text") value.items([&](JsonValue text) { read_text(text, piece); });
    });
  }

  void read_text(JsonValue text, ChatPiece& piece) {
    text.fields([&](JsonKey key, JsonValue value) {
      if (key == "content") value.append_to(piece.text);
      if (key == "reasoning_content") value.append_to(piece.reasoning);
      if (key == "function_call" && value.is_object()) read_call(value, piece);
    });
  }

  // The protocol has no ids: the call gets one, so that it can be answered.
  void read_call(JsonValue function, ChatPiece& piece) {
    ToolCallPiece call;
    call.index = calls_++;
    call.id = fmt::format("call_{}", call.index);
    function.fields([&](JsonKey key, JsonValue value) {
      if (key == "name") value.assign_to(call.name);
      if (key == "arguments") value.is_object() ? void(call.arguments = value.raw())
                                                : value.assign_to(call.arguments);
    });
    piece.tool_calls.push_back(std::move(call));
  }

  static void read_usage(JsonValue value, ChatPiece& piece) {
    Usage usage;
    value.fields([&](JsonKey outer, JsonValue text) {
      if (!(outer == "text")) return;
      text.fields([&](JsonKey key, JsonValue count) {
        if (key == "prompt_tokens") usage.input_tokens = count.integer();
        if (key == "completion_tokens") usage.output_tokens = count.integer();
        if (key == "total_tokens") usage.total_tokens = count.integer();
      });
    });
    if (usage.total_tokens == 0) usage.total_tokens = usage.input_tokens + usage.output_tokens;
    piece.usage = usage;
  }

  JsonReader reader_{spark_dialect.name};
  Header header_;
  std::string sid_;
  int calls_ = 0;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> SparkChatCodec::decoder(const ChatRequest&) const {
  return std::make_unique<SparkStream>();
}

// One frame in place of a WebSocket: a gateway's error, or a reply that ends at once.
AIMessage SparkChatCodec::decode(const HttpReply& reply) const {
  std::string body = reply.body;
  body.reserve(body.size() + 64);
  StreamEvent event({}, body);
  SparkStream stream;
  ChatPiece piece;
  stream.decode(event, piece);
  if (!stream.complete()) throw_not_json(spark_dialect.name, body, 0, "it is no whole reply");
  AIMessage message;
  append(message, std::move(piece));
  finish(message);
  return message;
}

ApiError SparkChatCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return spark_error(reply, endpoint);
}

ApiError spark_error_in_reply(std::string_view json) {
  return api_error_in_reply(complaint_of(parse_or_null(json)["header"]), json, spark_dialect.name);
}

ApiError spark_error(const HttpReply& reply, const Endpoint& endpoint) {
  const Json body = parse_or_null(reply.body), header = body["header"];
  if (header["code"].is_integer()) return api_error(complaint_of(header), reply, endpoint);
  const bool refused = reply.status == 401 || reply.status == 403;
  if (!refused || !body["code"].is_null() || !body["error"].is_null())
    return openai_error(reply, endpoint, spark_dialect);
  Complaint complaint;
  complaint.kind = ErrorKind::authentication;
  complaint.message = fmt::format("{}: {}",
                                  body["message"].is_string() ? body["message"].as_string()
                                                              : "the signature was refused",
                                  clock_advice);
  return api_error(std::move(complaint), reply, endpoint);
}

}  // namespace v0
}  // namespace lian
