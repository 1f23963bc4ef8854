#include "lian/model/embedding_model.hpp"

#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {

Embedder::~Embedder() = default;

Task<std::vector<Embedding>> Embedder::embed_queries(std::vector<std::string> texts,
                                                     Context context) const {
  return embed(std::move(texts), std::move(context));
}

namespace {

Task<std::vector<Embedding>> embed_all(std::shared_ptr<const Embedder> embedder,
                                       std::vector<std::string> texts, EmbeddingUse use,
                                       Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  std::optional<Run> run;
  if (context.observed()) {
    std::vector<Value> list(texts.begin(), texts.end());
    run.emplace(context, StepKind::embedding, embedder->name(), Payload(Value(std::move(list))));
  }
  try {
    Task<std::vector<Embedding>> task =
        use == EmbeddingUse::query ? embedder->embed_queries(std::move(texts), std::move(context))
                                   : embedder->embed(std::move(texts), std::move(context));
    std::vector<Embedding> rows = co_await std::move(task);
    if (run) run->end(Payload(rows.size()));
    co_return rows;
  } catch (Error& error) {
    error.add_step(embedder->name());
    if (run) run->fail(std::current_exception());
    throw;
  }
}

Task<Embedding> embed_one(std::shared_ptr<const Embedder> embedder, std::string text,
                          Context context) {
  std::vector<std::string> texts;
  texts.push_back(std::move(text));
  Task<std::vector<Embedding>> task =
      embed_all(std::move(embedder), std::move(texts), EmbeddingUse::query, std::move(context));
  std::vector<Embedding> rows = co_await std::move(task);
  co_return std::move(rows.at(0));
}

}  // namespace

Task<std::vector<Embedding>> EmbeddingModel::aembed_documents(std::vector<std::string> texts,
                                                              Context context) const {
  return embed_all(embedder_, std::move(texts), EmbeddingUse::document, std::move(context));
}

Task<Embedding> EmbeddingModel::aembed_query(std::string text, Context context) const {
  return embed_one(embedder_, std::move(text), std::move(context));
}

std::vector<Embedding> EmbeddingModel::embed_documents(std::vector<std::string> texts,
                                                       Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(aembed_documents(std::move(texts), std::move(context)), runtime);
}

Embedding EmbeddingModel::embed_query(std::string text, Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(aembed_query(std::move(text), std::move(context)), runtime);
}

}  // namespace v0
}  // namespace lian
