#pragma once

#include "lian/core/context.hpp"
#include "lian/core/values.hpp"
#include "lian/memory/memory.hpp"

namespace lian {
inline namespace v0 {

/// What was said in a run: the user's messages, then the reply's. Throws Error{validation} when it
/// is not clear which of the values that is.
Messages turn_messages(const MemoryOptions& options, const Values& inputs, const Values& outputs,
                       const Context& context);

/// Messages as the options want them shown, under the memory's key.
Values shown(const MemoryOptions& options, Messages messages);

/// The tail of a conversation without the tool results whose call it does not hold.
Messages without_orphans(Messages tail);

}  // namespace v0
}  // namespace lian
