#pragma once

#include <string>
#include <string_view>

#include "lian/core/context.hpp"

namespace lian {
inline namespace v0 {

/// Tells the handlers of a run something of the program's own. Within a step's plain function the
/// default is the context of that step; a coroutine gives the one it was given. `data` is anything
/// that has `append_text`. Costs nothing when nobody watches.
template <class T>
void dispatch_custom_event(std::string_view name, const T& data,
                           const Context& context = Context()) {
  if (!context.observed()) return;
  Event event;
  event.name = name;
  event.data = Payload(data);
  const std::string text = event.data.text();
  event.message = text;
  context.emit(event);
}

}  // namespace v0
}  // namespace lian
