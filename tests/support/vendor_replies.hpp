#pragma once
// The replies of a vendor of OpenAI's dialect as pure functions: its habits, a request and what to
// answer in; bytes out.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/simulated_provider.hpp"

namespace lian::test {

class VendorReplies {
 public:
  VendorReplies(const nlohmann::json& habits, const nlohmann::json& request, const Script& script)
      : habits_(habits), request_(request), script_(script) {}

  /// Whole or streamed, as the request asks.
  Reply reply() const;

 private:
  using json = nlohmann::json;
  Reply whole() const;
  Reply streamed() const;
  std::vector<json> deltas() const;
  json chunk(const json& delta, const json& finish) const;
  json message() const;
  json call(std::size_t index, bool in_stream) const;
  json usage() const;
  json envelope(const char* object) const;
  json text_content(const std::string& text, bool thought) const;
  std::string finish() const;
  bool habit(const char* name) const { return habits_.value(name, false); }
  json further(const char* name) const { return habits_.value(name, json::object()); }

  const json& habits_;
  const json& request_;
  const Script& script_;
};

}  // namespace lian::test
