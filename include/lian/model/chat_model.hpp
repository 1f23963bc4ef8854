#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/runnable.hpp"
#include "lian/model/chat_request.hpp"

namespace lian {
inline namespace v0 {

class StructuredOptions;
template <class T>
struct StructuredReply;
/// Asks structured output for the model's reply beside the value.
struct IncludeRaw {};
inline constexpr IncludeRaw include_raw{};

/// What an implementer of a chat model derives from. Shared and const; thread-safe.
class LIAN_API ChatStep : public Step<ChatInput, AIMessage> {
 public:
  ~ChatStep() override;
  StepKind kind() const noexcept override { return StepKind::chat_model; }
  /// The same model with `options` over its own.
  virtual std::shared_ptr<const ChatStep> with_options(const ChatOptions& options) const = 0;
  /// Asks the provider how many tokens the input is; default: UnsupportedError.
  virtual Task<std::int64_t> count_tokens(ChatInput in, Context context) const;
};

/// A chat model: ChatInput (text, a message or messages) in, AIMessage out, ChatPiece by ChatPiece
/// when streamed. A cheap handle with every verb of Runnable; decorated, it is a ChatModel still.
/// Thread-safe.
///
/// Calls throw ApiError (kinds authentication, permission, not_found, rate_limited, quota,
/// overloaded, server, invalid_request, context_length, content_filter), Error{network, timeout,
/// cancelled, limit}, TruncatedError when the reply stops before its terminal sign, ParseError when
/// it is not the provider's protocol, UnsupportedError before anything is sent.
class LIAN_API ChatModel : public Runnable<ChatInput, AIMessage> {
 public:
  explicit ChatModel(std::shared_ptr<const ChatStep> step) noexcept;

  /// The model with settings over its own; per call as well: `model.bind(options).invoke(…)`.
  ChatModel bind(const ChatOptions& options) const;
  /// The model told of tools.
  ChatModel bind_tools(std::vector<ToolSpec> tools, ToolChoice choice = ToolChoice()) const;
  /// At most `options.stop_after_attempt()` requests in all, with waits between them as for any retry; within one
  /// attempt the model then does not retry by itself. Streams: only before the first piece. Events
  /// of the attempts share the metadata "lian.call", and the requests one Idempotency-Key. Default of
  /// `options.retry_if()`: what may pass with time.
  ChatModel with_retry(RetryOptions options = 3) const;
  /// Each of `others` in order when this one fails (cancelled is no failure). The error of the first
  /// is thrown when all fail. Streams: only before the first piece.
  ChatModel with_fallbacks(std::vector<ChatModel> others,
                           FallbackOptions options = FallbackOptions()) const;
  template <class T>
    requires(!std::is_convertible_v<T, ChatModel>)
  ChatModel with_fallbacks(std::initializer_list<T>) const {
    constexpr bool is_a_chat_model = std::is_same_v<T, ChatModel>;
    static_assert(is_a_chat_model, "lian: the fallbacks of a chat model are chat models");
    return *this;
  }
  /// Ends each call with Error{timeout} after that time, tries and waits included.
  ChatModel with_timeout(std::chrono::nanoseconds limit) const;
  /// The model with a name, tags, metadata and handlers that each of its runs has.
  ChatModel with_config(RunnableConfig config) const;
  /// The model's replies as values of a described struct, see lian/model/structured_output.hpp,
  /// which a program that calls this includes.
  template <class T>
  Runnable<ChatInput, T> with_structured_output() const;
  template <class T>
  Runnable<ChatInput, T> with_structured_output(const StructuredOptions& options) const;
  template <class T>
  Runnable<ChatInput, StructuredReply<T>> with_structured_output(IncludeRaw) const;
  template <class T>
  Runnable<ChatInput, StructuredReply<T>> with_structured_output(
      IncludeRaw, const StructuredOptions& options) const;

  /// How many tokens the input is to the provider, tools and settings included; one request.
  /// Throws UnsupportedError where the provider has no such call.
  std::int64_t count_tokens(ChatInput in, Context context = Context()) const;
  Task<std::int64_t> acount_tokens(ChatInput in, Context context = Context()) const;

 private:
  std::shared_ptr<const ChatStep> chat_;
};

}  // namespace v0
}  // namespace lian
