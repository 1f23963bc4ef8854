#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"
#include "model/token_source.hpp"

// Baidu's ERNIE (Wenxin, 文心一言) on Qianfan v1: POST {base}/chat/{path of the model}. Errors come
// with HTTP 200 and an `error_code`. Facts: baidubce/bce-qianfan-sdk @6cacf600 and the error page
// of cloud.baidu.com/doc/WENXINWORKSHOP.
namespace lian {
inline namespace v0 {

/// How a v1 request shows who sends it; chosen when the model is made, from the settings.
struct ErnieAccess {
  explicit ErnieAccess(const Endpoint& endpoint);
  /// Adds `access_token` to the URL, or signs by bce-auth-v1.
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const;

  bool by_signature;  // of the IAM pair; else by access token
  std::chrono::seconds signature_life;
};

/// What the v1 codecs share: access and errors.
template <class Base>
class ErnieCodec : public Base {
 public:
  explicit ErnieCodec(const Endpoint& endpoint) : access_(endpoint) {}
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override {
    access_.sign(request, endpoint, signing);
  }
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  /// A token that is invalid (110) or expired (111): another one is fetched.
  bool sign_anew(const ApiError& error) const override {
    return !access_.by_signature && (error.code == "110" || error.code == "111");
  }
  std::string_view request_id_header() const noexcept override { return "x-baidu-request-id"; }

 private:
  ErnieAccess access_;
};

/// Chat of Qianfan v1. System messages become the field `system`; consecutive messages of one role
/// are joined with a line feed and a warning; the conversation must then begin with the user's and
/// alternate. One tool call a message: of several, each goes with its result. A tool's result that
/// is no JSON object is sent as `{"tool_result": "…"}`. Replies keep `need_clear_history` and
/// `ban_round` in `extra`: when the former is true, the history must not be sent again.
/// Thread-safe.
class ErnieChatCodec : public ErnieCodec<ChatCodec> {
 public:
  using ErnieCodec::ErnieCodec;
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
};

/// Text completions of Qianfan v1: POST {base}/completions/{path of the model}. Thread-safe.
class ErnieTextCodec final : public ErnieChatCodec {
 public:
  using ErnieChatCodec::ErnieChatCodec;
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
};

/// Embeddings of Qianfan v1: POST {base}/embeddings/{path of the model}, 16 texts a request
/// (tao-8k: one). Widths: embedding-v1 384, bge-large-zh and -en 1024, tao-8k 1024. Thread-safe.
class ErnieEmbeddingCodec final : public ErnieCodec<EmbeddingCodec> {
 public:
  using ErnieCodec::ErnieCodec;
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  std::size_t max_batch(std::string_view model) const noexcept override;
};

/// The last part of a model's v1 path. Known names (any case) by Baidu's table; any other name in
/// lower case, which is also how private deployments are addressed.
std::string ernie_chat_path(std::string_view model);
std::string ernie_text_path(std::string_view model);
std::string ernie_embedding_path(std::string_view model);

/// Texts an embedding request may carry, in v1 and v2.
std::size_t ernie_embedding_batch(std::string_view model);

/// Whether the model is told of tools by `tools`, not by `functions`: Speed, Lite and the models of
/// others.
bool ernie_takes_tools_field(std::string_view model);
/// Whether it is a model of others that Qianfan v1 serves (Llama, ChatGLM, …).
bool ernie_is_foreign(std::string_view model);

/// The error a v1 reply of an error status means.
ApiError ernie_error(const HttpReply& reply, const Endpoint& endpoint);
/// The error in a v1 reply of status 200, its whole body or one event.
ApiError ernie_error_in_reply(std::string_view json);

template <class Base>
ApiError ErnieCodec<Base>::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return ernie_error(reply, endpoint);
}

/// The tokens of a model's settings: fetched by OAuth (v1) or in exchange for the IAM pair (v2), or
/// one given access token; null where requests need none.
std::shared_ptr<TokenSource> ernie_tokens(const Endpoint& endpoint);

/// Decides v1 or v2 and the way of access, as `ernie_provider` says; throws Error{config}.
void resolve_ernie(Endpoint& endpoint);

}  // namespace v0
}  // namespace lian
