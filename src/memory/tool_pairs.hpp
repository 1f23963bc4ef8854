#pragma once

#include <cstddef>
#include <vector>

#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// Whether the message asks for a tool, and whether it answers such a call.
bool holds_call(const Message& message) noexcept;
bool holds_result(const Message& message) noexcept;

/// Takes back what a choice of messages tears apart: of a tool call and its results all are kept or
/// none. `kept` has an entry a message. A result belongs to the nearest call of its id before it.
/// What was already alone among all the messages stays as chosen.
void drop_torn(const Messages& messages, std::vector<bool>& kept);

/// Takes back the results whose call is not among the messages before them.
void drop_orphans(const Messages& messages, std::vector<bool>& kept);

/// The messages that are kept, in order.
Messages kept_of(Messages messages, const std::vector<bool>& kept);

/// The first place, from `from` on, where the messages can be parted without tearing a call from
/// its results; the number of messages when there is none before.
std::size_t whole_from(const Messages& messages, std::size_t from);

}  // namespace v0
}  // namespace lian
