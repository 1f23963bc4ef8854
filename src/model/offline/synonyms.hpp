#pragma once

#include <span>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Words that ask for, or speak of, the same thing: entries separated by commas. Where a question
/// holds an entry, a sentence may answer with any other. Entries behind a "|" (units, phrases)
/// answer, but do not ask.
std::span<const std::string_view> synonym_groups() noexcept;

}  // namespace v0
}  // namespace lian
