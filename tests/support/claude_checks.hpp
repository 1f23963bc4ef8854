#pragma once
// What Anthropic refuses of a request, and what it understands of one. Source: the SDKs' types of
// 2026-11 and the published rules of the Messages API.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// Why the request is refused, in the words of the error; nothing when it is well-formed. `version`
/// is that of the header anthropic-version.
std::optional<std::string> check_messages_request(const nlohmann::json& body,
                                                  const std::string& version, bool counts);
std::optional<std::string> check_complete_request(const nlohmann::json& body);

Seen seen_in_messages(const nlohmann::json& body);
Seen seen_in_complete(const nlohmann::json& body);

}  // namespace lian::test
