#include "model/provider/vertex_tensor.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace lian {
inline namespace v0 {
namespace {

Json typed(std::string_view type, Json value) { return Json::object({{type, std::move(value)}}); }

// An int64 is a text in the JSON form of protobuf.
Json integer_tensor(const Json& value) {
  const std::string text = value.dump();
  const bool narrow = text.size() <= 9;
  return narrow ? typed("int_val", Json::array({value})) : typed("int64_val", Json::array({text}));
}

Json scalar(const Json& values) {
  if (!values.is_array()) return values;
  return values.size() == 1 ? values[0] : values;
}

}  // namespace

Json to_tensor(const Json& value) {
  switch (value.type()) {
    case Json::Type::null:
      return Json::object();
    case Json::Type::boolean:
      return typed("bool_val", Json::array({value}));
    case Json::Type::integer:
      return integer_tensor(value);
    case Json::Type::number:
      return typed("float_val", Json::array({value}));
    case Json::Type::string:
      return typed("string_val", Json::array({value}));
    case Json::Type::array: {
      Json list = Json::array();
      for (const Json& item : value.items()) list.push_back(to_tensor(item));
      return typed("list_val", std::move(list));
    }
    case Json::Type::object:
      break;
  }
  Json members = Json::object();
  for (const std::string& name : value.keys()) members.set(name, to_tensor(value[name]));
  return typed("struct_val", std::move(members));
}

Json from_tensor(const Json& tensor) {
  if (!tensor.is_object()) return tensor;
  for (const char* name : {"structVal", "struct_val"}) {
    if (!tensor.contains(name)) continue;
    const Json members = tensor[name];
    Json object = Json::object();
    for (const std::string& key : members.keys()) object.set(key, from_tensor(members[key]));
    return object;
  }
  for (const char* name : {"listVal", "list_val"}) {
    if (!tensor.contains(name)) continue;
    Json list = Json::array();
    for (const Json& item : tensor[name].items()) list.push_back(from_tensor(item));
    return list;
  }
  // Whatever its type is called: a number or a text, alone or an array.
  for (const std::string& key : tensor.keys())
    if (key.ends_with("Val") || key.ends_with("_val")) return scalar(tensor[key]);
  return {};
}

}  // namespace v0
}  // namespace lian
