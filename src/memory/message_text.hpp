#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/message.hpp"
#include "lian/memory/chat_history_store.hpp"

namespace lian {
inline namespace v0 {

// Exported: lian::sqlite is a library of its own.

/// Messages as the stores keep them, a JSON text each. Throws Error{validation} naming the message
/// that cannot be kept.
LIAN_API std::vector<std::string> message_texts(const Messages& messages);

/// Microseconds since the Unix epoch.
LIAN_API std::int64_t now_us();

/// The last used first.
LIAN_API void sort_sessions(std::vector<SessionInfo>& sessions);

}  // namespace v0
}  // namespace lian
