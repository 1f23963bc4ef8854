#pragma once

#include <vector>

#include "lian/core/json.hpp"
#include "lian/core/message.hpp"
#include "model/provider/json_reader.hpp"

namespace lian {
inline namespace v0 {

/// Keeps a field lian has no name for, unless it says nothing: null, "", [] or {}.
void keep_field(const JsonKey& key, const JsonValue& value, Json& extra);

/// Reads `[{"token","logprob","top_logprobs":[{"token","logprob"}]}]`; nothing for another type.
void read_logprobs(const JsonValue& tokens, std::vector<TokenLogprob>& out);

}  // namespace v0
}  // namespace lian
