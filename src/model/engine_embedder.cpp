#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lian/core/when_all.hpp"
#include "model/exchange.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t embedding_requests_at_once = 4;
constexpr std::size_t embedding_request_bytes = std::size_t{256} << 10;

struct EncodeTexts {
  EncodeTexts(std::shared_ptr<const EmbeddingCodec> row_codec, std::shared_ptr<const Line> to,
              EmbeddingRequest texts)
      : codec(std::move(row_codec)), line(std::move(to)), request(std::move(texts)) {}
  HttpRequest operator()() const { return codec->encode(request, line->endpoint); }
  std::shared_ptr<const EmbeddingCodec> codec;
  std::shared_ptr<const Line> line;
  EmbeddingRequest request;
};

struct DecodeRows {
  using Result = std::vector<Embedding>;
  DecodeRows(std::shared_ptr<const EmbeddingCodec> row_codec, std::size_t row_count)
      : codec(std::move(row_codec)), count(row_count) {}
  Result operator()(const HttpReply& reply) const { return codec->decode(reply, count); }
  std::shared_ptr<const EmbeddingCodec> codec;
  std::size_t count;
};

class EngineEmbedder final : public Embedder {
 public:
  EngineEmbedder(std::shared_ptr<const Line> line, std::shared_ptr<const EmbeddingCodec> codec,
                 std::string model, int dimensions, std::size_t batch_size)
      : line_(std::move(line)),
        codec_(std::move(codec)),
        model_(std::move(model)),
        dimensions_(dimensions),
        batch_size_(batch_size > 0 ? std::min(batch_size, codec_->max_batch(model_))
                                   : codec_->max_batch(model_)) {}

  std::string name() const override {
    return fmt::format("{}:{}", line_->endpoint.provider, model_);
  }
  std::size_t dimensions() const noexcept override {
    return static_cast<std::size_t>(std::max(dimensions_, 0));
  }

  Task<std::vector<Embedding>> embed(std::vector<std::string> texts,
                                     Context context) const override {
    return embed_as(EmbeddingUse::document, std::move(texts), std::move(context));
  }
  Task<std::vector<Embedding>> embed_queries(std::vector<std::string> texts,
                                             Context context) const override {
    return embed_as(EmbeddingUse::query, std::move(texts), std::move(context));
  }

 private:
  Task<std::vector<Embedding>> embed_as(EmbeddingUse use, std::vector<std::string> texts,
                                        Context context) const {
    if (line_->timeout) context = context.with_timeout(*line_->timeout);
    ContextScope::Enter enter(context);
    ContextScope scope = co_await enter;
    refuse_empty(texts);
    Semaphore at_once(embedding_requests_at_once);
    std::vector<Task<std::vector<Embedding>>> tasks;
    for (std::vector<std::string>& batch : batches(std::move(texts)))
      tasks.push_back(embed_batch(use, std::move(batch), at_once, context));
    Task<std::vector<std::vector<Embedding>>> all = when_all(std::move(tasks));
    std::vector<std::vector<Embedding>> parts = co_await std::move(all);
    std::vector<Embedding> rows;
    for (auto& part : parts)
      for (Embedding& row : part) rows.push_back(std::move(row));
    co_return rows;
  }

  static void refuse_empty(const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (texts[i].empty())
        throw Error(ErrorKind::validation,
                    fmt::format("text {} of {} to embed is empty; leave it out", i + 1,
                                texts.size()));
  }

  std::vector<std::vector<std::string>> batches(std::vector<std::string> texts) const {
    std::vector<std::vector<std::string>> out;
    std::size_t bytes = 0;
    for (std::string& text : texts) {
      if (out.empty() || out.back().size() >= batch_size_ ||
          bytes + text.size() > embedding_request_bytes) {
        out.emplace_back();
        bytes = 0;
      }
      bytes += text.size();
      out.back().push_back(std::move(text));
    }
    return out;
  }

  Task<std::vector<Embedding>> embed_batch(EmbeddingUse use, std::vector<std::string> texts,
                                           Semaphore at_once, Context context) const {
    Semaphore::Acquire acquire = at_once.acquire();
    Semaphore::Permit permit = co_await acquire;
    Semaphore::Permit turn;
    if (line_->turns) {
      Semaphore::Acquire waiting = line_->turns->acquire();
      turn = co_await waiting;
    }
    EmbeddingRequest wanted;
    wanted.texts = std::move(texts);
    wanted.model = model_;
    wanted.dimensions = dimensions_;
    wanted.use = use;
    DecodeRows decode(codec_, wanted.texts.size());
    EncodeTexts encode(codec_, line_, std::move(wanted));
    const std::string step = name();
    Task<std::vector<Embedding>> exchanging =
        exchange(std::move(encode), line_, codec_, std::move(decode), step, model_,
                 std::move(context));
    co_return co_await std::move(exchanging);
  }

  std::shared_ptr<const Line> line_;
  std::shared_ptr<const EmbeddingCodec> codec_;
  std::string model_;
  int dimensions_;
  std::size_t batch_size_;
};

}  // namespace

std::shared_ptr<const Embedder> engine_embedder(std::shared_ptr<const Line> line,
                                                std::shared_ptr<const EmbeddingCodec> codec,
                                                std::string model, int dimensions,
                                                std::size_t batch_size) {
  return std::make_shared<EngineEmbedder>(std::move(line), std::move(codec), std::move(model),
                                          dimensions, batch_size);
}

}  // namespace v0
}  // namespace lian
