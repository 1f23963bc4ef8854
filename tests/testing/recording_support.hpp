/// What the tests of recordings share.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "data/temp_folder.hpp"
#include "lian/model/registry.hpp"
#include "support/openai_server.hpp"

namespace lian::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

inline ChatModel openai(const std::string& url, const std::string& model = "gpt-4o-mini") {
  ModelConfig config;
  config.base_url(url).api_key(OpenAiServer::key());
  return chat_model("openai:" + model, config);
}

}  // namespace lian::test
