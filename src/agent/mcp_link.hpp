#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mcp_message.hpp"
#include "agent/mcp_transport.hpp"
#include "net/child_process.hpp"
#include "net/descriptor_watch.hpp"
#include "net/ndjson.hpp"

namespace lian {
inline namespace v0 {

/// One life of a server that is a child process. It belongs to no loop: every loop with a call on
/// it watches the child's descriptors and, when they are ready, reads for all; whose answer came is
/// told on the loop it waits on. So no call depends on a loop that stands still, and no thread is
/// needed for the connection. Thread-safe.
class McpLink {
 public:
  /// Starts the program and says hello. Counts up when the server says that its tools have changed.
  /// Throws as ChildProcess.
  McpLink(const ChildCommand& command, std::string server, McpLimits limits, McpChanges changes);
  McpLink(const McpLink&) = delete;
  McpLink& operator=(const McpLink&) = delete;

  /// An answer that somebody waits for. `waiter` belongs to the loop of that somebody, the rest is
  /// guarded by the link's mutex.
  struct Pending : detail::Posted {
    void run() noexcept override;
    std::int64_t id = 0;
    std::string method;  ///< "" when it waits for the end of the hello
    std::shared_ptr<detail::Mailbox> mailbox;
    detail::Loop* loop = nullptr;
    bool done = false;
    Json result;
    std::exception_ptr error;
    std::vector<std::string> progress;
    class McpReply* waiter = nullptr;
  };

  /// Begins to wait for the hello (`method` is "") or sends a request.
  std::shared_ptr<Pending> begin(UvLoop& loop, std::string method, Json params, bool progress);
  /// Ends it; the server is told when it has not answered yet.
  void end(const std::shared_ptr<Pending>& pending) noexcept;
  bool is_done(const Pending& pending) const;
  std::vector<std::string> take_progress(Pending& pending);
  /// Reads and writes what can be now, on the loop of a call that was told to look again.
  void look_again(detail::Loop* loop) noexcept { turn(loop); }

  const std::string& server() const noexcept { return server_; }
  /// Whether it can be asked anything; notices a child that has died meanwhile.
  bool usable();
  bool greeted() const;
  /// Every call of now and later fails with that.
  void fail(std::exception_ptr error) noexcept;
  /// As ChildProcess::end.
  void end_child() { child_.end(limits_.shutdown / 2); }

 private:
  // What one loop watches while it has calls here.
  struct Watches {
    Watches(McpLink& link, UvLoop& loop);
    void update(bool alive, bool writing, bool reading_errors);
    std::size_t calls = 0;
    DescriptorWatch input, output, errors, life;
  };

  void turn(detail::Loop* loop) noexcept;
  void exchange() noexcept;
  void read_errors();
  bool read_output();
  void write_input();
  void take_line(std::string_view line);
  void take(const McpMessage& message);
  void take_hello(const McpMessage& message);
  void take_notification(const McpMessage& message);
  void send(std::string text);
  void finish(Pending& pending, Json result, std::exception_ptr error) noexcept;
  void fail_locked(std::exception_ptr error) noexcept;
  void tell(Pending& pending) noexcept;
  [[noreturn]] void throw_ended();

  const std::string server_;
  const McpLimits limits_;
  const McpChanges changes_;
  mutable std::mutex mutex_;  // guards what follows
  ChildProcess child_;
  NdjsonParser lines_;
  std::string incoming_, outgoing_, errors_;
  std::size_t strange_ = 0, unanswered_bytes_ = 0;
  std::int64_t next_id_ = 1;
  bool greeted_ = false, errors_ended_ = false;
  std::exception_ptr failure_;
  std::map<std::int64_t, std::shared_ptr<Pending>> pending_;
  std::map<detail::Loop*, std::unique_ptr<Watches>> watches_;
};

/// Awaitable: until the answer is there, or news of it. To be asked again until it is done.
class McpReply final : public detail::Wait {
 public:
  McpReply(const McpLink& link, McpLink::Pending& pending) noexcept
      : link_(&link), pending_(&pending) {}
  ~McpReply() { detach(); }
  void await_resume() {
    detach();
    check();
  }

 private:
  friend struct McpLink::Pending;
  bool attach() override;
  void detach() noexcept override { pending_->waiter = nullptr; }
  const McpLink* link_;
  McpLink::Pending* pending_;
};

}  // namespace v0
}  // namespace lian
