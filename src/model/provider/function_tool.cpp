#include "model/provider/function_tool.hpp"

#include <algorithm>

#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

bool is_function_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
}

void write_function_tool(const ToolSpec& tool, JsonWriter& json) {
  if (!is_function_name(tool.name))
    refuse_request("the tool name \"" + tool.name + "\" must be 1 to 64 of A-Z, a-z, 0-9, _ and -");
  if (!tool.parameters.is_null() && !tool.parameters.is_object())
    refuse_request("the parameters of tool " + tool.name + " must be a JSON Schema object");
  check_request_utf8(tool.description, "tools description");
  json.begin_object().key("type").string("function").key("function").begin_object();
  json.key("name").string(tool.name);
  if (!tool.description.empty()) json.key("description").string(tool.description);
  if (!tool.parameters.is_null()) json.key("parameters").raw(tool.parameters.dump());
  if (tool.strict) json.key("strict").boolean(true);
  json.end_object();
  for (const std::string& name : tool.extra.keys()) json.key(name).raw(tool.extra[name].dump());
  json.end_object();
}

}  // namespace v0
}  // namespace lian
