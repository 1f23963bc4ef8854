/// lian/core/json_nlohmann.hpp: lian::Json to and from nlohmann::json, for programs that use it.
///
/// Not part of lian.hpp. Everything here is inline and walks Json's public face, so a program may
/// use another version of nlohmann::json than lian was built with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// A copy as nlohmann::json, or as any other basic_json: `to_nlohmann<nlohmann::ordered_json>(j)`
/// keeps the order of members. Thread-safe.
template <class BasicJson = nlohmann::json>
BasicJson to_nlohmann(const Json& json) {
  switch (json.type()) {
    case Json::Type::null:
      return BasicJson(nullptr);
    case Json::Type::boolean:
      return BasicJson(json.as_bool());
    case Json::Type::integer:
      if (json.dump().front() == '-') return BasicJson(json.as_int());
      return BasicJson(json.as_uint());
    case Json::Type::number:
      return BasicJson(json.as_number());
    case Json::Type::string:
      return BasicJson(std::string(json.as_string()));
    case Json::Type::array: {
      BasicJson out = BasicJson::array();
      for (const Json& item : json.items()) out.push_back(to_nlohmann<BasicJson>(item));
      return out;
    }
    case Json::Type::object:
      break;
  }
  BasicJson out = BasicJson::object();
  const std::vector<std::string> keys = json.keys();
  const std::vector<Json> values = json.items();
  for (std::size_t i = 0; i < keys.size(); ++i) out[keys[i]] = to_nlohmann<BasicJson>(values[i]);
  return out;
}

/// A copy of any basic_json. Throws Error{validation} for what JSON text cannot say: binary and
/// discarded values, NaN, infinities, strings that are not UTF-8. Thread-safe.
template <class BasicJson>
Json from_nlohmann(const BasicJson& value) {
  if (value.is_null()) return Json();
  if (value.is_boolean()) return Json(value.template get<bool>());
  if (value.is_number_unsigned()) return Json(value.template get<std::uint64_t>());
  if (value.is_number_integer()) return Json(value.template get<std::int64_t>());
  if (value.is_number_float()) return Json(value.template get<double>());
  if (value.is_string()) return Json(value.template get<std::string>());
  if (value.is_array()) {
    Json out = Json::array();
    for (const BasicJson& item : value) out.push_back(from_nlohmann(item));
    return out;
  }
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& member : value.items()) out.set(member.key(), from_nlohmann(member.value()));
    return out;
  }
  throw Error(ErrorKind::validation, "JSON text cannot say an nlohmann value of type '" +
                                         std::string(value.type_name()) + "'");
}

}  // namespace v0
}  // namespace lian
