#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lian/core/function_step.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// What `filter_messages` lets through; chained setters. Without any `include_…` all pass that are
/// not excluded; with some, what any of them names. Excluded counts more. Regular value.
class LIAN_API MessageFilter {
 public:
  using Words = std::vector<std::string>;
  using Roles = std::vector<Role>;

  MessageFilter() = default;
  MessageFilter& include_names(Words v) { return include_names_ = std::move(v), *this; }
  MessageFilter& exclude_names(Words v) { return exclude_names_ = std::move(v), *this; }
  MessageFilter& include_types(Roles v) { return include_types_ = std::move(v), *this; }
  MessageFilter& exclude_types(Roles v) { return exclude_types_ = std::move(v), *this; }
  MessageFilter& include_ids(Words v) { return include_ids_ = std::move(v), *this; }
  MessageFilter& exclude_ids(Words v) { return exclude_ids_ = std::move(v), *this; }
  /// Drops all messages that hold tool calls or their results.
  MessageFilter& exclude_all_tool_calls() { return all_tool_calls_ = true, *this; }
  /// Drops the calls of these ids and their results; a message that has no call left goes whole.
  MessageFilter& exclude_tool_calls(Words v) { return exclude_calls_ = std::move(v), *this; }

  const Words& include_names() const noexcept { return include_names_; }
  const Words& exclude_names() const noexcept { return exclude_names_; }
  const Roles& include_types() const noexcept { return include_types_; }
  const Roles& exclude_types() const noexcept { return exclude_types_; }
  const Words& include_ids() const noexcept { return include_ids_; }
  const Words& exclude_ids() const noexcept { return exclude_ids_; }
  bool excludes_all_tool_calls() const noexcept { return all_tool_calls_; }
  const Words& excluded_tool_calls() const noexcept { return exclude_calls_; }

 private:
  Words include_names_, exclude_names_, include_ids_, exclude_ids_, exclude_calls_;
  Roles include_types_, exclude_types_;
  bool all_tool_calls_ = false;
};

/// The messages that a filter lets through (LangChain's filter_messages). Other than there, a tool
/// call and its results stay together: when the filter drops one of them, the others go, too.
LIAN_API Messages filter_messages(Messages messages, const MessageFilter& filter);
/// The same as a step.
LIAN_API Runnable<Messages, Messages> filter_messages(MessageFilter filter);

}  // namespace v0
}  // namespace lian
