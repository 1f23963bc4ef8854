#include "model/provider/turns.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

void append_line(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

std::string call_text(const ToolCall& call) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("name").string(call.name).key("arguments");
  json.string(call.arguments).end_object();
  return text;
}

class TurnMaker {
 public:
  TurnMaker(const TurnRules& rules, std::vector<std::string>& warnings)
      : rules_(rules), warnings_(warnings) {}

  std::vector<Turn> make(const Messages& messages) {
    if (messages.empty()) refuse_request("the request has no messages");
    for (index_ = 0; index_ < messages.size(); ++index_) add(messages[index_]);
    place_system();
    tell();
    check();
    return std::move(turns_);
  }

 private:
  std::string place() const { return fmt::format("messages[{}]", index_); }

  void add(const Message& message) {
    const std::string text = text_of(message);
    check_request_utf8(text, place());
    if (message.role == Role::system || message.role == Role::developer) {
      if (!turns_.empty() && rules_.system) late_system_ = true;
      append_line(system_, text);
      return;
    }
    if (text.empty()) refuse_request(place() + " has no text, which " +
                                     std::string(rules_.provider) + " requires");
    const Role role = message.role == Role::assistant ? Role::assistant : Role::user;
    if (turns_.empty() || turns_.back().role != role) {
      turns_.emplace_back(role, text);
      return;
    }
    joined_ = true;
    append_line(turns_.back().text, text);
  }

  std::string text_of(const Message& message) {
    if (message.role == Role::other)
      throw UnsupportedError(fmt::format("{} does not take {} with the role {}; nothing was sent",
                                         rules_.provider, place(), message.role_name),
                             "role " + message.role_name);
    std::string text;
    for (const Part& part : message.parts) {
      if (const auto* plain = std::get_if<TextPart>(&part)) {
        text += plain->text;
      } else if (const auto* call = std::get_if<ToolCall>(&part)) {
        append_line(text, call_text(*call));
      } else if (const auto* result = std::get_if<ToolResult>(&part)) {
        results_ = true;
        append_line(text, result->content);
      } else if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
        text += refusal->text;
      } else if (!std::holds_alternative<ReasoningPart>(part)) {
        throw UnsupportedError(
            fmt::format("{} takes only text, but {} has another part; nothing was sent",
                        rules_.provider, place()),
            "parts other than text");
      }
    }
    return text;
  }

  void place_system() {
    if (system_.empty()) return;
    if (rules_.system) {
      turns_.insert(turns_.begin(), Turn(Role::system, system_));
      return;
    }
    warnings_.push_back(fmt::format(
        "{} has no system messages here: they went in front of the first user message",
        rules_.provider));
    if (turns_.empty() || turns_.front().role != Role::user) {
      turns_.insert(turns_.begin(), Turn(Role::user, system_));
      return;
    }
    turns_.front().text.insert(0, system_ + "\n");
  }

  void tell() {
    if (late_system_)
      warnings_.push_back(fmt::format(
          "{} takes one system message, the first: later ones were joined to it", rules_.provider));
    if (results_)
      warnings_.push_back(fmt::format(
          "{} has no tool messages: results were sent as the user's words", rules_.provider));
    if (joined_)
      warnings_.push_back(fmt::format(
          "{} lets user and assistant alternate: neighbours of one role were joined",
          rules_.provider));
  }

  void check() const {
    const std::size_t first = !turns_.empty() && turns_.front().role == Role::system ? 1 : 0;
    if (turns_.size() == first || turns_[first].role != Role::user)
      refuse_request(std::string(rules_.provider) +
                     " requires that the first message is the user's");
    if (turns_.back().role != Role::user)
      refuse_request(std::string(rules_.provider) + " requires that the last message is the user's");
  }

  const TurnRules& rules_;
  std::vector<std::string>& warnings_;
  std::vector<Turn> turns_;
  std::string system_;
  std::size_t index_ = 0;
  bool late_system_ = false, results_ = false, joined_ = false;
};

}  // namespace

std::vector<Turn> text_turns(const Messages& messages, const TurnRules& rules,
                             std::vector<std::string>& warnings) {
  return TurnMaker(rules, warnings).make(messages);
}

}  // namespace v0
}  // namespace lian
