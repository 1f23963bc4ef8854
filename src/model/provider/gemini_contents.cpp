#include "model/provider/gemini_contents.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base64.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/google.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

bool is_system(const Message& message) {
  return message.role == Role::system || message.role == Role::developer;
}

bool is_result(const Part& part) { return std::holds_alternative<ToolResult>(part); }

bool only_results(const Message& message) {
  return !message.parts.empty() &&
         std::all_of(message.parts.begin(), message.parts.end(), is_result);
}

// A result with the place of the call that it answers.
struct Answer {
  const ToolResult* result = nullptr;
  const ToolCall* call = nullptr;  // null: none has that id
  std::pair<std::size_t, std::size_t> place;
};

class ContentsWriter {
 public:
  ContentsWriter(const Messages& messages, const Endpoint& endpoint, JsonWriter& json,
                 std::vector<std::string>& warnings)
      : messages_(messages), endpoint_(endpoint), json_(json), warnings_(warnings) {}

  void write() {
    json_.begin_array();
    bool any = false;
    while (at_ < messages_.size()) {
      if (is_system(message())) {
        ++at_;
        continue;
      }
      any = true;
      if (only_results(message()))
        write_results();
      else
        write_content();
    }
    json_.end_array();
    if (!any) refuse_request("gemini needs at least one message that is not the system's");
  }

 private:
  const Message& message() const { return messages_[at_]; }
  std::string place() const { return "messages[" + std::to_string(at_) + "]"; }

  void warn_once(std::string sentence) {
    if (std::find(warnings_.begin(), warnings_.end(), sentence) == warnings_.end())
      warnings_.push_back(std::move(sentence));
  }

  void string(std::string_view value, std::string_view where) {
    check_request_utf8(value, place() + "." + std::string(where));
    json_.string(value);
  }

  void write_extra(const Json& extra, std::string_view but = {}) {
    if (!extra.is_object()) return;
    for (const std::string& name : extra.keys())
      if (name != but) json_.key(name).raw(extra[name].dump());
  }

  void write_role() {
    json_.begin_object().key("role");
    switch (message().role) {
      case Role::assistant:
        json_.string("model");
        return;
      case Role::other:
        return string(message().role_name, "role");
      default:
        json_.string("user");
    }
  }

  void write_content() {
    if (message().role == Role::tool)
      refuse_request(place() + " has the role tool but not only ToolResult parts");
    if (!message().name.empty()) warn_once("gemini has no names of speakers: they were left out");
    const bool is_reply = message().role == Role::assistant;
    if (is_reply && message().parts.empty()) return static_cast<void>(++at_);  // it said nothing
    write_role();
    json_.key("parts").begin_array();
    for (const Part& part : message().parts)
      std::visit([this](const auto& p) { write_part(p); }, part);
    if (message().parts.empty()) json_.begin_object().key("text").string("").end_object();
    json_.end_array();
    if (!is_reply) write_extra(message().extra);
    json_.end_object();
    ++at_;
  }

  void write_results() {
    std::vector<Answer> answers;
    write_role();
    for (; at_ < messages_.size() && only_results(message()); ++at_)
      for (const Part& part : message().parts)
        answers.push_back(answer_of(std::get<ToolResult>(part)));
    --at_;
    const auto earlier = [](const Answer& a, const Answer& b) { return a.place < b.place; };
    std::stable_sort(answers.begin(), answers.end(), earlier);
    json_.key("parts").begin_array();
    for (const Answer& answer : answers) write_answer(answer);
    json_.end_array().end_object();
    ++at_;
  }

  Answer answer_of(const ToolResult& result) const {
    Answer answer;
    answer.result = &result;
    answer.place = {messages_.size(), 0};
    for (std::size_t i = at_; i-- > 0;) {
      const auto& parts = messages_[i].parts;
      for (std::size_t k = parts.size(); k-- > 0;) {
        const auto* call = std::get_if<ToolCall>(&parts[k]);
        if (call == nullptr || call->id != result.call_id) continue;
        answer.call = call;
        answer.place = {i, k};
        return answer;
      }
    }
    return answer;
  }

  void write_answer(const Answer& answer) {
    const ToolResult& result = *answer.result;
    const bool named = result.extra.contains("name");
    if (answer.call == nullptr && !named)
      refuse_request(place() + " has a ToolResult for the call \"" + result.call_id.substr(0, 100) +
                     "\", which no message before it makes; gemini needs that call's name");
    json_.begin_object().key("functionResponse").begin_object();
    write_call_id(result.call_id);
    if (!named) {
      json_.key("name");
      string(answer.call->name, "tool name");
    }
    json_.key("response");
    write_response(result);
    write_extra(result.extra);
    json_.end_object().end_object();
  }

  void write_call_id(const std::string& id) {
    if (id.empty() || id.starts_with(gemini_own_call_id)) return;
    json_.key("id");
    string(id, "tool call id");
  }

  // Must be an object: what is none goes below "result" or "error".
  void write_response(const ToolResult& result) {
    const Json value = parse_or_null(result.content);
    if (value.is_object() && (!result.is_error || value.contains("error"))) {
      json_.raw(result.content);
      return;
    }
    json_.begin_object().key(result.is_error ? "error" : "result");
    if (value.is_null())
      string(result.content, "tool result");
    else
      json_.raw(result.content);
    json_.end_object();
  }

  void write_text(std::string_view text, const Json& extra) {
    json_.begin_object().key("text");
    string(text, "text");
    write_extra(extra);
    json_.end_object();
  }

  void write_part(const TextPart& part) {
    // An empty text says nothing, unless it bears a signature.
    if (part.text.empty() && part.extra.empty() && message().parts.size() > 1) return;
    write_text(part.text, part.extra);
  }
  void write_part(const RefusalPart& part) { write_text(part.text, part.extra); }

  void write_part(const ReasoningPart& part) {
    json_.begin_object().key("text");
    string(part.text, "reasoning");
    json_.key("thought").boolean(true);
    if (!part.signature.empty()) {
      json_.key("thoughtSignature");
      string(part.signature, "reasoning signature");
    }
    write_extra(part.extra);
    json_.end_object();
  }

  void write_part(const ToolCall& call) {
    json_.begin_object().key("functionCall").begin_object();
    write_call_id(call.id);
    json_.key("name");
    string(call.name, "tool call name");
    json_.key("args");
    write_arguments(call);
    json_.end_object();
    write_extra(call.extra);
    json_.end_object();
  }

  void write_arguments(const ToolCall& call) {
    if (call.arguments.empty()) return static_cast<void>(json_.raw("{}"));
    if (parse_or_null(call.arguments).is_object())
      return static_cast<void>(json_.raw(call.arguments));
    warnings_.push_back("the arguments of the call of " + call.name +
                        " are no JSON object, as gemini needs: they went below \"arguments\"");
    json_.begin_object().key("arguments");
    string(call.arguments, "tool call arguments");
    json_.end_object();
  }

  void write_part(const ToolResult& result) { write_answer(answer_of(result)); }

  void write_part(const ImagePart& part) {
    if (!part.detail.empty() && part.detail != "auto")
      warn_once("gemini takes no detail of an image (see mediaResolution): it was left out");
    write_media(part.source, part.source.mime_type, part.extra);
  }

  void write_part(const AudioPart& part) {
    std::string mime = part.source.mime_type;
    if (mime.empty() && !part.format.empty()) mime = "audio/" + part.format;
    write_media(part.source, mime, part.extra);
  }

  void write_part(const FilePart& part) {
    write_media(part.source, part.source.mime_type, part.extra);
  }

  void write_part(const UnknownPart& part) { json_.raw(part.value.dump()); }

  void write_media(const MediaSource& source, const std::string& mime, const Json& extra) {
    json_.begin_object();
    if (source.url.starts_with("data:"))
      write_data_url(source.url);
    else if (!source.data.empty())
      write_inline(mime, base64_encode(source.data));
    else
      write_reference(uri_of(source), mime);
    write_extra(extra);
    json_.end_object();
  }

  void write_inline(std::string_view mime, std::string_view base64) {
    if (mime.empty())
      refuse_request(place() + " has bytes without a mime_type: set it, e.g. \"image/png\"");
    json_.key("inlineData").begin_object().key("mimeType");
    string(mime, "mime_type");
    json_.key("data");
    string(base64, "data");
    json_.end_object();
  }

  void write_data_url(std::string_view url) {
    constexpr std::string_view mark = ";base64,";
    const std::size_t at = url.find(mark);
    if (at == url.npos) refuse_request(place() + " has a data: URL that is not base64");
    std::string_view mime = url.substr(5, at - 5);
    write_inline(mime.substr(0, mime.find(';')), url.substr(at + mark.size()));
  }

  void write_reference(const std::string& uri, std::string_view mime) {
    json_.key("fileData").begin_object();
    if (!mime.empty()) {
      json_.key("mimeType");
      string(mime, "mime_type");
    }
    json_.key("fileUri");
    string(uri, "url");
    json_.end_object();
  }

  // A file of the Files API is named by its address.
  std::string uri_of(const MediaSource& source) const {
    if (!source.url.empty()) return source.url;
    if (source.file_id.empty())
      refuse_request(place() + " has a part without url, data or file_id");
    if (source.file_id.find("://") != std::string::npos) return source.file_id;
    if (on_vertex(endpoint_))
      throw UnsupportedError(place() +
                                 " has a file id, which vertex does not have: pass the bytes "
                                 "or a gs:// URL; nothing was sent",
                             "file ids");
    const bool is_name = source.file_id.starts_with("files/");
    return endpoint_.base_url + (is_name ? "/" : "/files/") + source.file_id;
  }

  const Messages& messages_;
  const Endpoint& endpoint_;
  JsonWriter& json_;
  std::vector<std::string>& warnings_;
  std::size_t at_ = 0;
};

}  // namespace

void write_gemini_contents(const Messages& messages, const Endpoint& endpoint, JsonWriter& json,
                           std::vector<std::string>& warnings) {
  ContentsWriter(messages, endpoint, json, warnings).write();
}

bool has_gemini_system(const Messages& messages) noexcept {
  return std::any_of(messages.begin(), messages.end(), is_system);
}

void write_gemini_system(const Messages& messages, JsonWriter& json,
                         std::vector<std::string>& warnings) {
  bool behind = false, moved = false;
  json.begin_object().key("parts").begin_array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!is_system(messages[i])) {
      behind = true;
      continue;
    }
    moved = moved || behind;
    for (const Part& part : messages[i].parts) {
      const auto* text = std::get_if<TextPart>(&part);
      const std::string place = "messages[" + std::to_string(i) + "]";
      if (text == nullptr) refuse_request(place + " is the system's and holds more than text");
      check_request_utf8(text->text, place + ".text");
      json.begin_object().key("text").string(text->text).end_object();
    }
  }
  json.end_array().end_object();
  if (moved)
    warnings.push_back(
        "gemini has one system instruction: system messages behind others were moved into it");
}

}  // namespace v0
}  // namespace lian
