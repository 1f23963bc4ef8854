#pragma once
// Anthropic's replies as pure functions: script in, bytes out.

#include <nlohmann/json.hpp>
#include <string>

#include "support/http_message.hpp"
#include "support/simulated_provider.hpp"

namespace lian::test {

/// The reply to POST /v1/messages, whole or, if the request wants it, streamed.
Reply claude_message(const nlohmann::json& request, const Script& script, int id);
/// The reply to POST /v1/complete.
Reply claude_completion(const nlohmann::json& request, const Script& script, int id);
/// The vendor's envelope of an error.
Reply claude_error(int status, const std::string& type, const std::string& message);

}  // namespace lian::test
