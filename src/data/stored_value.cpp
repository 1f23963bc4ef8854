#include "data/stored_value.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "lian/core/document.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

StoredValue as_json(StoredValue::Kind kind, const Value& value) {
  StoredValue stored;
  stored.kind = kind;
  stored.text = value.to_json().dump();
  return stored;
}

bool is_scalar(const Value& value) {
  return !value.is_null() && value.list() == nullptr && value.messages() == nullptr &&
         value.documents() == nullptr && std::get_if<Json>(&value.data()) == nullptr;
}

}  // namespace

StoredValue store_value(const std::string& key, const Value& value) {
  StoredValue stored;
  if (value.is_null()) return stored;
  if (const auto* flag = std::get_if<bool>(&value.data())) {
    stored.kind = StoredValue::Kind::boolean;
    stored.integer = *flag ? 1 : 0;
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.data())) {
    stored.kind = StoredValue::Kind::integer;
    stored.integer = *integer;
  } else if (const auto* real = std::get_if<double>(&value.data())) {
    if (!std::isfinite(*real)) {
      throw Error(
          ErrorKind::validation,
          fmt::format("metadata \"{}\" is {}; a store keeps finite numbers only", key, *real));
    }
    stored.kind = StoredValue::Kind::real;
    stored.real = *real;
  } else if (const auto* text = value.text()) {
    stored.kind = StoredValue::Kind::text;
    stored.text = *text;
  } else if (value.list() != nullptr) {
    return as_json(StoredValue::Kind::list, value);
  } else if (value.messages() != nullptr) {
    return as_json(StoredValue::Kind::messages, value);
  } else if (value.documents() != nullptr) {
    return as_json(StoredValue::Kind::documents, value);
  } else {
    return as_json(StoredValue::Kind::json, value);
  }
  return stored;
}

Value restore_value(const StoredValue& stored) {
  switch (stored.kind) {
    case StoredValue::Kind::nothing:
      return Value();
    case StoredValue::Kind::boolean:
      return Value(stored.integer != 0);
    case StoredValue::Kind::integer:
      return Value(stored.integer);
    case StoredValue::Kind::real:
      return Value(stored.real);
    case StoredValue::Kind::text:
      return Value(stored.text);
    case StoredValue::Kind::list: {
      Value::List list;
      for (const Json& item : Json::parse(stored.text).items()) list.emplace_back(item);
      return Value(std::move(list));
    }
    case StoredValue::Kind::messages: {
      Messages messages;
      for (const Json& item : Json::parse(stored.text).items()) {
        messages.push_back(message_from_json(item));
      }
      return Value(std::move(messages));
    }
    case StoredValue::Kind::documents: {
      Documents documents;
      for (const Json& item : Json::parse(stored.text).items()) {
        documents.push_back(document_from_json(item));
      }
      return Value(std::move(documents));
    }
    case StoredValue::Kind::json:
      return Value(Json::parse(stored.text));
  }
  throw Error(ErrorKind::storage,
              fmt::format("a stored metadata value has the unknown kind {}", int(stored.kind)));
}

std::vector<Value> searchable_items(const Value& value) {
  std::vector<Value> items;
  if (const auto* list = value.list()) {
    for (const Value& item : *list) {
      if (is_scalar(item)) items.push_back(item);
    }
  } else if (const auto* json = std::get_if<Json>(&value.data());
             json != nullptr && json->is_array()) {
    for (const Json& member : json->items()) {
      Value item(member);
      if (is_scalar(item)) items.push_back(std::move(item));
    }
  }
  return items;
}

}  // namespace v0
}  // namespace lian
