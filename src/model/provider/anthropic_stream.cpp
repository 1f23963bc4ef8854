#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/error.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/anthropic_content.hpp"
#include "model/provider/anthropic_error.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

// One content block from its start to its stop.
struct Block {
  enum class Kind { text, reasoning, call, other };
  Kind kind = Kind::other;
  std::int64_t index = 0;
  bool begun = false;  // some of it has been handed on
  int call = -1;       // which of the reply's tool calls
  std::string input;   // what came of the input of a block of another kind
  Json extra;          // what its part has beside its text
  Json whole;          // a block of another kind; a call's input where its start had one
};

// The terminal sign is the event message_stop. The events of which there are many, the deltas, are
// read without a tree.
class AnthropicStreamDecoder : public ChatStreamDecoder {
 public:
  AnthropicStreamDecoder() : reader_(anthropic_name) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    clear(piece);
    if (stopped_ || event.data.find_first_not_of(" \t\r\n") == event.data.npos) return false;
    if (event.type == "ping" || event.data.starts_with("[DONE]")) return false;
    const std::string_view kind = anthropic_event_kind(event, reader_, kind_);
    if (kind == "content_block_delta") return read_delta(event.data, piece);
    if (kind == "content_block_start") return start_block(parse_anthropic(event.data), piece);
    if (kind == "content_block_stop") return stop_block(event.data, piece);
    if (kind == "message_start")
      return start_message(parse_anthropic(event.data)["message"], piece);
    if (kind == "message_delta") return change_message(parse_anthropic(event.data), piece);
    if (kind == "error") throw anthropic_error_in_reply(event.data);
    if (kind != "message_stop") return false;
    stopped_ = true;
    return settle_bare_call(piece);
  }

  bool complete() const noexcept override { return stopped_ && blocks_.empty(); }
  bool finished() const noexcept override { return stopped_; }

 private:
  // Keeps one fragment's strings for the next.
  void clear(ChatPiece& piece) {
    if (!piece.tool_calls.empty()) spare_call_ = std::move(piece.tool_calls.back());
    piece.clear();
  }

  ToolCallPiece& add_call(ChatPiece& piece, int index) {
    ToolCallPiece& call = piece.tool_calls.emplace_back(std::move(spare_call_));
    call.index = index;
    for (std::string* text : {&call.id, &call.name, &call.arguments}) text->clear();
    call.extra = Json();
    return call;
  }

  bool start_message(const Json& message, ChatPiece& piece) {
    piece.provider = anthropic_name;
    piece.id = string_or_empty(message["id"]);
    piece.model = string_or_empty(message["model"]);
    read_usage(message["usage"], piece);
    piece.extra = anthropic_extra(message, message["usage"]);
    return true;
  }

  bool change_message(const Json& event, ChatPiece& piece) {
    const Json delta = event["delta"];
    piece.raw_finish_reason = string_or_empty(delta["stop_reason"]);
    piece.finish_reason = anthropic_finish_reason(piece.raw_finish_reason);
    read_usage(event["usage"], piece);
    piece.extra = anthropic_extra(delta, event["usage"]);
    const Json rest = fields_besides(event, {"type", "delta", "usage"});
    if (rest.is_object())
      for (const std::string& name : rest.keys()) piece.extra.set(name, rest[name]);
    if (anthropic_cuts(piece.raw_finish_reason)) bare_call_.reset();  // stays what it is: half
    if (!piece.raw_finish_reason.empty()) settle_bare_call(piece);
    return true;
  }

  void read_usage(const Json& usage, ChatPiece& piece) {
    if (!usage.is_object()) return;
    usage_.read(usage);
    piece.usage = usage_.total();
  }

  // A call whose input never came: it has none, unless the reply was cut inside it.
  bool settle_bare_call(ChatPiece& piece) {
    if (!bare_call_) return false;
    add_call(piece, *bare_call_).arguments = "{}";
    bare_call_.reset();
    return true;
  }

  bool start_block(const Json& event, ChatPiece& piece) {
    const bool settled = settle_bare_call(piece);
    const Json content = event["content_block"];
    if (!event["index"].is_integer() || !content.is_object())
      throw_not_json(anthropic_name, event.dump(), 0, "a content block without index or content");
    Block& block = blocks_.emplace_back();
    block.index = event["index"].as_int();
    Part part = anthropic_part(content);
    if (auto* text = std::get_if<TextPart>(&part))
      return start_text(block, *text, piece) || settled;
    if (auto* thought = std::get_if<ReasoningPart>(&part))
      return start_reasoning(block, *thought, piece) || settled;
    if (auto* call = std::get_if<ToolCall>(&part)) return start_call(block, *call, piece);
    block.whole = content;
    return settled;
  }

  bool start_text(Block& block, TextPart& part, ChatPiece& piece) {
    block.kind = Block::Kind::text;
    block.extra = std::move(part.extra);
    piece.text = std::move(part.text);
    return !piece.text.empty() && begin_part(block, piece);
  }

  bool start_reasoning(Block& block, ReasoningPart& part, ChatPiece& piece) {
    block.kind = Block::Kind::reasoning;
    block.extra = std::move(part.extra);
    piece.reasoning = std::move(part.text);
    piece.reasoning_signature = std::move(part.signature);
    const bool any = !piece.reasoning.empty() || !piece.reasoning_signature.empty();
    return any && begin_part(block, piece);
  }

  bool start_call(Block& block, ToolCall& part, ChatPiece& piece) {
    block.kind = Block::Kind::call;
    block.call = call_count_++;
    if (part.arguments != "{}") block.input = std::move(part.arguments);
    ToolCallPiece& call = add_call(piece, block.call);
    call.id = std::move(part.id);
    call.name = std::move(part.name);
    call.extra = std::move(part.extra);
    last_ = Block::Kind::call;
    return true;
  }

  // Two blocks of one kind are two parts, though their texts follow each other.
  bool begin_part(Block& block, ChatPiece& piece) {
    const bool follows_its_like = last_ == block.kind;
    last_ = block.kind;
    if (block.begun) return true;
    block.begun = true;
    if (!follows_its_like) return true;
    PartPlace& place = piece.places.emplace_back();
    if (block.kind == Block::Kind::text) {
      place.part = TextPart();
      place.text_bytes = piece.text.size();
      return true;
    }
    place.part = ReasoningPart();
    place.text_bytes = piece.reasoning.size();
    place.signature_bytes = piece.reasoning_signature.size();
    return true;
  }

  Block& block_at(std::int64_t index, std::string_view data) {
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(),
                                    [&](const Block& block) { return block.index == index; });
    if (found == blocks_.rend())
      throw_not_json(anthropic_name, data, 0, "a content block that has not begun");
    return *found;
  }

  bool read_delta(std::string_view data, ChatPiece& piece) {
    std::int64_t index = -1;
    input_.clear();
    delta_type_.clear();
    citation_ = Json();
    reader_.read(data, [&](JsonValue root) {
      root.fields([&](JsonKey key, JsonValue value) {
        if (key == "index") index = value.integer(-1);
        if (key == "delta") read_delta_object(value, piece);
      });
    });
    return take_delta(block_at(index, data), piece);
  }

  void read_delta_object(JsonValue delta, ChatPiece& piece) {
    delta.fields([&](JsonKey key, JsonValue value) {
      if (key == "type") return value.assign_to(delta_type_);
      if (key == "text") return value.assign_to(piece.text);
      if (key == "partial_json") return value.assign_to(input_);
      if (key == "thinking") return value.assign_to(piece.reasoning);
      if (key == "signature") return value.assign_to(piece.reasoning_signature);
      if (key == "citation") citation_ = value.json();
    });
  }

  // A delta that does not belong to its block, or is of a later API, is skipped.
  bool take_delta(Block& block, ChatPiece& piece) {
    const Block::Kind kind = block.kind;
    if (kind != Block::Kind::text || delta_type_ != "text_delta") piece.text.clear();
    if (kind != Block::Kind::reasoning || delta_type_ != "thinking_delta") piece.reasoning.clear();
    if (kind != Block::Kind::reasoning || delta_type_ != "signature_delta")
      piece.reasoning_signature.clear();
    if (delta_type_ == "input_json_delta") return take_input(block, piece);
    if (delta_type_ == "citations_delta" && !citation_.is_null()) return take_citation(block);
    const bool any =
        !piece.text.empty() || !piece.reasoning.empty() || !piece.reasoning_signature.empty();
    return any && begin_part(block, piece);
  }

  bool take_input(Block& block, ChatPiece& piece) {
    if (input_.empty()) return false;
    if (block.kind != Block::Kind::call) {
      block.input += input_;
      return false;
    }
    block.begun = true;
    std::swap(add_call(piece, block.call).arguments, input_);
    return true;
  }

  bool take_citation(Block& block) {
    Json citations = block.extra["citations"];
    citations.push_back(std::move(citation_));
    block.extra.set("citations", std::move(citations));
    return false;
  }

  bool stop_block(std::string_view data, ChatPiece& piece) {
    std::int64_t index = -1;
    reader_.read(data, [&](JsonValue root) {
      root.fields([&](JsonKey key, JsonValue value) {
        if (key == "index") index = value.integer(-1);
      });
    });
    Block block = std::move(block_at(index, data));
    std::erase_if(blocks_, [&](const Block& open) { return open.index == index; });
    if (block.kind == Block::Kind::call) return stop_call(block, piece);
    if (block.kind == Block::Kind::other) return stop_other(block, piece);
    if (block.extra.is_null()) return false;
    if (block.begun) {
      piece.part_extra = std::move(block.extra);
      return true;
    }
    last_ = block.kind;
    piece.places.emplace_back().part = part_of(block);
    return true;
  }

  static Part part_of(Block& block) {
    TextPart text;
    ReasoningPart reasoning;
    if (block.kind == Block::Kind::text) {
      text.extra = std::move(block.extra);
      return text;
    }
    reasoning.extra = std::move(block.extra);
    return reasoning;
  }

  bool stop_call(Block& block, ChatPiece& piece) {
    if (block.begun) return false;
    if (block.input.empty()) {
      bare_call_ = block.call;
      return false;
    }
    add_call(piece, block.call).arguments = std::move(block.input);
    return true;
  }

  bool stop_other(Block& block, ChatPiece& piece) {
    if (!block.input.empty()) {
      Json input = parse_or_null(block.input);
      block.whole.set("input", input.is_null() ? Json(block.input) : std::move(input));
    }
    last_ = Block::Kind::other;
    const std::string type = string_or_empty(block.whole["type"]);
    piece.parts.emplace_back(UnknownPart(type, std::move(block.whole)));
    return true;
  }

  JsonReader reader_;
  std::vector<Block> blocks_;              // those that have not stopped
  Block::Kind last_ = Block::Kind::other;  // of the message's last part
  AnthropicUsage usage_;
  int call_count_ = 0;
  std::optional<int> bare_call_;
  bool stopped_ = false;
  std::string kind_, delta_type_, input_;
  Json citation_;
  ToolCallPiece spare_call_;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> AnthropicChatCodec::decoder(const ChatRequest&) const {
  return std::make_unique<AnthropicStreamDecoder>();
}

}  // namespace v0
}  // namespace lian
