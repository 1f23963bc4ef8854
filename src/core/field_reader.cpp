#include "core/field_reader.hpp"

#include <algorithm>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

FieldReader::FieldReader(Json object, std::string where)
    : object_(std::move(object)), where_(std::move(where)) {
  if (object_.is_object()) return;
  throw Error(ErrorKind::validation,
              where_ + ": expected object, got " + std::string(object_.type_name()));
}

std::string FieldReader::place(std::string_view name) const {
  return where_ + "." + std::string(name);
}

void FieldReader::fail(std::string_view name, const std::string& what) const {
  throw Error(ErrorKind::validation, place(name) + ": " + what);
}

void FieldReader::wrong_type(std::string_view name, std::string_view wanted,
                             const Json& got) const {
  fail(name, "expected " + std::string(wanted) + ", got " + std::string(got.type_name()));
}

Json FieldReader::json(std::string_view name) {
  asked_.push_back(name);
  return object_[name];
}

std::string FieldReader::text(std::string_view name) {
  return has(name) ? required_text(name) : (asked_.push_back(name), std::string());
}

std::string FieldReader::required_text(std::string_view name) {
  const Json value = json(name);
  if (!has(name)) fail(name, "missing");
  if (!value.is_string()) wrong_type(name, "string", value);
  return std::string(value.as_string());
}

bool FieldReader::boolean(std::string_view name, bool fallback) {
  const Json value = json(name);
  if (!has(name)) return fallback;
  if (!value.is_bool()) wrong_type(name, "boolean", value);
  return value.as_bool();
}

std::int64_t FieldReader::integer(std::string_view name) {
  const Json value = json(name);
  if (!has(name)) return 0;
  if (!value.is_integer()) wrong_type(name, "integer", value);
  return value.as_int();
}

double FieldReader::number(std::string_view name) {
  const Json value = json(name);
  if (!has(name)) return 0;
  if (!value.is_number()) wrong_type(name, "number", value);
  return value.as_number();
}

std::vector<Json> FieldReader::items(std::string_view name) {
  const Json value = json(name);
  if (!has(name)) return {};
  if (!value.is_array()) wrong_type(name, "array", value);
  return value.items();
}

Json FieldReader::rest() const {
  Json out;
  const std::vector<std::string> keys = object_.keys();
  const std::vector<Json> values = object_.items();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::find(asked_.begin(), asked_.end(), keys[i]) == asked_.end()) {
      out.set(keys[i], values[i]);
    }
  }
  return out;
}

}  // namespace v0
}  // namespace lian
