#include "model/offline/prompt.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace lian {
inline namespace v0 {
namespace {

// A text of fewer bytes is an instruction rather than a document.
constexpr std::size_t shortest_document = 200;

constexpr std::array<std::string_view, 4> context_labels = {"Context:", "上下文：",
                                                            "上下文:", "资料："};
constexpr std::array<std::string_view, 3> question_labels = {"Question:", "问题：", "问题:"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

struct Label {
  std::size_t line = 0;  // where its line begins
  std::size_t end = 0;   // behind the label
};

// A label at the beginning of a line.
template <std::size_t n>
std::optional<Label> find_label(std::string_view text,
                                const std::array<std::string_view, n>& labels, bool last) {
  std::optional<Label> found;
  for (std::size_t line = 0; line < text.size();) {
    for (const std::string_view label : labels) {
      if (text.substr(line).starts_with(label)) found = Label{line, line + label.size()};
    }
    if (found && !last) return found;
    const std::size_t end = text.find('\n', line);
    if (end == text.npos) break;
    line = end + 1;
  }
  return found;
}

// "[7] name" when 7 is the number due: a document's own "[3]" begins no block.
std::optional<std::string_view> block_name(std::string_view line, std::size_t due) {
  if (!line.starts_with('[')) return std::nullopt;
  std::size_t number = 0;
  const char* const end = line.data() + line.size();
  const auto [rest, error] = std::from_chars(line.data() + 1, end, number);
  if (error != std::errc() || number != due || rest == end || *rest != ']') return std::nullopt;
  return trimmed({rest + 1, static_cast<std::size_t>(end - rest - 1)});
}

std::vector<OfflineSource> read_blocks(std::string_view context) {
  std::vector<OfflineSource> sources;
  std::size_t text_begin = 0;
  const auto close = [&](std::size_t end) {
    if (!sources.empty()) sources.back().text = context.substr(text_begin, end - text_begin);
  };
  for (std::size_t line = 0; line < context.size();) {
    const std::size_t newline = context.find('\n', line);
    const std::size_t next = newline == context.npos ? context.size() : newline + 1;
    const std::string_view text = context.substr(line, next - line);
    if (const auto name = block_name(text, sources.size() + 1)) {
      close(line);
      sources.push_back({sources.size() + 1, std::string(*name), {}});
      text_begin = next;
    }
    line = next;
  }
  close(context.size());
  if (sources.empty() && !trimmed(context).empty())
    sources.push_back({0, {}, std::string(context)});
  return sources;
}

const Message* last_of_user(const Messages& messages) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (message->role == Role::user) return &*message;
  }
  return nullptr;
}

// The question without the line "Answer:" that many prompts end with.
std::string without_answer_label(std::string_view question) {
  question = trimmed(question);
  const std::size_t newline = question.rfind('\n');
  const bool labelled = question.ends_with(':') || question.ends_with("：");
  if (newline != question.npos && labelled) question = trimmed(question.substr(0, newline));
  return std::string(question);
}

// The last paragraph asks, or what a label says to ask; what stands above it is read.
void read_single_message(std::string_view text, OfflinePrompt& prompt) {
  text = trimmed(text);
  if (const auto label = find_label(text, question_labels, true)) {
    prompt.question = without_answer_label(text.substr(label->end));
    if (label->line >= shortest_document) prompt.sources = read_blocks(text.substr(0, label->line));
    return;
  }
  const std::size_t blank = text.rfind("\n\n");
  const std::size_t newline = blank != text.npos ? blank : text.rfind('\n');
  if (newline == text.npos || newline < shortest_document) {
    prompt.question = text;
    return;
  }
  prompt.question = trimmed(text.substr(newline));
  prompt.sources = read_blocks(text.substr(0, newline));
}

OfflinePrompt read_unlabelled(const Messages& messages) {
  OfflinePrompt prompt;
  const Message* const asking = last_of_user(messages);
  if (asking == nullptr) return prompt;
  read_single_message(asking->text(), prompt);
  for (const Message& message : messages) {
    if (&message == asking || message.role == Role::assistant) continue;
    std::string text = message.text();
    if (text.size() >= shortest_document) prompt.sources.push_back({0, {}, std::move(text)});
  }
  return prompt;
}

// A message with the label "Context:" at `context`. Whoever asks in a later message asks there.
OfflinePrompt read_labelled(std::string_view text, const Label& context, const Message* later) {
  OfflinePrompt prompt;
  const auto question = later == nullptr ? find_label(text, question_labels, true) : std::nullopt;
  const bool below = question && question->line >= context.end;
  const std::size_t end = below ? question->line : text.size();
  prompt.sources = read_blocks(text.substr(context.end, end - context.end));
  if (question) {
    const std::size_t stop = below ? text.size() : context.line;
    prompt.question = without_answer_label(text.substr(question->end, stop - question->end));
  } else if (later != nullptr) {
    const std::string asked = later->text();
    const auto label = find_label(asked, question_labels, false);
    prompt.question = trimmed(std::string_view(asked).substr(label ? label->end : 0));
  }
  return prompt;
}

}  // namespace

OfflinePrompt read_offline_prompt(const Messages& messages) {
  const Message* later = nullptr;
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (message->role == Role::assistant) continue;
    const std::string text = message->text();
    if (const auto context = find_label(text, context_labels, false)) {
      return read_labelled(text, *context, later);
    }
    if (later == nullptr && message->role == Role::user) later = &*message;
  }
  return read_unlabelled(messages);
}

}  // namespace v0
}  // namespace lian
