#include <fmt/format.h>

#include "core/ascii.hpp"
#include "lian/core/error.hpp"
#include "model/provider.hpp"
#include "model/provider/baichuan.hpp"
#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

namespace {

// POST /v1/chat/completions; facts: the vendor's documentation (2023 to 2025) and
// langchain-community. What it does not list is not offered.
constexpr OpenAIDialect completions = [] {
  OpenAIDialect dialect;
  dialect.name = "baichuan";
  dialect.token_limit_field = "max_tokens";
  dialect.stream_usage = false;      // no stream_options; the last chunk has the usage unasked
  dialect.embedding_format = false;  // {"model","input"} alone
  dialect.developer_role = "system";
  dialect.tool_choice = false;
  ChatAbilities& can = dialect.abilities;
  can.tool_choice_required = can.tool_choice_named = can.tool_choice_none = false;
  can.parallel_tool_calls = can.images = can.audio = can.files = false;
  can.json_object = can.json_schema = can.reasoning_effort = false;
  can.seed = can.logprobs = can.logit_bias = can.user = false;
  can.presence_penalty = can.frequency_penalty = false;
  can.max_alternatives = 1;
  can.max_stop = 0;
  can.temperature = Range(0, 1);
  can.top_p = Range(0, 1, false, true);
  return dialect;
}();

// The models of 2023 know neither system messages nor tools.
bool is_second_generation(std::string_view model) {
  return ascii_lower(model).starts_with("baichuan2-");
}

class CompletionsCodec final : public OpenAIChatCodec {
 public:
  CompletionsCodec() : OpenAIChatCodec(completions) {}
  ChatAbilities abilities(std::string_view model) const override {
    ChatAbilities can = completions.abilities;
    can.tools = !is_second_generation(model);
    return can;
  }
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override {
    if (!is_second_generation(request.options.model()))
      return OpenAIChatCodec::encode(request, endpoint, warnings);
    ChatRequest folded = request;
    folded.messages = baichuan_fold_system(std::move(folded.messages), warnings);
    return OpenAIChatCodec::encode(folded, endpoint, warnings);
  }
};

// Baichuan-Text-Embedding: Chinese, 512 tokens a text, 1024 numbers.
class EmbeddingsCodec final : public OpenAIEmbeddingCodec {
 public:
  EmbeddingsCodec() : OpenAIEmbeddingCodec(completions) {}
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override {
    if (request.dimensions != 0)
      throw UnsupportedError("baichuan lets one choose no width of embeddings; nothing was sent",
                             "dimensions");
    HttpRequest post = OpenAIEmbeddingCodec::encode(request, endpoint);
    post.headers.set("accept-encoding", "identity");  // as langchain-community does (2024)
    return post;
  }
  std::size_t max_batch(std::string_view) const noexcept override { return 16; }
};

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  if (place.endpoint.option("api_version") == "legacy")
    return std::make_unique<BaichuanLegacyCodec>();
  return std::make_unique<CompletionsCodec>();
}

std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace&) {
  return std::make_unique<EmbeddingsCodec>();
}

void complete(Endpoint& endpoint, std::string_view model) {
  constexpr std::string_view chat_path = "/chat/completions";  // LangChain's variable has it
  if (endpoint.base_url.ends_with(chat_path))
    endpoint.base_url.resize(endpoint.base_url.size() - chat_path.size());
  const std::string& version = endpoint.option("api_version");
  if (!version.empty() && version != "legacy" && version != "completions")
    throw Error(ErrorKind::config,
                fmt::format("baichuan's api_version is '{}' but must be \"legacy\" or "
                            "\"completions\"",
                            version.substr(0, 100)));
  if (version.empty() && ascii_lower(model) == "baichuan2-53b")
    endpoint.options.emplace_back("api_version", "legacy");
  if (endpoint.option("api_version") == "legacy" && endpoint.option("secret_key").empty())
    throw Error(ErrorKind::config,
                fmt::format("no secret_key for baichuan: {} is called by the signed API. Set "
                            "BAICHUAN_SECRET_KEY or pass ModelConfig().secret_key(…), or choose "
                            "the other API by api_version(\"completions\")",
                            model.substr(0, 100)));
}

}  // namespace

// Baichuan2-53B is called by the signed API of 2023 (/chat, /stream/chat), which needs a secret
// key; every other name (Baichuan2-Turbo-192k, Baichuan4, …) by /chat/completions with the key
// alone. `api_version` "legacy" or "completions" decides otherwise. Vendor fields go in by `extra`:
// with_search_enhance, knowledge_base {"ids": […]}, top_k (0 to 20), tools of the types web_search
// and retrieval.
constinit const ProviderRow baichuan_provider = [] {
  ProviderRow row;
  row.name = "baichuan";
  row.title = "Baichuan";
  row.base_url = "https://api.baichuan-ai.com/v1";
  row.key_variables = {"BAICHUAN_API_KEY", "BAICHUAN_AUTH_TOKEN"};
  row.url_variables = {"BAICHUAN_API_BASE"};
  row.options[0] = {"secret_key", {"BAICHUAN_SECRET_KEY"}, false, true};
  row.options[1] = {"api_version", {}};
  row.example = "Baichuan4";
  row.embedding_example = "Baichuan-Text-Embedding";
  row.chat = &chat;
  row.embedding = &embedding;
  row.complete = &complete;
  row.dialect = &completions;
  return row;
}();

}  // namespace v0
}  // namespace lian
