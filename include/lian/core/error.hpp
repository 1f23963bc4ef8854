#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// What went wrong, independent of where. Switch on this; catch subclasses only for their data.
enum class ErrorKind {
  cancelled,        ///< a stop was requested
  timeout,          ///< a deadline or an idle limit passed
  network,          ///< name resolution, connection, TLS or transport failed
  truncated,        ///< a reply ended before its terminal sign
  authentication,   ///< missing or wrong key
  permission,       ///< the key may not do this
  not_found,        ///< unknown model, file, document or provider
  rate_limited,     ///< too many requests; may pass after a wait
  quota,            ///< credit or quota is used up; waiting does not help
  overloaded,       ///< the provider is temporarily over capacity
  server,           ///< the provider failed
  invalid_request,  ///< the request is wrong and stays wrong
  context_length,   ///< the prompt does not fit the model's context window
  content_filter,   ///< refused by the provider's safety system
  unsupported,      ///< the provider or component has no such feature
  parse,            ///< text is not in the expected format
  validation,       ///< well-formed but not what the schema or the types allow
  tool,             ///< a tool failed
  limit,            ///< a limit set on size, depth, count or budget was reached
  storage,          ///< a file or a store could not be read or written, or is damaged
  config,           ///< the program's own settings are wrong or incomplete
};

/// The kind as a lower-case word, e.g. "rate_limited".
LIAN_API std::string_view to_string(ErrorKind kind) noexcept;

/// The root of everything lian throws. `what()` reads "chain > retriever > embedding: message":
/// the path of the steps the error crossed, outermost first, then the message.
/// Distinct objects may be used from distinct threads.
class LIAN_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message);
  ~Error() override;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  ErrorKind kind() const noexcept { return kind_; }
  /// The message without the step path.
  const std::string& message() const noexcept { return message_; }
  /// The step path, e.g. "chain > retriever"; empty outside a chain.
  const std::string& path() const noexcept { return path_; }
  const char* what() const noexcept override { return what_.c_str(); }

  /// Records that the error left the step `name`; steps do this on the way out.
  void add_step(std::string_view name);
  /// Whether the error is on its way through steps behind the one that failed; set by streams.
  bool passing() const noexcept { return passing_; }
  void passing(bool value) noexcept { passing_ = value; }
  /// A copy of the dynamic type, so that several waiters can each own (and annotate) theirs.
  virtual std::exception_ptr copy() const;

 private:
  ErrorKind kind_;
  bool passing_ = false;
  std::string message_, path_, what_;
};

/// What a provider answered: thrown for every HTTP-level or protocol-level failure of an API call.
class LIAN_API ApiError : public Error {
 public:
  ApiError(ErrorKind kind, const std::string& message);
  ~ApiError() override;
  ApiError(const ApiError&) = default;
  ApiError& operator=(const ApiError&) = default;
  std::exception_ptr copy() const override;

  std::string provider;    ///< e.g. "openai"
  std::string model;       ///< the model asked for
  std::string host;        ///< host and port that answered
  int status = 0;          ///< HTTP status; 0 when none was received
  std::string code;        ///< the vendor's error code, as text
  std::string parameter;   ///< the request parameter the vendor names, if any
  std::string request_id;  ///< the vendor's id of the request
  std::string body;        ///< the reply's body, cut to 4 KiB, credentials removed
  std::optional<double> retry_after_seconds;  ///< the vendor's wait hint
  std::optional<bool> should_retry;           ///< the vendor's x-should-retry, if sent
};

/// Text that does not parse.
class LIAN_API ParseError : public Error {
 public:
  ParseError(const std::string& message, std::string text, std::size_t offset = 0,
             std::string hint = {});
  ~ParseError() override;
  ParseError(const ParseError&) = default;
  ParseError& operator=(const ParseError&) = default;
  std::exception_ptr copy() const override;

  std::string text;    ///< the text that failed
  std::size_t offset;  ///< byte offset into `text` where it failed
  std::string hint;    ///< what to tell the model so that it can correct itself
};

/// A reply that ended before its terminal sign. Never an answer, but what came is kept.
class LIAN_API TruncatedError : public ApiError {
 public:
  TruncatedError(const std::string& message, std::string partial);
  ~TruncatedError() override;
  TruncatedError(const TruncatedError&) = default;
  TruncatedError& operator=(const TruncatedError&) = default;
  std::exception_ptr copy() const override;

  std::string partial;  ///< the text received before the end
};

/// A tool failed while it ran.
class LIAN_API ToolError : public Error {
 public:
  ToolError(const std::string& message, std::string tool);
  ~ToolError() override;
  ToolError(const ToolError&) = default;
  ToolError& operator=(const ToolError&) = default;
  std::exception_ptr copy() const override;

  std::string tool;  ///< the tool's name
};

/// A configured limit was reached.
class LIAN_API LimitError : public Error {
 public:
  LimitError(const std::string& message, std::string name, std::uint64_t limit);
  ~LimitError() override;
  LimitError(const LimitError&) = default;
  LimitError& operator=(const LimitError&) = default;
  std::exception_ptr copy() const override;

  std::string name;     ///< which limit, e.g. "max_body_bytes"
  std::uint64_t limit;  ///< its value
};

/// A feature that the provider or the build does not have; thrown before anything is sent.
class LIAN_API UnsupportedError : public Error {
 public:
  UnsupportedError(const std::string& message, std::string feature);
  ~UnsupportedError() override;
  UnsupportedError(const UnsupportedError&) = default;
  UnsupportedError& operator=(const UnsupportedError&) = default;
  std::exception_ptr copy() const override;

  std::string feature;  ///< e.g. "tools"
};

}  // namespace v0
}  // namespace lian
