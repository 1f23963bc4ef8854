#include "lian/memory/memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "memory/tool_pairs.hpp"
#include "memory/turn_messages.hpp"
#include "memory/value_messages.hpp"

namespace lian {
inline namespace v0 {

Memory::~Memory() = default;

Values Memory::load_memory_variables(Values inputs, Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(load(std::move(inputs), std::move(context)), runtime);
}
Task<Values> Memory::aload_memory_variables(Values inputs, Context context) const {
  return load(std::move(inputs), std::move(context));
}

void Memory::save_context(Values inputs, Values outputs, Context context) {
  Runtime& runtime = context.runtime();
  block_on(save(std::move(inputs), std::move(outputs), std::move(context)), runtime);
}
Task<> Memory::asave_context(Values inputs, Values outputs, Context context) {
  return save(std::move(inputs), std::move(outputs), std::move(context));
}

void Memory::clear(Context context) {
  Runtime& runtime = context.runtime();
  block_on(forget(std::move(context)), runtime);
}
Task<> Memory::aclear(Context context) { return forget(std::move(context)); }

// ------------------------------------------------------------------ what memories share

namespace {

constexpr std::string_view stop_key = "stop", output_key = "output";

std::string names_of(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string input_key_of(const MemoryOptions& options, const Values& inputs) {
  if (!options.input_key().empty()) return options.input_key();
  std::vector<std::string> names;
  for (const auto& [name, value] : inputs)
    if (name != options.memory_key() && name != stop_key) names.push_back(name);
  if (names.size() == 1) return names.front();
  throw Error(ErrorKind::validation,
              fmt::format("a memory keeps one of the inputs, but they are: {}; say which by "
                          "MemoryOptions().input_key(…)",
                          names_of(names)));
}

std::string output_key_of(const MemoryOptions& options, const Values& outputs,
                          const Context& context) {
  if (!options.output_key().empty()) return options.output_key();
  if (outputs.size() == 1) return outputs.begin()->name;
  if (outputs.contains(output_key)) {
    context.warn("memory",
                 "of several outputs the one named \"output\" is kept; "
                 "MemoryOptions().output_key(…) says which");
    return std::string(output_key);
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : outputs) names.push_back(name);
  throw Error(ErrorKind::validation,
              fmt::format("a memory keeps one of the outputs, but they are: {}; say which by "
                          "MemoryOptions().output_key(…)",
                          names_of(names)));
}

}  // namespace

Messages turn_messages(const MemoryOptions& options, const Values& inputs, const Values& outputs,
                       const Context& context) {
  const std::string input = input_key_of(options, inputs);
  const std::string output = output_key_of(options, outputs, context);
  Messages turn = value_messages(inputs.at(input), Role::user, input);
  const Messages reply = value_messages(outputs.at(output), Role::assistant, output);
  turn.insert(turn.end(), reply.begin(), reply.end());
  return turn;
}

Values shown(const MemoryOptions& options, Messages messages) {
  Values out;
  if (options.return_messages()) return out.set(options.memory_key(), Value(std::move(messages)));
  return out.set(options.memory_key(),
                 buffer_string(messages, options.human_prefix(), options.ai_prefix()));
}

Messages without_orphans(Messages tail) {
  std::vector<bool> kept(tail.size(), true);
  drop_orphans(tail, kept);
  drop_torn(tail, kept);
  return kept_of(std::move(tail), kept);
}

}  // namespace v0
}  // namespace lian
