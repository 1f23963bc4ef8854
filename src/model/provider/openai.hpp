#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"
#include "model/provider/vendor_code.hpp"

namespace lian {
inline namespace v0 {

/// How one vendor of the OpenAI dialect differs from OpenAI: a row of a constant table. Every
/// member has OpenAI's own value; empty array entries end a list.
struct OpenAIDialect {
  struct Rename {
    std::string_view from, to;
  };
  std::string_view name = "openai";
  std::string_view chat_path = "/chat/completions";
  std::string_view embeddings_path = "/embeddings";
  std::string_view completions_path = "/completions";

  // Requests.
  std::string_view token_limit_field = "max_completion_tokens";
  std::string_view system_role = "system";
  std::string_view developer_role = "developer";
  std::string_view reasoning_field = {};  // past reasoning goes back under this name; empty: never
  bool reasoning_with_calls = false;      // and only in messages that call tools
  int call_id_letters = 0;  // tool call ids are of so many letters and digits; 0: of any form
  std::string_view required_word = "required";  // tool_choice: some tool must be called
  bool tool_choice = true;   // the field exists
  bool stream_usage = true;  // ask for usage at the end of a stream
  bool embedding_format = true;  // the field "encoding_format"
  bool base64_embeddings = true;
  int embedding_batch = 2048;  // texts a request
  ChatAbilities abilities = {};
  // How the names begin of models that take neither stop sequences nor penalties.
  std::span<const std::string_view> reasoning_models = {};
  std::array<Rename, 4> renames = {};  // request fields under another name
  bool bare_base64_images = false;  // image bytes without "data:image/png;base64," before them

  // Replies.
  std::span<const VendorCode> codes = {};         // what the vendor's error codes mean
  std::span<const VendorCode> phrases = {};  // the same of what messages say, in lower case
  std::span<const FinishWord> finish_words = {};  // beside OpenAI's own
  std::string_view id_field = "id";
  bool code_in_reply = false;   // a "code" beside the choices that is not 0 is an error
  bool search_as_tool = false;  // choices of the role "tool" hold what a built-in search found
  bool accept_missing_done = false;    // a finish reason ends a stream of text without "[DONE]"
  bool accept_missing_finish = false;  // a whole reply may lack its finish_reason
  bool reasoning_apart = false;  // completion_tokens leaves the reasoning's out
};

/// OpenAI's chat completions (POST /chat/completions), as the OpenAPI description of 2026-08-21
/// has them, and the habits of compatible servers. Thread-safe.
class OpenAIChatCodec : public ChatCodec {
 public:
  explicit OpenAIChatCodec(const OpenAIDialect& dialect = {}) : dialect_(dialect) {}
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;

 protected:
  const OpenAIDialect& dialect() const noexcept { return dialect_; }

 private:
  OpenAIDialect dialect_;
};

/// OpenAI's legacy completions (POST /completions), for TextModel: the text of the messages is the
/// prompt. Thread-safe.
class OpenAICompletionsCodec : public OpenAIChatCodec {
 public:
  using OpenAIChatCodec::OpenAIChatCodec;
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
};

/// OpenAI's list of models (GET /models); there are no pages. Thread-safe.
class OpenAIModelListCodec : public ModelListCodec {
 public:
  explicit OpenAIModelListCodec(std::string_view provider) : provider_(provider) {}
  HttpRequest encode(const Endpoint& endpoint, const std::string& page) const override;
  Page decode(const HttpReply& reply) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;

 private:
  std::string provider_;
};

/// OpenAI's embeddings (POST /embeddings): base64 or numbers. Thread-safe.
class OpenAIEmbeddingCodec : public EmbeddingCodec {
 public:
  explicit OpenAIEmbeddingCodec(const OpenAIDialect& dialect = {}) : dialect_(dialect) {}
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::size_t max_batch(std::string_view) const noexcept override {
    return static_cast<std::size_t>(dialect_.embedding_batch);
  }

 private:
  OpenAIDialect dialect_;
};

/// A POST of JSON to `path` below the endpoint's base URL, with the key as a bearer token.
HttpRequest openai_post(const Endpoint& endpoint, std::string_view path, std::string body);
/// A GET of `path` with the same headers.
HttpRequest openai_get(const Endpoint& endpoint, std::string_view path);

// The codecs of a row whose `dialect` is set.
struct ModelPlace;
std::unique_ptr<const ChatCodec> openai_chat(const ModelPlace& place);
std::unique_ptr<const EmbeddingCodec> openai_embedding(const ModelPlace& place);
std::unique_ptr<const ChatCodec> openai_text(const ModelPlace& place);
std::unique_ptr<const ModelListCodec> openai_models(const ModelPlace& place);

}  // namespace v0
}  // namespace lian
