// The providers lian knows, as docs/providers.md shows them: a Markdown table.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include "lian/lian.hpp"

namespace {

std::string code(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back("`" + word + "`");
  return fmt::format("{}", fmt::join(quoted, " "));
}

std::string offers(const lian::ProviderInfo& info) {
  std::vector<std::string> all;
  if (info.chat) all.emplace_back("chat");
  if (info.text) all.emplace_back("text");
  if (info.embeddings) all.emplace_back("embeddings");
  if (info.lists_models) all.emplace_back("list");
  return fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace

int main() {
  fmt::print("| name | who | models of | key | address | further settings |\n|---|---|---|---|---|---|\n");
  for (const lian::ProviderInfo& info : lian::providers()) {
    std::vector<std::string> names = {info.name};
    names.insert(names.end(), info.aliases.begin(), info.aliases.end());
    std::vector<std::string> address = info.url_variables;
    if (!info.base_url.empty()) address.push_back(info.base_url);
    fmt::print("| {} | {} | {} | {} | {} | {} |\n", code(names), info.title, offers(info),
               code(info.key_variables), code(address), code(info.option_variables));
  }
}
