#pragma once
// What Google's three APIs for models share: Gemini, PaLM (both generativelanguage) and Vertex AI.

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/json.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Whether the endpoint is Vertex AI: models then lie below a project and a location.
bool on_vertex(const Endpoint& endpoint) noexcept;

/// The model as generativelanguage names it: "models/ID", or what already names its kind.
std::string google_model_name(std::string_view model);

/// The model's resource name, percent-encoded for a path: "models/ID", "tunedModels/ID"; of Vertex
/// "projects/P/locations/L/publishers/google/models/ID". Refuses names that would leave it.
std::string google_model_path(const Endpoint& endpoint, std::string_view model);

/// A POST of JSON to the model's `verb`, e.g. "generateContent".
HttpRequest google_post(const Endpoint& endpoint, std::string_view model, std::string_view verb,
                        std::string body);

/// Adds `version` to a base URL that ends in none: both "https://host" and "https://host/v1beta"
/// are as users and Google's own variables write it.
void complete_version(Endpoint& endpoint, std::string_view version);

/// The whole reply as JSON. Throws ApiError when it is an error of status 200, ParseError when it
/// is no JSON.
Json google_reply(const HttpReply& reply, std::string_view provider);

/// How a streamed reply is framed, by the option "stream_framing": "sse" (default) or "json_array".
Framing stream_framing(const Endpoint& endpoint);

/// The reply's framing as a query behind the verb.
std::string_view stream_query(Framing framing) noexcept;

/// What all of Google's codecs answer alike.
template <class Base>
class GoogleCodec : public Base {
 public:
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
};

/// Gemini's batchEmbedContents: at most 100 texts a request, with the task they are for.
class GeminiEmbeddingCodec final : public GoogleCodec<EmbeddingCodec> {
 public:
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  std::size_t max_batch(std::string_view) const noexcept override { return 100; }
};

/// PaLM's embedText (v1beta2: one text a request) and batchEmbedText (v1beta3).
class PalmEmbeddingCodec final : public GoogleCodec<EmbeddingCodec> {
 public:
  explicit PalmEmbeddingCodec(const Endpoint& endpoint);
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  std::size_t max_batch(std::string_view) const noexcept override { return batches_ ? 100 : 1; }

 private:
  bool batches_;
};

/// Vertex's textembedding-gecko and its successors (:predict).
class VertexEmbeddingCodec final : public GoogleCodec<EmbeddingCodec> {
 public:
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  std::size_t max_batch(std::string_view model) const noexcept override;
};

/// GET /models of generativelanguage, page by page.
class GoogleModelListCodec final : public GoogleCodec<ModelListCodec> {
 public:
  explicit GoogleModelListCodec(std::string_view provider) : provider_(provider) {}
  HttpRequest encode(const Endpoint& endpoint, const std::string& page) const override;
  Page decode(const HttpReply& reply) const override;

 private:
  std::string provider_;
};

}  // namespace v0
}  // namespace lian
