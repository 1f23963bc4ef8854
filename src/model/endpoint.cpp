#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/provider.hpp"
#include "net/environment.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

using Variables = std::array<std::string_view, 3>;

std::string first_set(const Variables& variables, std::string* which = nullptr) {
  for (const std::string_view variable : variables) {
    if (variable.empty()) continue;
    std::string value = environment(std::string(variable).c_str());
    if (value.empty()) continue;
    if (which) *which = variable;
    return value;
  }
  return {};
}

// What goes into a header must not be able to end it. The text may be a key: it is not quoted.
void refuse_controls(std::string_view text, std::string_view what) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw Error(ErrorKind::invalid_request,
                  fmt::format("{} holds a line break or another control character", what));
}

std::string base_url_of(const ProviderRow& row, const ModelConfig& config) {
  std::string url = config.base_url();
  if (url.empty()) url = first_set(row.url_variables);
  if (url.empty()) url = row.base_url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

void check_base_url(const Endpoint& endpoint, const ProviderRow& row) {
  if (endpoint.base_url.empty())
    throw Error(ErrorKind::config,
                fmt::format("{} needs the address of its server: pass ModelConfig().base_url(…){}",
                            row.name,
                            row.url_variables[0].empty()
                                ? std::string()
                                : fmt::format(" or set the environment variable {}",
                                              row.url_variables[0])));
  check_http_url(endpoint.base_url);
  if (endpoint.base_url.find_first_of("?#") != std::string::npos)
    throw Error(ErrorKind::invalid_request,
                "a base URL holds '?' or '#'; it ends with its path, e.g. https://host/v1");
}

std::string key_of_file(const ProviderRow& row) {
  if (row.key_file_variable.empty()) return {};
  const std::string variable(row.key_file_variable);
  const std::string path = environment(variable.c_str());
  if (path.empty()) return {};
  std::ifstream file(path);
  std::string key;
  if (!std::getline(file, key))
    throw Error(ErrorKind::config,
                fmt::format("{} names a file that holds no key: {}", variable, path));
  while (!key.empty() && (key.back() == '\r' || key.back() == ' ')) key.pop_back();
  return key;
}

void take_key(Endpoint& endpoint, const ProviderRow& row, const ModelConfig& config) {
  endpoint.key_name = row.key_variables[0];
  if (config.api_key()) {
    endpoint.api_key = *config.api_key();
    endpoint.key_name = "api_key";
  } else if (config.bearer_token()) {
    endpoint.key_name = "bearer_token";
  } else {
    endpoint.api_key = first_set(row.key_variables, &endpoint.key_name);
    if (endpoint.api_key.empty()) {
      endpoint.api_key = key_of_file(row);
      if (!endpoint.api_key.empty()) endpoint.key_name = row.key_file_variable;
    }
    if (endpoint.api_key.empty() && row.needs_key)
      throw Error(ErrorKind::config,
                  fmt::format("no key for {}: set the environment variable {} or pass "
                              "ModelConfig().api_key(…); for a server that needs none, any text",
                              row.name, row.key_variables[0]));
  }
  refuse_controls(endpoint.api_key, endpoint.key_name);
  if (!endpoint.api_key.empty()) endpoint.secrets.push_back(endpoint.api_key);
}

const std::string* given(const ModelConfig& config, std::string_view name) {
  const auto& values = config.option_values();
  const auto it = std::find_if(values.rbegin(), values.rend(),
                               [&](const auto& value) { return value.first == name; });
  return it == values.rend() ? nullptr : &it->second;
}

void take_option(Endpoint& endpoint, const ProviderRow& row, const ProviderOption& option,
                 const ModelConfig& config) {
  const std::string* passed = given(config, option.name);
  std::string value = passed ? *passed : first_set(option.variables);
  if (value.empty()) value = option.otherwise;
  if (value.empty() && option.required)
    throw Error(ErrorKind::config,
                fmt::format("no {} for {}: set the environment variable {} or pass "
                            "ModelConfig().option(\"{}\", …)",
                            option.name, row.name, option.variables[0], option.name));
  if (value.empty()) return;
  refuse_controls(value, option.name);
  if (option.secret) endpoint.secrets.push_back(value);
  endpoint.options.emplace_back(option.name, std::move(value));
}

void refuse_unknown_options(const ProviderRow& row, const ModelConfig& config) {
  std::vector<std::string_view> known;
  for (const ProviderOption& option : row.options)
    if (!option.name.empty()) known.push_back(option.name);
  for (const auto& [name, value] : config.option_values()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorKind::config,
                fmt::format("{} has no option '{}'; it has: {}", row.name, name.substr(0, 100),
                            known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
}

}  // namespace

Endpoint endpoint_of(const ProviderRow& row, std::string_view model, const ModelConfig& config) {
  refuse_controls(model, "the model's name");
  Endpoint endpoint;
  endpoint.provider = row.name;
  endpoint.base_url = base_url_of(row, config);
  refuse_unknown_options(row, config);
  for (const ProviderOption& option : row.options)
    if (!option.name.empty()) take_option(endpoint, row, option, config);
  take_key(endpoint, row, config);
  if (row.complete) row.complete(endpoint, model);
  check_base_url(endpoint, row);
  for (const auto& [name, value] : config.headers().fields()) endpoint.headers.add(name, value);
  return endpoint;
}

}  // namespace v0
}  // namespace lian
