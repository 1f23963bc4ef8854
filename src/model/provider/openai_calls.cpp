#include "model/provider/openai_calls.hpp"

#include <algorithm>

namespace lian {
inline namespace v0 {

OpenAICalls::Call* OpenAICalls::find(const ToolCallPiece& piece, int choice) {
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    if (call->choice != choice) continue;
    const bool same_id = piece.id.empty() || call->id.empty() || call->id == piece.id;
    if (piece.index >= 0) {
      if (call->wire_index != piece.index) continue;
      return same_id ? &*call : nullptr;
    }
    if (piece.id.empty()) return piece.name.empty() ? &*call : nullptr;
    if (call->id == piece.id) return &*call;
  }
  return nullptr;
}

void OpenAICalls::settle(ToolCallPiece& piece, int choice) {
  if (Call* call = find(piece, choice)) {
    piece.index = call->index;
    piece.id.clear();
    if (call->named) piece.name.clear();
    if (!piece.name.empty()) call->named = true;
    return;
  }
  const auto of_choice = [choice](const Call& call) { return call.choice == choice; };
  const auto index = static_cast<int>(std::count_if(calls_.begin(), calls_.end(), of_choice));
  if (piece.id.empty()) piece.id = "call_" + std::to_string(index);
  calls_.push_back(Call{choice, piece.index, index, piece.id, !piece.name.empty()});
  piece.index = index;
}

}  // namespace v0
}  // namespace lian
