#include <algorithm>
#include <array>
#include <span>

#include "core/ascii.hpp"
#include "model/provider/ernie.hpp"

namespace lian {
inline namespace v0 {

namespace {

struct Model {
  std::string_view name;  // lower case
  std::string_view path;
};

// Names whose path is not the name itself in lower case (Qianfan's list of models, 2023 to 2024).
constexpr std::array ernie_models = std::to_array<Model>({
    {"ernie-bot-4", "completions_pro"},
    {"ernie-4.0", "completions_pro"},
    {"ernie-4.0-8k", "completions_pro"},
    {"ernie-4.0-8k-preview-0518", "completions_adv_pro"},
    {"ernie-bot", "completions"},
    {"ernie-3.5-8k", "completions"},
    {"ernie-bot-turbo", "eb-instant"},
    {"ernie-lite-8k-0922", "eb-instant"},
    {"ernie-bot-8k", "ernie_bot_8k"},
    {"ernie-speed", "ernie_speed"},
    {"ernie-speed-8k", "ernie_speed"},
    {"ernie-lite-8k-0308", "ernie-lite-8k"},
    {"ernie-character-8k", "ernie-char-8k"},
    {"ernie-function-8k", "ernie-func-8k"},
    {"ernie-character-fiction-8k", "ernie-char-fiction-8k"},
    {"ernie speed-appbuilder", "ai_apaas"},
    {"ernie-lite-appbuilder-8k-0614", "ai_apaas_lite"},
});

constexpr std::array foreign_models = std::to_array<Model>({
    {"bloomz-7b", "bloomz_7b1"},
    {"llama-2-7b-chat", "llama_2_7b"},
    {"llama-2-13b-chat", "llama_2_13b"},
    {"llama-2-70b-chat", "llama_2_70b"},
    {"chatglm2-6b-32k", "chatglm2_6b_32k"},
    {"yi-34b-chat", "yi_34b_chat"},
    {"mixtral-8x7b-instruct", "mixtral_8x7b_instruct"},
    {"meta-llama-3-8b", "llama_3_8b"},
    {"meta-llama-3-70b", "llama_3_70b"},
    {"gemma-7b-it", "gemma_7b_it"},
    {"aquilachat-7b", "aquilachat_7b"},
    {"xuanyuan-70b-chat-4bit", "xuanyuan_70b_chat"},
    {"qianfan-chinese-llama-2-7b", "qianfan_chinese_llama_2_7b"},
    {"qianfan-chinese-llama-2-13b", "qianfan_chinese_llama_2_13b"},
    {"qianfan-chinese-llama-2-70b", "qianfan_chinese_llama_2_70b"},
    {"qianfan-bloomz-7b-compressed", "qianfan_bloomz_7b_compressed"},
});

constexpr std::array text_models = std::to_array<Model>({
    {"sqlcoder-7b", "sqlcoder_7b"},
    {"codellama-7b-instruct", "codellama_7b_instruct"},
});

constexpr std::array embedding_models = std::to_array<Model>({
    {"bge-large-zh", "bge_large_zh"},
    {"bge-large-en", "bge_large_en"},
    {"tao-8k", "tao_8k"},
});

const Model* find(std::span<const Model> models, std::string_view lower) {
  const auto it = std::find_if(models.begin(), models.end(),
                               [lower](const Model& model) { return model.name == lower; });
  return it == models.end() ? nullptr : &*it;
}

std::string path_in(std::span<const Model> models, const std::string& lower) {
  const Model* model = find(models, lower);
  return model ? std::string(model->path) : lower;
}

}  // namespace

std::string ernie_chat_path(std::string_view model) {
  const std::string lower = ascii_lower(model);
  const Model* foreign = find(foreign_models, lower);
  return foreign ? std::string(foreign->path) : path_in(ernie_models, lower);
}

std::string ernie_text_path(std::string_view model) {
  return path_in(text_models, ascii_lower(model));
}

std::string ernie_embedding_path(std::string_view model) {
  return path_in(embedding_models, ascii_lower(model));
}

bool ernie_is_foreign(std::string_view model) {
  return find(foreign_models, ascii_lower(model)) != nullptr;
}

bool ernie_takes_tools_field(std::string_view model) {
  const std::string lower = ascii_lower(model);
  const bool small = lower.starts_with("ernie") && (lower.find("speed") != std::string::npos ||
                                                    lower.find("lite") != std::string::npos);
  return small || find(foreign_models, lower) != nullptr;
}

}  // namespace v0
}  // namespace lian
