#include "lian/core/context.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "core/runtime_access.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {

struct Context::State {
  std::stop_token stop;
  std::optional<Clock::time_point> deadline;
  std::vector<std::shared_ptr<Handler>> handlers;        // of the run and what is below
  std::vector<std::shared_ptr<Handler>> local_handlers;  // of the next run alone
  std::vector<std::shared_ptr<Handler>> run_handlers;    // of this run alone
  std::shared_ptr<RunSource> source;
  std::vector<std::string> tags;
  Values metadata;
  int concurrency = 16;
  int tries = 3;
  int depth = 0;
  Runtime* runtime = nullptr;
  RunId run_id = 0, parent_id = 0;
  std::shared_ptr<const void> enforced;  // names the scope that enforces stop and deadline already
};

namespace {
thread_local const Context* ambient = nullptr;

const Context::State& state_of(const std::shared_ptr<const Context::State>& state) {
  static const Context::State* const defaults = new Context::State();  // outlives static objects
  return state ? *state : *defaults;
}
}  // namespace

Context::Context() : state_(ambient ? ambient->state_ : nullptr) {}
Context::Context(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}
Context::Context(const Context&) noexcept = default;
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(const Context&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;
Context Context::root() { return Context(nullptr); }

Context::State& Context::edit() {
  auto copy = std::make_shared<State>(state_of(state_));
  State& state = *copy;
  state_ = std::move(copy);
  return state;
}

Context Context::with_stop(std::stop_token token) const {
  Context next = *this;
  State& state = next.edit();
  state.stop = std::move(token);
  state.enforced = nullptr;
  return next;
}

Context Context::with_deadline(Clock::time_point deadline) const {
  Context next = *this;
  State& state = next.edit();
  state.deadline = state.deadline ? std::min(*state.deadline, deadline) : deadline;
  state.enforced = nullptr;
  return next;
}

Context Context::with_timeout(std::chrono::nanoseconds timeout) const {
  const auto now = Clock::now();
  const bool far = timeout > Clock::time_point::max() - now;
  return with_deadline(far ? Clock::time_point::max()
                           : now + std::chrono::duration_cast<Clock::duration>(timeout));
}

Context Context::with_handler(std::shared_ptr<Handler> handler) const {
  if (!handler) throw Error(ErrorKind::config, "Context::with_handler was given no handler");
  Context next = *this;
  next.edit().handlers.push_back(std::move(handler));
  return next;
}

Context Context::with_local_handler(std::shared_ptr<Handler> handler) const {
  if (!handler) throw Error(ErrorKind::config, "Context::with_local_handler was given no handler");
  Context next = *this;
  next.edit().local_handlers.push_back(std::move(handler));
  return next;
}

Context Context::with_run_source(std::shared_ptr<RunSource> source) const {
  Context next = *this;
  next.edit().source = std::move(source);
  return next;
}

Context Context::with_tag(std::string tag) const {
  Context next = *this;
  next.edit().tags.push_back(std::move(tag));
  return next;
}

Context Context::with_metadata(std::string_view name, Value value) const {
  Context next = *this;
  next.edit().metadata.set(name, std::move(value));
  return next;
}

Context Context::with_concurrency(int runs) const {
  if (runs < 1)
    throw Error(ErrorKind::config,
                "Context::with_concurrency needs at least 1, got " + std::to_string(runs));
  Context next = *this;
  next.edit().concurrency = runs;
  return next;
}

Context Context::with(Runtime& runtime) const {
  Context next = *this;
  next.edit().runtime = &runtime;
  return next;
}

Context Context::with_tries(int tries) const {
  if (tries < 1)
    throw Error(ErrorKind::config,
                "Context::with_tries needs at least 1, got " + std::to_string(tries));
  Context next = *this;
  next.edit().tries = tries;
  return next;
}

Context Context::deeper() const {
  constexpr int recursion_limit = 25;
  if (state_of(state_).depth >= recursion_limit)
    throw LimitError(
        fmt::format("functions chose a step {} deep, each inside the one before; one of them "
                    "probably chooses itself without an end",
                    recursion_limit),
        "recursion_limit", recursion_limit);
  Context next = *this;
  ++next.edit().depth;
  return next;
}

bool Context::stop_requested() const noexcept { return state_ && state_->stop.stop_requested(); }
std::optional<Clock::time_point> Context::deadline() const noexcept {
  return state_of(state_).deadline;
}
int Context::concurrency() const noexcept { return state_of(state_).concurrency; }
int Context::tries() const noexcept { return state_of(state_).tries; }
Runtime& Context::runtime() const {
  if (state_ && state_->runtime) return *state_->runtime;
  if (const detail::Loop* loop = detail::Loop::current()) return loop->runtime();
  return Runtime::shared();
}
const std::vector<std::string>& Context::tags() const noexcept { return state_of(state_).tags; }
const Values& Context::metadata() const noexcept { return state_of(state_).metadata; }
RunId Context::run_id() const noexcept { return state_of(state_).run_id; }
RunSource* Context::run_source() const noexcept { return state_ ? state_->source.get() : nullptr; }
bool Context::observed() const noexcept {
  return state_ && (!state_->handlers.empty() || !state_->local_handlers.empty() ||
                    !state_->run_handlers.empty() || state_->source);
}

bool Context::ends() const noexcept {
  return state_ && (state_->deadline || state_->stop.stop_possible());
}

void Context::check() const {
  if (!state_) return;
  if (state_->stop.stop_requested()) throw Error(ErrorKind::cancelled, detail::cancelled_text);
  if (state_->deadline && Clock::now() >= *state_->deadline)
    throw Error(ErrorKind::timeout, detail::deadline_text);
}

void Context::warn(std::string_view step, std::string_view message) const {
  if (!observed()) return;
  Event event;
  event.type = EventType::warning;
  event.name = step;
  event.message = message;
  emit(event);
}

void Context::emit(Event event) const {
  if (!observed()) return;
  event.run_id = state_->run_id;
  event.parent_id = state_->parent_id;
  if (state_->source)
    state_->source->stamp(event);
  else
    event.time_us = std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  if (!state_->tags.empty()) event.tags = &state_->tags;
  if (!state_->metadata.empty()) event.metadata = &state_->metadata;
  for (const auto& handler : state_->handlers) give(*handler, event);
  for (const auto& handler : state_->run_handlers) give(*handler, event);
}

void Context::give(Handler& handler, const Event& event) const {
  std::string failure;
  try {
    return handler.on_event(event);
  } catch (const std::exception& e) {
    failure = e.what();
  } catch (...) {
    failure = "an exception that is no std::exception";
  }
  if (event.type == EventType::warning) return;  // a handler that fails on this as well
  warn(event.name, "a handler threw while it was told '" + std::string(to_string(event.type)) +
                       "': " + failure);
}

namespace detail {
std::uint64_t random_bits(const Context& context) {
  const std::uint64_t fresh = random_bits(context.runtime());
  RunSource* const source = context.run_source();
  return source ? source->random(context.run_id(), fresh) : fresh;
}
}  // namespace detail

AmbientContext::AmbientContext(const Context& context) noexcept
    : outer_(std::exchange(ambient, &context)) {}
AmbientContext::~AmbientContext() { ambient = outer_; }

// ------------------------------------------------------------------ observed runs

namespace {
RunTurn start_turn(const Context& context, StepKind kind, std::string name, Payload input) {
  RunTurn turn(EventType::start, context.run_id());
  turn.kind = kind;
  turn.name = std::move(name);
  turn.input = input.text();
  return turn;
}
}  // namespace

bool Run::ordered() const noexcept {
  return context_.run_source() && context_.run_source()->ordered();
}

Task<void> Run::turn(EventType next) const {
  return context_.run_source()->turn(RunTurn(next, context_.run_id()));
}

Task<void> Run::turn_to_start(const Context& context, StepKind kind, std::string name,
                              Payload input) {
  return context.run_source()->turn(start_turn(context, kind, std::move(name), input));
}

Run::Run(Context& context, StepKind kind, std::string name, Payload input)
    : kind_(kind), name_(std::move(name)) {
  RunSource* const source = context.run_source();
  const RunId id = source ? source->open(start_turn(context, kind_, name_, input))
                          : detail::next_run_id(context.runtime());
  Context::State& state = context.edit();
  state.run_handlers = std::move(state.local_handlers);
  state.local_handlers.clear();
  state.parent_id = state.run_id;
  state.run_id = id;
  context_ = context;
  tell(EventType::start, input, nullptr);
}

void Run::tell(EventType type, Payload data, const Error* error) const {
  Event event;
  event.type = type;
  event.kind = kind_;
  event.name = name_;
  event.data = data;
  event.error = error;
  context_.emit(event);
}

void Run::piece(Payload piece) const { tell(EventType::piece, piece, nullptr); }

void Run::end(Payload output) {
  open_ = false;
  tell(EventType::end, output, nullptr);
}

Run::~Run() {
  if (!open_) return;
  const Error error(ErrorKind::cancelled, "cancelled: the result is not wanted any more");
  tell(EventType::error, Payload(), &error);
}

void Run::fail(const std::exception_ptr& failure) {
  open_ = false;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    tell(EventType::error, Payload(), &error);
  } catch (const std::exception& e) {
    const Error error(ErrorKind::tool, e.what());
    tell(EventType::error, Payload(), &error);
  } catch (...) {
    const Error error(ErrorKind::tool, "an exception that is no std::exception");
    tell(EventType::error, Payload(), &error);
  }
}

// ------------------------------------------------------------------ enforcing stop and deadline

namespace {

// Cancels a scope from any thread: the stop callback posts it, the loop's thread runs it.
class StopLetter : public detail::Posted {
 public:
  explicit StopLetter(detail::ScopeRef target) : scope(std::move(target)) {}
  void run() noexcept override {
    if (scope) scope->cancel(ErrorKind::cancelled, detail::cancelled_text);
  }
  detail::ScopeRef scope;  // emptied when the run is over
};

class Deadline : public detail::Timer {
 public:
  explicit Deadline(detail::ScopeRef target) : scope(std::move(target)) {}
  detail::ScopeRef scope;

 private:
  void expired() noexcept override { scope->cancel(ErrorKind::timeout, detail::deadline_text); }
};

struct PostLetter {
  std::shared_ptr<detail::Mailbox> mailbox;
  std::shared_ptr<StopLetter> letter;
  void operator()() const noexcept { mailbox->post(letter); }
};

struct Enforced {
  Enforced(detail::ScopeRef& slot, const Context::State& state, detail::Loop& loop)
      : letter(std::make_shared<StopLetter>(
            detail::ScopeRef::adopt(detail::CancelScope::make(slot.get())))),
        deadline(letter->scope) {
    letter->scope->mark(letter.get());
    slot = letter->scope;
    if (state.deadline) deadline.start(loop, *state.deadline);
    if (state.stop.stop_requested())
      letter->run();
    else if (state.stop.stop_possible())
      callback.emplace(state.stop, PostLetter{loop.mailbox(), letter});
  }
  ~Enforced() {
    callback.reset();
    letter->scope = detail::ScopeRef();
  }
  std::shared_ptr<StopLetter> letter;
  Deadline deadline;
  std::optional<std::stop_callback<PostLetter>> callback;
};

}  // namespace

std::shared_ptr<void> ContextScope::Enter::open(detail::ScopeRef& scope) {
  const auto& name = context_->state_->enforced;
  if (name && scope && scope->within(name.get())) return nullptr;
  auto enforced = std::make_shared<Enforced>(scope, *context_->state_, detail::Loop::require());
  context_->edit().enforced = enforced->letter;
  return enforced;
}

}  // namespace v0
}  // namespace lian
