/// What the tests of the OpenAI codec share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/json.hpp"
#include "lian/core/message.hpp"
#include "model/codec_support.hpp"
#include "model/provider/openai.hpp"

namespace lian::test {

inline StreamResult read_stream(const std::vector<std::string_view>& chunks,
                                const OpenAIDialect& dialect = {}) {
  return read_stream(OpenAIChatCodec(dialect), chunks);
}

inline StreamResult read_stream(std::string_view bytes, const OpenAIDialect& dialect = {}) {
  return read_stream(std::vector<std::string_view>{bytes}, dialect);
}

/// `data: JSON`, a blank line.
inline std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

/// A chunk whose first choice has this delta, and, if not empty, this finish reason.
inline std::string delta(std::string_view json, std::string_view finish_reason = {}) {
  std::string text = R"({"id":"c","choices":[{"index":0,"delta":)" + std::string(json);
  if (!finish_reason.empty()) text += ",\"finish_reason\":\"" + std::string(finish_reason) + '"';
  return event(text + "}]}");
}

inline const std::string kDone = "data: [DONE]\n\n";

inline Endpoint endpoint() {
  Endpoint out;
  out.provider = "openai";
  out.base_url = "https://api.openai.com/v1";
  out.api_key = "secret-0123456789";
  out.key_name = "OPENAI_API_KEY";
  out.secrets = {out.api_key};
  return out;
}

}  // namespace lian::test
