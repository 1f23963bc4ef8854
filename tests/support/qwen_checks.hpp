#pragma once
// What DashScope takes, checked without a line of the library; and what it understands of it.

#include <nlohmann/json.hpp>

#include "support/scripted_server.hpp"

namespace lian::test {

/// Throws Malformed.
void check_generation(const nlohmann::json& body, bool multimodal);
void check_text_embedding(const nlohmann::json& body);

Seen seen_by_qwen(const nlohmann::json& body, bool stream);

}  // namespace lian::test
