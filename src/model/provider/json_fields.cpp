#include "model/provider/json_fields.hpp"

#include <utility>

namespace lian {
inline namespace v0 {

void keep_field(const JsonKey& key, const JsonValue& value, Json& extra) {
  if (value.is_null()) return;
  Json kept = value.json();
  const bool says_nothing = kept.is_string()
                                ? kept.as_string().empty()
                                : (kept.is_array() || kept.is_object()) && kept.empty();
  if (!says_nothing) extra.set(key.text(), std::move(kept));
}

void read_logprobs(const JsonValue& tokens, std::vector<TokenLogprob>& out) {
  tokens.items([&](const JsonValue& item) {
    TokenLogprob token;
    item.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "token") value.assign_to(token.token);
      if (key == "logprob") token.logprob = value.number();
      if (key == "bytes")
        value.items([&](const JsonValue& byte) {
          token.bytes += static_cast<char>(static_cast<unsigned char>(byte.integer()));
        });
      if (key == "top_logprobs") read_logprobs(value, token.top);
    });
    if (!token.token.empty()) out.push_back(std::move(token));
  });
}

}  // namespace v0
}  // namespace lian
