#include "model/provider/openai_messages.hpp"

#include <algorithm>
#include <cstdint>

#include "core/base64.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view digits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
bool is_letter_or_digit(char c) { return digits.find(c) != digits.npos; }

class MessageWriter {
 public:
  MessageWriter(const Messages& messages, std::size_t index, const OpenAIDialect& dialect,
                JsonWriter& json)
      : message_(messages[index]),
        index_(index),
        is_last_(index + 1 == messages.size()),
        dialect_(dialect),
        json_(json) {}

  /// Tool results become messages of their own; the other parts make one message.
  void write() {
    const auto is_result = [](const Part& part) {
      return std::holds_alternative<ToolResult>(part);
    };
    bool rest = message_.parts.empty();
    for (const Part& part : message_.parts) {
      if (is_result(part)) {
        write_tool_result(std::get<ToolResult>(part));
      } else {
        rest = true;
      }
    }
    if (!rest) return;
    if (message_.role == Role::tool) {
      refuse_request(place() + " has the role tool but not only ToolResult parts");
    }
    json_.begin_object().key("role");
    string(role_name(), "role");
    if (message_.role == Role::assistant) {
      write_assistant();
    } else {
      json_.key("content");
      write_content();
    }
    if (!message_.name.empty()) {
      json_.key("name");
      string(message_.name, "name");
    }
    // What a reply says about itself does not go back. Some replies have no id; what a caller adds
    // to an assistant's message ("prefix", "partial") belongs to the last one.
    const bool is_reply = !message_.id.empty() || (message_.role == Role::assistant && !is_last_);
    if (!is_reply) write_extra(message_.extra);
    json_.end_object();
  }

 private:
  void string(std::string_view value, std::string_view where) {
    check_utf8(value, where);
    json_.string(value);
  }

  void check_utf8(std::string_view value, std::string_view where) const {
    if (utf8::is_valid(value)) return;
    check_request_utf8(value, place() + "." + std::string(where));
  }

  void write_extra(const Json& extra) {
    if (extra.empty()) return;
    for (const std::string& name : extra.keys()) json_.key(name).raw(extra[name].dump());
  }

  std::string place() const { return "messages[" + std::to_string(index_) + "]"; }

  std::string_view role_name() const {
    switch (message_.role) {
      case Role::system:
        return dialect_.system_role;
      case Role::developer:
        return dialect_.developer_role;
      case Role::other:
        return message_.role_name;
      default:
        return to_string(message_.role);
    }
  }

  void write_tool_result(const ToolResult& result) {
    if (result.call_id.empty()) {
      refuse_request(place() +
                     " has a ToolResult without call_id: set the id of the call it answers");
    }
    json_.begin_object().key("role").string("tool").key("content");
    string(result.content, "content");
    json_.key("tool_call_id");
    string(call_id(result.call_id), "tool_call_id");
    write_extra(result.extra);
    json_.end_object();
  }

  // Parts with a member of their own in the message, not in its content.
  static bool outside_content(const Part& part) {
    if (const auto* unknown = std::get_if<UnknownPart>(&part)) return unknown->kind == "audio";
    return std::holds_alternative<ToolCall>(part) || std::holds_alternative<ToolResult>(part) ||
           std::holds_alternative<ReasoningPart>(part);
  }

  void write_assistant() {
    const auto has = [&](auto predicate) {
      return std::any_of(message_.parts.begin(), message_.parts.end(), predicate);
    };
    const auto is_call = [](const Part& part) { return std::holds_alternative<ToolCall>(part); };
    const bool content = has([](const Part& part) { return !outside_content(part); });
    const bool calls = has(is_call);
    json_.key("content");
    if (content || message_.parts.empty()) {
      write_content();
    } else {
      json_.null();
    }
    if (calls || !dialect_.reasoning_with_calls) write_reasoning();
    write_audio();
    if (!calls) return;
    json_.key("tool_calls").begin_array();
    for (const Part& part : message_.parts) {
      if (is_call(part)) write_tool_call(std::get<ToolCall>(part));
    }
    json_.end_array();
  }

  void write_reasoning() {
    if (dialect_.reasoning_field.empty()) return;
    std::string reasoning;
    for (const Part& part : message_.parts) {
      if (const auto* thought = std::get_if<ReasoningPart>(&part)) reasoning += thought->text;
    }
    if (reasoning.empty()) return;
    json_.key(dialect_.reasoning_field);
    string(reasoning, dialect_.reasoning_field);
  }

  void write_audio() {
    for (const Part& part : message_.parts) {
      const auto* unknown = std::get_if<UnknownPart>(&part);
      if (unknown == nullptr || unknown->kind != "audio") continue;
      json_.key("audio").begin_object().key("id").raw(unknown->value["id"].dump()).end_object();
      return;
    }
  }

  // Another vendor's id as this one takes it: the same for the call and its answer.
  std::string call_id(const std::string& id) const {
    const auto letters = static_cast<std::size_t>(dialect_.call_id_letters);
    if (letters == 0 || (id.size() == letters && std::ranges::all_of(id, is_letter_or_digit)))
      return id;
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::string out(letters, '0');
    for (char& c : out) c = digits[hash % digits.size()], hash /= digits.size();
    return out;
  }

  void write_tool_call(const ToolCall& call) {
    json_.begin_object().key("id");
    string(call_id(call.id), "tool_calls id");
    const std::string_view type = call.custom ? "custom" : "function";
    json_.key("type").string(type).key(type).begin_object().key("name");
    string(call.name, "tool_calls name");
    if (call.custom) {
      json_.key("input");
      string(call.arguments, "tool_calls input");
    } else {
      json_.key("arguments");
      string(call.arguments.empty() ? std::string_view("{}") : call.arguments,
             "tool_calls arguments");
    }
    json_.end_object();
    write_extra(call.extra);
    json_.end_object();
  }

  static bool is_plain_text(const Part& part) {
    const auto* text = std::get_if<TextPart>(&part);
    return text != nullptr && text->extra.empty();
  }

  void write_content() {
    const Part* only = nullptr;
    std::size_t count = 0;
    for (const Part& part : message_.parts) {
      if (outside_content(part)) continue;
      only = &part;
      ++count;
    }
    if (count == 0) {
      json_.string("");
      return;
    }
    if (count == 1 && is_plain_text(*only)) {
      string(std::get<TextPart>(*only).text, "content");
      return;
    }
    json_.begin_array();
    for (const Part& part : message_.parts) {
      if (!outside_content(part)) std::visit([this](const auto& p) { write_part(p); }, part);
    }
    json_.end_array();
  }

  void write_part(const TextPart& part) { write_text_part("text", part.text, part.extra); }
  void write_part(const RefusalPart& part) { write_text_part("refusal", part.text, part.extra); }
  void write_text_part(std::string_view kind, std::string_view text, const Json& extra) {
    json_.begin_object().key("type").string(kind).key(kind);
    string(text, "content");
    write_extra(extra);
    json_.end_object();
  }

  void write_part(const ImagePart& part) {
    json_.begin_object().key("type").string("image_url").key("image_url").begin_object();
    json_.key("url");
    if (!part.source.url.empty()) {
      string(image_url(part.source.url), "image url");
    } else if (dialect_.bare_base64_images && !part.source.data.empty()) {
      json_.string(base64_encode(part.source.data));
    } else {
      write_data_url(part.source, "an image by file id");
    }
    if (!part.detail.empty()) {
      json_.key("detail");
      string(part.detail, "image detail");
    }
    json_.end_object();
    write_extra(part.extra);
    json_.end_object();
  }

  std::string_view image_url(std::string_view url) const {
    const std::size_t comma = url.find(";base64,");
    const bool data = dialect_.bare_base64_images && url.starts_with("data:") && comma != url.npos;
    return data ? url.substr(comma + 8) : url;
  }

  void write_part(const AudioPart& part) {
    if (part.source.data.empty()) refuse_source("audio by URL or file id");
    std::string_view format = part.format;
    if (format.empty() && part.source.mime_type.find("wav") != std::string::npos) format = "wav";
    if (format.empty() &&
        (part.source.mime_type == "audio/mpeg" || part.source.mime_type == "audio/mp3")) {
      format = "mp3";
    }
    if (format.empty()) {
      refuse_request(place() + " has audio without a format: set it, e.g. \"wav\" or \"mp3\"");
    }
    json_.begin_object().key("type").string("input_audio").key("input_audio").begin_object();
    json_.key("data");
    json_.string(base64_encode(part.source.data)).key("format");
    string(format, "audio format");
    json_.end_object();
    write_extra(part.extra);
    json_.end_object();
  }

  void write_part(const FilePart& part) {
    json_.begin_object().key("type").string("file").key("file").begin_object();
    if (!part.source.file_id.empty()) {
      json_.key("file_id");
      string(part.source.file_id, "file_id");
    } else {
      if (!part.name.empty()) {
        json_.key("filename");
        string(part.name, "filename");
      }
      json_.key("file_data");
      if (part.source.url.starts_with("data:")) {
        string(part.source.url, "file_data");
      } else {
        write_data_url(part.source, "a file by URL");
      }
    }
    json_.end_object();
    write_extra(part.extra);
    json_.end_object();
  }

  void write_part(const UnknownPart& part) { json_.raw(part.value.dump()); }
  // These stand outside the content.
  void write_part(const ToolCall&) {}
  void write_part(const ToolResult&) {}
  void write_part(const ReasoningPart&) {}

  void write_data_url(const MediaSource& source, const char* otherwise) {
    if (source.data.empty()) refuse_source(otherwise);
    if (source.mime_type.empty()) {
      refuse_request(place() + " has bytes without a mime_type: set it, e.g. \"image/png\"");
    }
    check_utf8(source.mime_type, "mime_type");
    std::string& out = json_.begin_string();
    out += "data:";
    append_json_escaped(source.mime_type, out);
    out += ";base64,";
    out += base64_encode(source.data);
    json_.end_string();
  }

  [[noreturn]] void refuse_source(const std::string& what) const {
    throw UnsupportedError(place() + " has " + what +
                               ", which chat completions do not take; pass the bytes; nothing "
                               "was sent",
                           what);
  }

  const Message& message_;
  std::size_t index_;
  bool is_last_;
  const OpenAIDialect& dialect_;
  JsonWriter& json_;
};

}  // namespace

void refuse_request(const std::string& what) {
  throw Error(ErrorKind::invalid_request, what + "; nothing was sent");
}

void check_request_utf8(std::string_view value, std::string_view where) {
  const std::size_t bad = utf8::valid_until(value);
  if (bad == value.size()) return;
  refuse_request("the request's " + std::string(where) + " is not UTF-8 at byte " +
                 std::to_string(bad) + ": convert the text to UTF-8");
}

void write_openai_messages(const Messages& messages, const OpenAIDialect& dialect,
                           JsonWriter& json) {
  json.begin_array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    MessageWriter(messages, i, dialect, json).write();
  }
  json.end_array();
}

}  // namespace v0
}  // namespace lian
