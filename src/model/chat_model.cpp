#include "lian/model/chat_model.hpp"

#include <optional>

#include <fmt/format.h>

#include "core/runtime_access.hpp"
#include "lian/core/sleep.hpp"
#include "model/retry.hpp"

namespace lian {
inline namespace v0 {

ChatStep::~ChatStep() = default;

Task<std::int64_t> ChatStep::count_tokens(ChatInput, Context) const {
  throw UnsupportedError(name() + " cannot count tokens", "count_tokens");
}

ChatModel::ChatModel(std::shared_ptr<const ChatStep> step) noexcept
    : Runnable<ChatInput, AIMessage>(step), chat_(std::move(step)) {}

ChatModel ChatModel::bind(const ChatOptions& options) const {
  return ChatModel(chat_->with_options(options));
}

ChatModel ChatModel::bind_tools(std::vector<ToolSpec> tools, ToolChoice choice) const {
  return bind(ChatOptions().tools(std::move(tools)).tool_choice(std::move(choice)));
}

namespace {

// Keeps the step for as long as it counts.
Task<std::int64_t> count_with(std::shared_ptr<const ChatStep> chat, ChatInput in, Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  Task<std::int64_t> counting = chat->count_tokens(std::move(in), std::move(context));
  co_return co_await std::move(counting);
}

}  // namespace

Task<std::int64_t> ChatModel::acount_tokens(ChatInput in, Context context) const {
  return count_with(chat_, std::move(in), std::move(context));
}

std::int64_t ChatModel::count_tokens(ChatInput in, Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(acount_tokens(std::move(in), std::move(context)), runtime);
}

namespace {

using Chat = std::shared_ptr<const ChatStep>;

// A step around another that looks like it from outside.
class Decorator : public ChatStep {
 public:
  explicit Decorator(Chat inner) : inner_(std::move(inner)) {}
  std::string name() const override { return inner_->name(); }
  bool streams() const noexcept override { return inner_->streams(); }
  Task<std::int64_t> count_tokens(ChatInput in, Context context) const override {
    return inner_->count_tokens(std::move(in), std::move(context));
  }
  bool is_sequence() const noexcept override { return true; }  // its inner steps name themselves
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    inner_->describe(lines, depth);
  }

 protected:
  static Task<AIMessage> run_chat(const Chat& chat, ChatInput in, Context context) {
    return detail::run_inner<ChatInput, AIMessage>(chat.get(), std::move(in), std::move(context));
  }
  static Stream<ChatPiece> stream_chat(const Chat& chat, ChatInput in, Context context) {
    return detail::transform_inner<ChatInput, AIMessage>(
        *chat, detail::split_stream<ChatInput>(std::move(in)), std::move(context));
  }
  Chat inner_;
};

class Retrying final : public Decorator {
 public:
  Retrying(Chat inner, RetryOptions options)
      : Decorator(std::move(inner)), options_(std::move(options)) {
    detail::check_attempts(options_.stop_after_attempt());
  }

  Chat with_options(const ChatOptions& options) const override {
    return std::make_shared<Retrying>(inner_->with_options(options), options_);
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    const std::string step = name();
    RetryPlan plan(tries(context), step, step, options_);
    const Context once = one_try(context);
    while (true) {
      std::exception_ptr failure;
      try {
        Task<AIMessage> task = run_chat(inner_, in, once);
        AIMessage message = co_await std::move(task);
        plan.succeeded();
        co_return message;
      } catch (const Error&) {
        failure = std::current_exception();
      }
      Sleep sleeping = lian::sleep(plan.next(failure));
      co_await sleeping;
    }
  }

  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    const std::string step = name();
    RetryPlan plan(tries(context), step, step, options_);
    const Context once = one_try(context);
    bool handed = false;
    while (true) {
      std::exception_ptr failure;
      try {
        Stream<ChatPiece> pieces = stream_chat(inner_, input, once);
        while (ChatPiece* piece = co_await pieces.next()) {
          handed = true;
          co_yield *piece;
        }
        plan.succeeded();
        co_return;
      } catch (const Error&) {
        failure = std::current_exception();
      }
      if (handed) std::rethrow_exception(failure);
      Sleep sleeping = lian::sleep(plan.next(failure));
      co_await sleeping;
    }
  }

 private:
  // One request a run of the model, all under the id of this call.
  static Context one_try(const Context& context) {
    const Context once = context.with_tries(1);
    if (context.tries() == 1 && context.metadata().find(call_metadata)) return once;
    return once.with_metadata(call_metadata, fmt::format("{:016x}", detail::random_bits(context)));
  }
  // Inside another owner of tries this one makes none of its own.
  Context tries(const Context& context) const {
    return context.tries() == 1 ? context : context.with_tries(options_.stop_after_attempt());
  }
  RetryOptions options_;
};

class Falling final : public Decorator {
 public:
  Falling(Chat first, std::vector<Chat> others, FallbackOptions options)
      : Decorator(std::move(first)), others_(std::move(others)), options_(std::move(options)) {}

  Chat with_options(const ChatOptions& options) const override {
    std::vector<Chat> others;
    for (const Chat& other : others_) others.push_back(other->with_options(options));
    return std::make_shared<Falling>(inner_->with_options(options), std::move(others), options_);
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    detail::FallbackLoop failures(options_, context);
    for (std::size_t i = 0;; ++i) {
      try {
        Task<AIMessage> task = run_chat(model(i), in, context);
        co_return co_await std::move(task);
      } catch (...) {
        failures.failed(model(i)->name(), name_of(i + 1));
      }
    }
  }

  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    detail::FallbackLoop failures(options_, context);
    bool handed = false;
    for (std::size_t i = 0;; ++i) {
      try {
        Stream<ChatPiece> pieces = stream_chat(model(i), input, context);
        while (ChatPiece* piece = co_await pieces.next()) {
          handed = true;
          co_yield *piece;
        }
        co_return;
      } catch (...) {
        if (handed) throw;
        failures.failed(model(i)->name(), name_of(i + 1));
      }
    }
  }

 private:
  const Chat& model(std::size_t i) const { return i == 0 ? inner_ : others_[i - 1]; }
  std::string name_of(std::size_t i) const {
    return i <= others_.size() ? model(i)->name() : std::string();
  }
  std::vector<Chat> others_;
  FallbackOptions options_;
};

class Timed final : public Decorator {
 public:
  Timed(Chat inner, std::chrono::nanoseconds limit) : Decorator(std::move(inner)), limit_(limit) {}

  Chat with_options(const ChatOptions& options) const override {
    return std::make_shared<Timed>(inner_->with_options(options), limit_);
  }
  Task<AIMessage> run(ChatInput in, Context context) const override {
    Context timed = context.with_timeout(limit_);
    ContextScope::Enter enter(timed);
    ContextScope scope = co_await enter;
    Task<AIMessage> task = run_chat(inner_, std::move(in), timed);
    co_return co_await std::move(task);
  }
  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    Context timed = context.with_timeout(limit_);
    ContextScope::Enter enter(timed);
    ContextScope scope = co_await enter;
    Stream<ChatPiece> pieces = stream_chat(inner_, std::move(input), timed);
    while (ChatPiece* piece = co_await pieces.next()) co_yield *piece;
  }

 private:
  std::chrono::nanoseconds limit_;
};

class Configured final : public Decorator {
 public:
  Configured(const Chat& inner, const RunnableConfig& config)
      : Decorator(inner), config_(config), step_(inner, config) {}

  Chat with_options(const ChatOptions& options) const override {
    return std::make_shared<Configured>(inner_->with_options(options), config_);
  }
  StepKind kind() const noexcept override { return step_.kind(); }
  std::string name() const override { return step_.name(); }
  Task<AIMessage> run(ChatInput in, Context context) const override {
    return step_.run(std::move(in), std::move(context));
  }
  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    return step_.transform(std::move(in), std::move(context));
  }

 private:
  RunnableConfig config_;
  detail::ConfigStep<ChatInput, AIMessage> step_;
};

}  // namespace

ChatModel ChatModel::with_retry(RetryOptions options) const {
  return ChatModel(std::make_shared<Retrying>(chat_, std::move(options)));
}

ChatModel ChatModel::with_fallbacks(std::vector<ChatModel> others, FallbackOptions options) const {
  if (!options.exception_key().empty())
    throw Error(ErrorKind::config,
                "with_fallbacks: exception_key needs steps that take lian::Values");
  std::vector<Chat> steps;
  for (ChatModel& other : others) steps.push_back(std::move(other.chat_));
  return ChatModel(std::make_shared<Falling>(chat_, std::move(steps), std::move(options)));
}

ChatModel ChatModel::with_config(RunnableConfig config) const {
  static_cast<void>(config.apply(Context::root()));  // says now what is wrong with it
  return ChatModel(std::make_shared<Configured>(chat_, config));
}

ChatModel ChatModel::with_timeout(std::chrono::nanoseconds limit) const {
  return ChatModel(std::make_shared<Timed>(chat_, limit));
}

}  // namespace v0
}  // namespace lian
