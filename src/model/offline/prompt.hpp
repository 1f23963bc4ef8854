#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// A numbered block of the context; number 0 for text that came without one.
struct OfflineSource {
  std::size_t number = 0;
  std::string name;
  std::string text;
};

/// What a prompt asks, and from what.
struct OfflinePrompt {
  std::string question;
  std::vector<OfflineSource> sources;
};

/// Finds question and context in a prompt, as `offline_answer` documents.
OfflinePrompt read_offline_prompt(const Messages& messages);

}  // namespace v0
}  // namespace lian
