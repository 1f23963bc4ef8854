#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/pipe.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// A text with `{name}` places, parsed once. Names are [A-Za-z_][A-Za-z0-9_]*; `{{` and `}}` stand
/// for braces. Values go in as they are and are never read as templates. Immutable, cheap to copy,
/// thread-safe. (LangChain's f-string format.)
class LIAN_API Template {
 public:
  /// Throws ParseError with the byte offset for braces that are not as above.
  explicit Template(std::string_view text);

  /// Appends the text with every place filled. Throws Error{validation} naming the missing values.
  void append_to(std::string& out, const Values& values) const;
  std::string format(const Values& values) const;
  /// The names, each once, in order of first appearance.
  const std::vector<std::string>& variables() const noexcept;
  const std::string& text() const noexcept;

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;
};

/// Values in, text out: a Template as a step. Thread-safe.
class LIAN_API PromptTemplate : public Runnable<Values, std::string> {
 public:
  /// Throws as Template.
  PromptTemplate(std::string_view text);
  PromptTemplate(const char* text) : PromptTemplate(std::string_view(text)) {}
  static PromptTemplate from_template(std::string_view text) { return PromptTemplate(text); }

  std::string format(const Values& values) const;
  /// The same template with some values fixed; values given to `format` count more.
  PromptTemplate partial(Values values) const;
  /// The names to be given, sorted; fixed ones left out.
  std::vector<std::string> input_variables() const;
  /// Both texts behind each other (LangChain's `+`). Throws Error{config} when both fix a name.
  friend LIAN_API PromptTemplate operator+(const PromptTemplate& a, const PromptTemplate& b);

 private:
  class Format;
  explicit PromptTemplate(std::shared_ptr<const Format> format);
  std::shared_ptr<const Format> format_;
};

/// A place where a list of messages goes. Optional: no messages when there is no such value.
class LIAN_API MessagesPlaceholder {
 public:
  explicit MessagesPlaceholder(std::string variable, bool optional = false)
      : variable_(std::move(variable)), optional_(optional) {}
  /// Takes the last `n` messages only.
  MessagesPlaceholder& n_messages(std::size_t n) { return n_messages_ = n, *this; }

  const std::string& variable() const noexcept { return variable_; }
  bool optional() const noexcept { return optional_; }
  std::optional<std::size_t> n_messages() const noexcept { return n_messages_; }

 private:
  std::string variable_;
  bool optional_;
  std::optional<std::size_t> n_messages_;
};

/// A message that goes in as it is, braces and all.
class LiteralMessage {
 public:
  explicit LiteralMessage(Message message) : message_(std::move(message)) {}
  const Message& message() const noexcept { return message_; }

 private:
  Message message_;
};
inline LiteralMessage literal(Message message) { return LiteralMessage(std::move(message)); }

/// Values in, messages out. Made of messages whose texts are templates (`system("You speak
/// {language}.")`), role and text pairs, placeholders, literal messages; a bare text is the user's.
/// Thread-safe.
class LIAN_API ChatPromptTemplate : public Runnable<Values, Messages> {
 public:
  class LIAN_API Item {
   public:
    Item(Message message);
    Item(LiteralMessage message);
    Item(MessagesPlaceholder placeholder);
    Item(const char* user_text);
    /// Roles: system, developer, user (human), assistant (ai), placeholder ("{name}", optional).
    /// Throws Error{config} for another.
    Item(std::string_view role, std::string_view text);

   private:
    friend class ChatPromptTemplate;
    struct Data;
    std::shared_ptr<const Data> data_;
  };

  /// Throws ParseError for a text that is no template.
  ChatPromptTemplate(std::initializer_list<Item> items);
  explicit ChatPromptTemplate(std::vector<Item> items);
  static ChatPromptTemplate from_messages(std::vector<Item> items) {
    return ChatPromptTemplate(std::move(items));
  }
  /// One message of the user.
  static ChatPromptTemplate from_template(std::string_view text) {
    return ChatPromptTemplate({Item("user", text)});
  }

  /// Throws Error{validation} naming the missing values, or a placeholder's value that is no list of
  /// messages.
  Messages format_messages(const Values& values) const;
  /// The same prompt with some values fixed; values given to `format_messages` count more.
  ChatPromptTemplate partial(Values values) const;
  /// The names to be given, sorted; fixed and optional ones left out.
  std::vector<std::string> input_variables() const;

 private:
  class Format;
  explicit ChatPromptTemplate(std::shared_ptr<const Format> format);
  std::shared_ptr<const Format> format_;
};

}  // namespace v0
}  // namespace lian
