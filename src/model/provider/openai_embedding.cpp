#include <simdjson.h>

#include <cmath>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/float_bytes.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

namespace od = simdjson::ondemand;
using Row = std::vector<float>;

std::string embeddings_body(const std::vector<std::string>& texts, const std::string& model,
                            int dimensions, const OpenAIDialect& dialect) {
  std::size_t bytes = 256;
  for (const std::string& text : texts) bytes += text.size() + text.size() / 16 + 8;
  std::string body;
  body.reserve(bytes);
  JsonWriter json(body);
  json.begin_object().key("model").string(model).key("input").begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
  if (dialect.embedding_format)
    json.key("encoding_format").string(dialect.base64_embeddings ? "base64" : "float");
  std::string_view width = "dimensions";
  for (const OpenAIDialect::Rename& rename : dialect.renames)
    if (rename.from == width) width = rename.to;
  if (dimensions > 0) json.key(width).integer(dimensions);
  json.end_object();
  return body;
}

void check_texts(const std::vector<std::string>& texts, std::size_t max_batch) {
  if (texts.empty() || texts.size() > max_batch) {
    refuse_request("input has " + std::to_string(texts.size()) + " texts but must have 1 to " +
                   std::to_string(max_batch));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string place = "input[" + std::to_string(i) + "]";
    if (texts[i].empty()) refuse_request(place + " is empty: leave out empty texts");
    check_request_utf8(texts[i], place);
  }
}

// Reads the rows of one reply into the places their `index` names.
class RowReader {
 public:
  RowReader(std::string_view json, const OpenAIDialect& dialect, std::size_t count)
      : json_(json), dialect_(dialect), rows_(count) {}

  std::vector<Row> read() {
    try {
      od::parser parser;
      od::document document =
          parser.iterate(json_.data(), json_.size(), json_.size() + simdjson::SIMDJSON_PADDING);
      read_top(document.get_object());
      const char* rest = nullptr;
      if (document.current_location().get(rest) == simdjson::SUCCESS) fail("text follows the JSON");
    } catch (const simdjson::simdjson_error& error) {
      fail(error.what());
    }
    check();
    return std::move(rows_);
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    if (is_openai_error(json_)) throw openai_error_in_reply(json_, dialect_);
    throw_not_json(dialect_.name, json_, 0, why);
  }

  void read_top(od::object top) {
    for (auto field : top) {
      const bool data = field.key().value() == "data";
      od::value value = field.value();
      if (!data) continue;
      for (auto item : value.get_array()) read_item(item.get_object());
    }
  }

  void read_item(od::object item) {
    std::uint64_t index = next_++;
    Row row;
    for (auto field : item) {
      const auto key = field.key().value();
      od::value value = field.value();
      if (key == "index") index = value.get_uint64();
      if (key == "embedding") row = read_row(value);
    }
    if (index >= rows_.size()) fail("a row's index is out of range");
    if (!rows_[index].empty()) fail("two rows have one index");
    if (row.empty()) fail("a row has no embedding");
    rows_[index] = std::move(row);
  }

  Row read_row(od::value value) {
    if (value.type() == od::json_type::string) return read_base64(value.get_string());
    Row row;
    row.reserve(width_);
    for (auto number : value.get_array()) {
      row.push_back(static_cast<float>(double(number.get_double())));
    }
    width_ = row.size();
    return row;
  }

  Row read_base64(std::string_view text) const {
    std::optional<Row> row = floats_of_base64(text);
    if (!row) fail("an embedding is not base64 of 32-bit floats");
    return std::move(*row);
  }

  void check() const {
    if (next_ != rows_.size()) {
      fail("it has " + std::to_string(next_) + " embeddings for " + std::to_string(rows_.size()) +
           " texts");
    }
    for (const Row& row : rows_) {
      if (row.size() != rows_.front().size()) fail("its embeddings differ in width");
      for (const float number : row) {
        if (!std::isfinite(number)) fail("an embedding holds a number that is not finite");
      }
    }
  }

  std::string_view json_;
  const OpenAIDialect& dialect_;
  std::vector<Row> rows_;
  std::size_t next_ = 0, width_ = 0;
};

}  // namespace

HttpRequest OpenAIEmbeddingCodec::encode(const EmbeddingRequest& request,
                                         const Endpoint& endpoint) const {
  const std::string& model = request.model;
  check_texts(request.texts, max_batch(model));
  if (model.empty()) refuse_request("no embedding model is named");
  check_request_utf8(model, "model");
  if (request.dimensions < 0) {
    refuse_request("dimensions is " + std::to_string(request.dimensions) +
                   " but must be at least 1, or 0 for the model's own");
  }
  return openai_post(endpoint, dialect_.embeddings_path,
                     embeddings_body(request.texts, model, request.dimensions, dialect_));
}

std::vector<std::vector<float>> OpenAIEmbeddingCodec::decode(const HttpReply& reply,
                                                             std::size_t count) const {
  if (reply.body.capacity() >= reply.body.size() + simdjson::SIMDJSON_PADDING) {
    return RowReader(reply.body, dialect_, count).read();
  }
  std::string padded;
  padded.reserve(reply.body.size() + simdjson::SIMDJSON_PADDING);
  padded = reply.body;
  return RowReader(padded, dialect_, count).read();
}

ApiError OpenAIEmbeddingCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint, dialect_);
}

}  // namespace v0
}  // namespace lian
