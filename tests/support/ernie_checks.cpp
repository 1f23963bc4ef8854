#include "support/ernie_checks.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <set>

namespace lian::test {
namespace {

using nlohmann::json;
using Check = std::optional<ErnieRefusal>;
using Test = std::function<bool(const json&)>;

constexpr int bad_argument = 336003;

bool boolean(const json& value) { return value.is_boolean(); }
bool text(const json& value) { return value.is_string() && !value.empty(); }
bool object(const json& value) { return value.is_object(); }
bool filled(const json& value) { return value.is_array() && !value.empty(); }

Test between(double low, double high) {
  return [=](const json& value) {
    return value.is_number() && value.get<double>() >= low && value.get<double>() <= high;
  };
}

bool temperature(const json& value) {
  return value.is_number() && value.get<double>() > 0 && value.get<double>() <= 1;
}

bool stop(const json& value) {
  return filled(value) && value.size() <= 4 &&
         std::all_of(value.begin(), value.end(), [](const json& item) { return text(item); });
}

bool format(const json& value) { return value == "text" || value == "json_object"; }

std::map<std::string, Test> settings() {
  return {{"temperature", temperature},
          {"top_p", between(0, 1)},
          {"penalty_score", between(1, 2)},
          {"stop", stop},
          {"stream", boolean},
          {"max_output_tokens", between(2, 2048)},
          {"min_output_tokens", between(2, 2048)},
          {"user_id", text}};
}

std::map<std::string, Test> chat_fields() {
  std::map<std::string, Test> fields = settings();
  fields.merge(std::map<std::string, Test>{{"messages", filled},
                                           {"system", text},
                                           {"response_format", format},
                                           {"disable_search", boolean},
                                           {"enable_citation", boolean},
                                           {"enable_trace", boolean},
                                           {"functions", filled},
                                           {"tool_choice", object}});
  return fields;
}

Check check_fields(const json& body, const std::map<std::string, Test>& fields,
                   const std::string& required) {
  if (!body.is_object()) return ErnieRefusal{336002, "the body is no JSON object"};
  if (!body.contains(required)) return ErnieRefusal{bad_argument, required + " is required"};
  for (const auto& [name, value] : body.items()) {
    const auto field = fields.find(name);
    if (field == fields.end()) return ErnieRefusal{bad_argument, "unknown parameter " + name};
    if (!field->second(value))
      return ErnieRefusal{bad_argument, "the parameter " + name + " check failed: " + value.dump()};
  }
  return std::nullopt;
}

Check refuse_message(std::size_t index, const std::string& why) {
  return ErnieRefusal{bad_argument, "messages[" + std::to_string(index) + "]: " + why};
}

bool is_call(const json& call) {
  return call.is_object() && call.size() == 2 && text(call.value("name", json())) &&
         call.value("arguments", json()).is_string() &&
         json::parse(call["arguments"].get<std::string>(), nullptr, false).is_object();
}

Check check_message(const json& message, std::size_t index, const json* before) {
  if (!message.is_object()) return refuse_message(index, "is no object");
  static const std::set<std::string> known{"role", "content", "name", "function_call"};
  for (const auto& [name, value] : message.items())
    if (!known.count(name)) return refuse_message(index, "unknown field " + name);
  const std::string role = message.value("role", "");
  const bool odd = index % 2 == 1;
  if (odd != (role == "assistant")) return refuse_message(index, "role " + role + " out of turn");
  if (!odd && role != "user" && role != "function") return refuse_message(index, "role " + role);
  const json content = message.value("content", json());
  const bool called = message.contains("function_call");
  if (called && (role != "assistant" || !is_call(message["function_call"])))
    return refuse_message(index, "malformed function_call");
  if (!text(content) && !(called && (content.is_null() || content == "")))
    return refuse_message(index, "message content can not be empty");
  if (role != "function") return std::nullopt;
  if (!before || !before->contains("function_call") ||
      (*before)["function_call"]["name"] != message.value("name", ""))
    return refuse_message(index, "answers no function call");
  const json result = json::parse(content.get<std::string>(), nullptr, false);
  return result.is_object() ? std::nullopt : refuse_message(index, "the result is no JSON object");
}

Check check_functions(const json& body) {
  std::set<std::string> names;
  for (const json& function : body.value("functions", json::array())) {
    const bool whole = function.is_object() && text(function.value("name", json())) &&
                       function.value("description", json()).is_string() &&
                       function.value("parameters", json()).is_object();
    if (!whole) return ErnieRefusal{bad_argument, "malformed function " + function.dump()};
    names.insert(function["name"]);
  }
  if (!body.contains("tool_choice")) return std::nullopt;
  const json& choice = body["tool_choice"];
  const bool known = choice.value("type", "") == "function" && choice.contains("function") &&
                     names.count(choice["function"].value("name", ""));
  return known ? std::nullopt : Check(ErnieRefusal{bad_argument, "malformed tool_choice"});
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string out;
  char digits[3];
  for (std::size_t i = 0; i < size; ++i) {
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    out += digits;
  }
  return out;
}

std::string hmac_hex(const std::string& key, const std::string& message) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), bytes, &size);
  return hex(bytes, size);
}

std::string encoded(const std::string& plain) {
  std::string out;
  char digits[4];
  for (const unsigned char c : plain) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      std::snprintf(digits, sizeof digits, "%%%02X", c);
      out += digits;
    }
  }
  return out;
}

std::vector<std::string> split(const std::string& whole, char at) {
  std::vector<std::string> parts(1);
  for (const char c : whole) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// The pairs as they stand in the target, already encoded, sorted.
std::string canonical_query(const std::string& target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  auto pairs = split(target.substr(mark + 1), '&');
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& pair : pairs) out += (out.empty() ? "" : "&") + pair;
  return out;
}

}  // namespace

Check check_ernie_chat(const json& body) {
  if (auto refusal = check_fields(body, chat_fields(), "messages")) return refusal;
  if (auto refusal = check_functions(body)) return refusal;
  const json& messages = body["messages"];
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (auto refusal = check_message(messages[i], i, i ? &messages[i - 1] : nullptr))
      return refusal;
  if (messages.size() % 2 == 0)
    return ErnieRefusal{bad_argument, "the length of messages must be an odd number"};
  return std::nullopt;
}

Check check_ernie_completion(const json& body) {
  std::map<std::string, Test> fields = settings();
  fields["prompt"] = text;
  return check_fields(body, fields, "prompt");
}

Check check_ernie_embeddings(const json& body) {
  const auto texts = [](const json& value) {
    return filled(value) && value.size() <= 16 &&
           std::all_of(value.begin(), value.end(), [](const json& item) { return text(item); });
  };
  return check_fields(body, {{"input", texts}, {"user_id", text}}, "input");
}

Seen seen_by_ernie(const json& body, const std::string& model_path) {
  Seen seen;
  seen.model = model_path;
  seen.system = body.value("system", "");
  seen.stream = body.value("stream", false);
  seen.json_object = body.value("response_format", "") == "json_object";
  if (body.contains("temperature")) seen.temperature = body["temperature"];
  if (body.contains("top_p")) seen.top_p = body["top_p"];
  if (body.contains("max_output_tokens")) seen.max_tokens = body["max_output_tokens"];
  seen.stop = body.value("stop", std::vector<std::string>());
  for (const json& function : body.value("functions", json::array()))
    seen.tools.push_back(function["name"]);
  if (body.contains("tool_choice")) seen.tool_choice = body["tool_choice"]["function"]["name"];
  for (const json& message : body.value("messages", json::array())) {
    Seen::Turn turn;
    const std::string content =
        message["content"].is_string() ? message["content"].get<std::string>() : "";
    turn.role = message["role"] == "function" ? "tool" : message["role"].get<std::string>();
    if (turn.role == "tool") {
      const json result = json::parse(content);
      const bool wrapped = result.size() == 1 && result.contains("tool_result");
      turn.results.push_back(wrapped ? result["tool_result"].get<std::string>() : content);
    } else {
      turn.text = content;
    }
    if (message.contains("function_call")) {
      const json& call = message["function_call"];
      turn.calls.push_back({call["name"], call["arguments"]});
    }
    seen.turns.push_back(std::move(turn));
  }
  return seen;
}

bool is_signed_by(const Request& request, const std::string& access_key,
                  const std::string& secret) {
  const auto parts = split(request.header("Authorization"), '/');
  if (parts.size() != 6 || parts[0] != "bce-auth-v1" || parts[1] != access_key) return false;
  if (request.header("x-bce-date") != parts[2]) return false;
  const std::string prefix = parts[0] + "/" + parts[1] + "/" + parts[2] + "/" + parts[3];
  std::vector<std::string> lines;
  bool has_host = false;
  for (const std::string& name : split(parts[4], ';')) {
    lines.push_back(encoded(name) + ":" + encoded(request.header(name)));
    has_host = has_host || name == "host";
  }
  std::sort(lines.begin(), lines.end());
  std::string headers;
  for (const auto& line : lines) headers += (headers.empty() ? "" : "\n") + line;
  const std::string canonical = request.method + "\n" + request.path() + "\n" +
                                canonical_query(request.target) + "\n" + headers;
  return has_host && hmac_hex(hmac_hex(secret, prefix), canonical) == parts[5];
}

std::string query_value(const std::string& target, const std::string& name) {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  for (const std::string& pair : split(target.substr(mark + 1), '&')) {
    if (pair.rfind(name + "=", 0) != 0) continue;
    std::string value;
    for (std::size_t i = name.size() + 1; i < pair.size(); ++i) {
      if (pair[i] != '%') {
        value += pair[i];
        continue;
      }
      value += static_cast<char>(std::stoi(pair.substr(i + 1, 2), nullptr, 16));
      i += 2;
    }
    return value;
  }
  return {};
}

}  // namespace lian::test
