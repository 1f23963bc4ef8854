#include "lian/core/event.hpp"
#include "lian/core/run_source.hpp"

#include <cxxabi.h>

#include <cmath>
#include <cstdlib>
#include <mutex>

#include <fmt/format.h>

namespace lian {
inline namespace v0 {

std::string_view to_string(EventType type) noexcept {
  switch (type) {
    case EventType::start:
      return "start";
    case EventType::piece:
      return "piece";
    case EventType::end:
      return "end";
    case EventType::error:
      return "error";
    case EventType::warning:
      return "warning";
    case EventType::retry:
      return "retry";
    case EventType::custom:
      return "custom";
    case EventType::agent_action:
      return "agent_action";
  }
  return "custom";
}

std::string_view to_string(StepKind kind) noexcept {
  switch (kind) {
    case StepKind::chain:
      return "chain";
    case StepKind::function:
      return "function";
    case StepKind::prompt:
      return "prompt";
    case StepKind::chat_model:
      return "chat_model";
    case StepKind::text_model:
      return "text_model";
    case StepKind::embedding:
      return "embedding";
    case StepKind::parser:
      return "parser";
    case StepKind::retriever:
      return "retriever";
    case StepKind::tool:
      return "tool";
    case StepKind::agent:
      return "agent";
    case StepKind::loader:
      return "loader";
    case StepKind::store:
      return "store";
  }
  return "chain";
}

void append_text(std::string& out, std::string_view text) { out += text; }
void append_text(std::string& out, const Value& value) { value.append_text(out); }
void append_text(std::string& out, const Values& values) { out += values.to_json().dump(); }

void append_text(std::string& out, const Message& message) {
  out += to_string(message.role);
  out += ": ";
  out += message.text();
  for (const Part& part : message.parts)
    if (const auto* result = std::get_if<ToolResult>(&part)) out += result->content;
  for (const ToolCall& call : message.tool_calls())
    fmt::format_to(std::back_inserter(out), " [{}({})]", call.name, call.arguments);
}

void append_text(std::string& out, const Messages& messages) {
  for (const Message& message : messages) {
    if (&message != &messages.front()) out += '\n';
    append_text(out, message);
  }
}

void append_text(std::string& out, const ChatPiece& piece) { out += piece.text; }

void append_text(std::string& out, const Document& document) { out += document.text; }
void append_text(std::string& out, const Documents& documents) {
  out += format_documents(documents);
}

namespace {
std::string text_of(const detail::PayloadType* type, const void* value) {
  std::string out;
  if (value) type->append(out, value);
  return out;
}
}  // namespace

std::string Payload::text() const { return text_of(type_, value_); }
std::string EventData::text() const { return text_of(type_, value_.get()); }

EventData Payload::keep() const {
  EventData kept;
  if (!value_ || !type_->copy) return kept;
  kept.value_ = std::shared_ptr<void>(type_->copy(value_), type_->destroy);
  kept.type_ = type_;
  return kept;
}

void detail::append_payload(std::string& out, double number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}

void detail::append_payload(std::string& out, const std::type_info& type) {
  int status = 0;
  char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  fmt::format_to(std::back_inserter(out), "<{}>", name ? name : type.name());
  std::free(name);
}

Handler::~Handler() = default;
RunSource::~RunSource() = default;

namespace {
class Serialized : public Handler {
 public:
  explicit Serialized(std::shared_ptr<Handler> inner) : inner_(std::move(inner)) {}
  void on_event(const Event& event) override {
    const std::lock_guard lock(mutex_);
    inner_->on_event(event);
  }

 private:
  std::shared_ptr<Handler> inner_;
  std::mutex mutex_;
};
}  // namespace

std::shared_ptr<Handler> serialized(std::shared_ptr<Handler> handler) {
  return std::make_shared<Serialized>(std::move(handler));
}

}  // namespace v0
}  // namespace lian
