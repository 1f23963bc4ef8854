#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "lian/core/record.hpp"
#include "lian/model/prompt.hpp"

namespace lian {
inline namespace v0 {

/// The sentence of a prompt whose variables are not all given: `Missing` is the first.
template <FixedString Missing, class Gives>
struct prompt_variable_is_missing {
  static_assert(!std::is_same_v<Gives, Gives>,
                "lian: the prompt uses a variable (Missing) that the step before it does not give "
                "(Gives)");
};

/// The sentence of a text that is no template.
template <FixedString Text>
struct prompt_text_is_no_template {
  static_assert(!std::is_same_v<prompt_text_is_no_template, prompt_text_is_no_template>,
                "lian: the text of this prompt is no template; write {name} for a value, {{ and }} "
                "for braces, names of letters, digits and _ only");
};

/// The sentence of a prompt behind a record with a value that no text can show.
template <class Gives>
struct prompt_cannot_show_a_value {
  static_assert(!std::is_same_v<Gives, Gives>,
                "lian: a value of the record before this prompt (Gives) is none a prompt can show; "
                "make it a text, a number, messages, documents or Json");
};

/// The sentence of a prompt behind a step that gives neither names nor a single text.
template <class Gives>
struct prompt_needs_names {
  static_assert(!std::is_same_v<Gives, Gives>,
                "lian: a prompt takes a record, Values or, when it has one variable, a text; the "
                "step before it gives something else (Gives)");
};

namespace detail {

constexpr bool template_name_start(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
constexpr bool template_name_char(char c) {
  return template_name_start(c) || (c >= '0' && c <= '9');
}

// One place of a template: where its name begins and ends.
struct TemplatePlace {
  std::size_t begin = 0, end = 0;
};

// Reads the template as the run-time parser does; plain loops, since GCC 12 with UBSan refuses
// library searches in constant evaluation.
template <FixedString Text>
struct StaticTemplate {
  static constexpr std::size_t size = sizeof(Text.text) - 1;
  struct Result {
    std::array<TemplatePlace, size / 3 + 1> places{};
    std::size_t count = 0;
    bool ok = true;
  };
  static constexpr Result parse() {
    Result out;
    for (std::size_t at = 0; at < size;) {
      const char c = Text.text[at];
      if (c != '{' && c != '}') {
        ++at;
      } else if (at + 1 < size && Text.text[at + 1] == c) {
        at += 2;
      } else if (c == '}') {
        out.ok = false;
        return out;
      } else {
        std::size_t end = at + 1;
        while (end < size && template_name_char(Text.text[end])) ++end;
        if (end == at + 1 || end >= size || Text.text[end] != '}' ||
            !template_name_start(Text.text[at + 1])) {
          out.ok = false;
          return out;
        }
        out.places[out.count].begin = at + 1;
        out.places[out.count++].end = end;
        at = end + 1;
      }
    }
    return out;
  }
  static constexpr Result result = parse();

  static constexpr bool same(std::size_t place, std::string_view name) {
    const TemplatePlace p = result.places[place];
    if (p.end - p.begin != name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i)
      if (Text.text[p.begin + i] != name[i]) return false;
    return true;
  }
  static constexpr std::string_view name(std::size_t place) {
    return Text.view().substr(result.places[place].begin,
                              result.places[place].end - result.places[place].begin);
  }
  /// Whether every place has the first one's name.
  static constexpr bool one_variable() {
    for (std::size_t i = 1; i < result.count; ++i)
      if (!same(i, name(0))) return false;
    return result.count > 0;
  }
  template <std::size_t Place>
  static constexpr auto name_text() {
    constexpr TemplatePlace p = result.places[Place];
    char chars[p.end - p.begin + 1] = {};
    for (std::size_t i = p.begin; i < p.end; ++i) chars[i - p.begin] = Text.text[i];
    return FixedString<p.end - p.begin + 1>(chars);
  }
};

template <class Gives>
struct record_names;
template <class... Fields>
struct record_names<Record<Fields...>> {
  /// The first place whose name no field has; `count` when there is none.
  template <FixedString Text>
  static constexpr std::size_t first_missing() {
    using Static = StaticTemplate<Text>;
    for (std::size_t i = 0; i < Static::result.count; ++i) {
      const bool found = (Static::same(i, Fields::name.view()) || ...);
      if (!found) return i;
    }
    return Static::result.count;
  }
};

struct Fine {};

// What is wrong with a prompt behind a step that gives Gives: the type whose sentence says it.
template <FixedString Text, class Gives>
constexpr auto check_prompt() {
  using Static = StaticTemplate<Text>;
  if constexpr (!Static::result.ok) {
    return std::type_identity<prompt_text_is_no_template<Text>>();
  } else if constexpr (std::is_same_v<Gives, Values>) {
    return std::type_identity<Fine>();
  } else if constexpr (is_record<Gives>::value) {
    constexpr std::size_t missing = record_names<Gives>::template first_missing<Text>();
    if constexpr (missing < Static::result.count)
      return std::type_identity<
          prompt_variable_is_missing<Static::template name_text<missing>(), Gives>>();
    else if constexpr (!std::is_convertible_v<Gives, Values>)
      return std::type_identity<prompt_cannot_show_a_value<Gives>>();
    else
      return std::type_identity<Fine>();
  } else if constexpr (std::is_convertible_v<Gives, std::string> && Static::one_variable()) {
    return std::type_identity<Fine>();
  } else {
    return std::type_identity<prompt_needs_names<Gives>>();
  }
}

}  // namespace detail

/// A prompt that the compiler reads: made by `prompt<"Answer {question} from {context}">`. Behind a
/// step that gives a Record, its variables are checked against the record's keys; behind Values, when
/// it runs; behind a text, it must have one variable. Gives a text.
template <FixedString Text>
class StaticPrompt {
 public:
  using step_maker = void;
  template <class Gives>
  using check = typename decltype(detail::check_prompt<Text, Gives>())::type;
  template <class Gives>
  static constexpr bool accepts = std::is_same_v<check<Gives>, detail::Fine>;

  template <class Gives>
  auto after() const {
    if constexpr (std::is_same_v<Gives, Values>)
      return first();
    else if constexpr (detail::is_record<Gives>::value)
      return detail::wrap<Gives>(FromRecord<Gives>(), "prompt");
    else
      return detail::wrap<Gives>(FromText(), "prompt");
  }
  /// As the first step of a chain it takes Values.
  Runnable<Values, std::string> first() const { return PromptTemplate(Text.view()); }
  std::string format(const Values& values) const { return Template(Text.view()).format(values); }

 private:
  template <class Gives>
  struct FromRecord {
    std::string operator()(Gives record) const {
      const Values values = record;
      return text.format(values);
    }
    Template text{Text.view()};
  };
  struct FromText {
    std::string operator()(std::string value) const {
      Values values;
      values.set(detail::StaticTemplate<Text>::name(0), std::move(value));
      return text.format(values);
    }
    Template text{Text.view()};
  };
};

template <FixedString Text>
inline constexpr StaticPrompt<Text> prompt{};

}  // namespace v0
}  // namespace lian
