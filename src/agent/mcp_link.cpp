#include "agent/mcp_link.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "agent/mcp_text.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::int64_t hello_id = 0;
constexpr std::size_t kept_error_bytes = 2048, max_strange = 10000, max_progress = 64;
constexpr int slices_a_turn = 16;
constexpr auto time_to_die = std::chrono::milliseconds(50);  // from its last byte to its end

}  // namespace

// ------------------------------------------------------------------ waiting

void McpLink::Pending::run() noexcept {
  if (waiter) std::exchange(waiter, nullptr)->wake();
}

bool McpReply::attach() {
  pending_->waiter = this;
  if (!link_->is_done(*pending_)) return true;
  pending_->waiter = nullptr;
  return false;
}

McpLink::Watches::Watches(McpLink& link, UvLoop& loop)
    : input(loop, link.child_.input(), [&link, &loop] { link.turn(&loop); }),
      output(loop, link.child_.output(), [&link, &loop] { link.turn(&loop); }),
      errors(loop, link.child_.errors(), [&link, &loop] { link.turn(&loop); }),
      life(loop, link.child_.life(), [&link, &loop] { link.turn(&loop); }) {}

void McpLink::Watches::update(bool alive, bool writing, bool reading_errors) {
  using Events = DescriptorWatch::Events;
  const Events reading = alive ? Events::readable : Events::none;
  output.events(reading);
  errors.events(alive && reading_errors ? Events::readable : Events::none);
  life.events(reading);
  input.events(alive && writing ? Events::writable : Events::none);
}

// ------------------------------------------------------------------ calls

McpLink::McpLink(const ChildCommand& command, std::string server, McpLimits limits,
                 McpChanges changes)
    : server_(std::move(server)),
      limits_(limits),
      changes_(std::move(changes)),
      child_(command),
      lines_(limits.message_bytes) {
  send(mcp_request(hello_id, "initialize", mcp_hello()));
}

std::shared_ptr<McpLink::Pending> McpLink::begin(UvLoop& loop, std::string method, Json params,
                                                 bool progress) {
  auto pending = std::make_shared<Pending>();
  pending->method = std::move(method);
  pending->mailbox = loop.mailbox();
  pending->loop = &loop;
  const std::lock_guard lock(mutex_);
  pending->id = next_id_++;
  std::unique_ptr<Watches>& watches = watches_[&loop];
  if (!watches) watches = std::make_unique<Watches>(*this, loop);
  ++watches->calls;
  pending_.emplace(pending->id, pending);
  if (failure_) {
    finish(*pending, Json(), failure_);
  } else if (!pending->method.empty()) {
    if (progress) {
      Json meta = Json::object({{"progressToken", pending->id}});
      params.set("_meta", std::move(meta));
    }
    send(mcp_request(pending->id, pending->method, std::move(params)));
  } else if (greeted_) {
    finish(*pending, Json(), nullptr);
  }
  exchange();
  watches->update(!failure_, !outgoing_.empty(), !errors_ended_);
  return pending;
}

void McpLink::end(const std::shared_ptr<Pending>& pending) noexcept {
  std::unique_ptr<Watches> unused;
  const std::lock_guard lock(mutex_);
  pending_.erase(pending->id);
  if (!pending->done && !failure_ && !pending->method.empty()) {
    send(mcp_notification("notifications/cancelled",
                          Json::object({{"requestId", pending->id},
                                        {"reason", "the answer is not waited for any more"}})));
    exchange();
  }
  const auto watches = watches_.find(pending->loop);
  if (--watches->second->calls == 0) {
    unused = std::move(watches->second);
    watches_.erase(watches);
  }
  // Somebody must send what is left; who waits, looks again.
  if (!outgoing_.empty() && !pending_.empty()) tell(*pending_.begin()->second);
}

bool McpLink::is_done(const Pending& pending) const {
  const std::lock_guard lock(mutex_);
  return pending.done;
}

std::vector<std::string> McpLink::take_progress(Pending& pending) {
  const std::lock_guard lock(mutex_);
  return std::exchange(pending.progress, {});
}

bool McpLink::usable() {
  const std::lock_guard lock(mutex_);
  exchange();
  return !failure_;
}

bool McpLink::greeted() const {
  const std::lock_guard lock(mutex_);
  return greeted_;
}

void McpLink::fail(std::exception_ptr error) noexcept {
  const std::lock_guard lock(mutex_);
  fail_locked(std::move(error));
}

void McpLink::fail_locked(std::exception_ptr error) noexcept {
  if (failure_) return;
  failure_ = std::move(error);
  outgoing_.clear();
  for (const auto& [id, pending] : pending_) finish(*pending, Json(), failure_);
}

void McpLink::finish(Pending& pending, Json result, std::exception_ptr error) noexcept {
  if (pending.done) return;
  pending.done = true;
  pending.result = std::move(result);
  pending.error = std::move(error);
  tell(pending);
}

void McpLink::tell(Pending& pending) noexcept {
  const auto it = pending_.find(pending.id);
  if (it != pending_.end()) pending.mailbox->post(it->second);
}

// ------------------------------------------------------------------ the child

// Called inside libuv, on the thread that drives `loop`.
void McpLink::turn(detail::Loop* loop) noexcept {
  const std::lock_guard lock(mutex_);
  exchange();
  watches_.at(loop)->update(!failure_, !outgoing_.empty(), !errors_ended_);
}

// Reads and writes what can be read and written now.
void McpLink::exchange() noexcept {
  if (failure_) return;
  try {
    read_errors();
    const bool dead = child_.ended();
    const bool ended = read_output();
    if (ended || dead) throw_ended();
    write_input();
  } catch (...) {
    fail_locked(mcp_error_of(server_));
  }
}

// Of what it complains of, the last part is kept.
void McpLink::read_errors() {
  for (int i = 0; i < slices_a_turn && !errors_ended_; ++i) {
    const ChildProcess::Got got = ChildProcess::read(child_.errors(), errors_);
    if (errors_.size() > kept_error_bytes) errors_.erase(0, errors_.size() - kept_error_bytes);
    if (got == ChildProcess::Got::nothing) return;
    errors_ended_ = got == ChildProcess::Got::end;
  }
}

// Whether its output has ended.
bool McpLink::read_output() {
  for (int i = 0; i < slices_a_turn; ++i) {
    incoming_.clear();
    const ChildProcess::Got got = ChildProcess::read(child_.output(), incoming_);
    if (got != ChildProcess::Got::bytes) return got == ChildProcess::Got::end;
    unanswered_bytes_ += incoming_.size();
    lines_.feed(incoming_);
    std::string_view line;
    while (lines_.next(line)) take_line(line);
    if (unanswered_bytes_ > limits_.unanswered_bytes)
      throw LimitError(fmt::format("it sent {} bytes that answer nothing", unanswered_bytes_),
                       "unanswered_bytes", limits_.unanswered_bytes);
  }
  return false;
}

void McpLink::write_input() {
  std::size_t sent = 0;
  while (sent < outgoing_.size()) {
    const std::size_t count = child_.write(std::string_view(outgoing_).substr(sent));
    if (count == 0) break;
    sent += count;
  }
  outgoing_.erase(0, sent);
}

void McpLink::throw_ended() {
  if (child_.ended(time_to_die)) static_cast<void>(read_output());
  read_errors();
  std::string how = child_.end_text();
  if (!how.empty()) how = " " + how;
  const std::string last = mcp_shown(utf8::repair(errors_), kept_error_bytes);
  throw Error(ErrorKind::network,
              fmt::format("it ended{}{}{}", how, last.empty() ? "" : "; it last wrote: ", last));
}

// ------------------------------------------------------------------ messages

void McpLink::send(std::string text) {
  if (outgoing_.size() > limits_.unanswered_bytes) return;  // it reads nothing any more
  outgoing_ += text;
  outgoing_ += '\n';
}

// A line that is no JSON is what programs print by mistake, unless it looks like a message: then it
// may have been any call's answer.
void McpLink::take_line(std::string_view line) {
  std::vector<McpMessage> messages;
  try {
    messages = read_mcp_messages(line, &strange_);
  } catch (const ParseError& error) {
    ++strange_;
    if (line.starts_with('{')) {
      const auto fault = std::make_exception_ptr(
          Error(ErrorKind::parse, fmt::format("the MCP server '{}' sent a line that is not JSON, "
                                              "perhaps its answer: {}",
                                              server_, error.message())));
      for (const auto& [id, pending] : pending_)
        if (!pending->method.empty() || !greeted_) finish(*pending, Json(), fault);
    }
  }
  for (const McpMessage& message : messages) take(message);
  if (strange_ > max_strange)
    throw LimitError("it prints lines that are no messages of the protocol", "strange_lines",
                     max_strange);
}

void McpLink::take(const McpMessage& message) {
  if (message.kind == McpMessage::Kind::request) return send(mcp_answer(message));
  if (message.kind == McpMessage::Kind::notification) return take_notification(message);
  const std::int64_t id = mcp_number(message.id);
  if (id == hello_id && !greeted_) return take_hello(message);
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second->done || found->second->method.empty()) return;
  unanswered_bytes_ = strange_ = 0;
  Pending& pending = *found->second;
  try {
    finish(pending, mcp_result_of(message, pending.method), nullptr);
  } catch (...) {
    finish(pending, Json(), mcp_error_of(server_));
  }
}

void McpLink::take_hello(const McpMessage& message) {
  static_cast<void>(mcp_version_of(mcp_result_of(message, "initialize")));
  unanswered_bytes_ = 0;
  greeted_ = true;
  send(mcp_notification("notifications/initialized", Json()));
  for (const auto& [id, pending] : pending_)
    if (pending->method.empty()) finish(*pending, Json(), nullptr);
}

void McpLink::take_notification(const McpMessage& message) {
  if (message.method == "notifications/tools/list_changed") changes_->fetch_add(1);
  if (message.method != "notifications/progress") return;
  const auto found = pending_.find(mcp_number(message.params["progressToken"]));
  if (found == pending_.end() || found->second->progress.size() >= max_progress) return;
  found->second->progress.push_back(mcp_progress(message.params));
  tell(*found->second);
}

}  // namespace v0
}  // namespace lian
