#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/error.hpp"
#include "lian/core/export.hpp"
#include "lian/core/message.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// Identifies one run of one step within the process; 0 is none.
using RunId = std::uint64_t;

/// What happened.
enum class EventType { start, piece, end, error, warning, retry, custom, agent_action };
LIAN_API std::string_view to_string(EventType type) noexcept;

/// What kind of step it happened in.
enum class StepKind {
  chain,
  function,
  prompt,
  chat_model,
  text_model,
  embedding,
  parser,
  retriever,
  tool,
  agent,
  loader,
  store
};
LIAN_API std::string_view to_string(StepKind kind) noexcept;

/// How a type shows in events. Overload for own types, found by argument look-up.
LIAN_API void append_text(std::string& out, std::string_view text);
inline void append_text(std::string& out, const std::string& text) { out += text; }
LIAN_API void append_text(std::string& out, const Value& value);
LIAN_API void append_text(std::string& out, const Values& values);
LIAN_API void append_text(std::string& out, const Message& message);
LIAN_API void append_text(std::string& out, const Messages& messages);
LIAN_API void append_text(std::string& out, const ChatPiece& piece);
LIAN_API void append_text(std::string& out, const Document& document);
LIAN_API void append_text(std::string& out, const Documents& documents);

namespace detail {

// Whether a copy of it compiles: containers say they can be copied whatever they hold.
template <class T>
struct can_copy : std::is_copy_constructible<T> {};
template <class A, class B>
struct can_copy<std::pair<A, B>> : std::conjunction<can_copy<A>, can_copy<B>> {};
template <class T>
  requires requires { typename T::value_type; } && (!std::is_same_v<typename T::value_type, T>)
struct can_copy<T>
    : std::conjunction<std::is_copy_constructible<T>, can_copy<typename T::value_type>> {};

// What an event can do with a value of one type.
struct PayloadType {
  const std::type_info* type;
  void (*append)(std::string& out, const void* value);
  void* (*copy)(const void* value);  // null: cannot be copied
  void (*destroy)(void* value);
};
LIAN_API void append_payload(std::string& out, double number);
LIAN_API void append_payload(std::string& out, const std::type_info& type);

template <class T>
struct PayloadOf {
  static void append(std::string& out, const void* value) {
    const T& typed = *static_cast<const T*>(value);
    if constexpr (std::is_same_v<T, bool>)
      out += typed ? "true" : "false";
    else if constexpr (std::is_arithmetic_v<T>)
      append_payload(out, static_cast<double>(typed));
    else if constexpr (requires { append_text(out, typed); })
      append_text(out, typed);
    else
      append_payload(out, typeid(T));
  }
  static void* copy(const void* value) { return new T(*static_cast<const T*>(value)); }
  static void destroy(void* value) { delete static_cast<T*>(value); }
  static constexpr PayloadType make() {
    if constexpr (can_copy<T>::value)
      return {&typeid(T), &append, &copy, &destroy};
    else
      return {&typeid(T), &append, nullptr, nullptr};
  }
  static inline constinit const PayloadType type = make();
};

}  // namespace detail

/// A value of an event, kept beyond the handler's call. Cheap to copy.
class LIAN_API EventData {
 public:
  EventData() = default;
  bool empty() const noexcept { return value_ == nullptr; }
  /// The value when it is a T, else null.
  template <class T>
  const T* as() const noexcept {
    return value_ && *type_->type == typeid(T) ? static_cast<const T*>(value_.get()) : nullptr;
  }
  /// The value as a person reads it; "<type>" for types without `append_text`.
  std::string text() const;

 private:
  friend class Payload;
  std::shared_ptr<const void> value_;
  const detail::PayloadType* type_ = nullptr;
};

/// A look at a value that an event is about; valid during the call of the handler.
class LIAN_API Payload {
 public:
  Payload() = default;
  template <class T>
  explicit Payload(const T& value) noexcept
      : value_(std::addressof(value)), type_(&detail::PayloadOf<T>::type) {}

  bool empty() const noexcept { return value_ == nullptr; }
  /// The value when it is a T, else null.
  template <class T>
  const T* as() const noexcept {
    return value_ && *type_->type == typeid(T) ? static_cast<const T*>(value_) : nullptr;
  }
  /// The value as a person reads it; "<type>" for types without `append_text`.
  std::string text() const;
  /// A copy; empty for a type that cannot be copied.
  EventData keep() const;

 private:
  const void* value_ = nullptr;
  const detail::PayloadType* type_ = nullptr;
};

/// One event of one run. Views and payloads are valid during the call of the handler.
struct LIAN_API Event {
  Event() = default;
  EventType type = EventType::custom;
  StepKind kind = StepKind::chain;
  std::string_view name;   ///< the step's name, e.g. "openai:gpt-4o-mini"
  RunId run_id = 0;        ///< the run this is about
  RunId parent_id = 0;     ///< the run that called it; 0 at the root
  std::int64_t time_us = 0;  ///< microseconds since the Unix epoch
  /// start: the input; piece: the piece; end: the output; custom: what the program gave;
  /// agent_action: the ToolCall that an agent is about to run.
  Payload data;
  const Error* error = nullptr;       ///< error and retry events: what went wrong
  /// warning, retry, custom: what to read; agent_action: the agent's thought.
  std::string_view message;
  const std::vector<std::string>* tags = nullptr;  ///< of the context; null when none
  const Values* metadata = nullptr;                ///< of the context; null when none
};

/// Sees events. `on_event` may be called from several threads at once unless the handler is wrapped
/// in `serialized(handler)`. It must not block for long: it runs on the thread of the run. What it
/// throws never reaches the run; it becomes a warning event.
class LIAN_API Handler {
 public:
  virtual ~Handler();
  virtual void on_event(const Event& event) = 0;
};

/// The handler behind a lock: its calls never overlap.
LIAN_API std::shared_ptr<Handler> serialized(std::shared_ptr<Handler> handler);

}  // namespace v0
}  // namespace lian
