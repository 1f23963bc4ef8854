// How pieces become a message and a message a piece.
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base64.hpp"
#include "lian/core/error.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr int max_choice = 1023;  // far above what any provider offers; bounds a hostile stream

// Vendor fields: objects member by member, of anything else the last value counts.
void merge_extra(Json& into, const Json& from) {
  if (from.is_null()) return;
  if (!into.is_object() || !from.is_object()) {
    into = from;
    return;
  }
  const std::vector<std::string> keys = from.keys();
  const std::vector<Json> values = from.items();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Json member = into[keys[i]];
    merge_extra(member, values[i]);
    into.set(keys[i], std::move(member));
  }
}

void append_string(std::string& into, std::string&& from) {
  if (into.empty()) {
    into = std::move(from);
  } else {
    into += from;
  }
}

template <class T>
T* last_as(std::vector<Part>& parts) {
  return parts.empty() ? nullptr : std::get_if<T>(&parts.back());
}

template <class TextLike>
void append_text(std::vector<Part>& parts, std::string&& text) {
  if (text.empty()) return;
  auto* last = last_as<TextLike>(parts);
  if (last != nullptr && last->extra.is_null()) {  // fields of its own are of that part alone
    last->text += text;
  } else {
    parts.emplace_back(TextLike(std::move(text)));
  }
}

void append_reasoning(std::vector<Part>& parts, std::string&& text, std::string&& signature) {
  if (text.empty() && signature.empty()) return;
  auto* last = last_as<ReasoningPart>(parts);
  if (last == nullptr || (!text.empty() && !last->signature.empty())) {  // a signature ends a part
    parts.emplace_back(ReasoningPart(std::move(text), std::move(signature)));
    return;
  }
  last->text += text;
  last->signature += signature;
}

bool starts_another(const ToolCall& call, const ToolCallPiece& piece) {
  if (piece.name.empty()) return false;
  if (piece.index < 0) return piece.id.empty() || piece.id != call.id;
  return !piece.id.empty() && !call.id.empty() && piece.id != call.id;
}

// The call the fragment continues, or null: the last one of its index.
ToolCall* find_call(std::vector<Part>& parts, const ToolCallPiece& piece) {
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    auto* call = std::get_if<ToolCall>(&*part);
    if (call == nullptr || (piece.index >= 0 && call->index != piece.index)) continue;
    return starts_another(*call, piece) ? nullptr : call;
  }
  return nullptr;
}

// Calls that arrive out of order still stand in the order of their index.
ToolCall& add_call(std::vector<Part>& parts, int index) {
  auto place = parts.end();
  while (index >= 0 && place != parts.begin()) {
    const auto* before = std::get_if<ToolCall>(&*std::prev(place));
    if (before == nullptr || before->index <= index) break;
    --place;
  }
  ToolCall call;
  call.index = index;
  return std::get<ToolCall>(*parts.emplace(place, std::move(call)));
}

void append_call(std::vector<Part>& parts, ToolCallPiece&& piece) {
  ToolCall* found = find_call(parts, piece);
  ToolCall& call = found != nullptr ? *found : add_call(parts, piece.index);
  if (call.id.empty()) call.id = std::move(piece.id);
  if (call.name != piece.name) append_string(call.name, std::move(piece.name));
  append_string(call.arguments, std::move(piece.arguments));
  call.custom = call.custom || piece.custom;
  merge_extra(call.extra, piece.extra);
}

// Fills the parts of a whole message from its one-piece form.
class Unpacker {
 public:
  explicit Unpacker(ChatPiece& piece) : piece_(piece) {}

  void operator()(TextPart& part, const PartPlace& place) {
    part.text = cut(piece_.text, text_, place.text_bytes);
  }
  void operator()(RefusalPart& part, const PartPlace& place) {
    part.text = cut(piece_.refusal, refusal_, place.text_bytes);
  }
  void operator()(ReasoningPart& part, const PartPlace& place) {
    part.text = cut(piece_.reasoning, reasoning_, place.text_bytes);
    part.signature = cut(piece_.reasoning_signature, signature_, place.signature_bytes);
  }
  void operator()(ToolCall& call, const PartPlace&) {
    ToolCallPiece& piece = piece_.tool_calls.at(calls_++);
    call.id = std::move(piece.id);
    call.name = std::move(piece.name);
    call.arguments = std::move(piece.arguments);
    call.custom = piece.custom;
    call.extra = std::move(piece.extra);
  }
  Part whole() { return std::move(piece_.parts.at(parts_++)); }

 private:
  static std::string cut(const std::string& from, std::size_t& at, std::size_t size) {
    std::string out = from.substr(at, size);
    at += size;
    return out;
  }

  ChatPiece& piece_;
  std::size_t text_ = 0, refusal_ = 0, reasoning_ = 0, signature_ = 0, calls_ = 0, parts_ = 0;
};

template <class T>
constexpr bool comes_in_fragments = std::is_same_v<T, TextPart> || std::is_same_v<T, RefusalPart> ||
                                    std::is_same_v<T, ReasoningPart> || std::is_same_v<T, ToolCall>;

void unpack(std::vector<Part>& parts, ChatPiece& piece) {
  Unpacker unpacker(piece);
  for (const PartPlace& place : piece.places) {
    Part part = place.part;
    const auto fill = [&]<class T>(T& shape) {
      if constexpr (comes_in_fragments<T>) {
        unpacker(shape, place);
      } else {
        part = unpacker.whole();
      }
    };
    std::visit(fill, part);
    parts.push_back(std::move(part));
  }
}

// Takes a part's strings out of it and into the piece.
class Packer {
 public:
  explicit Packer(ChatPiece& piece) : piece_(piece) {}

  void operator()(TextPart& part, PartPlace& place) {
    place.text_bytes = move_string(piece_.text, part.text);
  }
  void operator()(RefusalPart& part, PartPlace& place) {
    place.text_bytes = move_string(piece_.refusal, part.text);
  }
  void operator()(ReasoningPart& part, PartPlace& place) {
    place.text_bytes = move_string(piece_.reasoning, part.text);
    place.signature_bytes = move_string(piece_.reasoning_signature, part.signature);
  }
  void operator()(ToolCall& call, PartPlace&) {
    ToolCallPiece piece;
    piece.index = static_cast<int>(piece_.tool_calls.size());
    piece.id = std::exchange(call.id, {});
    piece.name = std::exchange(call.name, {});
    piece.arguments = std::exchange(call.arguments, {});
    piece.custom = call.custom;
    piece.extra = std::exchange(call.extra, {});
    piece_.tool_calls.push_back(std::move(piece));
  }

 private:
  static std::size_t move_string(std::string& into, std::string& from) {
    const std::size_t size = from.size();
    append_string(into, std::move(from));
    from.clear();
    return size;
  }

  ChatPiece& piece_;
};

// The order in which `append` adds what a piece holds without places.
int usual_rank(const Part& part) {
  if (const auto* reasoning = std::get_if<ReasoningPart>(&part)) {
    const bool empty = reasoning->text.empty() && reasoning->signature.empty();
    return empty || !reasoning->extra.is_null() ? -1 : 0;
  }
  if (const auto* text = std::get_if<TextPart>(&part)) {
    return text->text.empty() || !text->extra.is_null() ? -1 : 1;
  }
  if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
    return refusal->text.empty() || !refusal->extra.is_null() ? -1 : 2;
  }
  if (const auto* call = std::get_if<ToolCall>(&part)) return call->valid ? 3 : -1;
  if (const auto* other = std::get_if<UnknownPart>(&part); other && !other->value.contains("type"))
    return -1;
  return 4;
}

bool usual_order(const std::vector<Part>& parts) {
  int last = -1;
  for (const Part& part : parts) {
    const int rank = usual_rank(part);
    if (rank < 0 || rank < last || (rank == last && rank < 3)) return false;
    last = rank;
  }
  return true;
}

void pack(ChatPiece& piece, std::vector<Part>&& parts) {
  const bool usual = usual_order(parts);
  Packer packer(piece);
  for (Part& part : parts) {
    PartPlace place;
    const auto take = [&]<class T>(T& shape) {
      if constexpr (comes_in_fragments<T>) {
        packer(shape, place);
      } else {
        piece.parts.push_back(std::exchange(part, Part(UnknownPart())));
      }
    };
    std::visit(take, part);
    place.part = std::move(part);
    if (!usual) piece.places.push_back(std::move(place));
  }
}

// Base64 whose fragments were encoded one by one.
std::string join_base64(std::string_view first, std::string_view second) {
  const std::optional<std::string> a = base64_decode(first), b = base64_decode(second);
  if (!first.ends_with('=') || !a || !b) return std::string(first).append(second);
  return base64_encode(*a + *b);
}

// A fragment that says of no type (the audio of a reply): its texts grow, the rest is replaced.
bool continues(const std::vector<Part>& parts, const UnknownPart& fragment) {
  const auto* last = parts.empty() ? nullptr : std::get_if<UnknownPart>(&parts.back());
  return last != nullptr && last->kind == fragment.kind && last->value.is_object() &&
         fragment.value.is_object() && !last->value.contains("type") &&
         !fragment.value.contains("type");
}
void append_fragment(Json& into, const Json& fragment) {
  const std::vector<Json> values = fragment.items();
  std::size_t at = 0;
  for (const std::string& name : fragment.keys()) {
    const Json& value = values[at++];
    const Json before = into[name];
    if (!before.is_string() || !value.is_string() || name == "id")
      into.set(name, value);
    else if (name == "data")
      into.set(name, join_base64(before.as_string(), value.as_string()));
    else
      into.set(name, std::string(before.as_string()).append(value.as_string()));
  }
}

void append_whole(std::vector<Part>& parts, Part&& part) {
  const auto* fragment = std::get_if<UnknownPart>(&part);
  if (fragment != nullptr && continues(parts, *fragment))
    append_fragment(std::get<UnknownPart>(parts.back()).value, fragment->value);
  else
    parts.push_back(std::move(part));
}

void append_part_extra(std::vector<Part>& parts, const Json& extra) {
  if (extra.is_null() || parts.empty()) return;
  const auto merge = [&]<class T>(T& part) {
    if constexpr (std::is_same_v<T, UnknownPart>) {
      merge_extra(part.value, extra);
    } else {
      merge_extra(part.extra, extra);
    }
  };
  std::visit(merge, parts.back());
}

void append_parts(std::vector<Part>& parts, ChatPiece& piece) {
  if (!piece.places.empty()) return unpack(parts, piece);
  append_reasoning(parts, std::move(piece.reasoning), std::move(piece.reasoning_signature));
  append_text<TextPart>(parts, std::move(piece.text));
  append_text<RefusalPart>(parts, std::move(piece.refusal));
  for (ToolCallPiece& call : piece.tool_calls) append_call(parts, std::move(call));
  for (Part& part : piece.parts) append_whole(parts, std::move(part));
}

void replace(std::string& into, std::string& from) {
  if (!from.empty()) into = std::move(from);
}

void append_alternatives(AIMessage& message, std::vector<AIMessage>& alternatives) {
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    if (i < message.alternatives.size()) {
      append(message.alternatives[i], to_piece(std::move(alternatives[i])));
    } else {
      message.alternatives.push_back(std::move(alternatives[i]));
    }
  }
}

AIMessage& choice_of(AIMessage& message, int choice) {
  if (choice == 0) return message;
  if (choice < 0) {
    throw Error(ErrorKind::validation,
                "a piece of choice " + std::to_string(choice) + ": choices count from 0");
  }
  if (choice > max_choice) {
    throw LimitError("a piece of choice " + std::to_string(choice) + ": a reply has at most " +
                         std::to_string(max_choice + 1) + " choices",
                     "max_choices", static_cast<std::uint64_t>(max_choice) + 1);
  }
  const auto index = static_cast<std::size_t>(choice - 1);
  if (message.alternatives.size() <= index) message.alternatives.resize(index + 1);
  return message.alternatives[index];
}

void check_arguments(ToolCall& call) {
  call.index = -1;
  if (!call.valid || call.custom) return;
  try {
    const Json arguments = Json::parse(call.arguments);
    if (arguments.is_object()) return;
    call.error = "the arguments are " + std::string(arguments.type_name()) + ", not a JSON object";
  } catch (const ParseError& error) {
    call.error = "the arguments are " + error.message();
  }
  call.valid = false;
}

}  // namespace

void ChatPiece::clear() noexcept {
  choice = 0;
  for (std::string* text_field : {&text, &reasoning, &reasoning_signature, &refusal,
                                  &raw_finish_reason, &id, &name, &model, &provider}) {
    text_field->clear();
  }
  tool_calls.clear();
  finish_reason = FinishReason::none;
  usage.reset();
  logprobs.clear();
  refusal_logprobs.clear();
  parts.clear();
  extra = part_extra = Json();
  places.clear();
  alternatives.clear();
}

void append(AIMessage& message, ChatPiece&& piece) {
  AIMessage& target = choice_of(message, piece.choice);
  append_parts(target.parts, piece);
  append_part_extra(target.parts, piece.part_extra);
  if (piece.finish_reason != FinishReason::none) target.finish_reason = piece.finish_reason;
  replace(target.raw_finish_reason, piece.raw_finish_reason);
  replace(target.id, piece.id);
  replace(target.name, piece.name);
  replace(target.model, piece.model);
  replace(target.provider, piece.provider);
  if (piece.usage) target.usage = piece.usage;
  std::move(piece.logprobs.begin(), piece.logprobs.end(), std::back_inserter(target.logprobs));
  std::move(piece.refusal_logprobs.begin(), piece.refusal_logprobs.end(),
            std::back_inserter(target.refusal_logprobs));
  merge_extra(target.extra, piece.extra);
  append_alternatives(target, piece.alternatives);
}

void finish(AIMessage& message) {
  for (Part& part : message.parts) {
    if (auto* call = std::get_if<ToolCall>(&part)) check_arguments(*call);
  }
  for (AIMessage& alternative : message.alternatives) finish(alternative);
}

ChatPiece to_piece(AIMessage message) {
  ChatPiece piece;
  pack(piece, std::move(message.parts));
  piece.finish_reason = message.finish_reason;
  piece.raw_finish_reason = std::move(message.raw_finish_reason);
  piece.id = std::move(message.id);
  piece.name = std::move(message.name);
  piece.model = std::move(message.model);
  piece.provider = std::move(message.provider);
  piece.usage = message.usage;
  piece.logprobs = std::move(message.logprobs);
  piece.refusal_logprobs = std::move(message.refusal_logprobs);
  piece.extra = std::move(message.extra);
  piece.alternatives = std::move(message.alternatives);
  return piece;
}

}  // namespace v0
}  // namespace lian
