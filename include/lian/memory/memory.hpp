#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/export.hpp"
#include "lian/core/task.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// How a memory names and shows what it keeps; chained setters. Regular value.
class LIAN_API MemoryOptions {
 public:
  MemoryOptions() = default;
  /// The name under which `load_memory_variables` gives what was said; default "history".
  MemoryOptions& memory_key(std::string v) { return memory_key_ = std::move(v), *this; }
  /// Which of the inputs the user said; default: the only one beside `memory_key` and "stop".
  MemoryOptions& input_key(std::string v) { return input_key_ = std::move(v), *this; }
  /// Which of the outputs is the reply; default: the only one, else "output".
  MemoryOptions& output_key(std::string v) { return output_key_ = std::move(v), *this; }
  /// How the speakers are named in text; default "Human" and "AI".
  MemoryOptions& human_prefix(std::string v) { return human_prefix_ = std::move(v), *this; }
  MemoryOptions& ai_prefix(std::string v) { return ai_prefix_ = std::move(v), *this; }
  /// Gives messages instead of text; default false.
  MemoryOptions& return_messages(bool v) { return return_messages_ = v, *this; }

  const std::string& memory_key() const noexcept { return memory_key_; }
  const std::string& input_key() const noexcept { return input_key_; }
  const std::string& output_key() const noexcept { return output_key_; }
  const std::string& human_prefix() const noexcept { return human_prefix_; }
  const std::string& ai_prefix() const noexcept { return ai_prefix_; }
  bool return_messages() const noexcept { return return_messages_; }

 private:
  std::string memory_key_ = "history", input_key_, output_key_;
  std::string human_prefix_ = "Human", ai_prefix_ = "AI";
  bool return_messages_ = false;
};

/// What a chain remembers from one run to the next (LangChain's BaseMemory). The `a…` functions are
/// for coroutines, which keep the memory alive while they run; the others lease a loop and drive it
/// on the calling thread. Thread-safe.
class LIAN_API Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  virtual ~Memory();

  /// The names that `load_memory_variables` gives.
  virtual std::vector<std::string> memory_variables() const = 0;

  /// What a prompt is to be told, by name.
  Values load_memory_variables(Values inputs = Values(), Context context = Context()) const;
  Task<Values> aload_memory_variables(Values inputs = Values(), Context context = Context()) const;
  /// Keeps what was put into a run and what came out. Throws Error{validation} when it is not clear
  /// which of them was said, or is neither text nor messages, and what the history throws.
  void save_context(Values inputs, Values outputs, Context context = Context());
  Task<> asave_context(Values inputs, Values outputs, Context context = Context());
  /// Forgets all.
  void clear(Context context = Context());
  Task<> aclear(Context context = Context());

 private:
  virtual Task<Values> load(Values inputs, Context context) const = 0;
  virtual Task<> save(Values inputs, Values outputs, Context context) = 0;
  virtual Task<> forget(Context context) = 0;
};

}  // namespace v0
}  // namespace lian
