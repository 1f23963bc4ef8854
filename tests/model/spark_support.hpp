/// What the tests of Spark share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/codec_support.hpp"
#include "model/provider/spark.hpp"

namespace lian::test {

inline Endpoint spark_endpoint() {
  Endpoint out;
  out.provider = "spark";
  out.base_url = "https://spark-api.xf-yun.com";
  out.api_key = "00112233445566778899aabbccddeeff";
  out.key_name = "IFLYTEK_SPARK_API_KEY";
  out.options = {{"app_id", "12345678"}, {"secret_key", "NTU2NjQ0YjE4ZjA2YTg4ZDBjZmQ3"}};
  out.secrets = {out.api_key, "NTU2NjQ0YjE4ZjA2YTg4ZDBjZmQ3"};
  return out;
}

inline Json spark_fixture(const std::string& name) { return Json::parse(wire("spark/" + name)); }

inline std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

}  // namespace lian::test
