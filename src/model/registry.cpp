#include "lian/model/registry.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lian/core/error.hpp"
#include "model/provider.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::array providers = {
    Provider{"openai", &openai_chat_model, &openai_embedding_model},
    Provider{"offline", &offline_chat_model, &offline_embedding_model},
};

// Edit distance (Levenshtein 1966), to put the likeliest name first.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

struct Name {
  std::string_view provider, model;
};

// "provider:model"; only the first colon separates, since model names may hold more.
Name split(std::string_view name) {
  const std::size_t colon = name.find(':');
  if (colon == name.npos) return {name, {}};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

const Provider& find(std::string_view wanted, std::string_view kind) {
  for (const Provider& provider : providers)
    if (provider.name == wanted) return provider;
  std::vector<std::string> known = provider_names();
  std::stable_sort(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return distance(wanted, a) < distance(wanted, b);
  });
  throw Error(ErrorKind::config,
              fmt::format("unknown provider '{}' of a {} model; lian knows: {}. Write it as "
                          "\"provider:model\"",
                          wanted.substr(0, 100), kind, fmt::join(known, ", ")));
}

}  // namespace

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const Provider& provider : providers) names.emplace_back(provider.name);
  return names;
}

ChatModel chat_model(std::string_view name, ModelConfig config) {
  const Name parts = split(name);
  return find(parts.provider, "chat").chat(parts.model, config);
}

EmbeddingModel embedding_model(std::string_view name, ModelConfig config) {
  const Name parts = split(name);
  return find(parts.provider, "embedding").embedding(parts.model, config);
}

}  // namespace v0
}  // namespace lian
