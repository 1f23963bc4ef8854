// The walks over described types: JSON written and read.
#include "lian/core/describe.hpp"

#include <algorithm>
#include <cmath>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

using Kind = TypeInfo::Kind;

// Where a walk is: a chain through its stack frames, spelled out only for an error.
struct Place {
  const Place* above = nullptr;
  std::string_view key;
  std::optional<std::size_t> item;

  std::string text() const {
    if (above == nullptr) return "$";
    std::string out = above->text();
    if (item) return out + "[" + std::to_string(*item) + "]";
    const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    return plain ? out + "." + std::string(key) : out + "[" + Json(key).dump() + "]";
  }
};

[[noreturn]] void fail(const Place& place, const std::string& what) {
  throw Error(ErrorKind::validation, place.text() + ": " + what);
}

[[noreturn]] void wrong_type(const Place& place, std::string_view wanted, const Json& got) {
  fail(place, "expected " + std::string(wanted) + ", got " + std::string(got.type_name()));
}

std::string names_of(const TypeInfo& type) {
  std::string out;
  for (std::size_t i = 0; i < type.count; ++i) {
    out.append(i == 0 ? "" : ", ")
        .append(type.kind == Kind::object ? type.members[i].name : type.enumerators[i].name);
  }
  return out;
}

// ---- Writing ----

Json write(const TypeInfo& type, const void* object, const Place& place);

struct ItemWriter {
  const TypeInfo& type;
  const Place& place;
  Json out;

  static void visit(void* context, std::string_view key, const void* item) {
    static_cast<ItemWriter*>(context)->add(key, item);
  }

  void add(std::string_view key, const void* item) {
    switch (type.kind) {
      case Kind::list:
        out.push_back(write(type.items[0](), item, Place{&place, {}, out.size()}));
        return;
      case Kind::map:
        out.set(key, write(type.items[0](), item, Place{&place, key, {}}));
        return;
      default:
        out = write(type.items[0](), item, place);
    }
  }
};

Json write_items(const TypeInfo& type, const void* object, const Place& place) {
  ItemWriter writer{type, place, Json()};
  if (type.kind == Kind::list) writer.out = Json::array();
  if (type.kind == Kind::map) writer.out = Json::object();
  type.each(object, &writer, &ItemWriter::visit);
  return std::move(writer.out);
}

struct AlternativeWriter {
  const TypeInfo& alternative;
  const Place& place;
  Json out;

  static void visit(void* context, std::string_view, const void* item) {
    auto& self = *static_cast<AlternativeWriter*>(context);
    self.out = write(self.alternative, item, self.place);
  }
};

Json write_variant(const TypeInfo& type, const void* object, const Place& place) {
  const std::size_t index = type.index(object);
  if (index >= type.count) fail(place, "the variant is valueless: give it a value");
  AlternativeWriter writer{type.items[index](), place, Json()};
  type.each(object, &writer, &AlternativeWriter::visit);
  return std::move(writer.out);
}

const void* member_of(const MemberInfo& member, const void* object) {
  return member.address(const_cast<void*>(object));  // read only
}

Json write_object(const TypeInfo& type, const void* object, const Place& place) {
  Json out = Json::object();
  for (std::size_t i = 0; i < type.count; ++i) {
    const MemberInfo& member = type.members[i];
    Json value = write(member.type(), member_of(member, object), Place{&place, member.name, {}});
    if (value.is_null() && member.type().kind == Kind::optional) continue;
    out.set(member.name, std::move(value));
  }
  return out;
}

Json write_scalar_at(const TypeInfo& type, const void* object, const Place& place) {
  try {
    return type.write(object);
  } catch (const Error& error) {
    fail(place, error.message());
  }
}

Json write(const TypeInfo& type, const void* object, const Place& place) {
  switch (type.kind) {
    case Kind::object:
      return write_object(type, object, place);
    case Kind::variant:
      return write_variant(type, object, place);
    case Kind::list:
    case Kind::map:
    case Kind::optional:
      return write_items(type, object, place);
    default:
      return write_scalar_at(type, object, place);
  }
}

// ---- Reading ----

void read(const TypeInfo& type, void* object, const Json& json, const Place& place);

struct ItemReader {
  const TypeInfo& type;
  const Json& json;
  const Place& place;

  static void fill(void* context, void* item) {
    const auto& self = *static_cast<ItemReader*>(context);
    read(self.type, item, self.json, self.place);
  }
};

void insert(const TypeInfo& type, void* object, std::size_t index, ItemReader reader) {
  type.insert(object, reader.place.key, index, &reader, &ItemReader::fill);
}

void read_list(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  if (!json.is_array()) wrong_type(place, "array", json);
  std::size_t index = 0;
  for (const Json& item : json.items()) {
    const Place at{&place, {}, index++};
    insert(type, object, 0, ItemReader{type.items[0](), item, at});
  }
}

void read_map(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  if (!json.is_object()) wrong_type(place, "object", json);
  const std::vector<std::string> keys = json.keys();
  const std::vector<Json> items = json.items();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Place at{&place, keys[i], {}};
    insert(type, object, 0, ItemReader{type.items[0](), items[i], at});
  }
}

void read_variant(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  std::string reasons;
  for (std::size_t i = 0; i < type.count; ++i) {
    try {
      return insert(type, object, i, ItemReader{type.items[i](), json, place});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::validation) throw;
      reasons.append(reasons.empty() ? "" : "; ").append(error.message());
    }
  }
  fail(place, "no alternative fits (" + reasons + ")");
}

void check_known(const TypeInfo& type, const Json& json, const Place& place) {
  for (const std::string& key : json.keys()) {
    const auto* end = type.members + type.count;
    if (std::any_of(type.members, end, [&](const MemberInfo& m) { return m.name == key; })) {
      continue;
    }
    fail(Place{&place, key, {}}, "unknown property; there are " + names_of(type));
  }
}

void read_object(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  if (!json.is_object()) wrong_type(place, "object", json);
  check_known(type, json, place);
  for (std::size_t i = 0; i < type.count; ++i) {
    const MemberInfo& member = type.members[i];
    const Place at{&place, member.name, {}};
    const bool optional = member.type().kind == Kind::optional;
    if (!optional && !json.contains(member.name)) fail(at, "missing");
    read(member.type(), member.address(object), json[member.name], at);
  }
}

void read_enumeration(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  if (!json.is_string()) wrong_type(place, "string", json);
  if (type.read(object, json)) return;
  fail(place, "expected one of " + names_of(type) + ", got " + json.dump());
}

bool has_type(const TypeInfo& type, const Json& json) {
  switch (type.kind) {
    case Kind::null:
      return json.is_null();
    case Kind::boolean:
      return json.is_bool();
    case Kind::integer:
      return json.is_integer() ||
             (json.is_number() && std::trunc(json.as_number()) == json.as_number());
    case Kind::number:
      return json.is_number();
    case Kind::string:
      return json.is_string();
    default:
      return true;
  }
}

void read_scalar_at(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  constexpr std::string_view names[] = {"null", "boolean", "integer", "number", "string", "JSON"};
  if (!has_type(type, json)) wrong_type(place, names[static_cast<std::size_t>(type.kind)], json);
  if (type.read(object, json)) return;
  fail(place, json.dump() + " does not fit the member's type");
}

void read(const TypeInfo& type, void* object, const Json& json, const Place& place) {
  if (type.reset != nullptr) type.reset(object);
  switch (type.kind) {
    case Kind::object:
      return read_object(type, object, json, place);
    case Kind::variant:
      return read_variant(type, object, json, place);
    case Kind::list:
      return read_list(type, object, json, place);
    case Kind::map:
      return read_map(type, object, json, place);
    case Kind::enumeration:
      return read_enumeration(type, object, json, place);
    case Kind::optional:
      if (!json.is_null()) insert(type, object, 0, ItemReader{type.items[0](), json, place});
      return;
    default:
      return read_scalar_at(type, object, json, place);
  }
}

// 2^63 and 2^64 as reals: the first values that do not fit.
constexpr double signed_end = 9223372036854775808.0;
constexpr double unsigned_end = 18446744073709551616.0;

}  // namespace

bool read_signed(const Json& json, std::int64_t least, std::int64_t most, std::int64_t& out) {
  if (json.is_integer()) {
    if (json.dump().front() != '-' && json.as_uint() > static_cast<std::uint64_t>(most))
      return false;
    out = json.as_int();
  } else {
    const double value = json.as_number();
    if (value < -signed_end || value >= signed_end) return false;
    out = static_cast<std::int64_t>(value);
  }
  return out >= least && out <= most;
}

bool read_unsigned(const Json& json, std::uint64_t most, std::uint64_t& out) {
  if (json.is_integer()) {
    if (json.dump().front() == '-') return false;
    out = json.as_uint();
  } else {
    const double value = json.as_number();
    if (value < 0 || value >= unsigned_end) return false;
    out = static_cast<std::uint64_t>(value);
  }
  return out <= most;
}

Json write_enumerator(const TypeInfo& type, std::uint64_t value) {
  for (std::size_t i = 0; i < type.count; ++i) {
    if (type.enumerators[i].value == value) return Json(type.enumerators[i].name);
  }
  throw Error(ErrorKind::validation, "the value is none of " + std::string(type.name) +
                                         "'s described ones: " + names_of(type));
}

bool read_enumerator(const TypeInfo& type, const Json& json, std::uint64_t& out) {
  for (std::size_t i = 0; i < type.count; ++i) {
    if (type.enumerators[i].name != json.as_string()) continue;
    out = type.enumerators[i].value;
    return true;
  }
  return false;
}

Json write_described(const TypeInfo& type, const void* object) {
  return write(type, object, Place());
}

void read_described(const TypeInfo& type, void* object, const Json& json) {
  read(type, object, json, Place());
}

Values values_of(const TypeInfo& type, const void* object) {
  const Place root;
  Values out;
  for (std::size_t i = 0; i < type.count; ++i) {
    const MemberInfo& member = type.members[i];
    const Place at{&root, member.name, {}};
    out.set(member.name, Value(write(member.type(), member_of(member, object), at)));
  }
  return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
