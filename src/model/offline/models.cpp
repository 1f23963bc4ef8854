#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/offload.hpp"
#include "model/offline/offline.hpp"
#include "model/provider.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view provider_name = "offline";
constexpr std::size_t texts_worth_a_thread = 16;

class OfflineChat final : public ChatStep {
 public:
  std::string name() const override { return std::string(offline_chat_name); }
  bool streams() const noexcept override { return true; }
  std::shared_ptr<const ChatStep> with_options(const ChatOptions& options) const override {
    if (!options.tools().empty())
      throw UnsupportedError("the offline model calls no tools; use a model of a provider",
                             "tools");
    return std::make_shared<OfflineChat>();
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    context.check();
    AIMessage message = offline_answer(in.messages);
    message.provider = provider_name;
    message.model = offline_chat_name;
    co_return message;
  }

  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    Task<AIMessage> answering = run(std::move(input), context);
    const AIMessage message = co_await std::move(answering);
    const std::string text = message.text();
    ChatPiece piece;
    for (const std::string_view part : offline_answer_pieces(text)) {
      context.check();
      piece.clear();
      piece.text = part;
      co_yield piece;
    }
    AIMessage rest = message;
    rest.parts.clear();
    piece = to_piece(std::move(rest));
    co_yield piece;
  }
};

class OfflineEmbedder final : public Embedder {
 public:
  std::string name() const override { return std::string(offline_embedding_name); }
  std::size_t dimensions() const noexcept override { return offline_embedding_dimension; }

  Task<std::vector<Embedding>> embed(std::vector<std::string> texts,
                                     Context context) const override {
    context.check();
    if (texts.size() < texts_worth_a_thread) co_return embed_now(texts);
    EmbedWork work(std::move(texts));
    Task<std::vector<Embedding>> working = offload(std::move(work));
    co_return co_await std::move(working);
  }

 private:
  static std::vector<Embedding> embed_now(const std::vector<std::string>& texts) {
    std::vector<Embedding> rows;
    rows.reserve(texts.size());
    for (const std::string& text : texts) rows.push_back(offline_embedding(text));
    return rows;
  }
  struct EmbedWork {
    explicit EmbedWork(std::vector<std::string> work_texts) : texts(std::move(work_texts)) {}
    std::vector<Embedding> operator()() const { return embed_now(texts); }
    std::vector<std::string> texts;
  };
};

void refuse_model_name(std::string_view model) {
  if (!model.empty())
    throw Error(ErrorKind::config, "the provider offline has one model; write \"offline\" alone");
}

ChatModel offline_chat(std::string_view model) {
  refuse_model_name(model);
  return ChatModel(std::make_shared<OfflineChat>());
}

EmbeddingModel offline_embeddings(std::string_view model) {
  refuse_model_name(model);
  return EmbeddingModel(std::make_shared<OfflineEmbedder>());
}

}  // namespace

constinit const ProviderRow offline_provider = [] {
  ProviderRow row;
  row.name = provider_name;
  row.title = "lian's own, without a network";
  row.needs_key = false;
  row.local_chat = &offline_chat;
  row.local_embedding = &offline_embeddings;
  return row;
}();

}  // namespace v0
}  // namespace lian
