#include "lian/callback/callback_handler.hpp"

namespace lian {
inline namespace v0 {

CallbackHandler::~CallbackHandler() = default;

void CallbackHandler::on_event(const Event& event) {
  switch (event.type) {
    case EventType::retry:
      return ignore_retry() ? void() : on_retry(event);
    case EventType::warning:
      return on_warning(event);
    case EventType::custom:
      return ignore_custom_event() ? void() : on_custom_event(event.name, event);
    case EventType::agent_action:
      return ignore_agent() ? void() : on_agent_action(event);
    default:
      break;
  }
  switch (event.kind) {
    case StepKind::chat_model:
    case StepKind::text_model:
      return on_model(event);
    case StepKind::tool:
      return ignore_agent() ? void() : on_tool(event);
    case StepKind::retriever:
      return ignore_retriever() ? void() : on_retriever(event);
    default:
      break;
  }
  const bool finishes = event.kind == StepKind::agent && event.type == EventType::end;
  if (finishes && !ignore_agent()) on_agent_finish(event);
  if (!ignore_chain()) on_chain(event);
}

void CallbackHandler::on_model(const Event& event) {
  if (event.type == EventType::start && event.kind == StepKind::chat_model)
    return ignore_chat_model() ? void() : on_chat_model_start(event);
  if (ignore_llm()) return;
  switch (event.type) {
    case EventType::start:
      return on_llm_start(event);
    case EventType::piece: {
      const auto* piece = event.data.as<ChatPiece>();
      const auto* text = event.data.as<std::string>();
      const std::string_view token = piece ? std::string_view(piece->text)
                                           : (text ? std::string_view(*text) : std::string_view());
      return on_llm_new_token(token, event);
    }
    case EventType::end:
      return on_llm_end(event);
    default:
      return on_llm_error(*event.error, event);
  }
}

void CallbackHandler::on_tool(const Event& event) {
  if (event.type == EventType::start) return on_tool_start(event);
  if (event.type == EventType::end) return on_tool_end(event);
  if (event.type == EventType::error) on_tool_error(*event.error, event);
}

void CallbackHandler::on_retriever(const Event& event) {
  if (event.type == EventType::start) return on_retriever_start(event);
  if (event.type == EventType::end) return on_retriever_end(event);
  if (event.type == EventType::error) on_retriever_error(*event.error, event);
}

void CallbackHandler::on_chain(const Event& event) {
  if (event.type == EventType::start) return on_chain_start(event);
  if (event.type == EventType::end) return on_chain_end(event);
  if (event.type == EventType::error) on_chain_error(*event.error, event);
}

}  // namespace v0
}  // namespace lian
