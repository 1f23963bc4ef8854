#pragma once
// What an OpenAI-compatible provider refuses. Source: the published OpenAPI description of
// /v1/chat/completions and /v1/embeddings.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace lian::test {

/// Why a request is refused, in the words of an error object.
struct Refusal {
  std::string message;
  std::string param;
};

std::optional<Refusal> check_chat_request(const nlohmann::json& body);
std::optional<Refusal> check_embeddings_request(const nlohmann::json& body);

}  // namespace lian::test
