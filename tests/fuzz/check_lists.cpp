// What must hold for embeddings and lists of models.
#include <memory>

#include "fuzz/target.hpp"

namespace lian::fuzz {

namespace {

HttpReply reply_of(const Input& input) {
  HttpReply reply;
  reply.status = input.mode == Mode::error ? 400 : 200;
  reply.body = input.body;
  return reply;
}

void check_error(const Codec& codec, const HttpReply& reply, const Endpoint& endpoint) {
  const ApiError error = codec.classify(reply, endpoint);
  require_utf8(error.what(), "the text of an error");
  require_utf8(error.body, "the body of an error");
}

}  // namespace

void check_embeddings(const Target& target, const Input& input) {
  const Endpoint where = endpoint(target);
  const auto codec = target.row->embedding(ModelPlace(*target.row, target.model, where));
  const HttpReply reply = reply_of(input);
  if (input.mode == Mode::error) return check_error(*codec, reply, where);
  const std::size_t count = 1 + input.flags;
  std::vector<std::vector<float>> rows;
  if (ending_of([&] { rows = codec->decode(reply, count); }).failed) return;
  require(rows.size() == count, "another number of embeddings than was asked for");
  for (const std::vector<float>& row : rows)
    require(!row.empty() && row.size() == rows[0].size(), "embeddings of different widths");
}

void check_models(const Target& target, const Input& input) {
  const Endpoint where = endpoint(target);
  const auto codec = target.row->models(ModelPlace(*target.row, target.model, where));
  const HttpReply reply = reply_of(input);
  if (input.mode == Mode::error) return check_error(*codec, reply, where);
  ModelListCodec::Page page;
  if (ending_of([&] { page = codec->decode(reply); }).failed) return;
  for (const ModelInfo& model : page.models) {
    require_utf8(model.id, "a model's name");
    require(!model.id.empty(), "a model without a name");
  }
  if (page.next.empty()) return;
  static_cast<void>(ending_of([&] {
    const HttpRequest next = codec->encode(where, page.next);
    require(next.url.find_first_of(" \r\n") == next.url.npos, "a page's address holds blanks");
  }));
}

}  // namespace lian::fuzz
