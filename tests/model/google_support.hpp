/// What the tests of Google's codecs share.
#pragma once

#include <string>
#include <utility>

#include "model/codec_support.hpp"
#include "model/provider/gemini.hpp"
#include "model/provider/palm.hpp"
#include "model/provider/vertex_palm.hpp"

namespace lian::test {

inline Endpoint google_endpoint(std::string provider, std::string base_url) {
  Endpoint out;
  out.provider = std::move(provider);
  out.base_url = std::move(base_url);
  out.api_key = "secret-0123456789";
  out.key_name = "GOOGLE_API_KEY";
  out.secrets = {out.api_key};
  return out;
}

inline Endpoint gemini_endpoint(const std::string& framing = "sse") {
  Endpoint out = google_endpoint("gemini", "https://generativelanguage.googleapis.com/v1beta");
  out.options.emplace_back("stream_framing", framing);
  return out;
}

inline Endpoint palm_endpoint(const std::string& version = "v1beta2") {
  return google_endpoint("palm", "https://generativelanguage.googleapis.com/" + version);
}

inline Endpoint vertex_endpoint(const std::string& version = "v1") {
  Endpoint out =
      google_endpoint("vertex", "https://us-central1-aiplatform.googleapis.com/" + version);
  out.options.emplace_back("project", "proj-1");
  out.options.emplace_back("location", "us-central1");
  return out;
}

inline Json fixture(const std::string& name) { return Json::parse(wire(name)); }

inline std::string text_of(const Json& value) { return std::string(value.as_string()); }

/// A call of `encode` that must fail: its message.
inline std::string refusal_of(const ChatCodec& codec, const ChatRequest& request,
                              const Endpoint& endpoint) {
  try {
    encode(codec, request, endpoint);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::invalid_request || error.kind() == ErrorKind::unsupported)
      return error.message();
    throw;
  }
  FAIL("no error");
  return {};
}

}  // namespace lian::test
