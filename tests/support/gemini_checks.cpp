#include <set>

#include "support/gemini_server.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

bool is_name(const std::string& text) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-:";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(allowed) == text.npos;
}

void check_schema(const json& schema, const std::string& where) {
  google_only(schema,
              {"type",    "format",   "title",     "description", "nullable", "enum",
               "items",   "minItems", "maxItems",  "properties",  "required", "propertyOrdering",
               "minimum", "maximum",  "minLength", "maxLength",   "pattern",  "anyOf",
               "default", "example"},
              where);
  const std::set<std::string> types = {"STRING", "NUMBER", "INTEGER", "BOOLEAN",
                                       "ARRAY",  "OBJECT", "NULL"};
  if (schema.contains("anyOf"))
    for (const json& choice : schema["anyOf"]) check_schema(choice, where + ".anyOf");
  else
    google_require(types.count(google_member(schema, "type").get<std::string>()) > 0,
                   where + ".type is unknown");
  google_texts(schema, "enum", 1000);
  google_texts(schema, "required", 1000);
  if (schema.value("type", "") == "ARRAY") check_schema(google_member(schema, "items"), where);
  if (schema.value("type", "") != "OBJECT") return;
  google_require(!google_member(schema, "properties").empty(),
                 where + ".properties: should be non-empty for OBJECT type");
  for (const auto& item : schema["properties"].items())
    check_schema(item.value(), where + "." + item.key());
}

void check_part(const json& part, const std::string& role) {
  google_only(
      part,
      {"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode",
       "codeExecutionResult", "thought", "thoughtSignature", "videoMetadata", "mediaResolution"},
      "part");
  int data = 0;
  for (const char* kind : {"text", "inlineData", "fileData", "functionCall", "functionResponse",
                           "executableCode", "codeExecutionResult"})
    data += part.contains(kind) ? 1 : 0;
  google_require(data == 1, "a part must have exactly one data field");
  if (part.contains("text")) google_require(part["text"].is_string(), "text must be a string");
  if (part.contains("inlineData")) {
    google_only(part["inlineData"], {"mimeType", "data"}, "inline_data");
    const std::string bytes = google_member(part["inlineData"], "data").get<std::string>();
    google_require(!bytes.empty() && bytes.size() % 4 == 0, "Base64 decoding failed");
    google_require(google_member(part["inlineData"], "mimeType").get<std::string>().find('/') !=
                       std::string::npos,
                   "Unsupported MIME type");
  }
  if (part.contains("fileData")) google_member(part["fileData"], "fileUri");
  if (part.contains("functionCall")) {
    google_only(part["functionCall"], {"id", "name", "args"}, "function_call");
    google_require(role == "model", "a function call must be in a model's turn");
    google_require(is_name(google_member(part["functionCall"], "name")), "Invalid function name");
    google_require(part["functionCall"].value("args", json::object()).is_object(),
                   "args must be an object");
  }
  if (!part.contains("functionResponse")) return;
  google_only(part["functionResponse"], {"id", "name", "response"}, "function_response");
  google_require(role == "user", "a function response must be in a user's turn");
  google_require(is_name(google_member(part["functionResponse"], "name")), "Invalid function name");
  google_require(google_member(part["functionResponse"], "response").is_object(),
                 "response must be an object");
}

// Each turn of calls is answered by the next one, result for result, in order.
void check_answers(const json& calls, const json& answers) {
  std::vector<std::string> asked, answered;
  for (const json& part : calls["parts"])
    if (part.contains("functionCall")) asked.push_back(part["functionCall"]["name"]);
  if (asked.empty()) return;
  for (const json& part : answers["parts"])
    if (part.contains("functionResponse")) answered.push_back(part["functionResponse"]["name"]);
  google_require(asked == answered,
                 "Please ensure that the number of function response parts is equal to the number "
                 "of function call parts of the function call turn.");
}

void check_contents(const json& contents) {
  google_require(contents.is_array() && !contents.empty(), "contents is not specified");
  google_require(contents[0].value("role", "user") == "user", "the first turn must be a user's");
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const json& content = contents[i];
    google_only(content, {"role", "parts"}, "contents");
    const std::string role = content.value("role", "user");
    google_require(role == "user" || role == "model", "Please use a valid role: user, model.");
    const json& parts = google_member(content, "parts");
    google_require(parts.is_array() && !parts.empty(), "must include at least one parts field");
    for (const json& part : parts) check_part(part, role);
    if (role == "model" && i + 1 < contents.size()) check_answers(content, contents[i + 1]);
  }
}

void check_config(const json& config) {
  google_only(config,
              {"temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences",
               "seed", "presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs",
               "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities",
               "speechConfig", "mediaResolution", "thinkingConfig"},
              "generation_config");
  google_number(config, "temperature", 0, 2);
  google_number(config, "topP", 0, 1);
  google_number(config, "candidateCount", 1, 8);
  google_number(config, "maxOutputTokens", 1, 1 << 20);
  google_number(config, "seed", -2147483648.0, 2147483647.0);
  google_number(config, "logprobs", 0, 20);
  google_texts(config, "stopSequences", 5);
  const bool structured =
      config.contains("responseSchema") || config.contains("responseJsonSchema");
  if (structured)
    google_require(config.value("responseMimeType", "") == "application/json",
                   "a schema needs responseMimeType application/json");
  if (config.contains("responseSchema")) check_schema(config["responseSchema"], "response_schema");
  if (!config.contains("thinkingConfig")) return;
  const json& thinking = config["thinkingConfig"];
  google_only(thinking, {"includeThoughts", "thinkingBudget", "thinkingLevel"}, "thinking_config");
  google_require(!(thinking.contains("thinkingBudget") && thinking.contains("thinkingLevel")),
                 "thinking_budget and thinking_level are not supported together");
}

void check_tools(const json& body) {
  std::set<std::string> names;
  for (const json& tool : body.value("tools", json::array())) {
    google_only(tool, {"functionDeclarations", "googleSearch", "codeExecution", "urlContext"},
                "tools");
    for (const json& function : tool.value("functionDeclarations", json::array())) {
      google_only(function, {"name", "description", "parameters", "parametersJsonSchema"},
                  "function_declarations");
      const std::string name = google_member(function, "name");
      google_require(is_name(name) && names.insert(name).second, "Invalid function name");
      google_require(function.contains("description"), "description is required");
      google_require(
          !(function.contains("parameters") && function.contains("parametersJsonSchema")),
          "parameters and parametersJsonSchema exclude each other");
      if (function.contains("parameters")) check_schema(function["parameters"], "parameters");
    }
  }
  if (!body.contains("toolConfig")) return;
  google_only(body["toolConfig"], {"functionCallingConfig"}, "tool_config");
  const json& calling = google_member(body["toolConfig"], "functionCallingConfig");
  google_only(calling, {"mode", "allowedFunctionNames"}, "function_calling_config");
  const std::string mode = google_member(calling, "mode");
  google_require(std::set<std::string>{"AUTO", "ANY", "NONE", "VALIDATED"}.count(mode) > 0,
                 "mode is unknown");
  for (const std::string name : calling.value("allowedFunctionNames", json::array()))
    google_require(mode == "ANY" && names.count(name) > 0, "a name is not allowed");
}

}  // namespace

void check_gemini_request(const json& body) {
  google_only(body,
              {"model", "contents", "systemInstruction", "tools", "toolConfig", "safetySettings",
               "cachedContent", "generationConfig"},
              "request");
  check_contents(google_member(body, "contents"));
  if (body.contains("systemInstruction"))
    for (const json& part : google_member(body["systemInstruction"], "parts"))
      google_require(part.size() == 1 && part.contains("text"), "the system says text only");
  check_config(body.value("generationConfig", json::object()));
  check_tools(body);
}

}  // namespace lian::test
