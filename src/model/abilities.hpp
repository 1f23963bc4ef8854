#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/model/chat_request.hpp"
#include "lian/model/provider_info.hpp"

namespace lian {
inline namespace v0 {

/// The request as the provider can take it. What it cannot carry is UnsupportedError, a number
/// outside its range Error{invalid_request} naming the range; with `options.lenient()` the former is
/// left out and the latter moved into the range, each with a warning. Temperature 0 always becomes
/// the least legal value, with a warning.
ChatRequest fit(ChatRequest request, const ChatAbilities& abilities, std::string_view provider,
                std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
