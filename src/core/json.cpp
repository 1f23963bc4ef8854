#include "lian/core/json.hpp"

#include <atomic>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/json_access.hpp"
#include "core/json_parse.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

using Raw = nlohmann::ordered_json;

struct Json::Root {
  explicit Root(Raw&& value_in) : value(std::move(value_in)) {}
  std::atomic<std::size_t> count = 1;
  Raw value;
};

namespace {

constexpr std::size_t usual_members = 4;

const Raw& null_value() noexcept {
  static const Raw null;
  return null;
}

const Raw::object_t* object_of(const Raw& raw) noexcept {
  return raw.get_ptr<const Raw::object_t*>();
}

const Raw::array_t* array_of(const Raw& raw) noexcept { return raw.get_ptr<const Raw::array_t*>(); }

// Looks from `hint` on and then from the start, so that a walk in the same order is linear.
const Raw* find_member(const Raw& raw, std::string_view key, std::size_t hint = 0) noexcept {
  const auto* object = object_of(raw);
  if (object == nullptr) return nullptr;
  for (std::size_t n = 0; n < object->size(); ++n) {
    const std::size_t sum = hint + n;
    const auto& member = object->data()[sum < object->size() ? sum : sum - object->size()];
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

bool equal(const Raw& a, const Raw& b) noexcept;

bool equal_objects(const Raw::object_t& a, const Raw& b) noexcept {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Raw* other = find_member(b, a.data()[i].first, i);
    if (other == nullptr || !equal(a.data()[i].second, *other)) return false;
  }
  return true;
}

bool equal(const Raw& a, const Raw& b) noexcept {
  if (const auto* object = object_of(a)) {
    return b.is_object() && a.size() == b.size() && equal_objects(*object, b);
  }
  const auto* left = array_of(a);
  const auto* right = array_of(b);
  if (left == nullptr || right == nullptr) return a == b;
  if (left->size() != right->size()) return false;
  for (std::size_t i = 0; i < left->size(); ++i) {
    if (!equal((*left)[i], (*right)[i])) return false;
  }
  return true;
}

std::string checked(std::string_view text) {
  const std::size_t valid = utf8::valid_until(text);
  if (valid == text.size()) return std::string(text);
  throw Error(ErrorKind::validation, "JSON: the string is not UTF-8 at byte " +
                                         std::to_string(valid) +
                                         "; repair it with lian::utf8::repair first");
}

[[noreturn]] void wrong_type(const Json& json, std::string_view wanted) {
  throw Error(ErrorKind::validation,
              "JSON: expected " + std::string(wanted) + ", got " + std::string(json.type_name()));
}

}  // namespace

const Raw& JsonAccess::raw(const Json& json) noexcept {
  return json.value_ == nullptr ? null_value() : *static_cast<const Raw*>(json.value_);
}

Json JsonAccess::adopt(Raw&& value) {
  auto* root = new Json::Root(std::move(value));
  Json json(root, &root->value);
  root->count.fetch_sub(1, std::memory_order_relaxed);  // the handle's own count stays
  return json;
}

Json::Json(Root* root, const void* value) noexcept : root_(root), value_(value) {
  if (root_ != nullptr) root_->count.fetch_add(1, std::memory_order_relaxed);
}

Json Json::from_bool(bool value) { return JsonAccess::adopt(Raw(value)); }
Json Json::from_signed(std::int64_t value) { return JsonAccess::adopt(Raw(value)); }
Json Json::from_unsigned(std::uint64_t value) { return JsonAccess::adopt(Raw(value)); }

Json::Json(double value) {
  if (!std::isfinite(value)) {
    throw Error(ErrorKind::validation,
                "JSON has no NaN and no infinity: use null or a string in its place");
  }
  *this = JsonAccess::adopt(Raw(value));
}
Json::Json(const char* value) : Json(std::string_view(value)) {}
Json::Json(const std::string& value) : Json(std::string_view(value)) {}
Json::Json(std::string_view value) : Json(JsonAccess::adopt(Raw(checked(value)))) {}

Json::Json(const Json& other) noexcept : Json(other.root_, other.value_) {}
Json::Json(Json&& other) noexcept
    : root_(std::exchange(other.root_, nullptr)), value_(std::exchange(other.value_, nullptr)) {}

Json& Json::operator=(const Json& other) noexcept {
  Json copy(other);
  return *this = std::move(copy);
}

Json& Json::operator=(Json&& other) noexcept {
  std::swap(root_, other.root_);
  std::swap(value_, other.value_);
  return *this;
}

Json::~Json() {
  if (root_ != nullptr && root_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete root_;
}

Json Json::object(std::initializer_list<Member> members) {
  Json out = JsonAccess::adopt(Raw::object());
  for (const Member& member : members) out.set(member.first, member.second);
  return out;
}

Json Json::array(std::initializer_list<Json> items) {
  Json out = JsonAccess::adopt(Raw::array());
  for (const Json& item : items) out.push_back(item);
  return out;
}

Json Json::parse(std::string_view text) { return JsonAccess::adopt(parse_json(text)); }

Json::Type Json::type() const noexcept {
  switch (JsonAccess::raw(*this).type()) {
    case Raw::value_t::boolean:
      return Type::boolean;
    case Raw::value_t::number_integer:
    case Raw::value_t::number_unsigned:
      return Type::integer;
    case Raw::value_t::number_float:
      return Type::number;
    case Raw::value_t::string:
      return Type::string;
    case Raw::value_t::array:
      return Type::array;
    case Raw::value_t::object:
      return Type::object;
    case Raw::value_t::null:
    case Raw::value_t::binary:
    case Raw::value_t::discarded:
      break;
  }
  return Type::null;
}

std::string_view Json::type_name() const noexcept {
  constexpr std::string_view names[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object"};
  return names[static_cast<std::size_t>(type())];
}

bool Json::as_bool() const {
  if (!is_bool()) wrong_type(*this, "boolean");
  return JsonAccess::raw(*this).get<bool>();
}

std::int64_t Json::as_int() const {
  if (!is_integer()) wrong_type(*this, "integer");
  const Raw& raw = JsonAccess::raw(*this);
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (raw.is_number_unsigned() && raw.get<std::uint64_t>() > most) {
    throw Error(ErrorKind::validation,
                "JSON: " + dump() + " does not fit a signed 64-bit integer; read it by as_uint()");
  }
  return raw.get<std::int64_t>();
}

std::uint64_t Json::as_uint() const {
  if (!is_integer()) wrong_type(*this, "unsigned integer");
  const Raw& raw = JsonAccess::raw(*this);
  if (!raw.is_number_unsigned() && raw.get<std::int64_t>() < 0) {
    throw Error(ErrorKind::validation, "JSON: expected unsigned integer, got " + dump());
  }
  return raw.get<std::uint64_t>();
}

double Json::as_number() const {
  if (!is_number()) wrong_type(*this, "number");
  return JsonAccess::raw(*this).get<double>();
}

std::string_view Json::as_string() const {
  const auto* text = JsonAccess::raw(*this).get_ptr<const std::string*>();
  if (text == nullptr) wrong_type(*this, "string");
  return *text;
}

std::size_t Json::size() const noexcept {
  return is_array() || is_object() ? JsonAccess::raw(*this).size() : 0;
}

bool Json::contains(std::string_view key) const noexcept {
  return find_member(JsonAccess::raw(*this), key) != nullptr;
}

Json Json::operator[](std::string_view key) const noexcept {
  const Raw* member = find_member(JsonAccess::raw(*this), key);
  return member == nullptr ? Json() : Json(root_, member);
}

Json Json::operator[](std::size_t index) const noexcept {
  const auto* array = array_of(JsonAccess::raw(*this));
  return array == nullptr || index >= array->size() ? Json() : Json(root_, &(*array)[index]);
}

Json Json::at(std::string_view key) const {
  if (!is_object()) wrong_type(*this, "object with '" + std::string(key) + "'");
  if (!contains(key)) {
    throw Error(ErrorKind::validation, "JSON: the object has no '" + std::string(key) + "'");
  }
  return (*this)[key];
}

Json Json::at(std::size_t index) const {
  if (!is_array()) wrong_type(*this, "array");
  if (index >= size()) {
    throw Error(ErrorKind::validation, "JSON: no item " + std::to_string(index) +
                                           " in an array of " + std::to_string(size()));
  }
  return (*this)[index];
}

std::vector<std::string> Json::keys() const {
  std::vector<std::string> out;
  if (const auto* object = object_of(JsonAccess::raw(*this))) {
    for (const auto& member : *object) out.push_back(member.first);
  }
  return out;
}

std::vector<Json> Json::items() const {
  std::vector<Json> out;
  out.reserve(size());
  const Raw& raw = JsonAccess::raw(*this);
  if (!raw.is_structured()) return out;
  for (const Raw& item : raw) out.push_back(Json(root_, &item));
  return out;
}

void Json::make_own() {
  const bool own = root_ != nullptr && value_ == &root_->value &&
                   root_->count.load(std::memory_order_acquire) == 1;
  if (!own) *this = JsonAccess::adopt(Raw(JsonAccess::raw(*this)));
}

Json& Json::set(std::string_view key, Json value) {
  if (!is_object() && !is_null()) wrong_type(*this, "object to set '" + std::string(key) + "' in");
  std::string name = checked(key);
  make_own();
  value.make_own();
  if (is_null()) root_->value = Raw::object();
  auto& members = root_->value.get_ref<Raw::object_t&>();
  if (members.empty()) members.reserve(usual_members);
  members[std::move(name)] = std::move(value.root_->value);
  return *this;
}

Json& Json::push_back(Json item) {
  if (!is_array() && !is_null()) wrong_type(*this, "array to append to");
  make_own();
  item.make_own();
  root_->value.push_back(std::move(item.root_->value));
  return *this;
}

Json& Json::erase(std::string_view key) {
  if (!is_object() && !is_null())
    wrong_type(*this, "object to erase '" + std::string(key) + "' from");
  if (!contains(key)) return *this;
  make_own();
  root_->value.erase(std::string(key));
  return *this;
}

std::string Json::dump(int indent) const { return JsonAccess::raw(*this).dump(indent); }

bool operator==(const Json& a, const Json& b) noexcept {
  return equal(JsonAccess::raw(a), JsonAccess::raw(b));
}

}  // namespace v0
}  // namespace lian
