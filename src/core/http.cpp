#include "lian/core/http.hpp"

#include <algorithm>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t usual_fields = 6;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool breaks_framing(std::string_view text) noexcept {
  for (const char c : {'\r', '\n', '\0'})
    if (text.find(c) != text.npos) return true;
  return false;
}

// The value is not quoted: it may be a credential.
void check(std::string_view name, std::string_view value) {
  if (name.empty()) {
    throw Error(ErrorKind::invalid_request, "HTTP header without a name: give it one");
  }
  if (breaks_framing(name)) {
    throw Error(ErrorKind::invalid_request,
                "HTTP header name holds CR, LF or NUL: remove these characters");
  }
  if (breaks_framing(value)) {
    throw Error(ErrorKind::invalid_request, "HTTP header '" + std::string(name) +
                                                "' holds CR, LF or NUL in its value: remove "
                                                "these characters");
  }
}

}  // namespace

HttpHeaders& HttpHeaders::add(std::string name, std::string value) {
  check(name, value);
  if (fields_.empty()) fields_.reserve(usual_fields);
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

HttpHeaders& HttpHeaders::set(std::string name, std::string value) {
  check(name, value);
  std::erase_if(fields_, [&](const Field& field) { return same_name(field.first, name); });
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

const std::string* HttpHeaders::find(std::string_view name) const noexcept {
  for (const Field& field : fields_) {
    if (same_name(field.first, name)) return &field.second;
  }
  return nullptr;
}

}  // namespace v0
}  // namespace lian
