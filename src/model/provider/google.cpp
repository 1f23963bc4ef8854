#include "model/provider/google.hpp"

#include <utility>

#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/google_error.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_messages.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::string encoded_segment(std::string_view segment, std::string_view what) {
  if (segment.empty() || segment == "." || segment == "..")
    refuse_request("the name of the " + std::string(what) + " has an empty, '.' or '..' segment");
  return percent_encode(segment);
}

std::string encoded_path(std::string_view path) {
  std::string out;
  while (true) {
    const std::size_t slash = path.find('/');
    out += encoded_segment(path.substr(0, slash), "model");
    if (slash == path.npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

// "v1", "v1beta2", "v1alpha".
bool is_version(std::string_view segment) {
  return segment.size() > 1 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9';
}

void authorize(HttpRequest& request, const Endpoint& endpoint) {
  if (endpoint.api_key.empty()) return;
  if (on_vertex(endpoint))
    request.headers.add("authorization", "Bearer " + endpoint.api_key);
  else
    request.headers.add("x-goog-api-key", endpoint.api_key);
}

}  // namespace

bool on_vertex(const Endpoint& endpoint) noexcept { return !endpoint.option("project").empty(); }

std::string google_model_name(std::string_view model) {
  const bool is_path = model.find('/') != model.npos;
  return (is_path ? "" : "models/") + std::string(model);
}

std::string google_model_path(const Endpoint& endpoint, std::string_view model) {
  if (!on_vertex(endpoint)) return encoded_path(google_model_name(model));
  if (model.starts_with("projects/")) return encoded_path(model);
  const bool is_path = model.find('/') != model.npos;
  return "projects/" + encoded_segment(endpoint.option("project"), "project") + "/locations/" +
         encoded_segment(endpoint.option("location"), "location") + "/" +
         (is_path ? "" : "publishers/google/models/") + encoded_path(model);
}

HttpRequest google_post(const Endpoint& endpoint, std::string_view model, std::string_view verb,
                        std::string body) {
  HttpRequest post;
  post.url = endpoint.base_url + "/" + google_model_path(endpoint, model) + ":";
  post.url += verb;
  post.headers.add("content-type", "application/json");
  authorize(post, endpoint);
  post.body = std::move(body);
  return post;
}

void complete_version(Endpoint& endpoint, std::string_view version) {
  const std::string_view url = endpoint.base_url;
  if (url.empty() || is_version(url.substr(url.find_last_of('/') + 1))) return;
  endpoint.base_url.append("/").append(version);
}

Json google_reply(const HttpReply& reply, std::string_view provider) {
  const std::string body = utf8::repair(reply.body);
  Json root;
  try {
    root = Json::parse(body);
  } catch (const ParseError& error) {
    throw_not_json(provider, body, error.offset, "no JSON");
  }
  const Json top = root.is_array() ? root[0] : root;
  if (!top["error"].is_null()) throw google_error_in_reply(body, provider);
  return root;
}

Framing stream_framing(const Endpoint& endpoint) {
  const std::string& wanted = endpoint.option("stream_framing");
  if (wanted.empty() || wanted == "sse") return Framing::sse;
  if (wanted == "json_array") return Framing::json_array;
  throw Error(ErrorKind::config, "stream_framing is '" + wanted.substr(0, 100) +
                                     "' but must be \"sse\" or \"json_array\"");
}

std::string_view stream_query(Framing framing) noexcept {
  return framing == Framing::sse ? "?alt=sse" : "";
}

template <class Base>
ApiError GoogleCodec<Base>::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return google_error(reply, endpoint);
}

template class GoogleCodec<ChatCodec>;
template class GoogleCodec<EmbeddingCodec>;
template class GoogleCodec<ModelListCodec>;

HttpRequest GoogleModelListCodec::encode(const Endpoint& endpoint, const std::string& page) const {
  HttpRequest get;
  get.method = "GET";
  get.url = endpoint.base_url + (endpoint.option("project").empty() ? "" : "/publishers/google");
  get.url += "/models?pageSize=1000";
  if (!page.empty()) get.url += "&pageToken=" + percent_encode(page);
  authorize(get, endpoint);
  return get;
}

ModelListCodec::Page GoogleModelListCodec::decode(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  if (!root.is_object()) throw_not_json(provider_, reply.body, 0, "no object");
  Page page;
  // Absent where there are none; Vertex calls them by another name.
  const Json models = root["models"].is_array() ? root["models"] : root["publisherModels"];
  for (const Json& entry : models.is_array() ? models.items() : std::vector<Json>()) {
    ModelInfo info;
    info.id = scalar_text(entry["name"]);
    for (const std::string_view prefix : {"models/", "publishers/google/models/"})
      if (info.id.starts_with(prefix)) info.id.erase(0, prefix.size());
    if (info.id.empty()) throw_not_json(provider_, reply.body, 0, "a model has no name");
    info.title = scalar_text(entry["displayName"]);
    if (entry["inputTokenLimit"].is_integer())
      info.input_tokens = entry["inputTokenLimit"].as_int();
    if (entry["outputTokenLimit"].is_integer())
      info.output_tokens = entry["outputTokenLimit"].as_int();
    info.raw = entry;
    page.models.push_back(std::move(info));
  }
  page.next = scalar_text(root["nextPageToken"]);
  return page;
}

}  // namespace v0
}  // namespace lian
