#pragma once
// What Ollama takes, checked without a line of the library; and what it understands of it.

#include <nlohmann/json.hpp>

#include "support/scripted_server.hpp"

namespace lian::test {

/// Throws Malformed.
void check_ollama_chat(const nlohmann::json& body);
void check_ollama_generate(const nlohmann::json& body);
void check_ollama_embed(const nlohmann::json& body);

Seen seen_by_ollama(const nlohmann::json& body);

}  // namespace lian::test
