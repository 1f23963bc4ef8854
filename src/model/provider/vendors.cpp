#include "model/provider/vendors.hpp"

#include <algorithm>

#include "model/provider/minimax.hpp"
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

// As the vendor's API reference of 2026; it caches prompts by itself and tells the hits. Past
// reasoning is refused by the older models and wanted by the newer beside calls of tools.
constexpr VendorCode deepseek_phrases[] = {
    {"model not exist", ErrorKind::not_found},
    {"content exists risk", ErrorKind::content_filter},
};
constexpr FinishWord deepseek_finishes[] = {
    {"insufficient_system_resource", FinishReason::other, true},
};

constexpr OpenAIDialect deepseek = [] {
  OpenAIDialect dialect = compatible("deepseek");
  ChatAbilities& can = dialect.abilities;
  can.images = can.json_schema = can.seed = can.logit_bias = can.user = false;
  can.parallel_tool_calls = false;
  can.max_alternatives = 1;
  can.max_stop = 16;
  dialect.reasoning_field = "reasoning_content";
  dialect.reasoning_with_calls = true;
  dialect.phrases = deepseek_phrases;
  dialect.finish_words = deepseek_finishes;
  dialect.accept_missing_done = true;
  return dialect;
}();

// Temperature ends at 1; usage may stand in the last choice. Kimi's thinking models want their
// reasoning back beside calls of tools.
constexpr VendorCode moonshot_phrases[] = {
    {"exceeded model token limit", ErrorKind::context_length},
    {"input token length too long", ErrorKind::context_length},
};

constexpr OpenAIDialect moonshot = [] {
  OpenAIDialect dialect = compatible("moonshot");
  ChatAbilities& can = dialect.abilities;
  can.temperature = Range(0, 1);
  can.seed = can.logit_bias = can.user = can.parallel_tool_calls = false;
  can.max_alternatives = 5;
  can.max_stop = 5;
  dialect.reasoning_field = "reasoning_content";
  dialect.reasoning_with_calls = true;
  dialect.phrases = moonshot_phrases;
  return dialect;
}();

// https://platform.minimaxi.com: errors come with status 200 and a code of their own.
constexpr VendorCode minimax_codes[] = {
    {"1000", ErrorKind::server},          {"1001", ErrorKind::timeout},
    {"1002", ErrorKind::rate_limited},    {"1004", ErrorKind::authentication},
    {"1008", ErrorKind::quota},           {"1013", ErrorKind::server},
    {"1024", ErrorKind::server},          {"1026", ErrorKind::content_filter},
    {"1027", ErrorKind::content_filter},  {"1033", ErrorKind::server},
    {"1039", ErrorKind::rate_limited},    {"1041", ErrorKind::rate_limited},
    {"2013", ErrorKind::invalid_request}, {"2049", ErrorKind::authentication},
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
constexpr FinishWord openrouter_finishes[] = {{"error", FinishReason::other, true}};

constexpr OpenAIDialect openrouter = [] {
  OpenAIDialect dialect = compatible("openrouter");
  dialect.abilities.audio = dialect.abilities.files = true;
  dialect.abilities.max_alternatives = 1;
  dialect.reasoning_field = "reasoning";
  dialect.finish_words = openrouter_finishes;
  return dialect;
}();

// As groq-sdk 1.6 (2026-11) has it: these fields are not supported or answered with 400.
constexpr VendorCode groq_codes[] = {
    {"blocked_api_access", ErrorKind::quota},
    {"capacity_exceeded", ErrorKind::overloaded},
};

constexpr OpenAIDialect groq = [] {
  OpenAIDialect dialect = compatible("groq");
  dialect.token_limit_field = "max_completion_tokens";
  dialect.stream_usage = false;  // it comes unasked, in x_groq
  dialect.codes = groq_codes;
  ChatAbilities& can = dialect.abilities;
  can.logprobs = can.logit_bias = can.presence_penalty = can.frequency_penalty = false;
  can.max_alternatives = 1;
  return dialect;
}();

// As together-ai 0.52 (2026-11) has it: usage comes unasked in the last chunk; logprobs are a
// number there, and come back in a form of their own.
constexpr VendorCode together_codes[] = {{"model_not_available", ErrorKind::not_found}};
constexpr VendorCode together_phrases[] = {
    {"context length of the model", ErrorKind::context_length},
    {"max_new_tokens must be <=", ErrorKind::context_length},
};
constexpr FinishWord together_finishes[] = {{"eos", FinishReason::stop}};

constexpr OpenAIDialect together = [] {
  OpenAIDialect dialect = compatible("together");
  dialect.stream_usage = false;
  dialect.embedding_format = false;  // numbers alone
  dialect.codes = together_codes;
  dialect.phrases = together_phrases;
  dialect.finish_words = together_finishes;
  ChatAbilities& can = dialect.abilities;
  can.parallel_tool_calls = can.user = can.logprobs = false;
  return dialect;
}();

// Refuses fields it does not know; usage comes unasked; the seed has another name. As
// @mistralai/mistralai 2.7 (2026-11) has it.
constexpr VendorCode mistral_codes[] = {
    {"1500", ErrorKind::not_found},       // invalid model
    {"3051", ErrorKind::context_length},  // prompt too large
    {"3505", ErrorKind::overloaded},      // capacity of the service tier
};
constexpr FinishWord mistral_finishes[] = {
    {"model_length", FinishReason::length},
    {"error", FinishReason::other, true},
};

constexpr OpenAIDialect mistral = [] {
  OpenAIDialect dialect = compatible("mistral");
  dialect.required_word = "any";
  dialect.renames[0] = {"seed", "random_seed"};
  dialect.renames[1] = {"dimensions", "output_dimension"};
  dialect.call_id_letters = 9;
  dialect.stream_usage = false;
  dialect.codes = mistral_codes;
  dialect.finish_words = mistral_finishes;
  ChatAbilities& can = dialect.abilities;
  can.temperature = Range(0, 1.5);
  can.logprobs = can.logit_bias = can.user = false;
  return dialect;
}();

// docs.x.ai (2026): errors are a sentence beside a sentence; a call of tools may end with "".
constexpr std::string_view xai_reasoning[] = {"grok-3-mini", "grok-4", "grok-code"};
constexpr VendorCode xai_phrases[] = {
    {"incorrect api key", ErrorKind::authentication},
    {"used all available credits", ErrorKind::quota},
    {"monthly spending limit", ErrorKind::quota},
    {"maximum prompt length", ErrorKind::context_length},
    {"content violates usage guidelines", ErrorKind::content_filter},
};

constexpr OpenAIDialect xai = [] {
  OpenAIDialect dialect = compatible("xai");
  dialect.abilities.logit_bias = false;
  dialect.reasoning_models = xai_reasoning;
  dialect.reasoning_apart = true;
  dialect.accept_missing_finish = true;
  dialect.phrases = xai_phrases;
  return dialect;
}();

// https://docs.siliconflow.cn (2026): errors are {"code", "message", "data"}.
constexpr VendorCode siliconflow_codes[] = {
    {"20012", ErrorKind::not_found},
    {"30001", ErrorKind::quota},
    {"50505", ErrorKind::overloaded},
    {"50603", ErrorKind::overloaded},
};
constexpr VendorCode siliconflow_phrases[] = {
    {"must be less than max_seq_len", ErrorKind::context_length},
};

constexpr FinishWord siliconflow_finishes[] = {{"eos", FinishReason::stop}};

constexpr OpenAIDialect siliconflow = [] {
  OpenAIDialect dialect = compatible("siliconflow");
  dialect.finish_words = siliconflow_finishes;
  dialect.codes = siliconflow_codes;
  dialect.phrases = siliconflow_phrases;
  ChatAbilities& can = dialect.abilities;
  can.json_schema = can.seed = can.logit_bias = can.logprobs = can.user = false;
  can.presence_penalty = can.parallel_tool_calls = false;
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

// MiniMax has embeddings of its own form, and an account's group in their address.
constexpr ProviderRow with_minimax_embeddings(ProviderRow row) {
  row.embedding = &minimax_embedding;
  row.embedding_example = "embo-01";
  row.options[0] = {"group_id", {"MINIMAX_GROUP_ID"}};
  row.url_variables[0] = "MINIMAX_API_HOST";
  row.complete = [](Endpoint& endpoint, std::string_view) {  // the variable names a host alone
    const std::string& url = endpoint.base_url;
    const std::size_t host = url.find("://");
    if (host != url.npos && url.find('/', host + 3) == url.npos) endpoint.base_url += "/v1";
  };
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

const OpenAIDialect& minimax_dialect() noexcept { return minimax; }

constinit const std::array<ProviderRow, 9> vendor_providers = {
    vendor(deepseek, "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY",
           "deepseek-chat"),
    with_alias(vendor(moonshot, "Moonshot (Kimi)", "https://api.moonshot.cn/v1", "MOONSHOT_API_KEY",
                      "moonshot-v1-8k"),
               "kimi"),
    with_minimax_embeddings(without_list(vendor(minimax, "MiniMax", "https://api.minimax.chat/v1",
                                                "MINIMAX_API_KEY", "MiniMax-Text-01"))),
    with_embeddings(vendor(openrouter, "OpenRouter", "https://openrouter.ai/api/v1",
                           "OPENROUTER_API_KEY", "openai/gpt-4o-mini"),
                    "openai/text-embedding-3-small"),
    with_embeddings(vendor(groq, "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY",
                           "llama-3.3-70b-versatile"),
                    "nomic-embed-text-v1_5"),
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
