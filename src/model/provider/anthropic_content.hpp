#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "lian/core/json.hpp"
#include "lian/core/message.hpp"
#include "model/codec.hpp"
#include "model/provider/json_reader.hpp"

namespace lian {
inline namespace v0 {

// What whole and streamed replies of Anthropic share.

FinishReason anthropic_finish_reason(std::string_view word);

/// Whether a reply that stopped for `word` may have been cut inside its last part.
bool anthropic_cuts(std::string_view word);

/// Tokens used, as far as they were told: a later telling replaces what it names.
class AnthropicUsage {
 public:
  void read(const Json& usage);
  Usage total() const;

 private:
  std::int64_t input_ = 0, output_ = 0, cache_read_ = 0, cache_write_ = 0, thinking_ = 0;
};

/// A content block as a part; a kind lian has no part for stays as it came.
Part anthropic_part(const Json& block);

/// The members of `object` but those `known`; null when there are none. Left out too: null, [].
Json fields_besides(const Json& object, std::initializer_list<std::string_view> known);

/// What a reply says about itself that lian has no name for: of the message, of its `usage`.
Json anthropic_extra(const Json& message, const Json& usage);

/// The text of a string, else nothing.
std::string string_or_empty(const Json& value);

/// `Json::parse` of a reply or an event; the ParseError names the provider.
Json parse_anthropic(std::string_view text);

/// What kind of event it is: its SSE type, or the "type" inside it where that is not named.
/// Throws the ApiError that an event without type describes, ParseError when it is none.
std::string_view anthropic_event_kind(const StreamEvent& event, JsonReader& reader,
                                      std::string& scratch);

}  // namespace v0
}  // namespace lian
