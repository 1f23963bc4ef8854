#include "model/provider/glm_token.hpp"

#include <cstdint>

#include "core/base64.hpp"
#include "core/digest.hpp"
#include "core/json_writer.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {

std::int64_t milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

void check_glm_key(std::string_view key) {
  const std::size_t dot = key.find('.');
  if (dot != key.npos && dot > 0 && dot + 1 < key.size() && key.find('.', dot + 1) == key.npos)
    return;
  throw Error(ErrorKind::config,
              "a key of GLM that signs requests has the form id.secret, with one dot: copy it whole "
              "from the vendor's console");
}

std::string glm_token(std::string_view key, std::chrono::system_clock::time_point now,
                      std::chrono::seconds lifetime) {
  check_glm_key(key);
  const std::size_t dot = key.find('.');
  std::string claims;
  JsonWriter(claims)
      .begin_object()
      .key("api_key")
      .string(key.substr(0, dot))
      .key("exp")
      .integer(milliseconds(now + lifetime))
      .key("timestamp")
      .integer(milliseconds(now))
      .end_object();
  std::string token = base64url_encode(R"({"alg":"HS256","sign_type":"SIGN"})");
  token += '.';
  token += base64url_encode(claims);
  const std::string signature = hmac_sha256(key.substr(dot + 1), token);
  token += '.';
  token += base64url_encode(signature);
  return token;
}

}  // namespace v0
}  // namespace lian
