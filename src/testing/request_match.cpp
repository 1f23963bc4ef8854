#include "testing/request_match.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/redact.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

namespace {

constexpr std::size_t least_secret_bytes = 8, shown_bytes = 80;
constexpr std::string_view removed = "[redacted]";

void add_secret(std::vector<std::string>& secrets, std::string_view value) {
  const std::size_t space = value.find(' ');  // "Bearer …"
  if (space != std::string_view::npos) value.remove_prefix(space + 1);
  if (value.size() >= least_secret_bytes) secrets.emplace_back(value);
}

// Calls `visit(name, value)` for each field of the query; what it gives stands in its place.
template <class Visit>
std::string map_query(const std::string& url, Visit visit) {
  const std::size_t mark = url.find('?');
  if (mark == std::string::npos) return url;
  std::string out = url.substr(0, mark);
  char before = '?';
  std::size_t begin = mark + 1;
  while (begin <= url.size()) {
    const std::size_t end = std::min(url.find('&', begin), url.size());
    const std::string field = url.substr(begin, end - begin);
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string name = field.substr(0, equals);
    const std::string value = equals < field.size() ? field.substr(equals + 1) : std::string();
    const std::optional<std::string> kept = visit(name, value);
    if (kept) {
      out.append(1, before).append(name).append("=").append(*kept);
      before = '&';
    }
    begin = end + 1;
  }
  return out;
}

// Query fields that are another at every request.
bool varies(std::string_view name) {
  return name == "date" || name == "timestamp" || name == "nonce" || name == "expires";
}

std::string recorded_url(const std::string& url, const std::vector<std::string>& secrets) {
  return map_query(url, [&](const std::string& name, const std::string& value) {
    return std::optional<std::string>(is_secret_name(name) ? std::string(removed)
                                                           : redact(value, secrets));
  });
}

std::string matched_url(const std::string& url) {
  return map_query(url, [](const std::string& name, const std::string& value) {
    return varies(name) ? std::nullopt : std::optional<std::string>(value);
  });
}

std::optional<Json> json_of(const std::string& body) {
  if (!body.starts_with('{') && !body.starts_with('[')) return std::nullopt;
  try {
    return Json::parse(body);
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

// Members in the order of their names.
Json sorted(const Json& json) {
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& item : json.items()) out.push_back(sorted(item));
    return out;
  }
  if (!json.is_object()) return json;
  std::vector<std::string> keys = json.keys();
  std::sort(keys.begin(), keys.end());
  Json out = Json::object();
  for (const std::string& key : keys) out.set(key, sorted(json[key]));
  return out;
}

std::string shown(const std::string& text) {
  const std::string clean = utf8::repair(text);
  if (clean.size() <= shown_bytes) return clean;
  return clean.substr(0, utf8::code_point_boundary(clean, shown_bytes)) + "…";
}

// The first place where two values differ, and both there.
std::optional<std::string> first_difference(const Json& recorded, const Json& asked,
                                            const std::string& path) {
  if (recorded == asked) return std::nullopt;
  if (recorded.is_object() && asked.is_object()) {
    for (const std::string& key : recorded.keys()) {
      if (!asked.contains(key)) return fmt::format("{}.{} was recorded and is missing", path, key);
      if (auto found = first_difference(recorded[key], asked[key], path + "." + key)) return found;
    }
    for (const std::string& key : asked.keys())
      if (!recorded.contains(key)) return fmt::format("{}.{} was not recorded", path, key);
  }
  if (recorded.is_array() && asked.is_array()) {
    const std::size_t both = std::min(recorded.size(), asked.size());
    for (std::size_t i = 0; i < both; ++i)
      if (auto found = first_difference(recorded[i], asked[i], fmt::format("{}[{}]", path, i)))
        return found;
    return fmt::format("{} has {} items, {} were recorded", path, asked.size(), recorded.size());
  }
  return fmt::format("{} is {}, recorded was {}", path, shown(asked.dump()),
                     shown(recorded.dump()));
}

std::string body_difference(const std::string& recorded, const std::string& asked) {
  const auto left = json_of(recorded), right = json_of(asked);
  if (left && right)
    return first_difference(*left, *right, "$").value_or("nothing that is told here");
  const auto place = std::mismatch(recorded.begin(), recorded.end(), asked.begin(), asked.end());
  return fmt::format("the body differs from byte {} on", place.first - recorded.begin());
}

// In thousandths of the longer body: what is equal at its beginning and its end. The same address
// counts for more.
std::size_t likeness(const RecordedExchange& a, const RecordedExchange& b) {
  const auto head = std::mismatch(a.body.begin(), a.body.end(), b.body.begin(), b.body.end());
  const auto tail = std::mismatch(a.body.rbegin(), a.body.rend(), b.body.rbegin(), b.body.rend());
  const auto equal =
      static_cast<std::size_t>((head.first - a.body.begin()) + (tail.first - a.body.rbegin()));
  const std::size_t longer = std::max({a.body.size(), b.body.size(), std::size_t{1}});
  const bool same = a.method == b.method && matched_url(a.url) == matched_url(b.url);
  return std::min(equal, longer) * 1000 / longer + (same ? 1001 : 0);
}

}  // namespace

std::vector<std::string> secrets_of(const HttpRequest& request) {
  std::vector<std::string> secrets;
  for (const auto& [name, value] : request.headers.fields())
    if (is_secret_name(name)) add_secret(secrets, value);
  map_query(request.url, [&](const std::string& name, const std::string& value) {
    if (is_secret_name(name)) add_secret(secrets, value);
    return std::optional<std::string>();
  });
  return secrets;
}

HttpHeaders without_secrets(const HttpHeaders& headers, const std::vector<std::string>& secrets) {
  HttpHeaders out;
  for (const auto& [name, value] : headers.fields()) {
    if (name == "Idempotency-Key") continue;
    out.add(name, is_secret_name(name) ? std::string(removed) : redact(value, secrets));
  }
  return out;
}

// JSON is written anew only where a member is taken out of it.
std::string without_secrets(const std::string& body, const std::vector<std::string>& secrets) {
  if (const auto json = json_of(body)) {
    const Json clean = redact_json(*json, secrets);
    return clean == *json ? body : clean.dump();
  }
  return redact(body, secrets);
}

RecordedExchange without_secrets(const HttpRequest& request) {
  const std::vector<std::string> secrets = secrets_of(request);
  RecordedExchange exchange;
  exchange.method = request.method;
  exchange.url = recorded_url(request.url, secrets);
  exchange.headers = without_secrets(request.headers, secrets);
  exchange.body = without_secrets(request.body, secrets);
  exchange.websocket = request.websocket;
  return exchange;
}

std::string match_key(const RecordedExchange& exchange) {
  const auto json = json_of(exchange.body);
  return fmt::format("{} {}{}\n{}", exchange.method, exchange.websocket ? "websocket " : "",
                     matched_url(exchange.url), json ? sorted(*json).dump() : exchange.body);
}

std::string difference(const RecordedExchange& asked,
                       const std::deque<RecordedExchange>& recorded) {
  const auto nearest = std::max_element(
      recorded.begin(), recorded.end(),
      [&](const auto& a, const auto& b) { return likeness(a, asked) < likeness(b, asked); });
  if (nearest == recorded.end()) return "the recording holds no exchange";
  if (match_key(*nearest) == match_key(asked))
    return fmt::format(
        "it was recorded {} time(s), and each was replayed",
        std::count_if(recorded.begin(), recorded.end(), [&](const RecordedExchange& other) {
          return match_key(other) == match_key(asked);
        }));
  const std::string where = fmt::format("the nearest is line {}: ", nearest->line);
  if (nearest->method != asked.method || matched_url(nearest->url) != matched_url(asked.url))
    return fmt::format("{}{} {}", where, nearest->method, nearest->url);
  return where + body_difference(nearest->body, asked.body);
}

}  // namespace testing
}  // namespace v0
}  // namespace lian
