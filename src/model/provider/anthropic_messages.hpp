#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/json_writer.hpp"
#include "lian/core/message.hpp"
#include "model/provider/anthropic_blocks.hpp"

namespace lian {
inline namespace v0 {

/// A conversation as the Messages API has it: the system prompt apart, turns that alternate.
class AnthropicConversation {
 public:
  /// Views `messages`, which must outlive it. Throws Error{invalid_request}, UnsupportedError.
  AnthropicConversation(const Messages& messages, const AnthropicLeniency& leniency);
  bool has_system() const noexcept { return !system_.empty(); }
  void write_system(JsonWriter& json) const { write_content(system_, json); }
  void write_messages(JsonWriter& json) const;

 private:
  struct Turn {
    explicit Turn(std::string_view who) : role(who) {}
    std::string_view role;
    std::vector<AnthropicBlock> results, rest;
  };

  void add(const Message& message, std::size_t index);
  void add_system(const Message& message, std::size_t index);
  void add_turn(const Message& message, std::size_t index, std::string_view role);
  std::vector<AnthropicBlock> blocks_of(const Message& message, std::size_t index) const;
  bool is_left_out(const Part& part, const Message& message, std::size_t index) const;
  void check_turns() const;
  void trim_prefill(const Message& last);
  void write_content(const std::vector<AnthropicBlock>& blocks, JsonWriter& json) const;

  const AnthropicLeniency& leniency_;
  std::vector<AnthropicBlock> system_;
  std::vector<Turn> turns_;
};

}  // namespace v0
}  // namespace lian
