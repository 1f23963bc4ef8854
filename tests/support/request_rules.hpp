#pragma once
// What a vendor of OpenAI's dialect refuses, judged by a table of data (tests/data/vendors/*.json).

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// Why the value does not fit the type, as words to stand behind a name; nothing when it fits.
/// Types: "text", "texts", "flag", "integer", "positive", "number", "object", "any", and
///   {"number": [low, high], "open": "low"|"high"}   {"integer": [low, high]}   {"one of": [...]}
///   {"texts": most}   {"flags": [names]}   {"choices": ["none", "auto", "required", "named"]}
///   {"formats": ["text", "json_object", "json_schema"]}   {"tools": ["function"]}
std::optional<std::string> misfit(const nlohmann::json& value, const nlohmann::json& type);

/// What the vendor would complain of: an unknown or missing field, a wrong type, a value out of
/// range, a message that its role or place does not allow. Nothing when the request is right.
std::optional<std::string> complaint(const nlohmann::json& body, const nlohmann::json& fields,
                                     const nlohmann::json& message_rules);

/// A request of chat completions in neutral words.
Seen seen_in_chat(const nlohmann::json& body);

}  // namespace lian::test
