#include <utility>

#include <fmt/format.h>

#include "model/exchange.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr int max_pages = 1000;

struct EncodePage {
  EncodePage(std::shared_ptr<const ModelListCodec> list_codec, std::shared_ptr<const Line> to,
             std::string name)
      : codec(std::move(list_codec)), line(std::move(to)), page(std::move(name)) {}
  HttpRequest operator()() const { return codec->encode(line->endpoint, page); }
  std::shared_ptr<const ModelListCodec> codec;
  std::shared_ptr<const Line> line;
  std::string page;
};

struct DecodePage {
  using Result = ModelListCodec::Page;
  explicit DecodePage(std::shared_ptr<const ModelListCodec> list_codec)
      : codec(std::move(list_codec)) {}
  Result operator()(const HttpReply& reply) const { return codec->decode(reply); }
  std::shared_ptr<const ModelListCodec> codec;
};

}  // namespace

Task<std::vector<ModelInfo>> engine_models(std::shared_ptr<const Line> line,
                                           std::shared_ptr<const ModelListCodec> codec,
                                           Context context) {
  if (line->timeout) context = context.with_timeout(*line->timeout);
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  const std::string step = fmt::format("{}:models", line->endpoint.provider);
  std::vector<ModelInfo> models;
  std::string next;
  for (int page = 0; page < max_pages; ++page) {
    EncodePage encode(codec, line, std::move(next));
    DecodePage decode(codec);
    Task<ModelListCodec::Page> exchanging = exchange(std::move(encode), line, codec,
                                                     std::move(decode), step, {}, context);
    ModelListCodec::Page got = co_await std::move(exchanging);
    for (ModelInfo& model : got.models) models.push_back(std::move(model));
    if (got.next.empty()) co_return models;
    next = std::move(got.next);
  }
  throw LimitError(fmt::format("{} lists its models on more than {} pages", step, max_pages),
                   "pages", max_pages);
}

}  // namespace v0
}  // namespace lian
