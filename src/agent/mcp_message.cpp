#include "agent/mcp_message.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "agent/mcp_text.hpp"
#include "lian/core/version.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view latest_version = "2025-06-18";
// Those whose tools are spoken of in the same way.
constexpr std::array<std::string_view, 4> versions{"2025-11-25", latest_version, "2025-03-26",
                                                   "2024-11-05"};
constexpr std::size_t shown_bytes = 1000;
constexpr int parse_error = -32700, invalid_request = -32600, method_not_found = -32601,
              invalid_params = -32602;

bool is_id(const Json& id) { return id.is_string() || id.is_number(); }

McpMessage response_of(const Json& value) {
  McpMessage message;
  message.kind = McpMessage::Kind::response;
  message.id = value["id"];
  message.result = value["result"];
  message.error = value["error"];
  const bool has_result = value.contains("result"), has_error = !message.error.is_null();
  if (has_result && has_error)
    message.fault = "both a result and an error";
  else if (!has_result && !has_error)
    message.fault = "neither a result nor an error";
  else if (has_result && !message.result.is_object())
    message.fault = fmt::format("a result that is {}", message.result.type_name());
  return message;
}

std::optional<McpMessage> message_of(const Json& value) {
  const Json version = value["jsonrpc"];
  if (!version.is_string() || version.as_string() != "2.0") return std::nullopt;
  const Json method = value["method"], id = value["id"];
  if (!method.is_string()) {
    if (value.contains("method") || !is_id(id)) return std::nullopt;
    return response_of(value);
  }
  if (value.contains("id") && !is_id(id)) return std::nullopt;
  McpMessage message;
  message.kind = is_id(id) ? McpMessage::Kind::request : McpMessage::Kind::notification;
  message.id = id;
  message.method = method.as_string();
  message.params = value["params"];
  return message;
}

Json envelope() { return Json::object({{"jsonrpc", "2.0"}}); }

ErrorKind kind_of(int code) {
  if (code == method_not_found) return ErrorKind::unsupported;
  const bool ours = code == parse_error || code == invalid_request || code == invalid_params;
  return ours ? ErrorKind::invalid_request : ErrorKind::server;
}

}  // namespace

std::vector<McpMessage> read_mcp_messages(std::string_view text, std::size_t* strange) {
  const Json value = Json::parse(text);
  std::vector<McpMessage> messages;
  const std::vector<Json> values = value.is_array() ? value.items() : std::vector<Json>(1, value);
  if (values.empty()) ++*strange;
  for (const Json& item : values) {
    std::optional<McpMessage> message = message_of(item);
    if (message)
      messages.push_back(std::move(*message));
    else
      ++*strange;
  }
  return messages;
}

std::string mcp_request(std::int64_t id, std::string_view method, Json params) {
  Json message = envelope();
  message.set("id", id).set("method", method);
  if (!params.is_null()) message.set("params", std::move(params));
  return message.dump();
}

std::string mcp_notification(std::string_view method, Json params) {
  Json message = envelope();
  message.set("method", method);
  if (!params.is_null()) message.set("params", std::move(params));
  return message.dump();
}

std::string mcp_result(const Json& id, Json result) {
  Json message = envelope();
  message.set("id", id).set("result", std::move(result));
  return message.dump();
}

std::string mcp_error(const Json& id, int code, std::string_view text) {
  Json message = envelope();
  message.set("id", id).set("error", Json::object({{"code", code}, {"message", text}}));
  return message.dump();
}

std::int64_t mcp_number(const Json& value) noexcept {
  const double number = value.is_integer() ? value.as_number() : -1;
  return number >= 0 && number < 1e15 ? value.as_int() : -1;
}

std::string mcp_answer(const McpMessage& request) {
  if (request.method == "ping") return mcp_result(request.id, Json::object());
  return mcp_error(request.id, method_not_found, "Method not found");
}

Json mcp_hello() {
  Json hello = Json::object({{"protocolVersion", latest_version}});
  hello.set("capabilities", Json::object());
  hello.set("clientInfo", Json::object({{"name", "lian"}, {"version", version()}}));
  return hello;
}

std::string mcp_version_of(const Json& hello) {
  const Json version = hello["protocolVersion"];
  if (!version.is_string())
    throw Error(ErrorKind::parse, "its answer to 'initialize' names no protocolVersion");
  if (std::find(versions.begin(), versions.end(), version.as_string()) == versions.end())
    throw UnsupportedError(
        fmt::format("it speaks version '{}' of the protocol; lian speaks {} and earlier ones",
                    mcp_shown(version.as_string(), 40), latest_version),
        "protocolVersion");
  return std::string(version.as_string());
}

Json mcp_result_of(const McpMessage& response, std::string_view method) {
  if (!response.fault.empty())
    throw Error(ErrorKind::parse,
                fmt::format("its answer to '{}' holds {}", method, response.fault));
  if (response.error.is_null()) return response.result;
  const Json code = response.error["code"], text = response.error["message"];
  const double number = code.is_number() ? code.as_number() : 0;
  const bool fits = number >= -99999 && number <= 99999;
  const std::string words = fmt::format(
      "it refused '{}': {} (code {})", method,
      text.is_string() ? mcp_shown(text.as_string(), shown_bytes) : "it does not say why",
      mcp_shown(code.dump(), 20));
  const ErrorKind kind = kind_of(fits ? static_cast<int>(number) : 0);
  if (kind == ErrorKind::unsupported) throw UnsupportedError(words, std::string(method));
  throw Error(kind, words);
}

}  // namespace v0
}  // namespace lian
