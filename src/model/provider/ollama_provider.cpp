#include <string>
#include <string_view>

#include "core/ascii.hpp"
#include "model/provider.hpp"
#include "model/provider/ollama.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view default_port = "11434";

std::string_view trimmed(std::string_view text, std::string_view characters) {
  const std::size_t first = text.find_first_not_of(characters);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(characters) - first + 1);
}

// A host and its port; an IPv6 address may lack its brackets when no port follows it.
struct Authority {
  explicit Authority(std::string_view text) {
    const bool bracketed = text.starts_with('[');
    const std::size_t close = bracketed ? text.find(']') : text.npos;
    const std::size_t colon = text.rfind(':');
    const bool bare_ipv6 = !bracketed && colon != text.npos && text.find(':') != colon;
    const bool has_port = colon != text.npos && !bare_ipv6 && (!bracketed || colon > close);
    host = has_port ? text.substr(0, colon) : text;
    if (has_port) port = text.substr(colon + 1);
    if (bare_ipv6) host = "[" + host + "]";
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "[::]" || host == "[::0]" || host == "[0:0:0:0:0:0:0:0]") host = "[::1]";
  }
  std::string host, port;
};

std::unique_ptr<const ChatCodec> chat(const ModelPlace&) {
  return std::make_unique<OllamaChatCodec>(OllamaChatCodec::Api::chat);
}
std::unique_ptr<const ChatCodec> generate(const ModelPlace&) {
  return std::make_unique<OllamaChatCodec>(OllamaChatCodec::Api::generate);
}
std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace&) {
  return std::make_unique<OllamaEmbeddingCodec>();
}
std::unique_ptr<const ModelListCodec> models(const ModelPlace&) {
  return std::make_unique<OllamaModelListCodec>();
}

void complete(Endpoint& endpoint, std::string_view) {
  endpoint.base_url = ollama_base_url(endpoint.base_url);
}

}  // namespace

std::string ollama_base_url(std::string_view text) {
  text = trimmed(text, " \t\r\n\"'");
  const std::size_t sign = text.find("://");
  std::string scheme = ascii_lower(text.substr(0, sign == text.npos ? 0 : sign));
  if (sign != text.npos) text.remove_prefix(sign + 3);
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view path = trimmed(text.substr(slash), "/");
  Authority authority(text.substr(0, slash));
  if (scheme.empty()) {
    const bool cloud = authority.host == "ollama.com";
    scheme = cloud ? "https" : "http";
    if (authority.port.empty() && !cloud) authority.port = default_port;
  }
  if (path == "api" || path.ends_with("/api")) path = trimmed(path.substr(0, path.size() - 3), "/");
  std::string url = scheme + "://" + authority.host;
  if (!authority.port.empty()) url += ":" + authority.port;
  if (!path.empty()) url.append("/").append(path);
  return url;
}

constinit const ProviderRow ollama_provider = [] {
  ProviderRow row;
  row.name = "ollama";
  row.title = "Ollama";
  row.aliases = {"llama"};
  row.base_url = "http://127.0.0.1:11434";
  row.key_variables = {"OLLAMA_API_KEY"};  // for ollama.com; a server of one's own takes none
  row.url_variables = {"OLLAMA_HOST"};
  row.needs_key = false;
  row.example = "llama3.2";
  row.embedding_example = "nomic-embed-text";
  row.chat = &chat;
  row.text = &generate;
  row.embedding = &embedding;
  row.models = &models;
  row.complete = &complete;
  return row;
}();

}  // namespace v0
}  // namespace lian
