#include "model/provider/vendors.hpp"

#include <algorithm>

#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

namespace {

// What most of them take: no field of OpenAI's platform, the older name of the token limit.
constexpr OpenAIDialect compatible(std::string_view name) {
  OpenAIDialect dialect;
  dialect.name = name;
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";
  dialect.base64_embeddings = false;
  dialect.abilities.audio = dialect.abilities.files = false;
  return dialect;
}

// As the vendor's API reference of 2026-08; it caches prompts by itself and tells the hits.
constexpr OpenAIDialect deepseek = [] {
  OpenAIDialect dialect = compatible("deepseek");
  ChatAbilities& can = dialect.abilities;
  can.images = can.json_schema = can.seed = can.logit_bias = can.user = false;
  can.parallel_tool_calls = can.reasoning_effort = false;
  can.max_alternatives = 1;
  can.max_stop = 16;
  dialect.accept_missing_done = true;
  return dialect;
}();

// Temperature ends at 1; usage may stand in the last choice.
constexpr OpenAIDialect moonshot = [] {
  OpenAIDialect dialect = compatible("moonshot");
  ChatAbilities& can = dialect.abilities;
  can.temperature = Range(0, 1);
  can.json_schema = can.seed = can.logit_bias = can.logprobs = can.user = false;
  can.tool_choice_required = can.tool_choice_named = false;
  can.parallel_tool_calls = can.reasoning_effort = false;
  can.max_alternatives = 5;
  can.max_stop = 5;
  return dialect;
}();

// https://platform.minimaxi.com: errors come with status 200 and a code of their own.
constexpr VendorCode minimax_codes[] = {
    {"1001", ErrorKind::timeout},
    {"1002", ErrorKind::rate_limited},
    {"1004", ErrorKind::authentication},
    {"1008", ErrorKind::quota},
    {"1013", ErrorKind::server},
    {"1026", ErrorKind::content_filter},
    {"1027", ErrorKind::content_filter},
    {"1039", ErrorKind::rate_limited},
    {"2013", ErrorKind::invalid_request},
};

constexpr OpenAIDialect minimax = [] {
  OpenAIDialect dialect = compatible("minimax");
  dialect.chat_path = "/text/chatcompletion_v2";
  dialect.codes = minimax_codes;
  dialect.accept_missing_done = true;
  ChatAbilities& can = dialect.abilities;
  can.temperature = Range(0, 1, true);
  can.top_p = Range(0, 1, true);
  can.json_object = can.seed = can.logit_bias = can.logprobs = can.user = false;
  can.tool_choice_required = can.tool_choice_named = can.parallel_tool_calls = false;
  can.presence_penalty = can.frequency_penalty = can.reasoning_effort = false;
  can.max_alternatives = 1;
  can.max_stop = 0;
  return dialect;
}();

// A router: what a model does not take, it leaves out or refuses itself.
constexpr OpenAIDialect openrouter = [] {
  OpenAIDialect dialect = compatible("openrouter");
  dialect.abilities.audio = dialect.abilities.files = true;
  dialect.reasoning_field = "reasoning";
  return dialect;
}();

// console.groq.com/docs/openai of 2026-08: these fields are answered with 400.
constexpr OpenAIDialect groq = [] {
  OpenAIDialect dialect = compatible("groq");
  dialect.token_limit_field = "max_completion_tokens";
  dialect.abilities.logprobs = dialect.abilities.logit_bias = false;
  dialect.abilities.max_alternatives = 1;
  return dialect;
}();

constexpr OpenAIDialect together = [] {
  OpenAIDialect dialect = compatible("together");
  dialect.abilities.parallel_tool_calls = dialect.abilities.user = false;
  return dialect;
}();

// Refuses fields it does not know; usage comes unasked; the seed has another name.
constexpr OpenAIDialect mistral = [] {
  OpenAIDialect dialect = compatible("mistral");
  dialect.required_word = "any";
  dialect.renames[0] = {"seed", "random_seed"};
  dialect.stream_usage = false;
  ChatAbilities& can = dialect.abilities;
  can.temperature = Range(0, 1.5);
  can.logprobs = can.logit_bias = can.user = can.reasoning_effort = false;
  return dialect;
}();

constexpr OpenAIDialect xai = [] {
  OpenAIDialect dialect = compatible("xai");
  dialect.abilities.logit_bias = false;
  return dialect;
}();

constexpr OpenAIDialect siliconflow = [] {
  OpenAIDialect dialect = compatible("siliconflow");
  ChatAbilities& can = dialect.abilities;
  can.json_schema = can.seed = can.logit_bias = can.logprobs = can.user = false;
  can.presence_penalty = can.parallel_tool_calls = can.reasoning_effort = false;
  return dialect;
}();

constexpr ProviderRow vendor(const OpenAIDialect& dialect, std::string_view title,
                             std::string_view base_url, std::string_view key_variable,
                             std::string_view example) {
  ProviderRow row;
  row.name = dialect.name;
  row.title = title;
  row.base_url = base_url;
  row.key_variables[0] = key_variable;
  row.example = example;
  row.chat = &openai_chat;
  row.models = &openai_models;
  row.dialect = &dialect;
  return row;
}

constexpr ProviderRow with_embeddings(ProviderRow row, std::string_view example) {
  row.embedding = &openai_embedding;
  row.embedding_example = example;
  return row;
}

constexpr ProviderRow with_alias(ProviderRow row, std::string_view alias) {
  row.aliases[0] = alias;
  return row;
}

constexpr ProviderRow without_list(ProviderRow row) {
  row.models = nullptr;
  return row;
}

}  // namespace

constinit const std::array<ProviderRow, 9> vendor_providers = {
    vendor(deepseek, "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY",
           "deepseek-chat"),
    with_alias(vendor(moonshot, "Moonshot (Kimi)", "https://api.moonshot.cn/v1",
                      "MOONSHOT_API_KEY", "moonshot-v1-8k"),
               "kimi"),
    without_list(vendor(minimax, "MiniMax", "https://api.minimax.chat/v1", "MINIMAX_API_KEY",
                        "MiniMax-Text-01")),
    vendor(openrouter, "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY",
           "openai/gpt-4o-mini"),
    vendor(groq, "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY",
           "llama-3.3-70b-versatile"),
    with_embeddings(vendor(together, "Together AI", "https://api.together.xyz/v1",
                           "TOGETHER_API_KEY", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
                    "BAAI/bge-large-en-v1.5"),
    with_embeddings(vendor(mistral, "Mistral AI", "https://api.mistral.ai/v1", "MISTRAL_API_KEY",
                           "mistral-small-latest"),
                    "mistral-embed"),
    with_alias(vendor(xai, "xAI", "https://api.x.ai/v1", "XAI_API_KEY", "grok-3-mini"), "grok"),
    with_embeddings(vendor(siliconflow, "SiliconFlow", "https://api.siliconflow.cn/v1",
                           "SILICONFLOW_API_KEY", "Qwen/Qwen2.5-7B-Instruct"),
                    "BAAI/bge-m3"),
};

}  // namespace v0
}  // namespace lian
