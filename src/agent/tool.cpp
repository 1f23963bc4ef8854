#include "lian/agent/tool.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "agent/tool_error.hpp"
#include "lian/agent/tool_function.hpp"
#include "lian/core/utf8.hpp"
#include "model/schema_check.hpp"

namespace lian {
inline namespace v0 {

// ------------------------------------------------------------------ values

ToolMessage::ToolMessage() : ToolMessage(ToolResult()) {}
ToolMessage::ToolMessage(ToolResult result) : Message(lian::tool(std::move(result))) {}

const ToolResult& ToolMessage::result() const {
  for (const Part& part : parts)
    if (const auto* result = std::get_if<ToolResult>(&part)) return *result;
  throw Error(ErrorKind::validation, "a ToolMessage has no ToolResult part any more");
}

void append_text(std::string& out, const ToolCall& call) {
  out.append(call.name).append("(").append(call.arguments).append(")");
}

ToolOutput::ToolOutput(std::vector<Part> parts, Json artifact_in)
    : artifact(std::move(artifact_in)) {
  for (Part& part : parts) {
    if (const auto* text = std::get_if<TextPart>(&part))
      content += text->text;
    else
      attachments.push_back(std::move(part));
  }
}

namespace {

struct FixedText {
  explicit FixedText(std::string fixed) : text(std::move(fixed)) {}
  std::string operator()(const Error&) const { return text; }
  std::string text;
};

}  // namespace

ToolOptions& ToolOptions::handle_errors() { return handle_errors(ErrorText(&tool_error_text)); }
ToolOptions& ToolOptions::handle_errors(std::string text) {
  return handle_errors(ErrorText(FixedText(std::move(text))));
}
ToolOptions& ToolOptions::handle_errors(ErrorText text) {
  error_text_ = std::make_shared<const ErrorText>(std::move(text));
  return *this;
}

// ------------------------------------------------------------------ errors

namespace {
constexpr std::size_t shown_error_bytes = 4096;
constexpr std::size_t longest_name = 64;
}  // namespace

std::string tool_error_text(const Error& error) {
  return "Error: " + error.message() + "\nPlease fix the error and try again.";
}

ToolMessage tool_error_message(const ToolCall& call, std::string_view text) {
  std::string words = utf8::repair(text.substr(0, shown_error_bytes));
  if (text.size() > shown_error_bytes) words += "…";
  return ToolMessage(ToolResult(call.id, std::move(words), true));
}

// ------------------------------------------------------------------ the step

ToolArgumentError::ToolArgumentError(const std::string& message)
    : Error(ErrorKind::validation, message) {}
ToolArgumentError::~ToolArgumentError() = default;
std::exception_ptr ToolArgumentError::copy() const { return std::make_exception_ptr(*this); }

ToolBody::~ToolBody() = default;

class ToolStep final : public Step<ToolCall, ToolMessage> {
 public:
  ToolStep(ToolSpec spec, std::shared_ptr<const ToolBody> body, ToolOptions options)
      : spec_(std::move(spec)), body_(std::move(body)), options_(std::move(options)) {}

  Task<ToolMessage> run(ToolCall call, Context context) const override {
    std::exception_ptr failure;
    bool in_body = false;
    try {
      Json arguments = checked(call);
      in_body = true;
      Task<ToolOutput> working = work(std::move(arguments), context);
      ToolOutput output = co_await std::move(working);
      co_return answer(call, std::move(output), context);
    } catch (...) {
      failure = std::current_exception();
    }
    context.check();
    if (in_body) failure = named(failure);
    co_return failed(call, failure, context);
  }
  std::string name() const override { return spec_.name; }
  StepKind kind() const noexcept override { return StepKind::tool; }

  const ToolSpec& spec() const noexcept { return spec_; }
  const ToolOptions& options() const noexcept { return options_; }
  const std::shared_ptr<const ToolBody>& body() const noexcept { return body_; }

 private:
  // The arguments, once they are whole and what the schema allows.
  Json checked(const ToolCall& call) const {
    if (call.custom)
      throw Error(ErrorKind::validation,
                  fmt::format("the tool '{}' takes JSON arguments, not free text", spec_.name));
    Json arguments;
    try {
      arguments = Json::parse(call.arguments);
    } catch (const ParseError& error) {
      throw ParseError(
          fmt::format("the arguments of '{}' are not whole JSON: {}", spec_.name, error.message()),
          error.text, error.offset, "Write the arguments as one JSON object.");
    }
    if (auto fault = schema_fault(spec_.parameters, arguments, "arguments"))
      throw Error(ErrorKind::validation, *fault);
    return arguments;
  }

  Task<ToolOutput> work(Json arguments, Context context) const {
    if (!options_.timeout()) {
      Task<ToolOutput> running = body_->run(std::move(arguments), std::move(context));
      co_return co_await std::move(running);
    }
    const Clock::time_point end = Clock::now() + *options_.timeout();
    Context timed = context.with_deadline(end);
    ContextScope::Enter enter(timed);
    ContextScope scope = co_await enter;
    try {
      Task<ToolOutput> running = body_->run(std::move(arguments), timed);
      co_return co_await std::move(running);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::timeout || Clock::now() < end) throw;
    }
    context.check();
    throw_too_slow();
  }

  [[noreturn]] void throw_too_slow() const {
    using Milliseconds = std::chrono::milliseconds;
    throw Error(
        ErrorKind::timeout,
        fmt::format("the tool '{}' took longer than its {} ms (ToolOptions::timeout)", spec_.name,
                    std::chrono::duration_cast<Milliseconds>(*options_.timeout()).count()));
  }

  ToolMessage answer(const ToolCall& call, ToolOutput output, const Context& context) const {
    if (output.content.size() > options_.max_output_bytes())
      throw LimitError(fmt::format("the tool '{}' gave {} bytes, over its limit of {} "
                                   "(ToolOptions::max_output_bytes); ask it for less",
                                   spec_.name, output.content.size(), options_.max_output_bytes()),
                       "max_output_bytes", options_.max_output_bytes());
    std::size_t replaced = 0;
    if (!utf8::is_valid(output.content)) output.content = utf8::repair(output.content, &replaced);
    if (replaced > 0)
      context.warn(spec_.name, fmt::format("{} sequences of the answer were not UTF-8 and became "
                                           "U+FFFD",
                                           replaced));
    ToolMessage message(ToolResult(call.id, std::move(output.content)));
    message.attachments = std::move(output.attachments);
    message.artifact = std::move(output.artifact);
    return message;
  }

  // Throws unless errors are answers here.
  ToolMessage failed(const ToolCall& call, const std::exception_ptr& failure,
                     const Context& context) const {
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled || !options_.error_text()) throw;
      const AmbientContext ambient(context);
      return tool_error_message(call, (*options_.error_text())(error));
    }
  }

  // What a body threw, as an error that says of which tool it is.
  std::exception_ptr named(const std::exception_ptr& failure) const {
    try {
      std::rethrow_exception(failure);
    } catch (const ToolArgumentError&) {
      return failure;
    } catch (const Error& error) {
      const ErrorKind kind = error.kind();
      const bool own = kind == ErrorKind::timeout || kind == ErrorKind::limit;
      if (own || kind == ErrorKind::cancelled || kind == ErrorKind::tool) return failure;
      return failed_with(error.what());
    } catch (const std::exception& error) {
      return failed_with(error.what());
    } catch (...) {
      return failed_with("it threw what is no std::exception");
    }
  }

  std::exception_ptr failed_with(std::string_view what) const {
    return std::make_exception_ptr(
        ToolError(fmt::format("the tool '{}' failed: {}", spec_.name, what), spec_.name));
  }

  ToolSpec spec_;
  std::shared_ptr<const ToolBody> body_;
  ToolOptions options_;
};

// ------------------------------------------------------------------ the handle

namespace {

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

std::shared_ptr<const ToolStep> step_of(ToolSpec spec, std::shared_ptr<const ToolBody> body,
                                        ToolOptions options) {
  if (!is_name(spec.name))
    throw Error(ErrorKind::config,
                fmt::format("a tool cannot be named '{}': providers take 1 to {} letters, digits, "
                            "'_' and '-'",
                            spec.name.substr(0, 100), longest_name));
  if (!body) throw Error(ErrorKind::config, "the tool '" + spec.name + "' has no body");
  const Json type = spec.parameters["type"];
  if (!type.is_string() || type.as_string() != "object")
    throw Error(ErrorKind::config, "the parameters of the tool '" + spec.name +
                                       "' must be a JSON Schema of type object");
  return std::make_shared<const ToolStep>(std::move(spec), std::move(body), std::move(options));
}

}  // namespace

Tool::Tool(ToolSpec spec, std::shared_ptr<const ToolBody> body, ToolOptions options)
    : Runnable<ToolCall, ToolMessage>(nullptr),
      tool_(step_of(std::move(spec), std::move(body), std::move(options))) {
  step_ = tool_;
}

const ToolSpec& Tool::spec() const noexcept { return tool_->spec(); }
const ToolOptions& Tool::options() const noexcept { return tool_->options(); }
bool Tool::suspends() const noexcept { return tool_->body()->suspends(); }

Tool Tool::with_options(ToolOptions options) const {
  return Tool(tool_->spec(), tool_->body(), std::move(options));
}

std::vector<ToolSpec> tool_specs(const std::vector<Tool>& tools) {
  std::vector<ToolSpec> specs;
  for (const Tool& tool : tools) specs.push_back(tool.spec());
  return specs;
}

// ------------------------------------------------------------------ tools of functions

namespace {

using DynamicFunction = Function<Task<ToolOutput>(Json, Context) const>;

class DynamicBody final : public ToolBody {
 public:
  explicit DynamicBody(DynamicFunction function) : function_(std::move(function)) {}
  Task<ToolOutput> run(Json arguments, Context context) const override {
    const AmbientContext ambient(context);
    return function_(std::move(arguments), context);
  }

 private:
  DynamicFunction function_;
};

ToolOutput say_nothing() { return ToolOutput(); }

}  // namespace

Tool tool(ToolSpec spec, DynamicFunction function, ToolOptions options) {
  if (!function) throw Error(ErrorKind::config, "the tool '" + spec.name + "' has no function");
  auto body = std::make_shared<const DynamicBody>(std::move(function));
  return Tool(std::move(spec), std::move(body), std::move(options));
}

namespace detail {

void read_arguments(const TypeInfo& type, void* arguments, const Json& json) {
  try {
    read_described(type, arguments, json);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::validation) throw;
    throw ToolArgumentError("arguments" + error.message().substr(1));  // it begins with "$"
  }
}

void check_tool_arguments(std::string_view tool, const std::vector<ToolArgument>& names,
                          bool is_coroutine, const ToolOptions& options) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].name.empty())
      throw Error(ErrorKind::config, fmt::format("a parameter of the tool '{}' has no name", tool));
    for (std::size_t k = 0; k < i; ++k)
      if (names[k].name == names[i].name)
        throw Error(ErrorKind::config, fmt::format("two parameters of the tool '{}' are named '{}'",
                                                   tool, names[i].name));
  }
  if (is_coroutine && options.blocking())
    throw Error(ErrorKind::config,
                fmt::format("the tool '{}' is a coroutine, which runs on the loop: it cannot be "
                            "declared blocking; let it co_await offload(…) where it blocks",
                            tool));
}

Tool no_tool() { return make_tool("none", "", &say_nothing, {}, ToolOptions()); }

}  // namespace detail

}  // namespace v0
}  // namespace lian
