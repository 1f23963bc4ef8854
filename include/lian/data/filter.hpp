#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// A condition on a document's metadata: `where("lang") == "zh" && where("year") >= 2020`.
/// Immutable regular value, cheap to copy, safe to share between threads. A default-made Filter
/// holds for every document.
///
/// Text compares with text by its bytes, numbers with numbers by value (integer or real), bools
/// with bools; values of different kinds are unequal and in no order. A missing key fulfils `ne`,
/// `not_in` and a negation, nothing else. Keys are literal: no paths, no wildcards. In a store of
/// SQL, keys and values are bound, never part of a statement's text.
class LIAN_API Filter {
 public:
  enum class Op {
    always,
    eq,
    ne,
    gt,
    gte,
    lt,
    lte,
    in,
    not_in,
    contains,
    exists,
    all_of,
    any_of,
    negate
  };

  Filter();
  /// A comparison. Throws Error{validation} unless each value is text, bool or a finite number, or
  /// when the number of values is not the operator's.
  Filter(Op op, std::string key, std::vector<Value> values);
  ~Filter();
  Filter(const Filter&);
  Filter(Filter&&) noexcept;
  Filter& operator=(const Filter&);
  Filter& operator=(Filter&&) noexcept;

  bool empty() const noexcept { return op() == Op::always; }
  /// Whether a document with this metadata fulfils the condition.
  bool matches(const Values& metadata) const;

  Op op() const noexcept;
  const std::string& key() const noexcept;               ///< of a comparison
  const std::vector<Value>& values() const noexcept;     ///< what a comparison compares with
  const std::vector<Filter>& operands() const noexcept;  ///< of all_of, any_of, negate

  /// Joined conditions. Throws Error{limit} when they nest more than 64 deep.
  friend LIAN_API Filter operator&&(Filter a, Filter b);
  friend LIAN_API Filter operator||(Filter a, Filter b);
  friend LIAN_API Filter operator!(Filter a);

 private:
  struct Node;
  explicit Filter(std::shared_ptr<const Node> node) noexcept;
  static Filter join(Op op, Filter a, Filter b);
  std::shared_ptr<const Node> node_;
};

/// A metadata key, to be compared: see Filter. `in`, `not_in` take texts, numbers or bools;
/// `contains` holds for a text with that part and for a list or JSON array with that item; `exists`
/// for a key whose value is not null.
class LIAN_API MetadataKey {
 public:
  explicit MetadataKey(std::string_view key) : key_(key) {}

  Filter operator==(Value value) const { return compare(Filter::Op::eq, std::move(value)); }
  Filter operator!=(Value value) const { return compare(Filter::Op::ne, std::move(value)); }
  Filter operator>(Value value) const { return compare(Filter::Op::gt, std::move(value)); }
  Filter operator>=(Value value) const { return compare(Filter::Op::gte, std::move(value)); }
  Filter operator<(Value value) const { return compare(Filter::Op::lt, std::move(value)); }
  Filter operator<=(Value value) const { return compare(Filter::Op::lte, std::move(value)); }
  Filter in(std::vector<Value> values) const {
    return Filter(Filter::Op::in, key_, std::move(values));
  }
  Filter not_in(std::vector<Value> values) const {
    return Filter(Filter::Op::not_in, key_, std::move(values));
  }
  Filter contains(Value value) const { return compare(Filter::Op::contains, std::move(value)); }
  Filter exists() const { return Filter(Filter::Op::exists, key_, {}); }

 private:
  Filter compare(Filter::Op op, Value value) const;
  std::string key_;
};

/// `where("lang") == "zh"`.
inline MetadataKey where(std::string_view key) { return MetadataKey(key); }

}  // namespace v0
}  // namespace lian
