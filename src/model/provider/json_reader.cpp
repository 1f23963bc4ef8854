#include "model/provider/json_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <new>
#include <utility>

#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {

namespace od = simdjson::ondemand;

struct JsonValueAccess {
  static od::value& of(const JsonValue& value) noexcept {
    return *static_cast<od::value*>(value.value_);
  }
  static JsonValue make(od::value& from) noexcept { return JsonValue(&from); }
};

namespace {

constexpr std::size_t usual_event_bytes = 512, max_depth = 128;
constexpr std::size_t padding = 64;
static_assert(padding >= simdjson::SIMDJSON_PADDING);

// A member or an item where it lies: copies are read in another width than they were written in,
// for which the processor waits at every value.
template <class T>
T& where_it_lies(simdjson::simdjson_result<T>& found) {
  if (found.error() != simdjson::SUCCESS) throw simdjson::simdjson_error(found.error());
  T&& value = std::move(found).value_unsafe();
  return value;
}

// A document's own object or array sees to it that the text ends with its bracket and that nothing
// of what stands behind is read; a root value does not.
void check_end(od::document& document) {
  if (document.type() == od::json_type::array)
    static_cast<void>(document.get_array().value());
  else
    static_cast<void>(document.get_object().value());
  document.rewind();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == text.npos ? 0 : end + 1);
}

}  // namespace

std::string JsonKey::text() const {
  std::string key;
  if (!append_unescaped(raw_, key)) throw simdjson::simdjson_error(simdjson::STRING_ERROR);
  return key;
}

JsonValue::Type JsonValue::type() const {
  switch (JsonValueAccess::of(*this).type()) {
    case od::json_type::null:
      return Type::null;
    case od::json_type::boolean:
      return Type::boolean;
    case od::json_type::number:
      return Type::number;
    case od::json_type::string:
      return Type::string;
    case od::json_type::array:
      return Type::array;
    default:
      return Type::object;
  }
}

void JsonValue::append_to(std::string& out) const {
  od::value& value = JsonValueAccess::of(*this);
  if (value.type() != od::json_type::string) return;
  if (!append_unescaped(value.get_raw_json_string().value().raw(), out))
    throw simdjson::simdjson_error(simdjson::STRING_ERROR);
}

std::string JsonValue::text() const {
  std::string out;
  append_to(out);
  return out;
}

// The type is asked first, since simdjson takes a root array or object for no scalar by assertion.
std::int64_t JsonValue::integer(std::int64_t otherwise) const {
  std::int64_t whole = 0;
  if (type() != Type::number) return otherwise;
  return JsonValueAccess::of(*this).get_int64().get(whole) == simdjson::SUCCESS ? whole : otherwise;
}

double JsonValue::number(double otherwise) const {
  double number = 0;
  if (type() != Type::number) return otherwise;
  return JsonValueAccess::of(*this).get_double().get(number) == simdjson::SUCCESS ? number
                                                                                 : otherwise;
}

bool JsonValue::boolean(bool otherwise) const {
  bool flag = false;
  if (type() != Type::boolean) return otherwise;
  return JsonValueAccess::of(*this).get_bool().get(flag) == simdjson::SUCCESS ? flag : otherwise;
}

std::string_view JsonValue::raw() const {
  od::value& value = JsonValueAccess::of(*this);
  switch (value.type()) {
    case od::json_type::object:
      return value.get_object().value().raw_json();
    case od::json_type::array:
      return value.get_array().value().raw_json();
    default:
      return trimmed(value.raw_json_token());
  }
}

void JsonValue::each_field(void* self, void (*call)(void*, JsonKey, JsonValue)) const {
  od::value& value = JsonValueAccess::of(*this);
  if (value.type() != od::json_type::object) return;
  for (auto found : value.get_object()) {
    od::field& field = where_it_lies(found);
    call(self, JsonKey(field.key().raw()), JsonValueAccess::make(field.value()));
  }
}

void JsonValue::each_item(void* self, void (*call)(void*, JsonValue)) const {
  od::value& value = JsonValueAccess::of(*this);
  if (value.type() != od::json_type::array) return;
  for (auto found : value.get_array()) call(self, JsonValueAccess::make(where_it_lies(found)));
}

struct JsonReader::Parser {
  od::parser parser;
};

JsonReader::JsonReader(std::string_view provider)
    : provider_(provider), parser_(std::make_unique<Parser>()) {
  if (parser_->parser.allocate(usual_event_bytes, max_depth) != simdjson::SUCCESS)
    throw std::bad_alloc();
}

JsonReader::~JsonReader() = default;

void JsonReader::read_root(std::string_view json, void* self, void (*call)(void*, JsonValue)) {
  od::document document;
  try {
    document = parser_->parser.iterate(json.data(), json.size(), json.size() + padding);
    check_end(document);
    od::value root = document.get_value();
    call(self, JsonValueAccess::make(root));
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS)
      throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
  } catch (const simdjson::simdjson_error& error) {
    const char* at = nullptr;
    std::size_t offset = 0;
    if (document.is_alive() && document.current_location().get(at) == simdjson::SUCCESS &&
        at >= json.data())
      offset = std::min(static_cast<std::size_t>(at - json.data()), json.size());
    throw_not_json(provider_, json, offset, error.what());
  }
}

}  // namespace v0
}  // namespace lian
