#include "support/google_server.hpp"

#include <algorithm>

namespace lian::test {
namespace {

using nlohmann::json;

json quota_failure(const std::string& id) {
  return {{"@type", "type.googleapis.com/google.rpc.QuotaFailure"},
          {"violations", json::array({{{"quotaId", id}}})}};
}

Reply error_of(int code, const std::string& status, const std::string& message,
               json details = json::array()) {
  return Reply::json(code, google_error_body(code, status, message, std::move(details)));
}

Reply wrong_key(int status) {
  if (status == 401)
    return error_of(401, "UNAUTHENTICATED",
                    "Request had invalid authentication credentials. Expected OAuth 2 access "
                    "token, login cookie or other valid authentication credential.");
  const json reason = {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                       {"reason", "API_KEY_INVALID"},
                       {"domain", "googleapis.com"}};
  return error_of(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                  json::array({reason}));
}

// The vendor's answer for an error that is not about the key; nothing where it has no such error.
std::optional<Reply> failure(ErrorKind kind) {
  const json retry = {{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                      {"retryDelay", "0.05s"}};
  switch (kind) {
    case ErrorKind::permission:
      return error_of(403, "PERMISSION_DENIED", "The caller does not have permission");
    case ErrorKind::not_found:
      return error_of(404, "NOT_FOUND", "Requested entity was not found.");
    case ErrorKind::rate_limited:
      return error_of(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.",
                      json::array({quota_failure("RequestsPerMinutePerProject"), retry}));
    case ErrorKind::quota:
      return error_of(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.",
                      json::array({quota_failure("RequestsPerDayPerProject")}));
    case ErrorKind::overloaded:
      return error_of(503, "UNAVAILABLE", "The model is overloaded. Please try again later.");
    case ErrorKind::server:
      return error_of(500, "INTERNAL", "An internal error has occurred.");
    case ErrorKind::invalid_request:
      return error_of(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
    case ErrorKind::context_length:
      return error_of(400, "INVALID_ARGUMENT",
                      "The input token count (1200000) exceeds the maximum number of tokens "
                      "allowed (1048576).");
    default:
      return std::nullopt;
  }
}

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return out;
}

}  // namespace

GoogleServer::GoogleServer()
    : server_(std::make_unique<RawServer>([this](const Request& r) { return handle(r); })) {}

GoogleServer::~GoogleServer() = default;

void GoogleServer::answer(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
  failure_.reset();
}

bool GoogleServer::fail(ErrorKind kind) {
  const std::lock_guard lock(mutex_);
  if (kind != ErrorKind::authentication && !failure(kind)) return false;
  failure_ = kind;
  return true;
}

void GoogleServer::deliver(std::function<void(Reply&)> how) {
  const std::lock_guard lock(mutex_);
  delivery_ = std::move(how);
}

Seen GoogleServer::seen() const {
  const std::lock_guard lock(mutex_);
  if (!has_seen_) throw std::logic_error("the provider has seen no request");
  return seen_;
}

std::vector<std::string> GoogleServer::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

Reply GoogleServer::handle(const Request& request) {
  const std::lock_guard lock(mutex_);
  Reply reply = answered(request);
  if (delivery_) delivery_(reply);
  return reply;
}

Reply GoogleServer::answered(const Request& request) {
  if (!is_authorized(request) || failure_ == ErrorKind::authentication)
    return wrong_key(wrong_key_status());
  try {
    if (request.method == "GET") return respond(request, json());
    google_require(request.method == "POST", "the method must be GET or POST");
    google_require(request.header("content-type").rfind("application/json", 0) == 0,
                   "the content type must be application/json");
    Reply reply = respond(request, json::parse(request.body));
    if (failure_) return *failure(*failure_);
    return reply;
  } catch (const std::exception& problem) {  // GoogleRefusal, or nlohmann's of a wrong type
    refused_.emplace_back(problem.what());
    return error_of(400, "INVALID_ARGUMENT", problem.what());
  }
}

std::string google_error_body(int code, const std::string& status, const std::string& message,
                              json details) {
  json error = {{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = std::move(details);
  return json{{"error", error}}.dump(2);
}

void google_require(bool holds, const std::string& what) {
  if (!holds) throw GoogleRefusal(what);
}

const json& google_member(const json& object, const std::string& name) {
  google_require(object.is_object() && object.contains(name), name + " is required");
  return object.at(name);
}

void google_only(const json& object, const std::vector<std::string>& names,
                 const std::string& where) {
  google_require(object.is_object(), where + " must be an object");
  for (const auto& item : object.items())
    google_require(std::count(names.begin(), names.end(), item.key()) > 0,
                   "Invalid JSON payload received. Unknown name \"" + item.key() + "\" at '" +
                       where + "': Cannot find field.");
}

void google_number(const json& object, const std::string& name, double low, double high) {
  if (!object.contains(name)) return;
  const json& value = object[name];
  google_require(value.is_number() && value.get<double>() >= low && value.get<double>() <= high,
                 name + " is out of range");
}

void google_texts(const json& object, const std::string& name, std::size_t most) {
  if (!object.contains(name)) return;
  google_require(object[name].is_array() && object[name].size() <= most, name + " is too long");
  for (const json& text : object[name]) google_require(text.is_string(), name + " must be strings");
}

std::optional<GooglePath> google_path(const Request& request, const std::string& prefix) {
  const std::string& target = request.target;
  if (target.rfind(prefix, 0) != 0) return std::nullopt;
  const std::size_t query = std::min(target.find('?'), target.size());
  const std::size_t colon = target.rfind(':', query);
  if (colon == std::string::npos || colon < prefix.size()) return std::nullopt;
  GooglePath path;
  path.model = decoded(target.substr(prefix.size(), colon - prefix.size()));
  path.verb = target.substr(colon + 1, query - colon - 1);
  path.query = target.substr(query);
  return path;
}

Reply google_stream(const std::vector<json>& chunks, const std::string& query) {
  google_require(query.empty() || query == "?alt=sse", "alt must be sse");
  if (!query.empty()) {
    std::string body;
    for (const json& chunk : chunks) body += "data: " + chunk.dump() + "\r\n\r\n";
    return Reply::event_stream(body);
  }
  std::string body = "[";
  for (const json& chunk : chunks) body += (body.size() > 1 ? "\n,\r\n" : "") + chunk.dump(2);
  Reply reply = Reply::json(200, body + "\n]\n");
  return reply.chunked();
}

}  // namespace lian::test
