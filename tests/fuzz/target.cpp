#include "fuzz/target.hpp"

#include <algorithm>
#include <array>

#include "lian/core/json.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/vendors.hpp"

namespace lian::fuzz {

namespace {

const ProviderRow* vendor(std::string_view name) {
  for (const ProviderRow& row : vendor_providers)
    if (row.name == name) return &row;
  throw std::invalid_argument("no vendor " + std::string(name));
}

// The words of a text that blanks separate.
template <class F>
void words(std::string_view text, F&& f) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const std::size_t equals = word.find('=');
    f(word.substr(0, equals), word.substr(equals + 1));
  }
}

}  // namespace

std::span<const Target> targets() {
  static const std::array all = std::to_array<Target>({
#define LIAN_FUZZ(name, kind, row, model, settings, seeds, end) \
  {#name, Kind::kind, row, model, settings, seeds, end},
#include "fuzz/targets.def"
#undef LIAN_FUZZ
  });
  return all;
}

const Target& target(std::string_view name) {
  for (const Target& each : targets())
    if (each.name == name) return each;
  throw std::invalid_argument("targets.def has no " + std::string(name));
}

Endpoint endpoint(const Target& target) {
  ModelConfig config;
  config.api_key("key.secret");
  config.base_url(std::string(target.row->base_url));
  if (target.row->base_url.empty()) config.base_url("https://provider.example");
  words(target.settings, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with('+')) config.option(std::string(name), std::string(value));
  });
  return endpoint_of(*target.row, target.model, config);
}

ChatRequest request(const Target& target) {
  ChatRequest request;
  request.options.model(std::string(target.model)).lenient(true);
  words(target.settings, [&](std::string_view name, std::string_view value) {
    if (name.starts_with('+')) request.options.extra(name.substr(1), Json::parse(value));
  });
  return request;
}

Input::Input(std::string_view input) {
  if (input.size() < head_bytes) return;
  mode = static_cast<Mode>(static_cast<unsigned char>(input[0] - '0') % 5);
  flags = static_cast<unsigned char>(input[1] - '0') % 8;
  lengths = input.substr(2, 4);
  body = input.substr(head_bytes);
}

std::vector<std::string_view> Input::chunks() const {
  std::vector<std::string_view> out;
  std::string_view rest = body;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::size_t length = static_cast<unsigned char>(lengths[i % lengths.size()]);
    out.push_back(rest.substr(0, length == 0 ? rest.size() : length));
    rest.remove_prefix(out.back().size());
  }
  return out;
}

void require(bool holds, std::string_view what) {
  if (!holds) throw Finding(std::string(what));
}

void require_utf8(std::string_view text, std::string_view what) {
  require(utf8::is_valid(text), std::string(what) + " is not UTF-8");
}

void touch_padding(std::string_view text) {
  if (text.empty()) return;
  const volatile char* end = text.data() + text.size();
  for (std::size_t i = 0; i < 64; ++i) static_cast<void>(end[i]);
}

void check(const Target& target, std::string_view bytes) {
  const Input input(bytes);
  switch (target.kind) {
    case Kind::chat:
    case Kind::text:
      return check_chat(target, input);
    case Kind::embeddings:
      return check_embeddings(target, input);
    case Kind::models:
      return check_models(target, input);
    case Kind::sse:
      return check_sse(input);
    case Kind::ndjson:
      return check_ndjson(input);
    case Kind::json_array:
      return check_json_array(input);
    case Kind::json_reader:
      return check_json_reader(input);
    case Kind::websocket_frames:
      return check_websocket_frames(input);
    case Kind::tool_arguments:
      return check_tool_arguments(input);
    case Kind::mcp:
      return check_mcp(input);
  }
}

}  // namespace lian::fuzz
