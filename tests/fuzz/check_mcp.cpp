// What must hold for what an MCP server sends: whole and split it means the same, and what models
// and people get to see of it is fit to be seen.
#include <algorithm>

#include "agent/mcp_message.hpp"
#include "agent/mcp_result.hpp"
#include "agent/mcp_text.hpp"
#include "fuzz/target.hpp"
#include "net/ndjson.hpp"

namespace lian::fuzz {

namespace {

constexpr std::size_t max_bytes = 1000;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

void check_text(std::string_view text) {
  const McpCleanText clean = clean_mcp_text(text, max_bytes);
  require_utf8(clean.text, "a cleaned text");
  require(clean.text.size() <= max_bytes, "a cleaned text is too long");
  require(clean.text.find('\x1b') == std::string::npos, "an escape is left");
  require(clean_mcp_text(clean.text, max_bytes).text == clean.text, "cleaning twice is not once");
  require_utf8(mcp_shown(text, 40), "a text in an error");
}

void check_tool(const Json& tool) {
  const Json name = tool["name"], description = tool["description"];
  if (description.is_string()) check_text(description.as_string());
  static_cast<void>(ending_of([&] {
    const std::string shown = mcp_tool_name("s", name.is_string() ? name.as_string() : "");
    require(shown.size() <= 64 && std::all_of(shown.begin(), shown.end(), is_plain),
            "a name that providers refuse");
  }));
  static_cast<void>(ending_of([&] {
    std::string found, again;
    const Json schema = clean_mcp_schema(tool["inputSchema"], max_bytes, found);
    require(clean_mcp_schema(schema, max_bytes, again) == schema && again.empty(),
            "a cleaned schema is cleaned again");
    require(canonical_json(schema) == canonical_json(Json::parse(schema.dump())),
            "a definition's own text changes");
  }));
}

// What a client would do with it, as text.
std::string meaning_of(const McpMessage& message) {
  if (message.kind == McpMessage::Kind::notification) return "notification " + message.method;
  if (message.kind == McpMessage::Kind::request) {
    const Json answer = Json::parse(mcp_answer(message));
    require(answer["id"] == message.id, "an answer to somebody else");
    return "request " + message.method;
  }
  std::string out = "response " + message.id.dump();
  const Ending ending = ending_of([&] {
    const Json result = mcp_result_of(message, "tools/call");
    for (const Json& tool : result["tools"].items()) check_tool(tool);
    out += result.dump();
    static_cast<void>(ending_of([&] { static_cast<void>(mcp_version_of(result)); }));
    const ToolOutput output = mcp_output(result, "t", max_bytes);
    require(output.content.size() <= max_bytes, "an output that is too long");
  });
  return ending.failed ? out + " " + std::string(to_string(ending.kind)) : out;
}

std::vector<std::string> read(const Input& input, const std::vector<std::string_view>& chunks) {
  NdjsonParser lines(input.flags & 1U ? 64 : std::size_t{1} << 20);
  std::vector<std::string> out;
  const Ending ending = ending_of([&] {
    for (const std::string_view chunk : chunks) {
      lines.feed(chunk);
      std::string_view line;
      while (lines.next(line)) {
        std::size_t strange = 0;
        const Ending parsed = ending_of([&] {
          for (const McpMessage& message : read_mcp_messages(line, &strange))
            out.push_back(meaning_of(message));
        });
        if (parsed.failed || strange > 0) out.push_back("strange");
      }
    }
  });
  if (ending.failed) out.push_back("stopped");
  return out;
}

}  // namespace

void check_mcp(const Input& input) {
  require(read(input, {input.body}) == read(input, input.chunks()),
          "bytes mean something else when they are split");
}

}  // namespace lian::fuzz
