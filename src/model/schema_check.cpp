#include "model/schema_check.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

namespace {

using Fault = std::optional<std::string>;

constexpr int deepest = 512;  // as JSON itself is read
constexpr std::size_t shown_bytes = 80;

// The value as a sentence shows it: short ones as they are, others by their type.
std::string shown(const Json& value) {
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  std::string text = value.dump();
  if (text.size() <= shown_bytes) return text;
  text.resize(utf8::code_point_boundary(text, shown_bytes));
  return text + "…";
}

std::string with_article(std::string_view type) {
  if (type == "null") return "null";
  const bool vowel = !type.empty() && std::string_view("aeio").find(type.front()) != type.npos;
  return fmt::format("{} {}", vowel ? "an" : "a", type);
}

std::string below(const std::string& place, const std::string& key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain ? place + "." + key : place + "[" + Json(key).dump() + "]";
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "integer")
    return value.is_integer() ||
           (value.is_number() && std::trunc(value.as_number()) == value.as_number());
  if (type == "number") return value.is_number();
  return value.type_name() == type;
}

class Checker {
 public:
  explicit Checker(const Json& root) : root_(root) {}

  Fault check(const Json& schema, const Json& value, const std::string& place, int depth) const {
    if (depth > deepest) return place + ": the schema refers to itself without end";
    if (schema.is_bool() && !schema.as_bool()) return place + ": nothing is allowed here";
    if (!schema.is_object()) return {};
    if (schema.contains("$ref")) return refer(schema, value, place, depth);
    if (Fault fault = type(schema, value, place)) return fault;
    if (Fault fault = choices(schema, value, place)) return fault;
    if (Fault fault = sizes(schema, value, place)) return fault;
    if (value.is_object())
      if (Fault fault = members(schema, value, place, depth)) return fault;
    if (value.is_array())
      if (Fault fault = items(schema, value, place, depth)) return fault;
    return combined(schema, value, place, depth);
  }

 private:
  // "#" and "#/a/b"; what lies elsewhere is not looked up.
  Fault refer(const Json& schema, const Json& value, const std::string& place, int depth) const {
    const Json target = schema["$ref"];
    if (!target.is_string() || !target.as_string().starts_with("#")) return {};
    Json found = root_;
    std::string_view path = target.as_string().substr(1);
    while (!path.empty()) {
      path.remove_prefix(1);
      const std::size_t end = std::min(path.find('/'), path.size());
      found = found[path.substr(0, end)];
      path.remove_prefix(end);
    }
    if (found.is_null())
      return fmt::format("{}: the schema refers to {}, which it does not have", place,
                         target.as_string());
    return check(found, value, place, depth + 1);
  }

  static Fault type(const Json& schema, const Json& value, const std::string& place) {
    const Json type = schema["type"];
    if (type.is_string()) {
      if (has_type(value, type.as_string())) return {};
      return fmt::format("{}: expected {}, got {}", place, with_article(type.as_string()),
                         shown(value));
    }
    if (!type.is_array()) return {};
    std::string wanted;
    for (const Json& one : type.items()) {
      if (!one.is_string() || has_type(value, one.as_string())) return {};
      wanted.append(wanted.empty() ? "" : " or ").append(with_article(one.as_string()));
    }
    return fmt::format("{}: expected {}, got {}", place, wanted, shown(value));
  }

  static Fault choices(const Json& schema, const Json& value, const std::string& place) {
    if (schema.contains("const") && !(schema["const"] == value))
      return fmt::format("{}: expected {}, got {}", place, schema["const"].dump(), shown(value));
    const Json allowed = schema["enum"];
    if (!allowed.is_array()) return {};
    std::string names;
    for (const Json& one : allowed.items()) {
      if (one == value) return {};
      names.append(names.empty() ? "" : ", ").append(one.dump());
    }
    return fmt::format("{}: expected one of {}, got {}", place, names, shown(value));
  }

  static Fault sizes(const Json& schema, const Json& value, const std::string& place) {
    if (value.is_number()) return bounds(schema, value, place);
    std::size_t size = value.size();
    std::string_view least = "minItems", most = "maxItems", unit = "items";
    if (value.is_string()) {
      size = utf8::count(value.as_string());
      least = "minLength", most = "maxLength", unit = "characters";
    } else if (!value.is_array()) {
      return {};
    }
    const auto number = static_cast<double>(size);
    if (schema[least].is_number() && number < schema[least].as_number())
      return fmt::format("{}: expected at least {} {}, got {}", place, schema[least].dump(), unit,
                         size);
    if (schema[most].is_number() && number > schema[most].as_number())
      return fmt::format("{}: expected at most {} {}, got {}", place, schema[most].dump(), unit,
                         size);
    return {};
  }

  static Fault bounds(const Json& schema, const Json& value, const std::string& place) {
    const double number = value.as_number();
    const auto outside = [&](std::string_view key, bool fits, std::string_view words) -> Fault {
      if (!schema[key].is_number() || fits) return {};
      return fmt::format("{}: expected {} {}, got {}", place, words, schema[key].dump(),
                         value.dump());
    };
    const auto limit = [&](std::string_view key) {
      return schema[key].is_number() ? schema[key].as_number() : number;
    };
    if (Fault f = outside("minimum", number >= limit("minimum"), "at least")) return f;
    if (Fault f = outside("maximum", number <= limit("maximum"), "at most")) return f;
    if (Fault f = outside("exclusiveMinimum", number > limit("exclusiveMinimum"), "more than"))
      return f;
    return outside("exclusiveMaximum", number < limit("exclusiveMaximum"), "less than");
  }

  Fault members(const Json& schema, const Json& value, const std::string& place, int depth) const {
    const Json properties = schema["properties"];
    for (const Json& name : list(schema, "required"))
      if (name.is_string() && !value.contains(name.as_string()))
        return below(place, std::string(name.as_string())) + ": missing";
    const Json rest = schema["additionalProperties"];
    const std::vector<std::string> keys = value.keys();
    const std::vector<Json> values = value.items();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool known = properties.contains(keys[i]);
      if (!known && rest.is_bool() && !rest.as_bool())
        return fmt::format("{}: unknown; there {}", below(place, keys[i]), names_of(properties));
      const Json one = known ? properties[keys[i]] : rest;
      if (Fault fault = check(one, values[i], below(place, keys[i]), depth + 1)) return fault;
    }
    return {};
  }

  static std::string names_of(const Json& properties) {
    const std::vector<std::string> keys =
        properties.is_object() ? properties.keys() : std::vector<std::string>();
    return keys.empty() ? "are none" : fmt::format("are {}", fmt::join(keys, ", "));
  }

  Fault items(const Json& schema, const Json& value, const std::string& place, int depth) const {
    const Json one = schema["items"];
    if (one.is_null()) return {};
    std::size_t index = 0;
    for (const Json& item : value.items()) {
      const std::string at = fmt::format("{}[{}]", place, index++);
      if (Fault fault = check(one, item, at, depth + 1)) return fault;
    }
    return {};
  }

  Fault combined(const Json& schema, const Json& value, const std::string& place, int depth) const {
    for (const Json& one : list(schema, "allOf"))
      if (Fault fault = check(one, value, place, depth + 1)) return fault;
    if (schema.contains("not") && !check(schema["not"], value, place, depth + 1))
      return fmt::format("{}: {} is not allowed", place, shown(value));
    if (Fault fault = any_of(list(schema, "anyOf"), value, place, depth)) return fault;
    const std::vector<Json> one_of = list(schema, "oneOf");
    if (Fault fault = any_of(one_of, value, place, depth)) return fault;
    const auto fitting = std::count_if(one_of.begin(), one_of.end(), [&](const Json& one) {
      return !check(one, value, place, depth + 1);
    });
    if (fitting > 1) return fmt::format("{}: {} fits more than one form", place, shown(value));
    return {};
  }

  // The fault of the only form that is for a value of this type, else of all forms.
  Fault any_of(const std::vector<Json>& forms, const Json& value, const std::string& place,
               int depth) const {
    if (forms.empty()) return {};
    std::vector<std::string> faults;
    std::string inner;
    int of_type = 0;
    for (const Json& form : forms) {
      Fault fault = check(form, value, place, depth + 1);
      if (!fault) return {};
      if (!form["type"].is_string() || has_type(value, form["type"].as_string())) {
        inner = *fault;
        ++of_type;
      }
      faults.push_back(std::move(*fault));
    }
    if (of_type == 1) return inner;
    return merged(faults, place);
  }

  // "a: expected an integer, got x" and "a: expected null, got x" in one sentence.
  static std::string merged(const std::vector<std::string>& faults, const std::string& place) {
    const std::string begin = place + ": expected ";
    std::string wanted, got;
    for (const std::string& fault : faults) {
      const std::size_t comma = fault.rfind(", got ");
      if (!fault.starts_with(begin) || comma == fault.npos)
        return fmt::format("{}: no form fits ({})", place, fmt::join(faults, "; "));
      wanted.append(wanted.empty() ? "" : " or ").append(fault, begin.size(), comma - begin.size());
      got = fault.substr(comma);
    }
    return begin + wanted + got;
  }

  static std::vector<Json> list(const Json& schema, std::string_view key) {
    const Json value = schema[key];
    return value.is_array() ? value.items() : std::vector<Json>();
  }

  const Json& root_;
};

}  // namespace

std::optional<std::string> schema_fault(const Json& schema, const Json& value,
                                        std::string_view root) {
  return Checker(schema).check(schema, value, std::string(root), 0);
}

}  // namespace v0
}  // namespace lian
