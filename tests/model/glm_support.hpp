/// What the tests of GLM share.
#pragma once

#include <chrono>
#include <string>

#include "model/codec_support.hpp"
#include "model/provider/glm.hpp"

namespace lian::test {

inline const std::string glm_key = "0123456789abcdef0123456789abcdef.AbCdEfGh12345678";

inline Endpoint glm_endpoint(const std::string& auth = "key", const std::string& version = "v4") {
  Endpoint out;
  out.provider = "glm";
  out.base_url = "https://open.bigmodel.cn/api/paas/" + version;
  out.api_key = glm_key;
  out.key_name = "ZHIPUAI_API_KEY";
  out.options.emplace_back("auth", auth);
  out.secrets = {out.api_key};
  return out;
}

inline Json glm_fixture(const std::string& name) { return Json::parse(wire("zhipu/" + name)); }

inline std::chrono::system_clock::time_point at_ms(std::int64_t ms) {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
}

}  // namespace lian::test
