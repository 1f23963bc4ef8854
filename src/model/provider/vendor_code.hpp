#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "lian/core/error.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// What one of a vendor's error codes means, and what to do about it where that is not plain.
struct VendorCode {
  std::string_view code;
  ErrorKind kind;
  std::string_view advice = {};
};

/// What one of a vendor's finish reasons means; `failure`: not an end but an error, which may pass.
struct FinishWord {
  std::string_view word;
  FinishReason reason;
  bool failure = false;
};

/// The row of a code; null where the table has none.
constexpr const VendorCode* find_code(std::span<const VendorCode> codes, std::string_view code) {
  const auto it = std::find_if(codes.begin(), codes.end(),
                               [code](const VendorCode& known) { return known.code == code; });
  return it == codes.end() ? nullptr : &*it;
}

/// Whether an error of that kind may pass by itself.
constexpr bool may_pass(ErrorKind kind) {
  return kind == ErrorKind::rate_limited || kind == ErrorKind::overloaded ||
         kind == ErrorKind::server || kind == ErrorKind::timeout || kind == ErrorKind::network;
}

}  // namespace v0
}  // namespace lian
