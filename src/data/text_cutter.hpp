/// The splitting algorithm: LangChain's `_split_text` and `_merge_splits` on positions, not
/// strings.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lian/data/text_splitter.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

/// Cuts `text` at the first of `separators` that occurs; with `recursive`, pieces of chunk_size or
/// more are cut again at the separators after it. Needs at least one separator.
std::vector<SplitChunk> cut_text(std::string_view text, const SplitterSettings& settings,
                                 std::span<const std::string> separators, bool recursive);

}  // namespace detail
}  // namespace v0
}  // namespace lian
