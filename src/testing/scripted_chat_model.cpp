#include "lian/testing/scripted_chat_model.hpp"

#include <algorithm>
#include <mutex>

#include "lian/core/sleep.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

ScriptedReply::ScriptedReply(std::string text) : message_(std::move(text)) {}

ScriptedReply& ScriptedReply::call(std::string name, std::string arguments, std::string id) {
  if (id.empty()) id = "call_" + std::to_string(message_.parts.size());
  message_.parts.push_back(ToolCall(std::move(id), std::move(name), std::move(arguments)));
  return *this;
}
ScriptedReply& ScriptedReply::usage(std::int64_t input_tokens, std::int64_t output_tokens) {
  return message_.usage = Usage(input_tokens, output_tokens), *this;
}
ScriptedReply& ScriptedReply::finish(FinishReason reason) { return finish_ = reason, *this; }
ScriptedReply& ScriptedReply::pieces(std::vector<std::string> texts) {
  std::string text;
  for (const std::string& piece : texts) text += piece;
  std::erase_if(message_.parts,
                [](const Part& part) { return std::holds_alternative<TextPart>(part); });
  message_.parts.insert(message_.parts.begin(), TextPart(std::move(text)));
  return pieces_ = std::move(texts), *this;
}
ScriptedReply& ScriptedReply::fail_at_piece(std::size_t number, const Error& error) {
  error_piece_ = number;
  error_ = error.copy();
  return *this;
}

struct ScriptState {
  std::vector<ScriptedReply> replies;
  bool cycle = false;
  ScriptedChatModel::Reply make;

  std::mutex mutex;  // guards what follows
  std::size_t next = 0;
  std::vector<ChatRequest> requests;
};

namespace {

// Words, each with the white space before it; nothing is lost.
std::vector<std::string> words_of(const std::string& text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t word = std::min(text.find_first_not_of(blanks, begin), text.size());
    const std::size_t end = std::min(text.find_first_of(blanks, word), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

constexpr std::size_t argument_bytes = 7;  // of one fragment of a tool call

void add_call_pieces(std::vector<ChatPiece>& pieces, const ToolCall& call, int index) {
  ChatPiece piece;
  ToolCallPiece fragment;
  fragment.index = index;
  fragment.id = call.id;
  fragment.name = call.name;
  fragment.custom = call.custom;
  fragment.extra = call.extra;
  piece.tool_calls.push_back(fragment);
  pieces.push_back(piece);
  for (std::size_t at = 0; at < call.arguments.size(); at += argument_bytes) {
    ToolCallPiece rest;
    rest.index = index;
    rest.arguments = call.arguments.substr(at, argument_bytes);
    piece.tool_calls.assign(1, rest);
    pieces.push_back(piece);
  }
}

std::vector<ChatPiece> pieces_of(const AIMessage& message, const std::vector<std::string>& texts) {
  std::vector<ChatPiece> pieces;
  for (const Part& part : message.parts) {
    const auto* thought = std::get_if<ReasoningPart>(&part);
    if (thought == nullptr) continue;
    ChatPiece piece;
    piece.reasoning = thought->text;
    piece.reasoning_signature = thought->signature;
    pieces.push_back(std::move(piece));
  }
  for (const std::string& text : texts) {
    ChatPiece piece;
    piece.text = text;
    pieces.push_back(std::move(piece));
  }
  int index = 0;
  for (const Part& part : message.parts)
    if (const auto* call = std::get_if<ToolCall>(&part)) add_call_pieces(pieces, *call, index++);
  ChatPiece end;
  end.finish_reason = message.finish_reason;
  end.usage = message.usage;
  end.model = message.model;
  end.provider = message.provider;
  pieces.push_back(std::move(end));
  return pieces;
}

}  // namespace

class ScriptedChatStep final : public ChatStep {
 public:
  ScriptedChatStep(std::shared_ptr<ScriptState> state, ChatOptions options)
      : state_(std::move(state)), options_(std::move(options)) {}

  std::string name() const override { return "scripted"; }
  bool streams() const noexcept override { return true; }
  std::shared_ptr<const ChatStep> with_options(const ChatOptions& options) const override {
    return std::make_shared<ScriptedChatStep>(state_, options_.merged(options));
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    ScriptedReply reply = next(std::move(in), false);
    context.check();
    if (reply.wait_.count() > 0) {
      Sleep sleeping = lian::sleep(reply.wait_);
      co_await sleeping;
    }
    if (reply.error_) throw_copy(reply.error_);
    AIMessage message = complete(std::move(reply));
    lian::finish(message);
    co_return message;
  }

  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    ScriptedReply reply = next(std::move(input), true);
    context.check();
    if (reply.wait_.count() > 0) {
      Sleep sleeping = lian::sleep(reply.wait_);
      co_await sleeping;
    }
    if (reply.error_ && !reply.error_piece_) throw_copy(reply.error_);
    const std::exception_ptr error = reply.error_;
    const std::optional<std::size_t> last = reply.error_piece_;
    const std::vector<std::string> texts =
        reply.pieces_.empty() ? words_of(reply.message_.text()) : reply.pieces_;
    const AIMessage message = complete(std::move(reply));
    std::vector<ChatPiece> pieces = pieces_of(message, texts);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (last == i) throw_copy(error);
      co_yield pieces[i];
    }
    if (last) throw_copy(error);
  }

 private:
  // Each call throws an error of its own, which steps may annotate.
  [[noreturn]] static void throw_copy(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const Error& known) {
      std::rethrow_exception(known.copy());
    }
  }

  ScriptedReply next(ChatInput in, bool streamed) const {
    ChatRequest request(std::move(in.messages), options_);
    request.stream = streamed;
    if (state_->make) {
      record(request);
      return state_->make(request);
    }
    const std::lock_guard lock(state_->mutex);
    state_->requests.push_back(std::move(request));
    const std::size_t count = state_->replies.size();
    if (count == 0 || (!state_->cycle && state_->next >= count))
      throw Error(ErrorKind::config, "the script has " + std::to_string(count) +
                                         " replies, but the model was called " +
                                         std::to_string(state_->requests.size()) + " times");
    return state_->replies[state_->next++ % count];
  }

  void record(const ChatRequest& request) const {
    const std::lock_guard lock(state_->mutex);
    state_->requests.push_back(request);
  }

  AIMessage complete(ScriptedReply reply) const {
    AIMessage message = std::move(reply.message_);
    const bool calls = !message.tool_calls().empty();
    if (reply.finish_)
      message.finish_reason = *reply.finish_;
    else if (message.finish_reason == FinishReason::none)
      message.finish_reason = calls ? FinishReason::tool_calls : FinishReason::stop;
    if (message.model.empty()) message.model = options_.model().empty() ? name() : options_.model();
    if (message.provider.empty()) message.provider = name();
    return message;
  }

  std::shared_ptr<ScriptState> state_;
  ChatOptions options_;
};

ScriptedChatModel::ScriptedChatModel(std::shared_ptr<ScriptState> state)
    : ChatModel(std::make_shared<ScriptedChatStep>(state, ChatOptions())),
      state_(std::move(state)) {}

namespace {

std::shared_ptr<ScriptState> state_of(std::vector<ScriptedReply> replies, bool cycle) {
  auto state = std::make_shared<ScriptState>();
  state->replies = std::move(replies);
  state->cycle = cycle;
  return state;
}

std::shared_ptr<ScriptState> state_of(ScriptedChatModel::Reply reply) {
  if (!reply) throw Error(ErrorKind::config, "a ScriptedChatModel was given no function");
  auto state = std::make_shared<ScriptState>();
  state->make = std::move(reply);
  return state;
}

}  // namespace

ScriptedChatModel::ScriptedChatModel(std::vector<ScriptedReply> replies, bool cycle)
    : ScriptedChatModel(state_of(std::move(replies), cycle)) {}
ScriptedChatModel::ScriptedChatModel(Reply reply) : ScriptedChatModel(state_of(std::move(reply))) {}

std::vector<ChatRequest> ScriptedChatModel::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

std::size_t ScriptedChatModel::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests.size();
}

}  // namespace testing
}  // namespace v0
}  // namespace lian
