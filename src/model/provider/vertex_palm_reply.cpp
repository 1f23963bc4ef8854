#include <algorithm>
#include <array>
#include <utility>

#include "model/provider/api_error.hpp"
#include "model/provider/google_error.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/vertex_palm.hpp"
#include "model/provider/vertex_tensor.hpp"

namespace lian {
inline namespace v0 {
namespace {

enum Attribute : std::size_t { kSafety, kCitation, kGrounding };
constexpr std::array<const char*, 3> kAttributes = {"safetyAttributes", "citationMetadata",
                                                    "groundingMetadata"};
constexpr std::size_t max_choices = 1024;

bool is_blocked(const Json& safety) { return safety["blocked"] == Json(true); }

void set_finish(bool blocked, FinishReason& reason, std::string& raw) {
  reason = blocked ? FinishReason::content_filter : FinishReason::stop;
  if (blocked) raw = "blocked";
}

std::optional<Usage> usage_in(const Json& metadata) {
  const Json tokens = metadata["tokenMetadata"];
  const Json in = tokens["inputTokenCount"]["totalTokens"];
  const Json out = tokens["outputTokenCount"]["totalTokens"];
  if (!in.is_integer() && !out.is_integer()) return std::nullopt;
  return Usage(in.is_integer() ? in.as_int() : 0, out.is_integer() ? out.as_int() : 0);
}

// `i`: of the choice; a chat has its attributes in arrays beside the candidates.
AIMessage choice_in(const Json& holder, const Json& attributes, std::size_t i) {
  AIMessage choice(scalar_text(holder["content"]));
  for (const char* name : kAttributes) {
    const Json all = attributes[name];
    const Json own = all.is_array() ? all[i] : all;
    if (!own.is_null()) choice.extra.set(name, own);
  }
  set_finish(is_blocked(choice.extra["safetyAttributes"]), choice.finish_reason,
             choice.raw_finish_reason);
  return choice;
}

template <class F>
void each_member(JsonValue tensor, F f) {
  tensor.fields([&](JsonKey type, JsonValue members) {
    if (type == "structVal" || type == "struct_val") members.fields(f);
  });
}

template <class F>
void each_item(JsonValue tensor, F f) {
  tensor.fields([&](JsonKey type, JsonValue items) {
    if (type == "listVal" || type == "list_val") items.items(f);
  });
}

void append_string(JsonValue tensor, std::string& out) {
  tensor.fields([&](JsonKey type, JsonValue values) {
    if (!(type == "stringVal" || type == "string_val")) return;
    if (values.is_string()) return values.append_to(out);
    values.items([&](JsonValue value) { value.append_to(out); });
  });
}

// The stream says nothing of why it ended: that is told when it has.
class VertexPalmStreamDecoder final : public ChatStreamDecoder {
 public:
  VertexPalmStreamDecoder(std::string_view provider, Framing framing)
      : provider_(provider), reader_(provider), in_array_(framing == Framing::json_array) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    first_ = &piece;
    count_ = given_ = 0;
    if (in_array_ && event.type == "end") {
      ended_ = true;
      return false;
    }
    json_ = event.data;
    if (json_.find_first_not_of(" \t\r\n") == std::string_view::npos) return false;
    reader_.read(json_, [&](JsonValue root) {
      if (!root.is_object()) throw_not_json(provider_, json_, 0, "no object");
      root.fields([&](JsonKey key, JsonValue value) { read_top(key, value); });
    });
    if (count_ == 0) return next(piece);
    piece.choice = 0;
    given_ = 1;
    return true;
  }

  bool next(ChatPiece& piece) override {
    if (given_ < count_) {
      std::swap(piece, others_[given_ - 1]);
      piece.choice = static_cast<int>(given_++);
      return true;
    }
    if (!complete() || ends_told_ == blocked_.size()) return false;
    piece.clear();
    piece.choice = static_cast<int>(ends_told_);
    set_finish(blocked_[ends_told_++], piece.finish_reason, piece.raw_finish_reason);
    return true;
  }

  void ended() override { ended_ = ended_ || !in_array_; }
  bool complete() const noexcept override { return ended_ && has_output_; }
  bool finished() const noexcept override { return in_array_ && ended_; }

 private:
  void read_top(JsonKey key, JsonValue value) {
    if (key == "error") throw google_error_in_reply(json_, provider_);
    if (key == "metadata") {
      piece_of(0).usage = usage_in(value.json());
    } else if (key == "outputs") {
      std::size_t output = 0;
      value.items([&](JsonValue item) {
        has_output_ = true;
        each_member(item,
                    [&](JsonKey name, JsonValue tensor) { read_member(name, tensor, output); });
        ++output;
      });
    }
  }

  void read_member(JsonKey name, JsonValue tensor, std::size_t output) {
    if (name == "content") {
      append_string(tensor, piece_of(output).text);
    } else if (name == "candidates") {
      std::size_t choice = output;
      each_item(tensor, [&](JsonValue candidate) {
        ChatPiece& piece = piece_of(choice++);
        each_member(candidate, [&](JsonKey field, JsonValue value) {
          if (field == "content") append_string(value, piece.text);
        });
      });
    } else if (name == "safetyAttributes") {
      read_attribute(kSafety, tensor, output);
    } else if (name == "citationMetadata") {
      read_attribute(kCitation, tensor, output);
    } else if (name == "groundingMetadata") {
      read_attribute(kGrounding, tensor, output);
    }
  }

  // Most chunks repeat what the first said: that is read once.
  void read_attribute(Attribute which, JsonValue tensor, std::size_t output) {
    const std::string_view text = tensor.raw();
    std::string& seen = seen_[which];
    if (seen == text) return;
    seen = text;
    const Json value = from_tensor(Json::parse(text));
    const std::size_t count = value.is_array() ? value.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const Json own = value.is_array() ? value[i] : value;
      const std::size_t choice = output + i;
      ChatPiece& piece = piece_of(choice);
      if (!own.is_null()) piece.extra.set(kAttributes[which], own);
      if (which == kSafety && is_blocked(own)) blocked_[choice] = true;
    }
  }

  ChatPiece& piece_of(std::size_t choice) {
    if (choice >= max_choices) throw_not_json(provider_, json_, 0, "too many choices");
    if (others_.size() < choice) others_.resize(choice);
    if (blocked_.size() <= choice) blocked_.resize(choice + 1);
    for (; count_ <= choice; ++count_)
      if (count_ > 0) others_[count_ - 1].clear();
    return choice == 0 ? *first_ : others_[choice - 1];
  }

  std::string provider_;
  JsonReader reader_;
  std::string_view json_;
  ChatPiece* first_ = nullptr;     // of this event: the caller's
  std::vector<ChatPiece> others_;  // behind the first; `count_` pieces in all count
  std::size_t count_ = 0, given_ = 0, ends_told_ = 0;
  std::vector<bool> blocked_;  // of each choice so far
  std::array<std::string, kAttributes.size()> seen_;
  bool in_array_, ended_ = false, has_output_ = false;
};

}  // namespace

AIMessage VertexPalmCodec::decode(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  const Json predictions = root["predictions"];
  const bool is_chat = kind_ == Kind::chat;
  const Json holders = is_chat ? predictions[0]["candidates"] : predictions;
  if (!holders.is_array() || holders.empty())
    throw_not_json(provider_, reply.body, 0, is_chat ? "no candidates" : "no predictions");
  AIMessage message;
  for (std::size_t i = 0; i < holders.size(); ++i) {
    AIMessage choice = choice_in(holders[i], is_chat ? predictions[0] : holders[i], i);
    if (i == 0)
      message = std::move(choice);
    else
      message.alternatives.push_back(std::move(choice));
  }
  message.usage = usage_in(root["metadata"]);
  message.provider = provider_;
  return message;
}

std::unique_ptr<ChatStreamDecoder> VertexPalmCodec::decoder(const ChatRequest&) const {
  return std::make_unique<VertexPalmStreamDecoder>(provider_, framing_);
}

}  // namespace v0
}  // namespace lian
