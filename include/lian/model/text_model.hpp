#pragma once

#include <memory>
#include <string>

#include "lian/model/chat_model.hpp"

namespace lian {
inline namespace v0 {

/// A model of text completions: a prompt in, its continuation out, piece by piece when streamed.
/// Any chat model can stand in for one. Throws what ChatModel throws. Thread-safe.
class LIAN_API TextModel : public Runnable<std::string, std::string> {
 public:
  explicit TextModel(std::shared_ptr<const ChatStep> step);
  explicit TextModel(const ChatModel& model);

  /// The model with settings over its own.
  TextModel bind(const ChatOptions& options) const;
  /// As of ChatModel.
  TextModel with_retry(int attempts = 3) const;
  TextModel with_timeout(std::chrono::nanoseconds limit) const;
  TextModel with_fallbacks(std::vector<TextModel> others) const;
  /// The whole reply: usage, finish reason, alternatives.
  const ChatModel& chat() const noexcept { return chat_; }

 private:
  ChatModel chat_;
};

}  // namespace v0
}  // namespace lian
