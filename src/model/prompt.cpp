#include "lian/model/prompt.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {

// What is given counts more than what was fixed before.
Values filled(const Values& fixed, const Values& given) {
  Values all = fixed;
  for (const auto& entry : given) all.set(entry.name, entry.value);
  return all;
}

std::vector<std::string> open_names(std::vector<std::string> names, const Values& fixed) {
  std::erase_if(names, [&](const std::string& name) { return fixed.contains(name); });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

// ------------------------------------------------------------------ text

class PromptTemplate::Format final : public Step<Values, std::string> {
 public:
  Format(Template text, Values fixed) : text_(std::move(text)), fixed_(std::move(fixed)) {}

  std::string format(const Values& values) const {
    return fixed_.empty() ? text_.format(values) : text_.format(filled(fixed_, values));
  }
  Task<std::string> run(Values values, Context) const override { co_return format(values); }
  std::string name() const override { return "prompt"; }
  StepKind kind() const noexcept override { return StepKind::prompt; }

  const Template& text() const noexcept { return text_; }
  const Values& fixed() const noexcept { return fixed_; }

 private:
  Template text_;
  Values fixed_;
};

PromptTemplate::PromptTemplate(std::shared_ptr<const Format> format)
    : Runnable<Values, std::string>(format), format_(std::move(format)) {}

PromptTemplate::PromptTemplate(std::string_view text)
    : PromptTemplate(std::make_shared<const Format>(Template(text), Values())) {}

std::string PromptTemplate::format(const Values& values) const { return format_->format(values); }

PromptTemplate PromptTemplate::partial(Values values) const {
  return PromptTemplate(
      std::make_shared<const Format>(format_->text(), filled(format_->fixed(), values)));
}

std::vector<std::string> PromptTemplate::input_variables() const {
  return open_names(format_->text().variables(), format_->fixed());
}

PromptTemplate operator+(const PromptTemplate& a, const PromptTemplate& b) {
  Values fixed = a.format_->fixed();
  for (const auto& entry : b.format_->fixed()) {
    if (fixed.contains(entry.name))
      throw Error(ErrorKind::config,
                  fmt::format("both prompts fix a value for '{}'; fix it in one", entry.name));
    fixed.set(entry.name, entry.value);
  }
  return PromptTemplate(std::make_shared<const PromptTemplate::Format>(
      Template(a.format_->text().text() + b.format_->text().text()), std::move(fixed)));
}

// ------------------------------------------------------------------ messages

// A message whose text parts are templates: `texts` holds one for each text part, in order.
struct TemplatedMessage {
  Message message;
  std::vector<Template> texts;
};

struct ChatPromptTemplate::Item::Data {
  std::variant<TemplatedMessage, LiteralMessage, MessagesPlaceholder> data;
};

namespace {

TemplatedMessage templated(Message message) {
  TemplatedMessage out;
  for (const Part& part : message.parts)
    if (const auto* text = std::get_if<TextPart>(&part)) out.texts.emplace_back(text->text);
  out.message = std::move(message);
  return out;
}

Message of_role(std::string_view role, std::string_view text) {
  std::string words(text);
  if (role == "system") return system(std::move(words));
  if (role == "developer") return developer(std::move(words));
  if (role == "user" || role == "human") return user(std::move(words));
  if (role == "assistant" || role == "ai") return assistant(std::move(words));
  throw Error(ErrorKind::config,
              fmt::format("unknown role '{}' in a chat prompt; known: system, developer, user "
                          "(human), assistant (ai), placeholder",
                          role.substr(0, 100)));
}

std::string placeholder_name(std::string_view text) {
  const Template parsed(text);
  if (parsed.variables().size() != 1 || text.size() != parsed.variables()[0].size() + 2)
    throw Error(ErrorKind::config, fmt::format("a placeholder is written \"{{name}}\", not \"{}\"",
                                               text.substr(0, 100)));
  return parsed.variables()[0];
}

Messages placed(const MessagesPlaceholder& place, const Values& values) {
  const Value* value = values.find(place.variable());
  if (!value || value->is_null()) {
    if (place.optional()) return {};
    throw Error(ErrorKind::validation,
                fmt::format("the prompt needs messages for '{}'", place.variable()));
  }
  const Messages* messages = value->messages();
  if (!messages)
    throw Error(ErrorKind::validation,
                fmt::format("the prompt takes messages for '{}', but was given {}",
                            place.variable(), value->type_name()));
  const std::size_t n = std::min(place.n_messages().value_or(messages->size()), messages->size());
  return Messages(messages->end() - static_cast<std::ptrdiff_t>(n), messages->end());
}

Message format_message(const TemplatedMessage& templated, const Values& values) {
  Message message = templated.message;
  auto text = templated.texts.begin();
  for (Part& part : message.parts)
    if (auto* words = std::get_if<TextPart>(&part)) words->text = (text++)->format(values);
  return message;
}

}  // namespace

ChatPromptTemplate::Item::Item(Message message)
    : data_(std::make_shared<const Data>(Data{templated(std::move(message))})) {}
ChatPromptTemplate::Item::Item(LiteralMessage message)
    : data_(std::make_shared<const Data>(Data{std::move(message)})) {}
ChatPromptTemplate::Item::Item(MessagesPlaceholder placeholder)
    : data_(std::make_shared<const Data>(Data{std::move(placeholder)})) {}
ChatPromptTemplate::Item::Item(const char* user_text) : Item(user(std::string(user_text))) {}
ChatPromptTemplate::Item::Item(std::string_view role, std::string_view text)
    : Item(role == "placeholder" ? Item(MessagesPlaceholder(placeholder_name(text), true))
                                 : Item(of_role(role, text))) {}

class ChatPromptTemplate::Format final : public Step<Values, Messages> {
 public:
  Format(std::vector<Item> items, Values fixed)
      : items_(std::move(items)), fixed_(std::move(fixed)) {}

  Messages format(const Values& given) const {
    if (fixed_.empty()) return format_all(given);
    return format_all(filled(fixed_, given));
  }
  Task<Messages> run(Values values, Context) const override { co_return format(values); }
  std::string name() const override { return "prompt"; }
  StepKind kind() const noexcept override { return StepKind::prompt; }

  std::vector<std::string> needed() const {
    std::vector<std::string> names;
    for (const Item& item : items_) {
      const auto& data = item.data_->data;
      if (const auto* place = std::get_if<MessagesPlaceholder>(&data)) {
        if (!place->optional()) names.push_back(place->variable());
      } else if (const auto* message = std::get_if<TemplatedMessage>(&data)) {
        for (const Template& text : message->texts)
          names.insert(names.end(), text.variables().begin(), text.variables().end());
      }
    }
    return open_names(std::move(names), fixed_);
  }
  const std::vector<Item>& items() const noexcept { return items_; }
  const Values& fixed() const noexcept { return fixed_; }

 private:
  Messages format_all(const Values& values) const {
    Messages out;
    out.reserve(items_.size());
    for (const Item& item : items_) {
      const auto& data = item.data_->data;
      if (const auto* message = std::get_if<TemplatedMessage>(&data)) {
        out.push_back(format_message(*message, values));
      } else if (const auto* literal = std::get_if<LiteralMessage>(&data)) {
        out.push_back(literal->message());
      } else {
        for (Message& history : placed(std::get<MessagesPlaceholder>(data), values))
          out.push_back(std::move(history));
      }
    }
    return out;
  }
  std::vector<Item> items_;
  Values fixed_;
};

ChatPromptTemplate::ChatPromptTemplate(std::shared_ptr<const Format> format)
    : Runnable<Values, Messages>(format), format_(std::move(format)) {}
ChatPromptTemplate::ChatPromptTemplate(std::vector<Item> items)
    : ChatPromptTemplate(std::make_shared<const Format>(std::move(items), Values())) {}
ChatPromptTemplate::ChatPromptTemplate(std::initializer_list<Item> items)
    : ChatPromptTemplate(std::vector<Item>(items)) {}

Messages ChatPromptTemplate::format_messages(const Values& values) const {
  return format_->format(values);
}

ChatPromptTemplate ChatPromptTemplate::partial(Values values) const {
  return ChatPromptTemplate(
      std::make_shared<const Format>(format_->items(), filled(format_->fixed(), values)));
}

std::vector<std::string> ChatPromptTemplate::input_variables() const { return format_->needed(); }

}  // namespace v0
}  // namespace lian
