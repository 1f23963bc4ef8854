#pragma once

#include <string>
#include <vector>

#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// The tool calls one reply has begun. Gives each fragment lian's own index, counted from 0 in each
/// choice: the wire's index may be missing (then an id begins a call, and a fragment without one
/// continues the last) or be 0 for all calls (then another id begins another call). Not thread-safe.
class OpenAICalls {
 public:
  /// Sets the fragment's index (-1 means that the wire has none) and drops an id or a name that was
  /// sent before. A call whose server sends no id gets one, so that it can be answered.
  void settle(ToolCallPiece& piece, int choice);
  bool empty() const noexcept { return calls_.empty(); }

 private:
  struct Call {
    int choice, wire_index, index;
    std::string id;
    bool named;
  };
  Call* find(const ToolCallPiece& piece, int choice);

  std::vector<Call> calls_;
};

}  // namespace v0
}  // namespace lian
