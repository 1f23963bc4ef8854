#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lian {
inline namespace v0 {

/// Tells which of a vendor's fields say something new: many stand in every chunk of a stream alike
/// (Azure's content filter, Gemini's safety ratings), and those are handed on once. Not
/// thread-safe.
class RepeatedFields {
 public:
  /// Whether the field `name` of a choice (or of the reply: -1) has another JSON text than last
  /// time.
  bool changed(int choice, std::string_view name, std::string_view text) {
    for (Field& field : fields_) {
      if (field.choice != choice || field.name != name) continue;
      if (field.text == text) return false;
      field.text = text;
      return true;
    }
    if (fields_.size() < most_) fields_.push_back({choice, std::string(name), std::string(text)});
    return true;
  }

 private:
  struct Field {
    int choice;
    std::string name, text;
  };
  static constexpr std::size_t most_ = 64;  // a reply has few; more are handed on each time
  std::vector<Field> fields_;
};

}  // namespace v0
}  // namespace lian
