#include "lian/memory/trim_messages.hpp"

#include <algorithm>
#include <optional>

#include "lian/core/error.hpp"
#include "memory/tool_pairs.hpp"

namespace lian {
inline namespace v0 {
namespace {

bool is_one_of(const Message& message, const std::vector<Role>& roles) {
  return roles.empty() || std::find(roles.begin(), roles.end(), message.role) != roles.end();
}

bool is_system(const Message& message) {
  return message.role == Role::system || message.role == Role::developer;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end + 1 - begin));
    begin = end + 1;
  }
  lines.push_back(text.substr(begin));
  return lines;
}

// The largest number up to `most` for which `fits` holds; it holds for all below one that does.
template <class Fits>
std::size_t largest(std::size_t most, const Fits& fits) {
  std::size_t low = 0, high = most;
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (fits(middle))
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

// Chooses among `messages_` the run [begin_, end_) that fits, from one end.
class Trimmer {
 public:
  Trimmer(Messages messages, const TrimOptions& options, std::int64_t budget)
      : messages_(std::move(messages)),
        options_(options),
        budget_(budget),
        last_(options.strategy() == TrimStrategy::last) {}

  Messages take() {
    choose();
    if (options_.allow_partial() && begin_ + (messages_.size() - end_) > 0) add_partial();
    drop_until_whole();
    return std::move(messages_);
  }

 private:
  std::int64_t count(std::size_t begin, std::size_t end) const {
    return options_.token_counter()(messages_.data() + begin, messages_.data() + end);
  }

  void choose() {
    const std::size_t size = messages_.size();
    end_ = size;
    if (count(0, size) <= budget_) return;
    const auto fits = [&](std::size_t n) {
      return (last_ ? count(size - n, size) : count(0, n)) <= budget_;
    };
    const std::size_t most = largest(size, fits);
    if (last_)
      begin_ = size - most;
    else
      end_ = most;
  }

  // The message next to the run, as much of it as fits; its parts or, if none of them does, its
  // text.
  void add_partial() {
    const std::size_t index = last_ ? begin_ - 1 : end_;
    const Message& whole = messages_[index];
    if (holds_call(whole) || holds_result(whole)) return;
    std::optional<Message> part = some_parts(whole);
    if (!part) part = some_text(whole);
    if (!part) return;
    messages_[index] = std::move(*part);
    if (last_)
      --begin_;
    else
      ++end_;
  }

  bool fits_beside(const Message& part) const {
    Messages all(messages_.begin() + static_cast<std::ptrdiff_t>(begin_),
                 messages_.begin() + static_cast<std::ptrdiff_t>(end_));
    all.insert(last_ ? all.begin() : all.end(), part);
    return options_.token_counter()(all) <= budget_;
  }

  std::optional<Message> some_parts(const Message& whole) const {
    Message part = whole;
    while (part.parts.size() > 1) {
      part.parts.erase(last_ ? part.parts.begin() : part.parts.end() - 1);
      if (fits_beside(part)) return part;
    }
    return std::nullopt;
  }

  std::optional<Message> some_text(const Message& whole) const {
    const auto text = std::find_if(whole.parts.begin(), whole.parts.end(), [](const Part& part) {
      return std::holds_alternative<TextPart>(part);
    });
    if (text == whole.parts.end()) return std::nullopt;
    const std::vector<std::string> pieces = options_.split(std::get<TextPart>(*text).text);
    const auto with = [&](std::size_t n) {
      const auto begin = last_ ? pieces.end() - static_cast<std::ptrdiff_t>(n) : pieces.begin();
      std::string joined;
      for (auto it = begin; it != begin + static_cast<std::ptrdiff_t>(n); ++it) joined += *it;
      Message part = whole;
      part.parts.assign(1, TextPart(std::move(joined)));
      return part;
    };
    const std::size_t most =
        largest(pieces.size(), [&](std::size_t n) { return fits_beside(with(n)); });
    if (most == 0) return std::nullopt;
    return with(most);
  }

  // Taking back what is torn may uncover another beginning or end, and the other way round.
  void drop_until_whole() {
    std::vector<bool> kept(messages_.size());
    std::fill(kept.begin() + static_cast<std::ptrdiff_t>(begin_),
              kept.begin() + static_cast<std::ptrdiff_t>(end_), true);
    for (std::vector<bool> before; before != kept;) {
      before = kept;
      drop_torn(messages_, kept);
      drop_ends(kept);
    }
    messages_ = kept_of(std::move(messages_), kept);
  }

  void drop_ends(std::vector<bool>& kept) const {
    for (std::size_t i = 0; last_ && i < kept.size(); ++i) {
      if (!kept[i]) continue;
      if (is_one_of(messages_[i], options_.start_on())) break;
      kept[i] = false;
    }
    for (std::size_t i = kept.size(); i-- > 0;) {
      if (!kept[i]) continue;
      if (is_one_of(messages_[i], options_.end_on())) break;
      kept[i] = false;
    }
  }

  Messages messages_;
  const TrimOptions& options_;
  std::int64_t budget_;
  bool last_;
  std::size_t begin_ = 0, end_ = 0;
};

void check(const TrimOptions& options) {
  if (options.strategy() == TrimStrategy::last) return;
  if (!options.start_on().empty())
    throw Error(ErrorKind::config, "trim_messages: start_on goes with the strategy last only");
  if (options.include_system())
    throw Error(ErrorKind::config,
                "trim_messages: include_system goes with the strategy last only");
}

}  // namespace

std::vector<std::string> TrimOptions::split(const std::string& text) const {
  return text_splitter_ ? (*text_splitter_)(text) : lines_of(text);
}

Messages trim_messages(Messages messages, const TrimOptions& options) {
  check(options);
  std::int64_t budget = options.max_tokens();
  std::optional<Message> first;
  if (options.strategy() == TrimStrategy::last) {
    while (!messages.empty() && !is_one_of(messages.back(), options.end_on())) messages.pop_back();
    if (options.include_system() && !messages.empty() && is_system(messages.front())) {
      first = std::move(messages.front());
      messages.erase(messages.begin());
      budget = std::max<std::int64_t>(0, budget - options.token_counter()(&*first, &*first + 1));
    }
  }
  Messages kept = Trimmer(std::move(messages), options, budget).take();
  if (first) kept.insert(kept.begin(), std::move(*first));
  return kept;
}

Runnable<Messages, Messages> trim_messages(TrimOptions options) {
  check(options);
  return step([options = std::move(options)](
                  Messages messages) { return trim_messages(std::move(messages), options); },
              "trim_messages");
}

}  // namespace v0
}  // namespace lian
