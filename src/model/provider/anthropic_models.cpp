#include <string>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/anthropic_content.hpp"
#include "model/provider/anthropic_error.hpp"
#include "model/provider/json_text.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::int64_t count_or_none(const Json& value) { return value.is_integer() ? value.as_int() : 0; }

ModelInfo model_of(const Json& entry) {
  ModelInfo model;
  model.id = string_or_empty(entry["id"]);
  model.title = string_or_empty(entry["display_name"]);
  model.input_tokens = count_or_none(entry["max_input_tokens"]);
  model.output_tokens = count_or_none(entry["max_tokens"]);
  model.raw = entry;
  return model;
}

}  // namespace

HttpRequest AnthropicModelListCodec::encode(const Endpoint& endpoint,
                                            const std::string& page) const {
  std::string path = "/models?limit=1000";
  if (!page.empty()) path += "&after_id=" + percent_encode(page);
  HttpRequest request = anthropic_request(endpoint, path, version_);
  request.method = "GET";
  return request;
}

ModelListCodec::Page AnthropicModelListCodec::decode(const HttpReply& reply) const {
  const Json body = parse_anthropic(utf8::repair(reply.body));
  if (is_anthropic_error(body)) throw anthropic_error_in_reply(body.dump());
  if (!body["data"].is_array()) throw_not_json(anthropic_name, reply.body, 0, "it lists no models");
  Page page;
  for (const Json& entry : body["data"].items()) {
    page.models.push_back(model_of(entry));
    if (page.models.back().id.empty())
      throw_not_json(anthropic_name, reply.body, 0, "a model has no id");
  }
  const Json more = body["has_more"];
  if (more.is_bool() && more.as_bool()) page.next = string_or_empty(body["last_id"]);
  return page;
}

ApiError AnthropicModelListCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return anthropic_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
