#include "model/provider/anthropic_blocks.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/ascii.hpp"
#include "core/base64.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::array<std::string_view, 4> image_types = {"image/jpeg", "image/png", "image/gif",
                                                         "image/webp"};

struct DataUrl {
  std::string_view mime_type, base64;
};

// RFC 2397, with base64.
std::optional<DataUrl> data_url(std::string_view url) {
  constexpr std::string_view scheme = "data:", encoding = ";base64,";
  const std::size_t comma = url.find(encoding);
  if (!url.starts_with(scheme) || comma == url.npos) return std::nullopt;
  return DataUrl{url.substr(scheme.size(), comma - scheme.size()),
                 url.substr(comma + encoding.size())};
}

class BlockWriter {
 public:
  BlockWriter(const AnthropicBlock& block, const AnthropicLeniency& leniency, JsonWriter& json)
      : block_(block), leniency_(leniency), json_(json) {}

  void write(const TextPart& part) {
    const bool cites = !block_.assistant && !part.extra["citations"].empty();
    if (!cites || !leniency_.is_2026) return write_text(part.extra);
    leniency_.leave_out("citations on a user's text in API version 2026-10-21");
    Json extra = part.extra;
    write_text(extra.erase("citations"));
  }

  void write(const RefusalPart& part) { write_text(part.extra); }

  void write(const ImagePart& part) {
    begin("image", part.extra);
    if (field("source")) write_source(part.source, "image");
    end();
  }

  void write(const FilePart& part) {
    if (part.source.mime_type.starts_with("image/")) {
      begin("image", part.extra);
      if (field("source")) write_source(part.source, "image");
      return end();
    }
    begin("document", part.extra);
    if (field("source")) write_source(part.source, "document");
    if (!part.name.empty() && field("title")) string(part.name, "file name");
    end();
  }

  void write(const ToolCall& call) {
    if (!block_.assistant) refuse("has a tool call, which only an assistant's message can");
    begin("tool_use", call.extra);
    if (field("id")) string(call.id, "tool call id");
    if (field("name")) string(call.name, "tool call name");
    if (field("input")) write_input(call);
    end();
  }

  void write(const ToolResult& result) {
    if (block_.assistant) refuse("is an assistant's and has a tool result");
    if (result.call_id.empty())
      refuse("has a ToolResult without call_id: set the id of the call it answers");
    begin("tool_result", result.extra);
    if (field("tool_use_id")) string(result.call_id, "tool call id");
    if (field("content")) string(result.content, "tool result");
    if (result.is_error && field("is_error")) json_.boolean(true);
    end();
  }

  void write(const ReasoningPart& part) {
    begin("thinking", part.extra);
    if (field("thinking")) string(part.text, "reasoning");
    if (field("signature")) string(part.signature, "reasoning signature");
    end();
  }

  void write(const AudioPart&) {
    throw UnsupportedError(place() + " has audio, which claude does not take; nothing was sent",
                           "audio");
  }

  // As it came, plus the message's own fields.
  void write(const UnknownPart& part) {
    if (!block_.message_extra) return static_cast<void>(json_.raw(part.value.dump()));
    Json value = part.value;
    for (const std::string& name : block_.message_extra->keys())
      value.set(name, (*block_.message_extra)[name]);
    json_.raw(value.dump());
  }

 private:
  void begin(std::string_view type, const Json& extra) {
    extra_ = extra;
    json_.begin_object();
    if (field("type")) json_.string(type);
  }

  // Opens a field unless the part's own `extra` has it.
  bool field(std::string_view name) {
    if (extra_.contains(name)) return false;
    json_.key(name);
    return true;
  }

  void end() {
    if (block_.message_extra) {
      for (const std::string& name : block_.message_extra->keys())
        if (!extra_.contains(name)) extra_.set(name, (*block_.message_extra)[name]);
    }
    write_members(extra_, json_);
    json_.end_object();
  }

  void write_text(const Json& extra) {
    begin("text", extra);
    if (field("text")) string(anthropic_text(block_), "text");
    end();
  }

  std::string place() const { return "messages[" + std::to_string(block_.index) + "]"; }
  [[noreturn]] void refuse(const std::string& what) const { refuse_request(place() + " " + what); }

  void string(std::string_view value, std::string_view where) {
    if (!utf8::is_valid(value)) check_request_utf8(value, place() + "." + std::string(where));
    json_.string(value);
  }

  // The API takes objects alone: what the model wrote wrongly goes back inside one.
  void write_input(const ToolCall& call) {
    if (call.arguments.empty()) return static_cast<void>(json_.raw("{}"));
    try {
      if (Json::parse(call.arguments).is_object())
        return static_cast<void>(json_.raw(call.arguments));
    } catch (const ParseError&) {
      // Told below.
    }
    leniency_.say(place() +
                  " has a tool call whose arguments are no JSON object: they were sent "
                  "as the text \"invalid_arguments\" of one");
    json_.begin_object().key("invalid_arguments");
    string(call.arguments, "tool call arguments");
    json_.end_object();
  }

  void write_source(const MediaSource& source, std::string_view kind) {
    if (!source.file_id.empty()) return write_reference("file", "file_id", source.file_id);
    const std::optional<DataUrl> inlined = data_url(source.url);
    if (inlined) return write_inlined(*inlined, kind);
    if (!source.url.empty()) return write_reference("url", "url", source.url);
    if (source.data.empty()) refuse("has an empty " + std::string(kind));
    const std::string type = checked_type(source.mime_type, kind);
    if (type.starts_with("text/")) return write_plain(source.data);
    write_base64(type, base64_encode(source.data));
  }

  void write_inlined(const DataUrl& url, std::string_view kind) {
    const std::string type = checked_type(url.mime_type, kind);
    if (!type.starts_with("text/")) return write_base64(type, url.base64);
    const std::optional<std::string> text = base64_decode(url.base64);
    if (!text) refuse("has a data: URL that is not base64");
    write_plain(*text);
  }

  void write_reference(std::string_view type, std::string_view name, std::string_view value) {
    json_.begin_object().key("type").string(type).key(name);
    string(value, name);
    json_.end_object();
  }

  void write_base64(std::string_view type, std::string_view data) {
    json_.begin_object().key("type").string("base64").key("media_type");
    string(type, "mime_type");
    json_.key("data");
    string(data, "data: URL");
    json_.end_object();
  }

  void write_plain(std::string_view text) {
    json_.begin_object().key("type").string("text").key("media_type").string("text/plain");
    json_.key("data");
    string(text, "text file");
    json_.end_object();
  }

  std::string checked_type(std::string_view mime_type, std::string_view kind) const {
    if (mime_type.empty())
      refuse("has bytes without a mime_type: set it, e.g. " +
             std::string(kind == "image" ? "\"image/png\"" : "\"application/pdf\""));
    const std::string type = ascii_lower(mime_type);
    const bool is_image =
        std::find(image_types.begin(), image_types.end(), type) != image_types.end();
    const bool is_document = type == "application/pdf" || type.starts_with("text/");
    if (kind == "image" ? is_image : is_document) return type;
    throw UnsupportedError(place() + " has a file of type " + type +
                               "; claude takes images of type JPEG, PNG, GIF "
                               "and WebP, PDF and text; nothing was sent",
                           type);
  }

  const AnthropicBlock& block_;
  const AnthropicLeniency& leniency_;
  JsonWriter& json_;
  Json extra_;
};

std::string_view without_blanks_behind(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last == text.npos ? text : text.substr(0, last + 1);
}

}  // namespace

void AnthropicLeniency::leave_out(const std::string& feature) const {
  const std::string sentence = std::string(anthropic_name) + " does not take " + feature;
  if (!lenient)
    throw UnsupportedError(sentence +
                               "; leave it out, or set ChatOptions().lenient(true) to have it "
                               "left out; nothing was sent",
                           feature);
  say(sentence + ": it was left out");
}

void write_anthropic_block(const AnthropicBlock& block, const AnthropicLeniency& leniency,
                           JsonWriter& json) {
  BlockWriter writer(block, leniency, json);
  std::visit([&](const auto& part) { writer.write(part); }, *block.part);
}

std::string_view anthropic_text(const AnthropicBlock& block) {
  const auto* refusal = std::get_if<RefusalPart>(block.part);
  const std::string_view text = refusal ? refusal->text : std::get<TextPart>(*block.part).text;
  return block.trimmed ? without_blanks_behind(text) : text;
}

void write_members(const Json& object, JsonWriter& json) {
  if (object.empty()) return;
  for (const std::string& name : object.keys()) json.key(name).raw(object[name].dump());
}

}  // namespace v0
}  // namespace lian
