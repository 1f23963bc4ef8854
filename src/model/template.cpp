#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lian/core/error.hpp"
#include "lian/model/prompt.hpp"

namespace lian {
inline namespace v0 {

// Literal text before each place, and the text after the last.
struct Template::Parsed {
  struct Place {
    std::string before;
    std::size_t variable;
  };
  std::string text;
  std::vector<Place> places;
  std::string after;
  std::vector<std::string> variables;
};

namespace {

bool starts_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

[[noreturn]] void refuse(std::string_view text, std::size_t at, std::string_view why) {
  throw ParseError(fmt::format("prompt template, byte {}: {} (write {{name}} for a value, {{{{ and "
                               "}}}} for braces)",
                               at, why),
                   std::string(text), at);
}

std::size_t name_end(std::string_view text, std::size_t open) {
  std::size_t at = open + 1;
  if (at >= text.size()) refuse(text, open, "a '{' is not closed");
  if (!starts_name(text[at])) refuse(text, at, "a name begins with a letter or '_'");
  while (at < text.size() && continues_name(text[at])) ++at;
  if (at >= text.size()) refuse(text, open, "a '{' is not closed");
  if (text[at] != '}') refuse(text, at, "a name holds letters, digits and '_' only");
  return at;
}

std::size_t index_of(std::vector<std::string>& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
  names.emplace_back(name);
  return names.size() - 1;
}

}  // namespace

Template::Template(std::string_view text) {
  auto parsed = std::make_shared<Parsed>();
  parsed->text = text;
  std::string literal;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c != '{' && c != '}') {
      const std::size_t brace = std::min(text.find_first_of("{}", at), text.size());
      literal.append(text, at, brace - at);
      at = brace;
    } else if (at + 1 < text.size() && text[at + 1] == c) {
      literal += c;
      at += 2;
    } else if (c == '}') {
      refuse(text, at, "a '}' closes nothing");
    } else {
      const std::size_t end = name_end(text, at);
      const std::string_view name = text.substr(at + 1, end - at - 1);
      parsed->places.push_back({std::exchange(literal, {}), index_of(parsed->variables, name)});
      at = end + 1;
    }
  }
  parsed->after = std::move(literal);
  parsed_ = std::move(parsed);
}

const std::vector<std::string>& Template::variables() const noexcept { return parsed_->variables; }
const std::string& Template::text() const noexcept { return parsed_->text; }

namespace {

[[noreturn]] void refuse_missing(const std::vector<std::string>& wanted, const Values& values) {
  std::vector<std::string_view> missing, given;
  for (const std::string& name : wanted)
    if (!values.contains(name)) missing.push_back(name);
  for (const auto& entry : values) given.push_back(entry.name);
  throw Error(ErrorKind::validation,
              fmt::format("the prompt needs a value for '{}'; given: {}", fmt::join(missing, "', '"),
                          given.empty() ? std::string("nothing")
                                        : fmt::format("'{}'", fmt::join(given, "', '"))));
}

constexpr std::size_t usual_variables = 16;
constexpr std::size_t usual_value_bytes = 32;

}  // namespace

void Template::append_to(std::string& out, const Values& values) const {
  const Value* few[usual_variables];
  std::vector<const Value*> many;
  const auto& names = parsed_->variables;
  const Value** found = few;
  if (names.size() > usual_variables) {
    many.resize(names.size());
    found = many.data();
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    found[i] = values.find(names[i]);
    if (!found[i]) refuse_missing(names, values);
  }
  std::size_t bytes = out.size() + parsed_->after.size();
  for (const auto& place : parsed_->places) {
    const std::string* text = found[place.variable]->text();
    bytes += place.before.size() + (text ? text->size() : usual_value_bytes);
  }
  out.reserve(bytes);
  for (const auto& place : parsed_->places) {
    out += place.before;
    const Value& value = *found[place.variable];
    if (const std::string* text = value.text())
      out += *text;
    else
      value.append_text(out);
  }
  out += parsed_->after;
}

std::string Template::format(const Values& values) const {
  std::string out;
  append_to(out, values);
  return out;
}

}  // namespace v0
}  // namespace lian
