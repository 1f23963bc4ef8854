#pragma once

#include <string_view>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

/// A handler with a function for each thing that happens, named as in LangChain; every one does
/// nothing unless overridden. `event` tells run and parent ids, name, time, tags, metadata and, in
/// `data`, the input, piece or output: `event.data.as<AIMessage>()`, `event.data.text()`.
///
/// Chat models go to on_chat_model_start and the on_llm functions, tools and retrievers to theirs,
/// every other step (agents, prompts, parsers, embeddings, functions) to on_chain. As on_event they
/// may be called from several threads at once, and what they throw becomes a warning.
class LIAN_API CallbackHandler : public Handler {
 public:
  ~CallbackHandler() override;

  /// Default: on_llm_start.
  virtual void on_chat_model_start(const Event& event) { on_llm_start(event); }
  virtual void on_llm_start(const Event&) {}
  /// A piece of a streamed reply. `token`: its text; "" when it holds only other things.
  virtual void on_llm_new_token(std::string_view /*token*/, const Event&) {}
  virtual void on_llm_end(const Event&) {}
  virtual void on_llm_error(const Error&, const Event&) {}

  virtual void on_chain_start(const Event&) {}
  virtual void on_chain_end(const Event&) {}
  virtual void on_chain_error(const Error&, const Event&) {}

  virtual void on_tool_start(const Event&) {}
  virtual void on_tool_end(const Event&) {}
  virtual void on_tool_error(const Error&, const Event&) {}

  virtual void on_retriever_start(const Event&) {}
  virtual void on_retriever_end(const Event&) {}
  virtual void on_retriever_error(const Error&, const Event&) {}

  /// An agent is about to run a tool: data is the ToolCall, message the thought before it.
  virtual void on_agent_action(const Event&) {}
  /// An agent has answered; on_chain_end follows.
  virtual void on_agent_finish(const Event&) {}

  /// A call failed and is made again: `error` says why.
  virtual void on_retry(const Event&) {}
  /// Something worth a line: a mapped setting, a repaired reply, a handler that threw.
  virtual void on_warning(const Event&) {}
  /// What the program itself tells, see `dispatch_custom_event`.
  virtual void on_custom_event(std::string_view /*name*/, const Event&) {}

  // True: those functions are not called.
  virtual bool ignore_chat_model() const { return false; }  ///< on_chat_model_start
  virtual bool ignore_llm() const { return false; }         ///< on_llm_…, chat models' too
  virtual bool ignore_chain() const { return false; }
  virtual bool ignore_agent() const { return false; }  ///< on_agent_… and on_tool_…
  virtual bool ignore_retriever() const { return false; }
  virtual bool ignore_retry() const { return false; }
  virtual bool ignore_custom_event() const { return false; }

  void on_event(const Event& event) final;

 private:
  void on_model(const Event& event);
  void on_tool(const Event& event);
  void on_retriever(const Event& event);
  void on_chain(const Event& event);
};

}  // namespace v0
}  // namespace lian
