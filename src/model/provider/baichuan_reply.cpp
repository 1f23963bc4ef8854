#include <array>
#include <utility>

#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/baichuan.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/vendor_code.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t padding = 64;

constexpr std::array codes = std::to_array<VendorCode>({
    {"1", ErrorKind::server},
    {"10000", ErrorKind::invalid_request},
    {"10100", ErrorKind::authentication},
    {"10101", ErrorKind::authentication},
    {"10102", ErrorKind::authentication},
    {"10103", ErrorKind::authentication},
    {"10104", ErrorKind::authentication,
     "(the request's time stamp is that of this machine's clock: set the clock right)"},
    {"10105", ErrorKind::authentication, "(check the secret key, BAICHUAN_SECRET_KEY)"},
    {"10106", ErrorKind::authentication},
    {"10200", ErrorKind::permission},
    {"10201", ErrorKind::permission},
    {"10202", ErrorKind::rate_limited},
    {"10203", ErrorKind::rate_limited},
    {"10300", ErrorKind::quota},
    {"10301", ErrorKind::permission},
    {"10400", ErrorKind::content_filter},
    {"10401", ErrorKind::content_filter},
    {"10500", ErrorKind::server},
});

Complaint complaint_in(const Json& body) {
  Complaint complaint;
  const Json error = body["error"].is_object() ? body["error"] : body;
  complaint.code = scalar_text(error["code"]);
  complaint.message = scalar_text(error["msg"]);
  if (complaint.message.empty()) complaint.message = scalar_text(error["message"]);
  const VendorCode* known = find_code(codes, complaint.code);
  if (!known) return complaint;
  complaint.kind = known->kind;
  if (!known->advice.empty()) complaint.message.append(" ").append(known->advice);
  return complaint;
}

FinishReason finish_reason(std::string_view word) {
  if (word == "stop") return FinishReason::stop;
  if (word == "length") return FinishReason::length;
  return word == "content_filter" ? FinishReason::content_filter : FinishReason::other;
}

Usage read_usage(JsonValue value) {
  Usage usage;
  value.fields([&usage](JsonKey key, JsonValue count) {
    if (key == "prompt_tokens") usage.input_tokens = count.integer();
    if (key == "answer_tokens" || key == "completion_tokens") usage.output_tokens = count.integer();
    if (key == "total_tokens") usage.total_tokens = count.integer();
  });
  if (usage.total_tokens == 0) usage.total_tokens = usage.input_tokens + usage.output_tokens;
  return usage;
}

// Reads whole replies and the lines of streams, which have one form.
class Reader {
 public:
  // True when the piece holds something.
  bool read(std::string_view json, ChatPiece& piece) {
    has_error_ = has_message_ = false;
    reader_.read(json, [&](JsonValue root) {
      root.fields([&](JsonKey key, JsonValue value) { read_field(key, value, piece); });
    });
    if (has_error_) throw api_error_in_reply(complaint_in(parse_or_null(json)), json, "baichuan");
    return has_message_ || piece.usage || !piece.extra.is_null();
  }
  bool has_message() const noexcept { return has_message_; }  // what was read last

 private:
  void read_field(JsonKey key, JsonValue value, ChatPiece& piece) {
    if (key == "code") {
      has_error_ = value.is_string() ? value.text() != "0" : value.integer() != 0;
    } else if (key == "error") {
      has_error_ = has_error_ || !value.is_null();
    } else if (key == "data") {
      value.fields([&](JsonKey name, JsonValue member) {
        if (name == "messages")
          member.items([&](JsonValue message) { read_message(message, piece); });
        else if (!member.is_null())
          piece.extra.set(name.text(), member.json());
      });
    } else if (key == "usage") {
      if (value.is_object()) piece.usage = read_usage(value);
    } else if (!(key == "msg") && !value.is_null()) {
      piece.extra.set(key.text(), value.json());
    }
  }

  void read_message(JsonValue message, ChatPiece& piece) {
    has_message_ = true;
    message.fields([&](JsonKey key, JsonValue value) {
      if (key == "content") {
        value.append_to(piece.text);
      } else if (key == "finish_reason") {
        value.assign_to(piece.raw_finish_reason);
        if (!piece.raw_finish_reason.empty())
          piece.finish_reason = finish_reason(piece.raw_finish_reason);
      } else if (!(key == "role") && !value.is_null()) {
        piece.extra.set(key.text(), value.json());
      }
    });
  }

  JsonReader reader_{"baichuan"};
  bool has_error_ = false, has_message_ = false;
};

// The protocol has no last event: the HTTP message must end properly.
class StreamDecoder final : public ChatStreamDecoder {
 public:
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    const bool any = reader_.read(event.data, piece);
    any_message_ = any_message_ || reader_.has_message();
    return any;
  }
  void ended() override { ended_ = true; }
  bool complete() const noexcept override { return ended_ && any_message_; }
  bool finished() const noexcept override { return false; }

 private:
  Reader reader_;
  bool any_message_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> BaichuanLegacyCodec::decoder(const ChatRequest&) const {
  return std::make_unique<StreamDecoder>();
}

AIMessage BaichuanLegacyCodec::decode(const HttpReply& reply) const {
  std::string body = utf8::repair(reply.body);
  body.reserve(body.size() + padding);
  try {
    static_cast<void>(Json::parse(body));  // to its last byte, which the reader does not check
  } catch (const ParseError& error) {
    throw_not_json("baichuan", body, error.offset, error.message());
  }
  Reader reader;
  ChatPiece piece;
  reader.read(body, piece);
  if (!reader.has_message()) throw_not_json("baichuan", body, 0, "it has no message");
  if (piece.finish_reason == FinishReason::none) piece.finish_reason = FinishReason::stop;
  AIMessage message;
  append(message, std::move(piece));
  finish(message);
  message.provider = "baichuan";
  return message;
}

ApiError BaichuanLegacyCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  const Json body = parse_or_null(utf8::repair(reply.body));
  return api_error(complaint_in(body), reply, endpoint);
}

}  // namespace v0
}  // namespace lian
