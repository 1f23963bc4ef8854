#include "model/provider/gemini_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base64.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/gemini_contents.hpp"
#include "model/provider/google_error.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr int max_candidates = 1024;
constexpr int rank_of_reasoning = 0, rank_of_text = 1, rank_of_call = 3, rank_of_whole = 4;

// Google calls a word of its own for each reason of safety; what is not here ends in no known way.
FinishReason finish_reason(std::string_view word) {
  if (word == "STOP") return FinishReason::stop;
  if (word == "MAX_TOKENS") return FinishReason::length;
  constexpr std::array<std::string_view, 5> filtered = {"SAFETY", "RECITATION", "BLOCKLIST",
                                                        "PROHIBITED_CONTENT", "SPII"};
  if (std::find(filtered.begin(), filtered.end(), word) != filtered.end() ||
      word.starts_with("IMAGE_"))
    return FinishReason::content_filter;
  return FinishReason::other;
}

std::int64_t audio_tokens(JsonValue details) {
  std::int64_t tokens = 0;
  details.items([&](JsonValue item) {
    std::string modality;
    std::int64_t count = 0;
    item.fields([&](JsonKey key, JsonValue value) {
      if (key == "modality") value.append_to(modality);
      if (key == "tokenCount") count = value.integer();
    });
    if (modality == "AUDIO") tokens += count;
  });
  return tokens;
}

// The parts of the input are disjoint, and so are those of the output.
Usage usage_in(JsonValue value) {
  Usage usage;
  std::int64_t total = 0;
  value.fields([&](JsonKey key, JsonValue number) {
    if (key == "promptTokenCount" || key == "toolUsePromptTokenCount")
      usage.input_tokens += number.integer();
    else if (key == "candidatesTokenCount")
      usage.output_tokens += number.integer();
    else if (key == "thoughtsTokenCount")
      usage.output_tokens += usage.reasoning_tokens = number.integer();
    else if (key == "cachedContentTokenCount")
      usage.cached_tokens = number.integer();
    else if (key == "totalTokenCount")
      total = number.integer();
    else if (key == "promptTokensDetails")
      usage.audio_input_tokens = audio_tokens(number);
    else if (key == "candidatesTokensDetails")
      usage.audio_output_tokens = audio_tokens(number);
  });
  usage.total_tokens = total > 0 ? total : usage.input_tokens + usage.output_tokens;
  return usage;
}

// What stands in every chunk is handed on with the first.
void read_once(JsonValue value, std::string& known, std::string& out) {
  if (!known.empty()) return;
  value.assign_to(known);
  out = known;
}

TokenLogprob token_in(JsonValue value) {
  TokenLogprob token;
  value.fields([&](JsonKey key, JsonValue field) {
    if (key == "token") field.append_to(token.token);
    if (key == "logProbability") token.logprob = field.number();
  });
  return token;
}

void read_logprobs(JsonValue result, std::vector<TokenLogprob>& out) {
  std::vector<std::vector<TokenLogprob>> tops;
  result.fields([&](JsonKey key, JsonValue list) {
    if (key == "chosenCandidates")
      list.items([&](JsonValue item) { out.push_back(token_in(item)); });
    if (key == "topCandidates")
      list.items([&](JsonValue item) {
        auto& top = tops.emplace_back();
        item.fields([&](JsonKey name, JsonValue tokens) {
          if (name == "candidates")
            tokens.items([&](JsonValue token) { top.push_back(token_in(token)); });
        });
      });
  });
  for (std::size_t i = 0; i < out.size() && i < tops.size(); ++i) out[i].top = std::move(tops[i]);
}

// Bytes or an address as a part; nothing where the bytes are not base64.
std::optional<Part> media_part(const Json& holder, Json extra) {
  MediaSource source;
  source.mime_type = scalar_text(holder["mimeType"]);
  source.url = scalar_text(holder["fileUri"]);
  if (holder["data"].is_string()) {
    std::optional<std::string> bytes = base64_decode(holder["data"].as_string());
    if (!bytes) return std::nullopt;
    source.data = std::move(*bytes);
  }
  const auto part_as = [&](auto part) {
    part.extra = std::move(extra);
    return Part(std::move(part));
  };
  const std::string mime = source.mime_type;
  if (mime.starts_with("image/")) return part_as(ImagePart(std::move(source)));
  if (mime.starts_with("audio/")) return part_as(AudioPart(std::move(source)));
  return part_as(FilePart(std::move(source)));
}

}  // namespace

void GeminiReader::read(std::string_view json, ChatPiece& piece) {
  json_ = json;
  postponed_.clear();
  others_count_ = others_given_ = 0;
  reader_.read(json, [&](JsonValue root) {
    auto read_response = [&](JsonValue response) {
      response.fields([&](JsonKey key, JsonValue value) { read_top(key, value, piece); });
    };
    if (root.is_array()) return root.items(read_response);  // an error, as some are sent
    if (!root.is_object()) throw_not_json(provider_, json_, 0, "no object");
    read_response(root);
  });
}

bool GeminiReader::next(ChatPiece& piece) {
  if (others_given_ == others_count_) return false;
  std::swap(piece, others_[others_given_++]);
  return true;
}

bool GeminiReader::finished() const noexcept {
  const auto is_done = [](const Choice& choice) { return choice.finished || !choice.begun; };
  if (choices_.empty()) return blocked_;
  return std::all_of(choices_.begin(), choices_.end(), is_done);
}

void GeminiReader::read_top(JsonKey key, JsonValue value, ChatPiece& first) {
  if (key == "candidates") {
    int position = 0;
    value.items([&](JsonValue item) {
      if (position > 0 && others_count_ == others_.size()) others_.emplace_back();
      ChatPiece& piece = position == 0 ? first : others_[others_count_++];
      if (position > 0) piece.clear();
      read_candidate(item, position++, piece);
    });
  } else if (key == "usageMetadata") {
    if (value.is_object()) first.usage = usage_in(value);
  } else if (key == "modelVersion") {
    read_once(value, model_, first.model);
  } else if (key == "responseId") {
    read_once(value, id_, first.id);
  } else if (key == "promptFeedback") {
    read_feedback(value, first);
  } else if (key == "error") {
    if (!value.is_null()) throw google_error_in_reply(json_, provider_);
  } else {
    postpone(key, value);
    keep_postponed(-1, first);
  }
}

void GeminiReader::read_feedback(JsonValue value, ChatPiece& piece) {
  if (!value.is_object()) return;
  Json feedback = value.json();
  const std::string reason = scalar_text(feedback["blockReason"]);
  piece.extra.set("promptFeedback", std::move(feedback));
  if (reason.empty()) return;
  blocked_ = true;
  piece.finish_reason = FinishReason::content_filter;
  piece.raw_finish_reason = reason;
}

void GeminiReader::read_candidate(JsonValue value, int position, ChatPiece& piece) {
  int index = position;
  rank_ = 0;
  placing_ = has_parts_ = false;
  value.fields([&](JsonKey key, JsonValue field) {
    if (key == "content")
      read_parts(field, piece);
    else if (key == "finishReason")
      field.assign_to(piece.raw_finish_reason);
    else if (key == "index")
      index = static_cast<int>(std::clamp<std::int64_t>(field.integer(position), -1, INT32_MAX));
    else if (key == "logprobsResult")
      read_logprobs(field, piece.logprobs);
    else
      postpone(key, field);
  });
  settle(piece, index);
  keep_postponed(index, piece);
}

void GeminiReader::read_parts(JsonValue content, ChatPiece& piece) {
  content.fields([&](JsonKey key, JsonValue parts) {
    if (!(key == "parts")) return;
    parts.items([&](JsonValue part) {
      read_part(part);
      add_part(piece);
    });
  });
}

void GeminiReader::read_part(JsonValue value) {
  scratch_.text.clear();
  scratch_.signature.clear();
  scratch_.has_text = scratch_.is_thought = scratch_.has_call = false;
  scratch_.extra = Json();
  value.fields([&](JsonKey key, JsonValue field) {
    if (key == "text") {
      scratch_.has_text = true;
      field.append_to(scratch_.text);
    } else if (key == "thought") {
      scratch_.is_thought = field.boolean();
    } else if (key == "thoughtSignature") {
      field.assign_to(scratch_.signature);
    } else if (key == "functionCall") {
      read_call(field);
    } else {
      scratch_.extra.set(key.text(), field.json());
    }
  });
}

void GeminiReader::read_call(JsonValue value) {
  scratch_.has_call = true;
  scratch_.call = ToolCallPiece();
  scratch_.call.arguments = "{}";
  value.fields([&](JsonKey key, JsonValue field) {
    if (key == "id") field.assign_to(scratch_.call.id);
    if (key == "name") field.assign_to(scratch_.call.name);
    if (key == "args" && !field.is_null()) scratch_.call.arguments = field.json().dump();
  });
}

void GeminiReader::add_part(ChatPiece& piece) {
  has_parts_ = true;
  if (scratch_.has_call) return add_call(piece);
  const bool nothing_else = scratch_.extra.is_null();
  if (scratch_.has_text || nothing_else) return add_text(piece);
  for (const char* kind : {"inlineData", "fileData"}) {
    if (!scratch_.extra.contains(kind)) continue;
    Json extra = scratch_.extra;
    const Json holder = extra[kind];
    extra.erase(kind);
    if (!scratch_.signature.empty()) extra.set("thoughtSignature", scratch_.signature);
    if (scratch_.is_thought) extra.set("thought", true);
    if (extra.empty()) extra = Json();
    if (auto part = media_part(holder, std::move(extra))) return add_whole(std::move(*part), piece);
  }
  Json whole = scratch_.extra;
  const std::string kind = whole.keys().front();
  if (!scratch_.signature.empty()) whole.set("thoughtSignature", scratch_.signature);
  if (scratch_.is_thought) whole.set("thought", true);
  add_whole(UnknownPart(kind, std::move(whole)), piece);
}

void GeminiReader::add_text(ChatPiece& piece) {
  const bool has_extra = !scratch_.extra.is_null(), is_signed = !scratch_.signature.empty();
  if (scratch_.text.empty() && !is_signed && !has_extra) return;
  const int rank = scratch_.is_thought ? rank_of_reasoning : rank_of_text;
  begin_part(piece, rank, is_signed || has_extra);
  (scratch_.is_thought ? piece.reasoning : piece.text) += scratch_.text;
  if (scratch_.is_thought) piece.reasoning_signature += scratch_.signature;
  if (!placing_) return;
  PartPlace& place = piece.places.emplace_back();
  place.text_bytes = scratch_.text.size();
  if (scratch_.is_thought) {
    ReasoningPart part;
    part.extra = scratch_.extra;
    place.signature_bytes = scratch_.signature.size();
    place.part = std::move(part);
    return;
  }
  TextPart part;
  part.extra = scratch_.extra;
  if (is_signed) part.extra.set("thoughtSignature", scratch_.signature);
  place.part = std::move(part);
}

void GeminiReader::add_call(ChatPiece& piece) {
  begin_part(piece, rank_of_call, false);
  scratch_.call.extra = scratch_.extra;
  if (!scratch_.signature.empty()) scratch_.call.extra.set("thoughtSignature", scratch_.signature);
  piece.tool_calls.push_back(std::move(scratch_.call));
  if (placing_) piece.places.emplace_back().part = ToolCall();
}

void GeminiReader::add_whole(Part part, ChatPiece& piece) {
  begin_part(piece, rank_of_whole, false);
  piece.parts.push_back(std::move(part));
  if (placing_) piece.places.emplace_back().part = UnknownPart();
}

// Where the parts are not in a piece's usual order, or one must stay apart, the piece says how they
// lie: from the first such part on, with what came before it.
void GeminiReader::begin_part(ChatPiece& piece, int rank, bool apart) {
  if (placing_) return;
  placing_ = apart || rank < rank_;
  rank_ = rank;
  if (!placing_) return;
  const auto place = [&](Part part, std::size_t bytes) {
    PartPlace& placed = piece.places.emplace_back();
    placed.part = std::move(part);
    placed.text_bytes = bytes;
  };
  if (!piece.reasoning.empty()) place(ReasoningPart(), piece.reasoning.size());
  if (!piece.text.empty()) place(TextPart(), piece.text.size());
  for (std::size_t i = 0; i < piece.tool_calls.size(); ++i) place(ToolCall(), 0);
  for (std::size_t i = 0; i < piece.parts.size(); ++i) place(UnknownPart(), 0);
}

void GeminiReader::settle(ChatPiece& piece, int index) {
  if (index < 0 || index >= max_candidates)
    throw_not_json(provider_, json_, 0, "a candidate's index is out of range");
  if (choices_.size() <= static_cast<std::size_t>(index)) choices_.resize(std::size_t(index) + 1);
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  piece.choice = index;
  for (ToolCallPiece& call : piece.tool_calls) {
    call.index = choice.calls++;
    if (call.id.empty()) call.id = std::string(gemini_own_call_id) + std::to_string(call.index);
  }
  choice.begun = true;
  const bool ends = !piece.raw_finish_reason.empty();
  choice.finished = ends || (choice.finished && !has_parts_);
  if (!ends) return;
  piece.finish_reason = finish_reason(piece.raw_finish_reason);
  if (piece.finish_reason == FinishReason::stop && choice.calls > 0)
    piece.finish_reason = FinishReason::tool_calls;
}

// A candidate's fields may stand before its index: they wait until it is known.
void GeminiReader::postpone(JsonKey key, JsonValue value) {
  if (!value.is_null()) postponed_.emplace_back(key.text(), value.raw());
}

void GeminiReader::keep_postponed(int choice, ChatPiece& piece) {
  for (const auto& [name, text] : postponed_)
    if (repeated_.changed(choice, name, text)) piece.extra.set(name, Json::parse(text));
  postponed_.clear();
}

}  // namespace v0
}  // namespace lian
