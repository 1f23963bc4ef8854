#include "core/redact.hpp"

#include <algorithm>
#include <array>

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view kRedacted = "[redacted]";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// '*' and '.' stand in keys that a server has already shortened.
bool is_key_char(char c) { return is_alnum(c) || c == '-' || c == '_' || c == '*' || c == '.'; }
bool is_bearer_char(char c) {
  return is_key_char(c) || c == '~' || c == '+' || c == '/' || c == '=' || c == ':';
}
bool is_query_char(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '&' && c != '#' && c != '"' && c != '\'' &&
         c != '<' && c != '>' && c != '\\';
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
  });
}

// What begins a credential, what it is made of, and how much of it is kept.
struct Shape {
  std::string_view prefix;  // lower case
  bool ignore_case;
  bool keep_prefix;
  std::size_t min_rest;
  bool (*is_part)(char);
};

bool is_bce_char(char c) { return is_key_char(c) || c == '/'; }

constexpr std::array<Shape, 5> kShapes = {{
    {"sk-", false, false, 4, is_key_char},
    {"AIza", false, false, 8, is_key_char},
    {"eyJ", false, false, 20, is_key_char},  // a JSON web token
    {"bce-v3/", false, false, 4, is_bce_char},
    {"bearer ", true, true, 4, is_bearer_char},
}};

constexpr std::array<std::string_view, 9> kQueryFields = {
    "key=",   "api_key=", "apikey=",        "api-key=",      "access_token=",
    "token=", "secret=",  "client_secret=", "authorization="};

struct Found {
  std::size_t keep = 0;    // bytes that stay
  std::size_t length = 0;  // bytes of the whole; 0: nothing found
};

Found match_shape(std::string_view rest, const Shape& shape) {
  const bool begins = shape.ignore_case ? starts_with_ignoring_case(rest, shape.prefix)
                                        : rest.starts_with(shape.prefix);
  if (!begins) return {};
  std::size_t end = shape.prefix.size();
  while (end < rest.size() && shape.is_part(rest[end])) ++end;
  while (end > shape.prefix.size() && rest[end - 1] == '.') --end;  // the end of a sentence
  if (end - shape.prefix.size() < shape.min_rest) return {};
  return {shape.keep_prefix ? shape.prefix.size() : 0, end};
}

Found match_query(std::string_view rest) {
  for (const std::string_view field : kQueryFields) {
    if (!starts_with_ignoring_case(rest, field)) continue;
    std::size_t end = field.size();
    while (end < rest.size() && is_query_char(rest[end])) ++end;
    if (end > field.size()) return {field.size(), end};
  }
  return {};
}

Found match(std::string_view text, std::size_t at, const std::vector<std::string>& secrets) {
  const std::string_view rest = text.substr(at);
  for (const std::string& secret : secrets) {
    if (secret.size() >= 4 && rest.starts_with(secret)) return {0, secret.size()};
  }
  const char before = at == 0 ? ' ' : text[at - 1];
  if (before == '?' || before == '&') {
    if (const Found found = match_query(rest); found.length != 0) return found;
  }
  if (is_alnum(before) || before == '_' || before == '-') return {};
  for (const Shape& shape : kShapes) {
    if (const Found found = match_shape(rest, shape); found.length != 0) return found;
  }
  return {};
}

}  // namespace

std::string redact(std::string_view text, const std::vector<std::string>& secrets) {
  std::string out;
  out.reserve(text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    const Found found = match(text, i, secrets);
    if (found.length == 0) {
      out += text[i++];
      continue;
    }
    out.append(text.substr(i, found.keep)).append(kRedacted);
    i += found.length;
  }
  return out;
}

namespace {

// "X-Api-Key", "x_api_key" and "xApiKey" are one.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (is_alnum(c)) plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return plain;
}

// Narrower than for headers: "token", "key" and "signature" are words of replies and of tools.
bool is_secret_member(std::string_view name) {
  constexpr std::array<std::string_view, 12> names = {
      "accesstoken",   "refreshtoken", "idtoken",       "clientsecret", "apikey",    "xapikey",
      "authorization", "sessionkey",   "sessionsecret", "privatekey",   "secretkey", "apisecret"};
  return std::find(names.begin(), names.end(), plain_name(name)) != names.end();
}

}  // namespace

bool is_secret_name(std::string_view name) {
  const std::string plain = plain_name(name);
  constexpr std::array<std::string_view, 10> anywhere = {
      "key",    "secret",    "password",   "authorization", "token",
      "cookie", "signature", "credential", "assertion",     "session"};
  if (plain == "idempotencykey" || plain.find("tokens") != std::string::npos) return false;
  return std::any_of(anywhere.begin(), anywhere.end(),
                     [&](std::string_view part) { return plain.find(part) != std::string::npos; });
}

Json redact_json(const Json& json, const std::vector<std::string>& secrets) {
  if (json.is_string()) return Json(redact(json.as_string(), secrets));
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& item : json.items()) out.push_back(redact_json(item, secrets));
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::object();
  for (const std::string& key : json.keys()) {
    const Json value = json[key];
    const bool secret = value.is_string() && is_secret_member(key);
    out.set(redact(key, secrets), secret ? Json(kRedacted) : redact_json(value, secrets));
  }
  return out;
}

}  // namespace v0
}  // namespace lian
