/// What the tests of ERNIE share.
#pragma once

#include <string>
#include <utility>

#include "lian/model/registry.hpp"
#include "model/codec_support.hpp"
#include "model/provider.hpp"
#include "model/provider/ernie.hpp"

namespace lian::test {

/// Endpoint and codecs of a model as the registry makes them.
struct ErnieModel {
  explicit ErnieModel(const ModelConfig& config, std::string model_name = "ERNIE-4.0-8K")
      : name(std::move(model_name)), endpoint(endpoint_of(ernie_provider, name, config)) {}
  std::unique_ptr<const ChatCodec> chat() const {
    return ernie_provider.chat(ModelPlace(ernie_provider, name, endpoint));
  }
  std::unique_ptr<const EmbeddingCodec> embedding() const {
    return ernie_provider.embedding(ModelPlace(ernie_provider, name, endpoint));
  }
  /// A request of one message, signed.
  HttpRequest request(const Signing& signing) const {
    ChatRequest wanted({user("hi")}, ChatOptions().model(name));
    HttpRequest out = encode(*chat(), wanted, endpoint);
    chat()->sign(out, endpoint, signing);
    return out;
  }
  std::string name;
  Endpoint endpoint;
};

inline ModelConfig ernie_v1_keys() {
  return ModelConfig().api_key("AK_EXAMPLE").secret_key("SK_EXAMPLE");
}

inline ErnieModel ernie_v1(std::string name = "ERNIE-4.0-8K") {
  return ErnieModel(ernie_v1_keys(), std::move(name));
}

inline ErnieModel ernie_v2(std::string name = "ernie-4.0-8k") {
  return ErnieModel(ModelConfig().api_key("bce-v3/ALTAK-EXAMPLE/0123456789abcdef"),
                    std::move(name));
}

}  // namespace lian::test
