#include "agent/mcp_http.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "agent/mcp_exchange.hpp"
#include "agent/mcp_message.hpp"
#include "lian/core/async_mutex.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/timeout.hpp"
#include "net/fetch.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace {

constexpr int not_found = 404;
constexpr std::size_t longest_session = 1024;

class McpHttp final : public McpTransport, public std::enable_shared_from_this<McpHttp> {
 public:
  McpHttp(std::string server, McpPlacePtr place)
      : McpTransport(std::move(server)), place_(std::move(place)) {}
  ~McpHttp() override {
    const McpHttpSessionPtr session = this->session();
    if (!session || session->id.empty()) return;
    try {
      block_on(end_mcp_session(place_, session));
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
  McpHttpSessionPtr session() const {
    const std::lock_guard lock(mutex_);
    return session_;
  }
  void keep(McpHttpSessionPtr session) {
    const std::lock_guard lock(mutex_);
    session_ = std::move(session);
  }
  void forget(const McpHttpSessionPtr& session) {
    const std::lock_guard lock(mutex_);
    if (session_ == session) session_.reset();
  }
  McpQuestion question(std::string_view method, Context context) {
    McpQuestion question;
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
    const McpQuestion question = self->question("initialize", Context::root());
    auto session = std::make_shared<McpHttpSession>();
    Task<HttpResponse> sending =
        send_mcp(self->place_, session, mcp_request(question.id, question.method, mcp_hello()));
    HttpResponse response = co_await std::move(sending);
    if (is_error(response.status)) {
      Task<void> failing = throw_mcp_status(std::move(response));
      co_await std::move(failing);
    }
    const std::string* id = response.headers.find("mcp-session-id");
    const std::string number = id ? checked(*id) : std::string();
    Task<Json> reading = read_mcp_reply(self->place_, session, std::move(response), question);
    const Json hello = co_await std::move(reading);
    auto greeted = std::make_shared<McpHttpSession>();
    greeted->id = number;
    greeted->version = mcp_version_of(hello);
    Task<void> telling =
        tell_mcp(self->place_, greeted, mcp_notification("notifications/initialized", Json()));
    co_await std::move(telling);
    self->keep(std::move(greeted));
    self->changed();
  }

  static const std::string& checked(const std::string& id) {
    const bool visible =
        std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 127; });
    if (!visible || id.size() > longest_session)
      throw Error(ErrorKind::parse, "its Mcp-Session-Id is not of visible ASCII characters");
    return id;
  }

  static Task<std::optional<Json>> call(std::shared_ptr<McpHttp> self, std::string method,
                                        Json params, Context context) {
    const McpHttpSessionPtr session = self->session();
    if (!session) co_return std::nullopt;
    McpQuestion question = self->question(method, context);
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
      Task<void> taking = take_back_mcp(self->place_, session, id);
      co_await std::move(taking);
    }
    context.check();
    std::rethrow_exception(failure);
  }

  static Task<std::optional<Json>> ask(std::shared_ptr<McpHttp> self, McpHttpSessionPtr session,
                                       McpQuestion question, Json params) {
    if (question.context.observed()) {
      Json meta = Json::object({{"progressToken", question.id}});
      params.set("_meta", std::move(meta));
    }
    Task<HttpResponse> sending = send_mcp(
        self->place_, session, mcp_request(question.id, question.method, std::move(params)));
    HttpResponse response = co_await std::move(sending);
    if (response.status == not_found && !session->id.empty()) {
      self->forget(session);
      co_return std::nullopt;
    }
    if (is_error(response.status)) {
      Task<void> failing = throw_mcp_status(std::move(response));
      co_await std::move(failing);
    }
    Task<Json> reading =
        read_mcp_reply(self->place_, std::move(session), std::move(response), std::move(question));
    co_return co_await std::move(reading);
  }

  static Task<void> end(std::shared_ptr<McpHttp> self) {
    const McpHttpSessionPtr session = self->session();
    if (!session) co_return;
    self->forget(session);
    if (session->id.empty()) co_return;
    Task<void> goodbye = end_mcp_session(self->place_, session);
    co_await std::move(goodbye);
  }

  const McpPlacePtr place_;
  const AsyncMutex opening_;
  std::atomic<std::int64_t> next_id_{1};
  mutable std::mutex mutex_;  // guards session_
  McpHttpSessionPtr session_;
};

}  // namespace

std::shared_ptr<McpTransport> mcp_http(std::string server, std::string url, HttpHeaders headers,
                                       McpLimits limits) {
  auto place = std::make_shared<const McpPlace>(std::move(url), std::move(headers), limits);
  return std::make_shared<McpHttp>(std::move(server), std::move(place));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
