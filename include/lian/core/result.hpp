#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

/// A value or the error that came instead: what `try_batch` gives for each input. Regular value.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(std::exception_ptr error) noexcept : error_(std::move(error)) {}

  bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// The value; throws the error when there is none.
  T& value() & {
    raise();
    return *value_;
  }
  const T& value() const& {
    raise();
    return *value_;
  }
  T&& value() && {
    raise();
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  /// Null when there is a value.
  const std::exception_ptr& error() const noexcept { return error_; }
  /// What the error says; "" when there is a value.
  std::string message() const {
    if (!error_) return {};
    try {
      std::rethrow_exception(error_);
    } catch (const std::exception& e) {
      return e.what();
    } catch (...) {
      return "an exception that is no std::exception";
    }
  }

 private:
  void raise() const {
    if (error_) std::rethrow_exception(error_);
  }
  std::optional<T> value_;
  std::exception_ptr error_;
};

}  // namespace v0
}  // namespace lian
