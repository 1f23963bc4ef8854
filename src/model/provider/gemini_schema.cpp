#include "model/provider/gemini_schema.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace lian {
inline namespace v0 {
namespace {

struct Type {
  std::string_view json, gemini;
};
constexpr std::array<Type, 6> kTypes = {{{"string", "STRING"},
                                         {"number", "NUMBER"},
                                         {"integer", "INTEGER"},
                                         {"boolean", "BOOLEAN"},
                                         {"array", "ARRAY"},
                                         {"object", "OBJECT"}}};

// Members that mean the same in both forms.
constexpr std::array<std::string_view, 13> kSame = {
    "title",   "description", "nullable",  "required", "minItems", "maxItems", "minimum",
    "maximum", "minLength",   "maxLength", "pattern",  "default",  "example"};

constexpr std::array<std::string_view, 6> kFormats = {"enum",   "date-time", "float",
                                                      "double", "int32",     "int64"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Converter {
 public:
  explicit Converter(bool ordered) : ordered_(ordered) {}

  std::optional<Json> convert(const Json& schema) const {
    if (!schema.is_object()) return std::nullopt;
    if (!schema.contains("type") && !schema.contains("anyOf")) return std::nullopt;
    if (schema["type"] == Json("object") && schema["properties"].empty()) return std::nullopt;
    Json out = Json::object();
    for (const std::string& name : schema.keys())
      if (!add(name, schema[name], out)) return std::nullopt;
    return out;
  }

 private:
  // False where the form has no such member.
  bool add(const std::string& name, const Json& value, Json& out) const {
    if (name == "$schema" || name == "$comment") return true;
    if (name == "type") return add_type(value, out);
    if (name == "properties") return add_properties(value, out);
    if (name == "items") return add_converted("items", value, out);
    if (name == "anyOf") return add_choices(value, out);
    if (name == "enum" && !all_strings(value)) return false;
    if (name == "format" && !(value.is_string() && has(kFormats, value.as_string()))) return false;
    if (name != "enum" && name != "format" && !has(kSame, name)) return false;
    out.set(name, value);
    return true;
  }

  static bool all_strings(const Json& values) {
    if (!values.is_array()) return false;
    const std::vector<Json> items = values.items();
    return std::all_of(items.begin(), items.end(), [](const Json& v) { return v.is_string(); });
  }

  static std::string_view type_of(const Json& word) {
    if (!word.is_string()) return {};
    for (const Type& type : kTypes)
      if (type.json == word.as_string() || type.gemini == word.as_string()) return type.gemini;
    return {};
  }

  // "string", or ["string", "null"], which is "nullable" here.
  static bool add_type(const Json& value, Json& out) {
    Json word = value;
    if (value.is_array()) {
      const bool pair = value.size() == 2 && value[1] == Json("null");
      if (!pair) return false;
      out.set("nullable", true);
      word = value[0];
    }
    const std::string_view type = type_of(word);
    if (!type.empty()) out.set("type", type);
    return !type.empty();
  }

  bool add_converted(std::string_view name, const Json& value, Json& out) const {
    std::optional<Json> inner = convert(value);
    if (inner) out.set(name, std::move(*inner));
    return inner.has_value();
  }

  bool add_properties(const Json& properties, Json& out) const {
    if (!properties.is_object()) return false;
    Json converted = Json::object(), order = Json::array();
    for (const std::string& name : properties.keys()) {
      if (!add_converted(name, properties[name], converted)) return false;
      order.push_back(name);
    }
    out.set("properties", std::move(converted));
    if (ordered_) out.set("propertyOrdering", std::move(order));
    return true;
  }

  bool add_choices(const Json& choices, Json& out) const {
    if (!choices.is_array()) return false;
    Json converted = Json::array();
    for (const Json& choice : choices.items()) {
      std::optional<Json> inner = convert(choice);
      if (!inner) return false;
      converted.push_back(std::move(*inner));
    }
    out.set("anyOf", std::move(converted));
    return true;
  }

  bool ordered_;
};

}  // namespace

std::optional<Json> gemini_schema(const Json& schema, bool ordered) {
  return Converter(ordered).convert(schema);
}

}  // namespace v0
}  // namespace lian
