#include "agent/react_reply.hpp"

#include <algorithm>
#include <optional>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";
constexpr std::string_view final_answer = "Final Answer:";
constexpr std::string_view invalid_reply = "Invalid or incomplete response";

std::string_view strip(std::string_view text, std::string_view characters) {
  const std::size_t begin = text.find_first_not_of(characters);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

std::size_t skip(std::string_view text, std::size_t at, std::string_view characters) {
  return std::min(text.find_first_not_of(characters, at), text.size());
}

struct Label {
  std::size_t begin, end;  // end: behind the colon and the blanks after it
};

// The first `Action\s*\d*\s*:` at or behind `from`; with `input`, `Action\s*\d*\s*Input\s*\d*\s*:`.
std::optional<Label> find_label(std::string_view text, std::size_t from, bool input) {
  constexpr std::string_view word = "Action", second = "Input", digits = "0123456789";
  const auto number = [&](std::size_t at) {
    return skip(text, skip(text, skip(text, at, blanks), digits), blanks);
  };
  for (std::size_t at = text.find(word, from); at != text.npos; at = text.find(word, at + 1)) {
    std::size_t end = number(at + word.size());
    if (input) {
      if (text.substr(end, second.size()) != second) continue;
      end = number(end + second.size());
    }
    if (end < text.size() && text[end] == ':') return Label{at, skip(text, end + 1, blanks)};
  }
  return std::nullopt;
}

[[noreturn]] void fail(std::string_view what, std::string_view text, std::string_view hint) {
  throw ParseError(std::string(what), std::string(text), 0, std::string(hint));
}

}  // namespace

ReactReply read_react_reply(std::string_view text) {
  ReactReply reply;
  text = text.substr(0, text.find("\nObservation"));
  reply.log = std::string(text);
  const std::size_t answer = text.rfind(final_answer);
  const auto action = find_label(text, 0, false);
  const auto input = action ? find_label(text, action->end, true) : std::nullopt;
  if (input) {
    if (answer != text.npos)
      fail("the reply has both a final answer and an action", text, invalid_reply);
    const std::string_view rest = text.substr(input->end);
    if (find_label(rest, 0, true))
      fail("the reply has two actions", text,
           "Invalid Format: one Action and one Action Input at a time, then wait for the "
           "Observation");
    reply.action = strip(text.substr(action->end, input->begin - action->end), blanks);
    reply.input = strip(strip(strip(rest, "\r\n"), " "), "\"");
    return reply;
  }
  if (answer != text.npos) {
    reply.is_final = true;
    reply.answer = strip(text.substr(answer + final_answer.size()), blanks);
    return reply;
  }
  if (!action)
    fail("the reply has neither an action nor a final answer", text,
         "Invalid Format: Missing 'Action:' after 'Thought:'");
  fail("the reply has an action without input", text,
       "Invalid Format: Missing 'Action Input:' after 'Action:'");
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
