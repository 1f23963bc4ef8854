/// lian/model/structured_output.hpp: replies as values of a described struct.
///
///     auto people = model.with_structured_output<Person>();
///     Person person = people.invoke("Ada Lovelace was born in 1815.");
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/describe.hpp"
#include "lian/model/chat_model.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// How a model is brought to answer in JSON of a schema.
enum class StructuredMethod {
  automatic,         ///< the first of these that the provider has
  json_schema,       ///< the provider holds the model to the schema
  function_calling,  ///< the answer is the call of a tool
  json_mode          ///< the prompt asks for it; any JSON object, where the provider has that
};

/// Settings of structured output; chained setters. Regular value.
class LIAN_API StructuredOptions {
 public:
  StructuredOptions() = default;
  StructuredOptions& method(StructuredMethod v) { return method_ = v, *this; }
  /// What the provider is told of the schema; default: the struct's name, nothing.
  StructuredOptions& name(std::string v) { return name_ = std::move(v), *this; }
  StructuredOptions& description(std::string v) { return description_ = std::move(v), *this; }
  /// How often the model may mend a reply that does not fit, told what was wrong; default 1.
  StructuredOptions& repairs(int v) { return repairs_ = v, *this; }

  StructuredMethod method() const noexcept { return method_; }
  const std::string& name() const noexcept { return name_; }
  const std::string& description() const noexcept { return description_; }
  int repairs() const noexcept { return repairs_; }

 private:
  StructuredMethod method_ = StructuredMethod::automatic;
  std::string name_, description_;
  int repairs_ = 1;
};

/// What include_raw gives: the model's reply, and the value or why there is none.
template <class T>
struct StructuredReply {
  StructuredReply() = default;
  AIMessage raw;
  std::optional<T> parsed;
  std::exception_ptr parsing_error;  ///< null when `parsed` is there
};

namespace detail {

struct StructuredSchema {
  StructuredSchema(std::string schema_name, Json schema_json, void (*schema_check)(const Json&))
      : name(std::move(schema_name)), schema(std::move(schema_json)), check(schema_check) {}
  std::string name;
  Json schema;
  void (*check)(const Json& value);  // throws Error{validation}
};

struct StructuredJson {
  StructuredJson() = default;
  AIMessage raw;
  Json value;
  std::exception_ptr error;
};

/// Asks the model until its reply fits or its repairs are used up. Thread-safe.
class LIAN_API StructuredModel {
 public:
  StructuredModel(ChatModel model, StructuredSchema schema, StructuredOptions options);
  ~StructuredModel();
  Task<StructuredJson> ask(ChatInput in, Context context) const;

 private:
  struct State;
  struct Asking;
  std::shared_ptr<const State> state_;
};

template <class T>
void check_described(const Json& value) {
  static_cast<void>(from_json<T>(value));
}

template <class T>
StructuredModel structured_model(const ChatModel& model, const StructuredOptions& options) {
  return StructuredModel(
      model,
      StructuredSchema(std::string(type_info<T>().name), json_schema<T>(), &check_described<T>),
      options);
}

inline constexpr const char* structured_name = "structured_output";

template <class T>
class StructuredStep final : public Step<ChatInput, T> {
 public:
  explicit StructuredStep(StructuredModel model) : model_(std::move(model)) {}
  Task<T> run(ChatInput in, Context context) const override {
    Task<StructuredJson> asking = model_.ask(std::move(in), std::move(context));
    StructuredJson reply = co_await std::move(asking);
    if (reply.error) std::rethrow_exception(reply.error);
    co_return from_json<T>(reply.value);
  }
  std::string name() const override { return structured_name; }
  StepKind kind() const noexcept override { return StepKind::chain; }

 private:
  StructuredModel model_;
};

template <class T>
class StructuredRawStep final : public Step<ChatInput, StructuredReply<T>> {
 public:
  explicit StructuredRawStep(StructuredModel model) : model_(std::move(model)) {}
  Task<StructuredReply<T>> run(ChatInput in, Context context) const override {
    Task<StructuredJson> asking = model_.ask(std::move(in), std::move(context));
    StructuredJson reply = co_await std::move(asking);
    StructuredReply<T> out;
    out.raw = std::move(reply.raw);
    out.parsing_error = reply.error;
    if (!out.parsing_error) out.parsed = from_json<T>(reply.value);
    co_return out;
  }
  std::string name() const override { return structured_name; }
  StepKind kind() const noexcept override { return StepKind::chain; }

 private:
  StructuredModel model_;
};

template <class T>
inline constexpr bool is_structured = is_described<T>&& std::is_class_v<T>;

}  // namespace detail

/// ChatInput in, T out: the reply is read as JSON of T's schema and checked; one that does not fit
/// goes back to the model with what was wrong (a warning event tells it). Throws what the model
/// throws, ParseError or Error{validation} when the last reply does not fit either, Error{
/// content_filter} for a refusal, UnsupportedError for a method that the provider does not have.
template <class T>
Runnable<ChatInput, T> structured_output(const ChatModel& model,
                                         StructuredOptions options = StructuredOptions()) {
  static_assert(detail::is_structured<T>,
                "lian: structured output is a struct described by LIAN_DESCRIBE; put a list or an "
                "enum into a member of one");
  if constexpr (detail::is_structured<T>)
    return Runnable<ChatInput, T>(std::make_shared<const detail::StructuredStep<T>>(
        detail::structured_model<T>(model, options)));
  else
    return Runnable<ChatInput, T>(nullptr);
}

/// As above, with the reply beside the value; that no reply fits is not thrown but told.
template <class T>
Runnable<ChatInput, StructuredReply<T>> structured_output(
    const ChatModel& model, IncludeRaw, StructuredOptions options = StructuredOptions()) {
  static_assert(detail::is_structured<T>,
                "lian: structured output is a struct described by LIAN_DESCRIBE; put a list or an "
                "enum into a member of one");
  if constexpr (detail::is_structured<T>)
    return Runnable<ChatInput, StructuredReply<T>>(
        std::make_shared<const detail::StructuredRawStep<T>>(
            detail::structured_model<T>(model, options)));
  else
    return Runnable<ChatInput, StructuredReply<T>>(nullptr);
}

template <class T>
Runnable<ChatInput, T> ChatModel::with_structured_output() const {
  return structured_output<T>(*this);
}
template <class T>
Runnable<ChatInput, T> ChatModel::with_structured_output(const StructuredOptions& options) const {
  return structured_output<T>(*this, options);
}
template <class T>
Runnable<ChatInput, StructuredReply<T>> ChatModel::with_structured_output(IncludeRaw) const {
  return structured_output<T>(*this, include_raw);
}
template <class T>
Runnable<ChatInput, StructuredReply<T>> ChatModel::with_structured_output(
    IncludeRaw, const StructuredOptions& options) const {
  return structured_output<T>(*this, include_raw, options);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
