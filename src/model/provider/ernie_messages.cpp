#include "model/provider/ernie_messages.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/json_writer.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

using Role = ErnieTurn::Role;

void append_line(std::string& text, std::string_view line) {
  if (!text.empty() && !line.empty()) text += '\n';
  text += line;
}

// A tool's result must be a JSON object.
std::string result_text(const std::string& content) {
  if (parse_or_null(content).is_object()) return content;
  std::string object;
  JsonWriter json(object);
  json.begin_object().key("tool_result").string(content).end_object();
  return object;
}

class Conversation {
 public:
  explicit Conversation(std::vector<std::string>& warnings) : warnings_(warnings) {}

  ErnieConversation of(const Messages& messages) {
    for (; index_ < messages.size(); ++index_) add(messages[index_]);
    refuse_open_calls();
    check();
    return std::move(out_);
  }

 private:
  std::string place() const { return fmt::format("messages[{}]", index_); }

  void add(const Message& message) {
    std::string text;
    std::vector<const ToolCall*> calls;
    bool only_results = !message.parts.empty();
    for (const Part& part : message.parts) {
      if (const auto* result = std::get_if<ToolResult>(&part)) {
        add_result(*result);
        continue;
      }
      only_results = false;
      if (const auto* call = std::get_if<ToolCall>(&part))
        calls.push_back(call);
      else
        text += text_of(part);
    }
    if (only_results) return;
    check_request_utf8(text, place() + ".content");
    refuse_open_calls();
    add_text(message, std::move(text), std::move(calls));
  }

  std::string_view text_of(const Part& part) const {
    if (const auto* text = std::get_if<TextPart>(&part)) return text->text;
    if (const auto* refusal = std::get_if<RefusalPart>(&part)) return refusal->text;
    if (std::holds_alternative<ReasoningPart>(part)) return {};  // past thoughts are not sent
    throw UnsupportedError(place() +
                               " has a part that is no text, which ernie v1 does not take; "
                               "nothing was sent",
                           "message parts");
  }

  void add_text(const Message& message, std::string text, std::vector<const ToolCall*> calls) {
    switch (message.role) {
      case lian::Role::system:
      case lian::Role::developer:
        return append_line(out_.system, text);
      case lian::Role::user:
        if (text.empty()) refuse_request(place() + " has no text, which ernie does not take");
        return push(made(Role::user, std::move(text), message));
      case lian::Role::assistant:
        if (text.empty() && calls.empty())
          refuse_request(place() + " has neither text nor a tool call, which ernie does not take");
        if (calls.empty()) return push(made(Role::assistant, std::move(text), message));
        open_calls_ = std::move(calls);
        open_text_ = std::move(text);
        return;
      default:
        refuse_request(place() +
                       " has a role that ernie does not take: it takes system, user, "
                       "assistant and tool");
    }
  }

  static ErnieTurn made(Role role, std::string text, const Message& message) {
    ErnieTurn turn(role, std::move(text));
    turn.name = message.name;
    // What a reply says about itself does not go back.
    const bool reply = !message.id.empty() || message.extra.contains("need_clear_history");
    if (!reply) turn.extra = message.extra;
    return turn;
  }

  // A message holds one call: each goes out when its result comes.
  void add_result(const ToolResult& result) {
    const auto it =
        std::find_if(open_calls_.begin(), open_calls_.end(),
                     [&result](const ToolCall* call) { return call->id == result.call_id; });
    if (it == open_calls_.end())
      refuse_request(place() + " answers the call '" + result.call_id +
                     "', which the assistant's message before it does not have");
    check_request_utf8(result.content, place() + ".content");
    ErnieTurn call(Role::assistant, std::exchange(open_text_, {}));
    call.call = *it;
    ErnieTurn answer(Role::function, result_text(result.content));
    answer.name = (*it)->name;
    answer.extra = result.extra;
    open_calls_.erase(it);
    push(std::move(call));
    out_.turns.push_back(std::move(answer));
  }

  void refuse_open_calls() const {
    if (open_calls_.empty()) return;
    refuse_request("the call '" + open_calls_.front()->id + "' of tool " +
                   open_calls_.front()->name +
                   " has no result: add a tool message that answers it");
  }

  // Two messages of one role become one.
  void push(ErnieTurn turn) {
    ErnieTurn* last = out_.turns.empty() ? nullptr : &out_.turns.back();
    if (!last || last->role != turn.role || last->call) {
      out_.turns.push_back(std::move(turn));
      return;
    }
    append_line(last->text, turn.text);
    last->call = turn.call;
    for (const std::string& field : turn.extra.keys()) last->extra.set(field, turn.extra[field]);
    if (std::exchange(told_, true)) return;
    warnings_.emplace_back(
        "ernie takes user and assistant messages by turns: consecutive messages of one role were "
        "joined with line feeds");
  }

  void check() const {
    if (out_.turns.empty()) refuse_request("the request has no message of the user");
    if (out_.turns.front().role != Role::user)
      refuse_request("ernie wants the first message (after the system's) to be the user's");
    if (out_.turns.back().role == Role::assistant)
      refuse_request("ernie wants the last message to be the user's or a tool's");
  }

  ErnieConversation out_;
  std::vector<std::string>& warnings_;
  std::size_t index_ = 0;
  std::vector<const ToolCall*> open_calls_;
  std::string open_text_;
  bool told_ = false;
};

}  // namespace

ErnieConversation ernie_conversation(const Messages& messages, std::vector<std::string>& warnings) {
  return Conversation(warnings).of(messages);
}

}  // namespace v0
}  // namespace lian
