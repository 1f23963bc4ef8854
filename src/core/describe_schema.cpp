// The JSON Schema of described types.
#include <algorithm>

#include "lian/core/describe.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

using Kind = TypeInfo::Kind;

Json typed(std::string_view type) { return Json::object({{"type", type}}); }

// Writes each type in place, except one that holds itself: that one goes to "$defs" (the root is
// "#") and is referred to.
class SchemaWriter {
 public:
  Json root(const TypeInfo& type) {
    root_ = &type;
    Json out = write(type);
    if (!definitions_.empty()) out.set("$defs", std::move(definitions_));
    return out;
  }

 private:
  Json write(const TypeInfo& type) {
    switch (type.kind) {
      case Kind::null:
        return typed("null");
      case Kind::boolean:
        return typed("boolean");
      case Kind::integer:
        return type.is_unsigned ? typed("integer").set("minimum", 0) : typed("integer");
      case Kind::number:
        return typed("number");
      case Kind::string:
        return typed("string");
      case Kind::json:
        return Json::object();
      case Kind::list:
        return typed("array").set("items", write(type.items[0]()));
      case Kind::map:
        return typed("object").set("additionalProperties", write(type.items[0]()));
      case Kind::optional:
        return any_of(Json::array({write(type.items[0]()), typed("null")}));
      case Kind::enumeration:
        return write_enumeration(type);
      case Kind::variant:
        return write_variant(type);
      case Kind::object:
        break;
    }
    return write_object(type);
  }

  static Json any_of(Json choices) { return Json::object({{"anyOf", std::move(choices)}}); }

  static Json write_enumeration(const TypeInfo& type) {
    Json names = Json::array();
    for (std::size_t i = 0; i < type.count; ++i) names.push_back(type.enumerators[i].name);
    return typed("string").set("enum", std::move(names));
  }

  Json write_variant(const TypeInfo& type) {
    Json choices = Json::array();
    for (std::size_t i = 0; i < type.count; ++i) choices.push_back(write(type.items[i]()));
    return any_of(std::move(choices));
  }

  Json write_object(const TypeInfo& type) {
    if (std::find(open_.begin(), open_.end(), &type) != open_.end()) return refer(type);
    if (const std::string* name = defined(type)) return reference("#/$defs/" + *name);
    open_.push_back(&type);
    Json out = write_members(type);
    open_.pop_back();
    const std::string* name = defined(type);
    if (name == nullptr) return out;
    definitions_.set(*name, std::move(out));
    return reference("#/$defs/" + *name);
  }

  Json write_members(const TypeInfo& type) {
    Json properties = Json::object();
    Json required = Json::array();
    for (std::size_t i = 0; i < type.count; ++i) {
      const MemberInfo& member = type.members[i];
      properties.set(member.name, described_as(write(member.type()), member.description));
      if (member.type().kind != Kind::optional) required.push_back(member.name);
    }
    Json out = typed("object");
    out.set("properties", std::move(properties)).set("required", std::move(required));
    return out.set("additionalProperties", false);
  }

  // Providers refuse a "$ref" that has a word beside it.
  static Json described_as(Json schema, std::string_view description) {
    if (description.empty()) return schema;
    if (schema.contains("$ref")) schema = any_of(Json::array({schema}));
    return schema.set("description", description);
  }

  static Json reference(const std::string& target) { return Json::object({{"$ref", target}}); }

  Json refer(const TypeInfo& type) {
    if (&type == root_) return reference("#");
    if (defined(type) == nullptr) names_.emplace_back(&type, free_name(type));
    return reference("#/$defs/" + *defined(type));
  }

  const std::string* defined(const TypeInfo& type) const {
    for (const auto& [other, name] : names_) {
      if (other == &type) return &name;
    }
    return nullptr;
  }

  // The name as described, in letters that a pointer takes; numbered where two types share it.
  std::string free_name(const TypeInfo& type) const {
    std::string base(type.name);
    const std::size_t colon = base.rfind(':');
    if (colon != std::string::npos) base.erase(0, colon + 1);
    const auto taken = [this](const std::string& word) {
      return std::any_of(names_.begin(), names_.end(),
                         [&](const auto& entry) { return entry.second == word; });
    };
    std::string name = base;
    for (int n = 2; taken(name); ++n) name = base + std::to_string(n);
    return name;
  }

  const TypeInfo* root_ = nullptr;
  std::vector<const TypeInfo*> open_;
  std::vector<std::pair<const TypeInfo*, std::string>> names_;
  Json definitions_;
};

}  // namespace

Json schema_of(const TypeInfo& type) { return SchemaWriter().root(type); }

}  // namespace detail
}  // namespace v0
}  // namespace lian
