#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Appends the text of a JSON string whose inside begins at `raw` and which a quote is known to end
/// (the parser's first stage has seen it), 64 readable bytes behind. Half a surrogate pair becomes U+FFFD. Returns
/// false at an escape that JSON does not have.
bool append_unescaped(const char* raw, std::string& out);

/// Throws ParseError: `provider` answered with `text`, which is not what the protocol says.
[[noreturn]] void throw_not_json(std::string_view provider, std::string_view text,
                                 std::size_t offset, std::string_view why);

}  // namespace v0
}  // namespace lian
