#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// Header fields in order of arrival; names compare without case. Regular value.
class LIAN_API HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  /// Appends a field. Throws Error{invalid_request} when name or value hold CR, LF or NUL, or when
  /// the name is empty.
  HttpHeaders& add(std::string name, std::string value);
  /// Replaces every field of that name.
  HttpHeaders& set(std::string name, std::string value);
  /// The first value of that name, or null.
  const std::string* find(std::string_view name) const noexcept;
  const std::vector<Field>& fields() const noexcept { return fields_; }
  void clear() noexcept { fields_.clear(); }

 private:
  std::vector<Field> fields_;
};

/// One HTTP request as a codec writes it. `secret_headers` names fields whose values never appear
/// in errors, events or recordings ("authorization", "x-api-key", "api-key" always count).
struct LIAN_API HttpRequest {
  HttpRequest() = default;
  std::string method = "POST";
  std::string url;  ///< absolute, http or https
  HttpHeaders headers;
  std::string body;
  bool stream = false;  ///< the caller reads the body as it comes
  /// Opens a WebSocket (RFC 6455) at `url`, sends `body` as one text message; the reply's body
  /// then yields whole messages. Its status is 101; a refusal is an ordinary reply.
  bool websocket = false;
};

/// A complete reply.
struct LIAN_API HttpReply {
  HttpReply() = default;
  int status = 0;
  HttpHeaders headers;
  std::string body;  ///< decoded; has at least 64 bytes of capacity behind its end for the parser
};

}  // namespace v0
}  // namespace lian
