#include "lian/agent/agent.hpp"

#include <fmt/format.h>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

std::string_view to_string(AgentStop stop) noexcept {
  switch (stop) {
    case AgentStop::final_answer:
      return "final_answer";
    case AgentStop::return_direct:
      return "return_direct";
    case AgentStop::max_iterations:
      return "max_iterations";
    case AgentStop::max_execution_time:
      return "max_execution_time";
    case AgentStop::max_tokens:
      return "max_tokens";
    case AgentStop::max_cost:
      return "max_cost";
    case AgentStop::max_tool_calls:
      return "max_tool_calls";
  }
  return "final_answer";
}

void Pieces<AgentResult>::join(std::optional<AgentResult>& value, AgentPiece&& part) {
  if (!part.end) return;
  if (value) detail::throw_two_pieces();
  value = std::move(part.end);
}

AgentResult Pieces<AgentResult>::finish(std::optional<AgentResult>&& value) {
  if (!value) detail::throw_no_piece();
  return std::move(*value);
}

AgentPiece Pieces<AgentResult>::split(AgentResult&& value) {
  AgentPiece piece;
  piece.kind = AgentPiece::Kind::final;
  piece.iteration = value.iterations;
  piece.end = std::move(value);
  return piece;
}

void append_text(std::string& out, const AgentInput& input) { append_text(out, input.messages); }
void append_text(std::string& out, const AgentResult& result) { out += result.output; }

void append_text(std::string& out, const AgentPiece& piece) {
  switch (piece.kind) {
    case AgentPiece::Kind::model:
      return append_text(out, piece.model);
    case AgentPiece::Kind::tool_start:
      return append_text(out, piece.call);
    case AgentPiece::Kind::tool_end:
      append_text(out, piece.call);
      out.append(" = ").append(piece.result.content());
      return;
    case AgentPiece::Kind::final:
      if (piece.end) out += piece.end->output;
  }
}

// ------------------------------------------------------------------ settings

ToolDecision ToolDecision::edit(std::string arguments) {
  ToolDecision decision;
  decision.kind_ = Kind::edit;
  decision.text_ = std::move(arguments);
  return decision;
}

ToolDecision ToolDecision::reject(std::string reason) {
  ToolDecision decision;
  decision.kind_ = Kind::reject;
  decision.text_ = std::move(reason);
  return decision;
}

namespace {
struct FixedParsingText {
  explicit FixedParsingText(std::string fixed) : text(std::move(fixed)) {}
  std::string operator()(const Error&) const { return text; }
  std::string text;
};
}  // namespace

AgentOptions& AgentOptions::handle_parsing_errors(std::string text) {
  return handle_parsing_errors(ParsingError(FixedParsingText(std::move(text))));
}
AgentOptions& AgentOptions::handle_parsing_errors(ParsingError text) {
  handle_parsing_errors_ = true;
  parsing_error_ = std::make_shared<const ParsingError>(std::move(text));
  return *this;
}
AgentOptions& AgentOptions::set_approval(Approval approval) {
  approval_ = std::make_shared<const Approval>(std::move(approval));
  return *this;
}

}  // namespace v0
}  // namespace lian
