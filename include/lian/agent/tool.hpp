#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/function.hpp"
#include "lian/core/runnable.hpp"
#include "lian/model/chat_request.hpp"

namespace lian {
inline namespace v0 {

/// What a tool answered: a message of Role::tool whose part is a ToolResult. Regular value.
class LIAN_API ToolMessage : public Message {
 public:
  ToolMessage();
  explicit ToolMessage(ToolResult result);

  /// The answer. Throws Error{validation} when `parts` holds none any more.
  const ToolResult& result() const;
  const std::string& content() const { return result().content; }
  bool is_error() const { return result().is_error; }

  std::vector<Part> attachments;  ///< images and files for the model, which no ToolResult can hold
  Json artifact;                  ///< for the program; the model never sees it
  friend bool operator==(const ToolMessage&, const ToolMessage&) = default;
};

LIAN_API void append_text(std::string& out, const ToolCall& call);

/// What a tool's function gives when text alone is not enough (LangChain's content_and_artifact):
/// text and further parts for the model, an artifact for the program. Regular value.
struct LIAN_API ToolOutput {
  ToolOutput() = default;
  ToolOutput(std::string content_in, Json artifact_in = Json())
      : content(std::move(content_in)), artifact(std::move(artifact_in)) {}
  /// Text parts are joined to `content`; the others become `attachments`.
  explicit ToolOutput(std::vector<Part> parts, Json artifact_in = Json());
  std::string content;
  std::vector<Part> attachments;
  Json artifact;
};

/// Settings of a tool; chained setters. Regular value.
class LIAN_API ToolOptions {
 public:
  using ErrorText = Function<std::string(const Error& error) const>;

  ToolOptions() = default;
  /// The function blocks: it runs on the Runtime's threads (see `offload`), several at once, so it
  /// must be callable from several threads. Default: on the loop, one at a time.
  ToolOptions& blocking(bool v = true) { return blocking_ = v, *this; }
  /// Ends the call with Error{timeout} after that time; default none. A blocking function runs on
  /// to its end, its result dropped; a plain function on the loop cannot be interrupted.
  ToolOptions& timeout(std::chrono::nanoseconds v) { return timeout_ = v, *this; }
  /// An agent ends with the tool's answer as its own.
  ToolOptions& return_direct(bool v = true) { return return_direct_ = v, *this; }
  /// An agent asks before each call; see AgentOptions::approval.
  ToolOptions& needs_approval(bool v = true) { return needs_approval_ = v, *this; }
  /// A longer answer is LimitError; default 256 KiB.
  ToolOptions& max_output_bytes(std::size_t v) { return max_output_bytes_ = v, *this; }
  /// The provider is to hold the model to the schema where it can; default false.
  ToolOptions& strict(bool v = true) { return strict_ = v, *this; }
  /// Failures and wrong arguments become a ToolMessage that says so and is_error, instead of an
  /// exception: with the error's own message, this text, or what the function makes of the error
  /// (LangChain's handle_tool_error and handle_validation_error).
  ToolOptions& handle_errors();
  template <std::same_as<bool> T>  // no function that converts to bool
  ToolOptions& handle_errors(T v) {
    return v ? handle_errors() : (error_text_ = nullptr, *this);
  }
  ToolOptions& handle_errors(const char* text) { return handle_errors(std::string(text)); }
  ToolOptions& handle_errors(std::string text);
  ToolOptions& handle_errors(ErrorText text);

  bool blocking() const noexcept { return blocking_; }
  const std::optional<std::chrono::nanoseconds>& timeout() const noexcept { return timeout_; }
  bool return_direct() const noexcept { return return_direct_; }
  bool needs_approval() const noexcept { return needs_approval_; }
  std::size_t max_output_bytes() const noexcept { return max_output_bytes_; }
  bool strict() const noexcept { return strict_; }
  /// Null: errors are thrown.
  const std::shared_ptr<const ErrorText>& error_text() const noexcept { return error_text_; }

 private:
  bool blocking_ = false, return_direct_ = false, needs_approval_ = false, strict_ = false;
  std::optional<std::chrono::nanoseconds> timeout_;
  std::size_t max_output_bytes_ = std::size_t{256} << 10;
  std::shared_ptr<const ErrorText> error_text_;
};

/// Thrown by a body for arguments that its schema allows and it cannot take, e.g. an integer that
/// does not fit; its kind is validation, its message names the place.
class LIAN_API ToolArgumentError : public Error {
 public:
  explicit ToolArgumentError(const std::string& message);
  ~ToolArgumentError() override;
  ToolArgumentError(const ToolArgumentError&) = default;
  ToolArgumentError& operator=(const ToolArgumentError&) = default;
  std::exception_ptr copy() const override;
};

/// What an implementer of a tool derives from; most programs write `tool(…)` over a function
/// instead (lian/agent/tool_function.hpp). Shared and const; thread-safe.
class LIAN_API ToolBody {
 public:
  ToolBody() = default;
  ToolBody(const ToolBody&) = delete;
  ToolBody& operator=(const ToolBody&) = delete;
  virtual ~ToolBody();
  /// `arguments` is a JSON object that the tool's schema was found to allow.
  virtual Task<ToolOutput> run(Json arguments, Context context) const = 0;
  /// False for a body that does all its work at once on the loop: agents start it behind others.
  virtual bool suspends() const noexcept { return true; }
};

/// A tool: ToolCall in, ToolMessage out. A cheap handle with every verb of Runnable. Thread-safe.
///
/// A call runs only when its arguments are one whole JSON object that the schema allows: else it
/// throws ParseError or Error{validation} that names the place (`arguments.b: expected an integer,
/// got "x"`). Else it throws ToolError when the body fails, Error{timeout}, LimitError for too long
/// an answer, Error{cancelled} when the run was stopped. Bytes of an answer that are not UTF-8
/// become U+FFFD, with a warning event.
class LIAN_API Tool : public Runnable<ToolCall, ToolMessage> {
 public:
  /// Throws Error{config} for a name that is empty or not of letters, digits, '_' and '-' (at most
  /// 64, as providers want it), and for parameters that are not a JSON Schema of type object.
  Tool(ToolSpec spec, std::shared_ptr<const ToolBody> body, ToolOptions options = ToolOptions());

  /// What the model is told; for `bind_tools`.
  const ToolSpec& spec() const noexcept;
  const ToolOptions& options() const noexcept;
  bool suspends() const noexcept;
  /// The same tool with other settings; whether its function blocks stays as it was made.
  Tool with_options(ToolOptions options) const;

 private:
  std::shared_ptr<const class ToolStep> tool_;
};

/// The specs of tools, in order, for `ChatModel::bind_tools`.
LIAN_API std::vector<ToolSpec> tool_specs(const std::vector<Tool>& tools);

/// A tool whose schema is known only at run time: `function` gets the checked arguments.
LIAN_API Tool tool(ToolSpec spec, Function<Task<ToolOutput>(Json, Context) const> function,
                   ToolOptions options = ToolOptions());

}  // namespace v0
}  // namespace lian
