#include "agent/mcp_stdio.hpp"

#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "agent/mcp_link.hpp"
#include "lian/core/offload.hpp"
#include "lian/core/single_flight.hpp"
#include "lian/core/timeout.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace {

// A call on a link, from its question to its answer or its end.
class InFlight {
 public:
  InFlight(std::shared_ptr<McpLink> link, std::string method, Json params, bool progress)
      : link_(std::move(link)),
        loop_(&UvLoop::require()),
        pending_(link_->begin(*loop_, std::move(method), std::move(params), progress)) {}
  ~InFlight() { link_->end(pending_); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  McpReply reply() { return McpReply(*link_, *pending_); }
  bool is_done() const { return link_->is_done(*pending_); }
  void look_again(const Context& context) {
    for (const std::string& text : link_->take_progress(*pending_)) {
      Event event;
      event.kind = StepKind::tool;
      event.name = link_->server();
      event.message = text;
      context.emit(event);
    }
    link_->look_again(loop_);
  }
  /// Once it is done.
  Json take() {
    if (pending_->error) std::rethrow_exception(detail::own_copy(pending_->error));
    return std::move(pending_->result);
  }

 private:
  std::shared_ptr<McpLink> link_;
  UvLoop* loop_;
  std::shared_ptr<McpLink::Pending> pending_;
};

Task<Json> ask(std::shared_ptr<McpLink> link, std::string method, Json params, Context context) {
  InFlight call(std::move(link), std::move(method), std::move(params), context.observed());
  while (!call.is_done()) {
    McpReply reply = call.reply();
    co_await reply;
    call.look_again(context);
  }
  co_return call.take();
}

class McpStdio final : public McpTransport, public std::enable_shared_from_this<McpStdio> {
 public:
  McpStdio(std::string server, ChildCommand command, McpLimits limits)
      : McpTransport(std::move(server)), command_(std::move(command)), limits_(limits) {}
  ~McpStdio() override {
    if (link_) link_->end_child();
  }

  Task<void> open() override { return greet(shared_from_this()); }
  Task<std::optional<Json>> request(std::string method, Json params, Context context) override {
    return call(shared_from_this(), std::move(method), std::move(params), std::move(context));
  }
  Task<void> close() override { return end(shared_from_this()); }

 private:
  // The child in use; a new one when there is none any more.
  std::shared_ptr<McpLink> link() {
    const std::lock_guard lock(mutex_);
    if (link_ && link_->usable()) return link_;
    link_.reset();
    try {
      link_ = std::make_shared<McpLink>(command_, server(), limits_, counter());
    } catch (...) {
      std::rethrow_exception(mcp_error_of(server()));
    }
    changed();
    return link_;
  }
  void drop(const std::shared_ptr<McpLink>& link) {
    const std::lock_guard lock(mutex_);
    if (link_ == link) link_.reset();
  }

  static Task<void> greet(std::shared_ptr<McpStdio> self) {
    const std::shared_ptr<McpLink> link = self->link();
    if (link->greeted()) co_return;
    const Clock::time_point end = Clock::now() + self->limits_.initialize;
    try {
      Task<Json> asking = ask(link, std::string(), Json(), Context::root());
      Task<Json> timed = with_timeout(std::move(asking), self->limits_.initialize);
      static_cast<void>(co_await std::move(timed));
      co_return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::timeout || Clock::now() < end) throw;
    }
    const std::exception_ptr slow =
        mcp_too_slow(self->server(), "initialize", self->limits_.initialize, "initialize_timeout");
    link->fail(slow);
    self->drop(link);
    std::rethrow_exception(detail::own_copy(slow));
  }

  static Task<std::optional<Json>> call(std::shared_ptr<McpStdio> self, std::string method,
                                        Json params, Context context) {
    const std::shared_ptr<McpLink> link = self->link();
    if (!link->greeted()) co_return std::nullopt;
    const Clock::time_point end = Clock::now() + self->limits_.call;
    std::exception_ptr failure;
    try {
      Task<Json> asking = ask(link, method, std::move(params), context);
      Task<Json> timed = with_timeout(std::move(asking), self->limits_.call);
      co_return co_await std::move(timed);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::timeout || Clock::now() < end) throw;
    }
    context.check();
    std::rethrow_exception(
        mcp_too_slow(self->server(), method, self->limits_.call, "call_timeout"));
  }

  static Task<void> end(std::shared_ptr<McpStdio> self) {
    std::shared_ptr<McpLink> link;
    {
      const std::lock_guard lock(self->mutex_);
      link = std::exchange(self->link_, nullptr);
    }
    if (!link) co_return;
    link->fail(std::make_exception_ptr(
        Error(ErrorKind::network,
              fmt::format("the connection to the MCP server '{}' was closed", self->server()))));
    EndChild ending(link);
    Task<void> waiting = offload(std::move(ending));
    co_await std::move(waiting);
  }

  struct EndChild {
    explicit EndChild(std::shared_ptr<McpLink> ended) : link(std::move(ended)) {}
    void operator()() const { link->end_child(); }
    std::shared_ptr<McpLink> link;
  };

  const ChildCommand command_;
  const McpLimits limits_;
  std::mutex mutex_;  // guards link_
  std::shared_ptr<McpLink> link_;
};

}  // namespace

std::shared_ptr<McpTransport> mcp_stdio(std::string server, ChildCommand command,
                                        McpLimits limits) {
  return std::make_shared<McpStdio>(std::move(server), std::move(command), limits);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
