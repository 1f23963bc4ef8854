#include "lian/core/values.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "lian/core/document.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t usual_entries = 4;

Value::Data data_of(const Json& json) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  switch (json.type()) {
    case Json::Type::null:
      return std::monostate();
    case Json::Type::boolean:
      return json.as_bool();
    case Json::Type::integer:
      if (json.dump().front() != '-' && json.as_uint() > most) return json;
      return json.as_int();
    case Json::Type::number:
      return json.as_number();
    case Json::Type::string:
      return std::string(json.as_string());
    case Json::Type::array: {
      const std::vector<Json> items = json.items();
      return Value::List(items.begin(), items.end());
    }
    case Json::Type::object:
      break;
  }
  return json;
}

template <class T>
void append_number(std::string& out, T value) {
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out.append(digits, end);
}

template <class List>
Json list_to_json(const List& list) {
  Json out = Json::array();
  for (const auto& item : list) {
    if constexpr (std::is_same_v<List, Value::List>) {
      out.push_back(item.to_json());
    } else {
      out.push_back(to_json(item));
    }
  }
  return out;
}

struct TextWriter {
  std::string& out;
  void operator()(std::monostate) const {}
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { append_number(out, value); }
  void operator()(double value) const { append_number(out, value); }
  void operator()(const std::string& text) const { out += text; }
  void operator()(const Value::List& list) const { out += list_to_json(list).dump(); }
  void operator()(const Messages& messages) const { out += buffer_string(messages); }
  void operator()(const Documents& documents) const { out += format_documents(documents); }
  void operator()(const Json& json) const { out += json.dump(); }
};

struct JsonWriter {
  Json operator()(std::monostate) const { return Json(); }
  Json operator()(const Json& json) const { return json; }
  Json operator()(const Value::List& list) const { return list_to_json(list); }
  Json operator()(const Messages& messages) const { return list_to_json(messages); }
  Json operator()(const Documents& documents) const { return list_to_json(documents); }
  template <class Scalar>
  Json operator()(const Scalar& scalar) const {
    return Json(scalar);
  }
};

}  // namespace

Value::Value() noexcept = default;
Value::Value(double value) noexcept : data_(value) {}
Value::Value(const char* text) : data_(std::string(text)) {}
Value::Value(std::string text) noexcept : data_(std::move(text)) {}
Value::Value(std::string_view text) : data_(std::string(text)) {}
Value::Value(List list) noexcept : data_(std::move(list)) {}
Value::Value(Messages messages) noexcept : data_(std::move(messages)) {}
Value::Value(Message message) : data_(Messages{std::move(message)}) {}
Value::Value(Documents documents) noexcept : data_(std::move(documents)) {}
Value::Value(Json json) : data_(data_of(json)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

Value Value::from_bool(bool value) noexcept {
  Value out;
  out.data_ = value;
  return out;
}

Value Value::from_signed(std::int64_t value) noexcept {
  Value out;
  out.data_ = value;
  return out;
}

Value Value::from_unsigned(std::uint64_t value) { return Value(Json(value)); }

std::optional<double> Value::number() const noexcept {
  if (const auto* real = std::get_if<double>(&data_)) return *real;
  if (const auto* whole = integer()) return static_cast<double>(*whole);
  if (const auto* large = json(); large != nullptr && large->is_number()) return large->as_number();
  return std::nullopt;
}

std::string_view Value::type_name() const noexcept {
  if (number()) return "number";
  constexpr std::string_view names[] = {"null", "bool",     "number",    "number", "text",
                                        "list", "messages", "documents", "json"};
  return names[data_.index()];
}

std::string Value::to_text() const {
  std::string out;
  append_text(out);
  return out;
}

void Value::append_text(std::string& out) const { std::visit(TextWriter{out}, data_); }
Json Value::to_json() const { return std::visit(JsonWriter(), data_); }

bool operator==(const Value& a, const Value& b) {
  if (a.integer() == nullptr || b.integer() == nullptr) {  // two integers compare exactly below
    const std::optional<double> left = a.number();
    const std::optional<double> right = b.number();
    if (left && right) return *left == *right;
  }
  return a.data_ == b.data_;
}

Values::Values() noexcept = default;
Values::Values(std::initializer_list<Entry> entries) {
  for (const Entry& entry : entries) set(entry.name, entry.value);
}
Values::Values(const Values&) = default;
Values::Values(Values&&) noexcept = default;
Values& Values::operator=(const Values&) = default;
Values& Values::operator=(Values&&) noexcept = default;
Values::~Values() = default;

const Value* Values::find(std::string_view name) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return &entry.value;
  }
  return nullptr;
}

const Value& Values::at(std::string_view name) const {
  if (const Value* value = find(name)) return *value;
  std::string names;
  for (const Entry& entry : entries_) names.append(names.empty() ? "" : ", ").append(entry.name);
  throw Error(ErrorKind::validation,
              "no value named '" + std::string(name) +
                  (names.empty() ? "': there are none" : "': there are " + names));
}

Values& Values::set(std::string_view name, Value value) {
  for (Entry& entry : entries_) {
    if (entry.name != name) continue;
    entry.value = std::move(value);
    return *this;
  }
  if (entries_.empty()) entries_.reserve(usual_entries);
  entries_.emplace_back(name, std::move(value));
  return *this;
}

Values& Values::erase(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
  return *this;
}

Json Values::to_json() const {
  Json out = Json::object();
  for (const Entry& entry : entries_) out.set(entry.name, entry.value.to_json());
  return out;
}

Values Values::from_json(const Json& json) {
  if (!json.is_object()) {
    throw Error(ErrorKind::validation,
                "values: expected object, got " + std::string(json.type_name()));
  }
  const std::vector<std::string> keys = json.keys();
  const std::vector<Json> items = json.items();
  Values out;
  out.entries_.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) out.entries_.emplace_back(keys[i], items[i]);
  return out;
}

bool operator==(const Values& a, const Values& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&b](const Values::Entry& entry) {
    const Value* other = b.find(entry.name);
    return other != nullptr && *other == entry.value;
  });
}

}  // namespace v0
}  // namespace lian
