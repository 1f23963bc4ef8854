#pragma once
// What Qianfan v1 refuses, and what it understands, as pure functions of a request.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "support/http_message.hpp"
#include "support/simulated_provider.hpp"

namespace lian::test {

struct ErnieRefusal {
  int code;
  std::string message;
};

/// Types, ranges, unknown fields and the order of roles.
std::optional<ErnieRefusal> check_ernie_chat(const nlohmann::json& body);
std::optional<ErnieRefusal> check_ernie_completion(const nlohmann::json& body);
std::optional<ErnieRefusal> check_ernie_embeddings(const nlohmann::json& body);

/// The request in neutral words.
Seen seen_by_ernie(const nlohmann::json& body, const std::string& model_path);

/// Whether the request is signed by bce-auth-v1 with that secret, recomputed from what arrived.
bool is_signed_by(const Request& request, const std::string& access_key, const std::string& secret);

/// A parameter of a request's query, decoded; empty when it is not there.
std::string query_value(const std::string& target, const std::string& name);

}  // namespace lian::test
