#include "agent/mcp_http.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "agent/mcp_message.hpp"
#include "agent/mcp_text.hpp"
#include "lian/core/async_mutex.hpp"
#include "lian/core/http_transport.hpp"
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
constexpr std::size_t shown_bytes = 300, longest_session = 1024;
constexpr auto notice_time = std::chrono::milliseconds(1000);

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::authentication;
  if (status == 403) return ErrorKind::permission;
  if (status == not_found || status == 405 || status == 410) return ErrorKind::not_found;
  if (status == 429) return ErrorKind::rate_limited;
  return status >= 500 ? ErrorKind::server : ErrorKind::invalid_request;
}

Task<void> throw_status(HttpResponse response) {
  const int status = response.status;
  Task<HttpReply> reading = read_error(std::move(response));
  const HttpReply reply = co_await std::move(reading);
  const char* advice = status < 400 ? "; no redirect is followed, give its final URL" : "";
  const std::string text = mcp_shown(utf8::repair(reply.body), shown_bytes);
  throw Error(kind_of(status), fmt::format("it answered {}{}{}{}", status, advice,
                                           text.empty() ? "" : ": ", text));
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

// What the server gave to a session.
struct HttpSession {
  HttpSession() = default;
  std::string id, version;
};
using SessionPtr = std::shared_ptr<const HttpSession>;

// What does not change from one exchange to the next.
class Place {
 public:
  Place(std::string url, HttpHeaders headers, McpLimits times)
      : limits(times), url_(std::move(url)), headers_(std::move(headers)) {}

  HttpRequest request(const HttpSession& session, std::string body) const {
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
  HttpRequest goodbye(const HttpSession& session) const {
    HttpRequest end = request(session, {});
    end.method = "DELETE";
    return end;
  }
  // The coroutines around an exchange keep the time, and say what was too slow.
  HttpLimits http_limits() const {
    const auto longest = std::max(limits.call, limits.initialize) + notice_time;
    return HttpLimits()
        .first_byte_timeout(longest)
        .idle_timeout(longest)
        .max_event_bytes(limits.message_bytes)
        .max_body_bytes(limits.unanswered_bytes);
  }

  const McpLimits limits;

 private:
  std::string url_;
  HttpHeaders headers_;
};
using PlacePtr = std::shared_ptr<const Place>;

Task<HttpResponse> send(PlacePtr place, SessionPtr session, std::string text) {
  HttpRequest request = place->request(*session, std::move(text));
  HttpTransport& http = detail::Loop::require().runtime().http();
  return http.send(std::move(request), place->http_limits());
}

// Sends what is not answered.
Task<void> tell(PlacePtr place, SessionPtr session, std::string text) {
  Task<HttpResponse> sending = send(std::move(place), std::move(session), std::move(text));
  HttpResponse response = co_await std::move(sending);
  if (response.complete) response.complete();
  if (response.status < 300) co_return;
  Task<void> failing = throw_status(std::move(response));
  co_await std::move(failing);
}

// Tells the server that nobody waits any more. Best effort: the call has failed already, and its
// own error is what counts.
Task<void> take_back(PlacePtr place, SessionPtr session, std::int64_t id) {
  OwnScope own;
  co_await own;
  std::string text = mcp_notification("notifications/cancelled", Json::object({{"requestId", id}}));
  Task<void> telling = tell(std::move(place), std::move(session), std::move(text));
  Task<void> timed = with_timeout(std::move(telling), notice_time);
  try {
    co_await std::move(timed);
  } catch (const Error&) {
    co_return;
  }
}

Task<void> say_goodbye(PlacePtr place, SessionPtr session) {
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

// One question and where its answer goes.
struct Question {
  Question() = default;
  std::int64_t id = 0;
  std::string server, method;
  Context context;
  McpChanges changes;
};

// Reads the messages of one reply until the answer is among them.
class ReplyReader {
 public:
  explicit ReplyReader(Question question) : question_(std::move(question)) {}

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
  Question question_;
  std::optional<Json> result_;
};

Task<Json> read_events(PlacePtr place, SessionPtr session, HttpResponse response,
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
      Task<void> answering = tell(place, session, std::move(answer));
      co_await std::move(answering);
    }
  }
  if (reader.done() && response.complete) response.complete();
  co_return reader.result();
}

Task<Json> read_reply(PlacePtr place, SessionPtr session, HttpResponse response,
                      ReplyReader reader) {
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

class McpHttp final : public McpTransport, public std::enable_shared_from_this<McpHttp> {
 public:
  McpHttp(std::string server, PlacePtr place)
      : McpTransport(std::move(server)), place_(std::move(place)) {}
  ~McpHttp() override {
    const SessionPtr session = this->session();
    if (!session || session->id.empty()) return;
    try {
      block_on(say_goodbye(place_, session));
    } catch (...) {  // no loop could be had; a destructor has nobody to tell, the server forgets it
      return;
    }
  }

  Task<void> open() override { return greet(shared_from_this()); }
  Task<std::optional<Json>> request(std::string method, Json params, Context context) override {
    return call(shared_from_this(), std::move(method), std::move(params), std::move(context));
  }
  Task<void> close() override { return end(shared_from_this()); }

 private:
  SessionPtr session() const {
    const std::lock_guard lock(mutex_);
    return session_;
  }
  void keep(SessionPtr session) {
    const std::lock_guard lock(mutex_);
    session_ = std::move(session);
  }
  void forget(const SessionPtr& session) {
    const std::lock_guard lock(mutex_);
    if (session_ == session) session_.reset();
  }
  Question question(std::string_view method, Context context) {
    Question question;
    question.id = next_id_.fetch_add(1);
    question.server = server();
    question.method = method;
    question.context = std::move(context);
    question.changes = counter();
    return question;
  }

  static Task<void> greet(std::shared_ptr<McpHttp> self) {
    Semaphore::Acquire acquire = self->opening_.lock();
    const Semaphore::Permit permit = co_await acquire;
    if (self->session()) co_return;
    const auto limit = self->place_->limits.initialize;
    const Clock::time_point end = Clock::now() + limit;
    std::exception_ptr failure;
    try {
      Task<void> greeting = say_hello(self);
      Task<void> timed = with_timeout(std::move(greeting), limit);
      co_await std::move(timed);
    } catch (const Error& error) {
      failure = error.kind() == ErrorKind::timeout && Clock::now() >= end
                    ? mcp_too_slow(self->server(), "initialize", limit, "initialize_timeout")
                    : mcp_error_of(self->server());
    }
    if (failure) std::rethrow_exception(failure);
  }

  static Task<void> say_hello(std::shared_ptr<McpHttp> self) {
    const Question question = self->question("initialize", Context::root());
    auto session = std::make_shared<HttpSession>();
    Task<HttpResponse> sending =
        send(self->place_, session, mcp_request(question.id, question.method, mcp_hello()));
    HttpResponse response = co_await std::move(sending);
    if (is_error(response.status)) {
      Task<void> failing = throw_status(std::move(response));
      co_await std::move(failing);
    }
    const std::string* id = response.headers.find("mcp-session-id");
    const std::string number = id ? checked(*id) : std::string();
    ReplyReader reader(question);
    Task<Json> reading = read_reply(self->place_, session, std::move(response), std::move(reader));
    const Json hello = co_await std::move(reading);
    auto greeted = std::make_shared<HttpSession>();
    greeted->id = number;
    greeted->version = mcp_version_of(hello);
    Task<void> telling =
        tell(self->place_, greeted, mcp_notification("notifications/initialized", Json()));
    co_await std::move(telling);
    self->keep(std::move(greeted));
    self->changed();
  }

  static const std::string& checked(const std::string& id) {
    const bool visible = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 127; });
    if (!visible || id.size() > longest_session)
      throw Error(ErrorKind::parse, "its Mcp-Session-Id is not of visible ASCII characters");
    return id;
  }

  static Task<std::optional<Json>> call(std::shared_ptr<McpHttp> self, std::string method,
                                        Json params, Context context) {
    const SessionPtr session = self->session();
    if (!session) co_return std::nullopt;
    Question question = self->question(method, context);
    const std::int64_t id = question.id;
    const auto limit = self->place_->limits.call;
    const Clock::time_point end = Clock::now() + limit;
    std::exception_ptr failure;
    bool waits_no_more = false;
    try {
      Task<std::optional<Json>> asking = ask(self, session, std::move(question), std::move(params));
      Task<std::optional<Json>> timed = with_timeout(std::move(asking), limit);
      co_return co_await std::move(timed);
    } catch (const Error& error) {
      const bool slow = error.kind() == ErrorKind::timeout;
      waits_no_more = slow || error.kind() == ErrorKind::cancelled;
      failure = slow && Clock::now() >= end
                    ? mcp_too_slow(self->server(), method, limit, "call_timeout")
                    : mcp_error_of(self->server());
    }
    if (waits_no_more) {
      Task<void> taking = take_back(self->place_, session, id);
      co_await std::move(taking);
    }
    context.check();
    std::rethrow_exception(failure);
  }

  static Task<std::optional<Json>> ask(std::shared_ptr<McpHttp> self, SessionPtr session,
                                       Question question, Json params) {
    if (question.context.observed()) {
      Json meta = Json::object({{"progressToken", question.id}});
      params.set("_meta", std::move(meta));
    }
    Task<HttpResponse> sending =
        send(self->place_, session, mcp_request(question.id, question.method, std::move(params)));
    HttpResponse response = co_await std::move(sending);
    if (response.status == not_found && !session->id.empty()) {
      self->forget(session);
      co_return std::nullopt;
    }
    if (is_error(response.status)) {
      Task<void> failing = throw_status(std::move(response));
      co_await std::move(failing);
    }
    ReplyReader reader(std::move(question));
    Task<Json> reading =
        read_reply(self->place_, std::move(session), std::move(response), std::move(reader));
    co_return co_await std::move(reading);
  }

  static Task<void> end(std::shared_ptr<McpHttp> self) {
    const SessionPtr session = self->session();
    if (!session) co_return;
    self->forget(session);
    if (session->id.empty()) co_return;
    Task<void> goodbye = say_goodbye(self->place_, session);
    co_await std::move(goodbye);
  }

  const PlacePtr place_;
  const AsyncMutex opening_;
  std::atomic<std::int64_t> next_id_{1};
  mutable std::mutex mutex_;  // guards session_
  SessionPtr session_;
};

}  // namespace

std::shared_ptr<McpTransport> mcp_http(std::string server, std::string url, HttpHeaders headers,
                                       McpLimits limits) {
  auto place = std::make_shared<const Place>(std::move(url), std::move(headers), limits);
  return std::make_shared<McpHttp>(std::move(server), std::move(place));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
