#include "agent/mcp_result.hpp"

#include <optional>

#include <fmt/format.h>

#include "agent/mcp_text.hpp"
#include "core/base64.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t shown_bytes = 80;

std::string text_of(const Json& object, const char* key) {
  const Json value = object[key];
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

[[noreturn]] void throw_content(std::string_view why) {
  throw Error(ErrorKind::parse, fmt::format("an answer of it {}", why));
}

// Puts together what a result's content holds.
class OutputReader {
 public:
  explicit OutputReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void read(const Json& item) {
    const std::string type = text_of(item, "type");
    if (type == "text")
      add_text(required(item, "text"));
    else if (type == "image")
      output_.attachments.emplace_back(ImagePart(media(item, "data")));
    else if (type == "audio")
      add_audio(item);
    else if (type == "resource")
      add_resource(item["resource"]);
    else if (type == "resource_link")
      add_link(item);
    else
      throw_content(fmt::format("holds content of the type '{}'", mcp_shown(type, shown_bytes)));
  }
  ToolOutput take() { return std::move(output_); }

 private:
  static std::string required(const Json& object, const char* key) {
    const Json value = object[key];
    if (!value.is_string()) throw_content(fmt::format("has content without '{}'", key));
    return std::string(value.as_string());
  }
  static MediaSource media(const Json& object, const char* key) {
    std::optional<std::string> bytes = base64_decode(required(object, key));
    if (!bytes) throw_content("has content that is not base64");
    std::string type = text_of(object, "mimeType");
    if (type.empty()) type = "application/octet-stream";
    return MediaSource::from_bytes(std::move(*bytes), std::move(type));
  }
  void add_text(std::string_view text) {
    if (!output_.content.empty()) output_.content += '\n';
    output_.content += text;
    if (output_.content.size() > max_bytes_)
      throw LimitError(fmt::format("the text of an answer has more than {} bytes "
                                   "(McpOptions::max_output_bytes); ask for less",
                                   max_bytes_),
                       "max_output_bytes", max_bytes_);
  }
  void add_audio(const Json& item) {
    MediaSource source = media(item, "data");
    const std::size_t slash = source.mime_type.find('/');
    std::string format =
        slash == std::string::npos ? std::string() : source.mime_type.substr(slash + 1);
    if (format == "mpeg") format = "mp3";
    if (format == "x-wav") format = "wav";
    output_.attachments.emplace_back(AudioPart(std::move(source), std::move(format)));
  }
  void add_resource(const Json& resource) {
    const std::string uri = required(resource, "uri");
    if (resource.contains("text"))
      return add_text(fmt::format("{}:\n{}", uri, required(resource, "text")));
    MediaSource source = media(resource, "blob");
    if (source.mime_type.starts_with("image/"))
      output_.attachments.emplace_back(ImagePart(std::move(source)));
    else
      output_.attachments.emplace_back(FilePart(std::move(source), uri));
    add_text(uri);
  }
  void add_link(const Json& link) {
    const std::string about = text_of(link, "description");
    add_text(fmt::format("[{}]({}){}{}", text_of(link, "name"), required(link, "uri"),
                         about.empty() ? "" : ": ", about));
  }

  ToolOutput output_;
  std::size_t max_bytes_;
};

}  // namespace

ToolOutput mcp_output(const Json& result, const std::string& tool, std::size_t max_bytes) {
  const Json content = result["content"], structured = result["structuredContent"];
  if (!content.is_array() && !(content.is_null() && structured.is_object()))
    throw_content("holds no content");
  OutputReader reader(max_bytes);
  for (const Json& item : content.items()) reader.read(item);
  ToolOutput output = reader.take();
  const Json failed = result["isError"];
  if (failed.is_bool() && failed.as_bool())
    throw ToolError(
        output.content.empty() ? "the tool failed and does not say why" : output.content, tool);
  if (structured.is_null()) return output;
  output.artifact = structured;
  if (output.content.empty() && output.attachments.empty()) output.content = structured.dump();
  if (output.content.size() > max_bytes) throw_content("has too much structured content");
  return output;
}

}  // namespace v0
}  // namespace lian
