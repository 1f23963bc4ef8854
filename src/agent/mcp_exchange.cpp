#include "agent/mcp_exchange.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "agent/mcp_message.hpp"
#include "agent/mcp_text.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/timeout.hpp"
#include "lian/core/utf8.hpp"
#include "net/fetch.hpp"
#include "net/sse.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace {

constexpr int not_found = 404, accepted = 202;
constexpr std::size_t shown_bytes = 300;
constexpr auto notice_time = std::chrono::milliseconds(1000);

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::authentication;
  if (status == 403) return ErrorKind::permission;
  if (status == not_found || status == 405 || status == 410) return ErrorKind::not_found;
  if (status == 429) return ErrorKind::rate_limited;
  return status >= 500 ? ErrorKind::server : ErrorKind::invalid_request;
}

bool is_type(const HttpHeaders& headers, std::string_view wanted) {
  const std::string* type = headers.find("content-type");
  if (!type || type->size() < wanted.size()) return false;
  return std::equal(wanted.begin(), wanted.end(), type->begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
  });
}

// Awaitable: what the coroutine awaits from then on is not ended with the run it is part of.
class OwnScope {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) const {
    handle.promise().scope = detail::ScopeRef::adopt(detail::CancelScope::make(nullptr));
    return false;
  }
  void await_resume() const noexcept {}
};

// Reads the messages of one reply until the answer is among them.
class ReplyReader {
 public:
  explicit ReplyReader(McpQuestion question) : question_(std::move(question)) {}

  /// Gives what is to be sent back.
  std::vector<std::string> take(std::string_view text) {
    std::size_t strange = 0;
    std::vector<std::string> answers;
    for (const McpMessage& message : read_mcp_messages(text, &strange)) {
      if (message.kind == McpMessage::Kind::request)
        answers.push_back(mcp_answer(message));
      else if (message.kind == McpMessage::Kind::notification)
        take_notification(message);
      else if (!result_ && mcp_number(message.id) == question_.id)
        result_ = mcp_result_of(message, question_.method);
    }
    return answers;
  }
  bool done() const noexcept { return result_.has_value(); }
  Json result() const {
    if (result_) return *result_;
    throw Error(ErrorKind::network,
                fmt::format("it ended its reply without the answer to '{}'", question_.method));
  }

 private:
  void take_notification(const McpMessage& message) const {
    if (message.method == "notifications/tools/list_changed") question_.changes->fetch_add(1);
    if (message.method != "notifications/progress" || !question_.context.observed()) return;
    const std::string text = mcp_progress(message.params);
    Event event;
    event.kind = StepKind::tool;
    event.name = question_.server;
    event.message = text;
    question_.context.emit(event);
  }
  McpQuestion question_;
  std::optional<Json> result_;
};

Task<Json> read_events(McpPlacePtr place, McpHttpSessionPtr session, HttpResponse response,
                       ReplyReader reader) {
  SseOptions options;
  options.max_line_bytes = options.max_event_bytes = place->limits.message_bytes;
  SseParser events(options);
  while (!reader.done()) {
    std::string* bytes = co_await response.body.next();
    if (!bytes) break;
    events.feed(*bytes);
    SseEvent event;
    std::vector<std::string> answers;
    while (!reader.done() && events.next(event))
      if (event.type == "message" && !event.data.empty())
        for (std::string& answer : reader.take(event.data)) answers.push_back(std::move(answer));
    for (std::string& answer : answers) {
      Task<void> answering = tell_mcp(place, session, std::move(answer));
      co_await std::move(answering);
    }
  }
  if (reader.done() && response.complete) response.complete();
  co_return reader.result();
}

}  // namespace

// ------------------------------------------------------------------ sending

HttpRequest McpPlace::request(const McpHttpSession& session, std::string body) const {
  HttpRequest request;
  request.url = url_;
  request.headers = headers_;
  request.headers.set("Accept", "application/json, text/event-stream");
  request.headers.set("Content-Type", "application/json");
  if (!session.id.empty()) request.headers.set("Mcp-Session-Id", session.id);
  if (!session.version.empty()) request.headers.set("MCP-Protocol-Version", session.version);
  request.body = std::move(body);
  request.stream = true;
  return request;
}

HttpRequest McpPlace::goodbye(const McpHttpSession& session) const {
  HttpRequest end = request(session, {});
  end.method = "DELETE";
  return end;
}

// The coroutines around an exchange keep the time, and say what was too slow.
HttpLimits McpPlace::http_limits() const {
  const auto longest = std::max(limits.call, limits.initialize) + notice_time;
  return HttpLimits()
      .first_byte_timeout(longest)
      .idle_timeout(longest)
      .max_event_bytes(limits.message_bytes)
      .max_body_bytes(limits.unanswered_bytes);
}

Task<HttpResponse> send_mcp(McpPlacePtr place, McpHttpSessionPtr session, std::string text) {
  HttpRequest request = place->request(*session, std::move(text));
  HttpTransport& http = detail::Loop::require().runtime().http();
  return http.send(std::move(request), place->http_limits());
}

Task<void> tell_mcp(McpPlacePtr place, McpHttpSessionPtr session, std::string text) {
  Task<HttpResponse> sending = send_mcp(std::move(place), std::move(session), std::move(text));
  HttpResponse response = co_await std::move(sending);
  if (response.complete) response.complete();
  if (response.status < 300) co_return;
  Task<void> failing = throw_mcp_status(std::move(response));
  co_await std::move(failing);
}

Task<void> take_back_mcp(McpPlacePtr place, McpHttpSessionPtr session, std::int64_t id) {
  OwnScope own;
  co_await own;
  std::string text = mcp_notification("notifications/cancelled", Json::object({{"requestId", id}}));
  Task<void> telling = tell_mcp(std::move(place), std::move(session), std::move(text));
  Task<void> timed = with_timeout(std::move(telling), notice_time);
  try {
    co_await std::move(timed);
  } catch (const Error&) {
    co_return;
  }
}

Task<void> end_mcp_session(McpPlacePtr place, McpHttpSessionPtr session) {
  HttpTransport& http = detail::Loop::require().runtime().http();
  HttpRequest request = place->goodbye(*session);
  Task<HttpReply> asking = http.fetch(std::move(request), place->http_limits());
  Task<HttpReply> timed = with_timeout(std::move(asking), place->limits.shutdown);
  try {
    static_cast<void>(co_await std::move(timed));
  } catch (const Error& error) {  // the server forgets it by itself
    if (error.kind() == ErrorKind::cancelled) throw;
  }
}

// ------------------------------------------------------------------ reading

Task<void> throw_mcp_status(HttpResponse response) {
  const int status = response.status;
  Task<HttpReply> reading = read_error(std::move(response));
  const HttpReply reply = co_await std::move(reading);
  const char* advice = status < 400 ? "; no redirect is followed, give its final URL" : "";
  const std::string text = mcp_shown(utf8::repair(reply.body), shown_bytes);
  throw Error(kind_of(status),
              fmt::format("it answered {}{}{}{}", status, advice, text.empty() ? "" : ": ", text));
}

Task<Json> read_mcp_reply(McpPlacePtr place, McpHttpSessionPtr session, HttpResponse response,
                          McpQuestion question) {
  ReplyReader reader(std::move(question));
  if (is_type(response.headers, "text/event-stream")) {
    Task<Json> reading =
        read_events(std::move(place), std::move(session), std::move(response), std::move(reader));
    co_return co_await std::move(reading);
  }
  if (response.status == accepted || !is_type(response.headers, "application/json"))
    throw Error(ErrorKind::parse, "it answered a question with neither JSON nor events");
  std::string text;
  while (std::string* bytes = co_await response.body.next()) {
    text += *bytes;
    if (text.size() > place->limits.message_bytes)
      throw LimitError(fmt::format("one of its messages has more than {} bytes "
                                   "(McpOptions::max_message_bytes)",
                                   place->limits.message_bytes),
                       "max_message_bytes", place->limits.message_bytes);
  }
  static_cast<void>(reader.take(text));
  co_return reader.result();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
