// One run of an agent: asking the model, its limits, its end. The tools are in agent_tools.cpp.
#include "agent/agent_run.hpp"

#include <cmath>

#include <fmt/format.h>

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

// As LangChain's count_tokens_approximately, in bytes: four a token, and three tokens a message.
std::int64_t approximate_tokens(const Message& message) {
  std::size_t bytes = to_string(message.role).size();
  for (const Part& part : message.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) bytes += text->text.size();
    if (const auto* call = std::get_if<ToolCall>(&part))
      bytes += call->name.size() + call->arguments.size();
    if (const auto* result = std::get_if<ToolResult>(&part)) bytes += result->content.size();
  }
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / 4.0)) + 3;
}

std::string_view sentence(AgentStop stop) {
  switch (stop) {
    case AgentStop::max_tokens:
      return "Agent stopped due to token limit.";
    case AgentStop::max_cost:
      return "Agent stopped due to cost limit.";
    case AgentStop::max_tool_calls:
      return "Agent stopped due to tool call limit.";
    default:
      return "Agent stopped due to iteration limit or time limit.";
  }
}

}  // namespace

AgentRun::AgentRun(const AgentSetup& setup, AgentInput input, Context context)
    : setup_(setup), input_(std::move(input)), context_(std::move(context)), limited_(context_) {
  if (input_.messages.empty())
    throw Error(ErrorKind::validation, "the agent was asked nothing: its input has no message");
  if (!setup_.options.max_execution_time()) return;
  limited_ = context_.with_timeout(*setup_.options.max_execution_time());
  deadline_ = limited_.deadline();
  // An earlier deadline of the caller's is not the agent's own limit.
  if (context_.deadline() && *context_.deadline() <= *deadline_) deadline_.reset();
}

// ------------------------------------------------------------------ limits

bool AgentRun::time_is_up() const noexcept { return deadline_ && Clock::now() >= *deadline_; }

// What is used up, whatever the run would do next.
bool AgentRun::over(AgentStop& stop) const noexcept {
  const AgentOptions& options = setup_.options;
  if (time_is_up()) return stop = AgentStop::max_execution_time, true;
  if (options.max_tokens() && result_.usage.total_tokens >= *options.max_tokens())
    return stop = AgentStop::max_tokens, true;
  if (options.max_cost() && result_.cost >= *options.max_cost())
    return stop = AgentStop::max_cost, true;
  return false;
}

bool AgentRun::check_limits() {
  AgentStop why = AgentStop::final_answer;
  if (over(why))
    stop(why);
  else if (result_.iterations >= setup_.options.max_iterations())
    stop(AgentStop::max_iterations);
  return ended_;
}

void AgentRun::stop(AgentStop why) {
  if (ended_) return;
  ended_ = true;
  result_.stop = why;
  result_.output = sentence(why);
}

// `last`: what the reply was asked by.
void AgentRun::count(const AIMessage& reply, bool last) {
  Usage usage;
  if (reply.usage) {
    usage = *reply.usage;
    if (usage.total_tokens == 0) usage.total_tokens = usage.input_tokens + usage.output_tokens;
  } else {
    for (const Message& message : question(last)) usage.input_tokens += approximate_tokens(message);
    usage.output_tokens = approximate_tokens(reply);
    usage.total_tokens = usage.input_tokens + usage.output_tokens;
    const bool needed = setup_.options.max_tokens() || setup_.options.max_cost();
    if (needed && !std::exchange(estimated_, true))
      context_.warn(setup_.options.name(),
                    "the provider does not tell how many tokens it used: they are estimated for "
                    "the agent's limit");
  }
  result_.usage += usage;
  if (setup_.options.max_cost()) result_.cost += setup_.options.price().of(usage);
}

// The agent's own time limit ends the run; every other end is thrown.
void AgentRun::swallow_timeout(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::timeout || !time_is_up()) throw;
  }
  context_.check();
}

// ------------------------------------------------------------------ the model

Messages AgentRun::question(bool last) const {
  std::size_t shown = turns_.size();
  if (const auto& trim = setup_.options.trim_intermediate_steps())
    shown = std::min(shown, static_cast<std::size_t>(*trim));
  return setup_.plan->ask(input_, turns_.data() + (turns_.size() - shown), shown, last);
}

// `reply` lives in the frame of the caller, which drains the stream.
Stream<AgentPiece> AgentRun::call_model(bool streaming, bool last, AIMessage* reply) {
  const ChatModel& model = last ? setup_.plan->final_model() : setup_.plan->model();
  ++result_.iterations;
  ChatInput input(question(last));
  if (!streaming) {
    Task<AIMessage> asking = model.ainvoke(std::move(input), limited_);
    *reply = co_await std::move(asking);
    count(*reply, last);
    co_return;
  }
  AgentPiece piece;
  piece.iteration = result_.iterations;
  Stream<ChatPiece> pieces = model.astream(std::move(input), limited_);
  while (ChatPiece* part = co_await pieces.next()) {
    piece.model = *part;
    append(*reply, std::move(*part));
    co_yield piece;
  }
  finish(*reply);
  count(*reply, last);
}

Stream<AgentPiece> AgentRun::ask(bool streaming) {
  context_.check();
  if (check_limits()) co_return;
  AIMessage reply;
  std::exception_ptr failure;
  try {
    Stream<AgentPiece> pieces = call_model(streaming, false, &reply);
    while (AgentPiece* piece = co_await pieces.next()) co_yield *piece;
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    swallow_timeout(failure);
    stop(AgentStop::max_execution_time);
    co_return;
  }
  read(std::move(reply));
}

void AgentRun::read(AIMessage reply) {
  result_.finish_reason = reply.finish_reason;
  Reading reading = setup_.plan->read(reply, result_.iterations);
  if (reading.answer) {
    result_.output = std::move(*reading.answer);
    ended_ = true;
    if (result_.finish_reason == FinishReason::length)
      context_.warn(setup_.options.name(), "the answer was cut at its length (max_tokens)");
  }
  begin_turn(std::move(reply), std::move(reading.actions));
}

Stream<AgentPiece> AgentRun::close(bool streaming) {
  const bool may_ask =
      result_.stop == AgentStop::max_iterations || result_.stop == AgentStop::max_tool_calls;
  AgentStop why = result_.stop;
  if (!may_ask || setup_.options.early_stopping_method() == EarlyStopping::force || over(why))
    co_return;
  AIMessage reply;
  std::exception_ptr failure;
  try {
    Stream<AgentPiece> pieces = call_model(streaming, true, &reply);
    while (AgentPiece* piece = co_await pieces.next()) co_yield *piece;
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    swallow_timeout(failure);
    co_return;
  }
  result_.finish_reason = reply.finish_reason;
  const std::string answer = setup_.plan->last_answer(reply);
  if (!answer.empty()) result_.output = answer;
}

AgentResult AgentRun::result() {
  for (const AgentTurn& turn : turns_)
    result_.intermediate_steps.insert(result_.intermediate_steps.end(), turn.steps.begin(),
                                      turn.steps.end());
  result_.messages = setup_.plan->conversation(input_, std::move(turns_), result_.output);
  return std::move(result_);
}

}  // namespace detail
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
