#include "lian/core/error.hpp"

#include <utility>

namespace lian {
inline namespace v0 {

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::timeout:
      return "timeout";
    case ErrorKind::network:
      return "network";
    case ErrorKind::truncated:
      return "truncated";
    case ErrorKind::authentication:
      return "authentication";
    case ErrorKind::permission:
      return "permission";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::rate_limited:
      return "rate_limited";
    case ErrorKind::quota:
      return "quota";
    case ErrorKind::overloaded:
      return "overloaded";
    case ErrorKind::server:
      return "server";
    case ErrorKind::invalid_request:
      return "invalid_request";
    case ErrorKind::context_length:
      return "context_length";
    case ErrorKind::content_filter:
      return "content_filter";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::parse:
      return "parse";
    case ErrorKind::validation:
      return "validation";
    case ErrorKind::tool:
      return "tool";
    case ErrorKind::limit:
      return "limit";
    case ErrorKind::storage:
      return "storage";
    case ErrorKind::config:
      return "config";
  }
  return "unknown";
}

Error::Error(ErrorKind kind, const std::string& message)
    : std::runtime_error(message), kind_(kind), message_(message), what_(message) {}
Error::~Error() = default;

void Error::add_step(std::string_view name) {
  std::string path(name);
  if (!path_.empty()) path.append(" > ").append(path_);
  std::string text = path + ": " + message_;
  path_ = std::move(path);
  what_ = std::move(text);
}

std::exception_ptr Error::copy() const { return std::make_exception_ptr(*this); }

ApiError::ApiError(ErrorKind kind, const std::string& message) : Error(kind, message) {}
ApiError::~ApiError() = default;
std::exception_ptr ApiError::copy() const { return std::make_exception_ptr(*this); }

ParseError::ParseError(const std::string& message, std::string text_in, std::size_t offset_in,
                       std::string hint_in)
    : Error(ErrorKind::parse, message),
      text(std::move(text_in)),
      offset(offset_in),
      hint(std::move(hint_in)) {}
ParseError::~ParseError() = default;
std::exception_ptr ParseError::copy() const { return std::make_exception_ptr(*this); }

TruncatedError::TruncatedError(const std::string& message, std::string partial_in)
    : ApiError(ErrorKind::truncated, message), partial(std::move(partial_in)) {}
TruncatedError::~TruncatedError() = default;
std::exception_ptr TruncatedError::copy() const { return std::make_exception_ptr(*this); }

ToolError::ToolError(const std::string& message, std::string tool_in)
    : Error(ErrorKind::tool, message), tool(std::move(tool_in)) {}
ToolError::~ToolError() = default;
std::exception_ptr ToolError::copy() const { return std::make_exception_ptr(*this); }

LimitError::LimitError(const std::string& message, std::string name_in, std::uint64_t limit_in)
    : Error(ErrorKind::limit, message), name(std::move(name_in)), limit(limit_in) {}
LimitError::~LimitError() = default;
std::exception_ptr LimitError::copy() const { return std::make_exception_ptr(*this); }

UnsupportedError::UnsupportedError(const std::string& message, std::string feature_in)
    : Error(ErrorKind::unsupported, message), feature(std::move(feature_in)) {}
UnsupportedError::~UnsupportedError() = default;
std::exception_ptr UnsupportedError::copy() const { return std::make_exception_ptr(*this); }

}  // namespace v0
}  // namespace lian
