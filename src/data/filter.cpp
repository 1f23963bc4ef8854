#include "lian/data/filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <compare>
#include <optional>
#include <utility>

#include "data/stored_value.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

struct Filter::Node {
  Op op = Op::always;
  std::string key;
  std::vector<Value> values;
  std::vector<Filter> operands;
  int depth = 0;
};

namespace {

constexpr int deepest = 64;

std::partial_ordering reversed(std::partial_ordering order) { return 0 <=> order; }

// Exact, also beyond the 53 bits of a double.
std::partial_ordering compare(std::int64_t a, double b) {
  if (b >= 9223372036854775808.0) return std::partial_ordering::less;
  if (b < -9223372036854775808.0) return std::partial_ordering::greater;
  const double whole = std::trunc(b);
  const auto integer = static_cast<std::int64_t>(whole);
  if (a != integer) return a <=> integer;
  return whole <=> b;
}

std::partial_ordering compare(const Value& a, const Value& b) {
  const auto* a_text = a.text();
  const auto* b_text = b.text();
  if (a_text != nullptr && b_text != nullptr) return a_text->compare(*b_text) <=> 0;
  const auto* a_flag = std::get_if<bool>(&a.data());
  const auto* b_flag = std::get_if<bool>(&b.data());
  if (a_flag != nullptr && b_flag != nullptr) return *a_flag <=> *b_flag;
  const auto* a_integer = std::get_if<std::int64_t>(&a.data());
  const auto* b_integer = std::get_if<std::int64_t>(&b.data());
  const auto* a_real = std::get_if<double>(&a.data());
  const auto* b_real = std::get_if<double>(&b.data());
  if (a_integer != nullptr && b_integer != nullptr) return *a_integer <=> *b_integer;
  if (a_real != nullptr && b_real != nullptr) return *a_real <=> *b_real;
  if (a_integer != nullptr && b_real != nullptr) return compare(*a_integer, *b_real);
  if (a_real != nullptr && b_integer != nullptr) return reversed(compare(*b_integer, *a_real));
  return std::partial_ordering::unordered;
}

bool is_any_of(const Value& found, const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(),
                     [&](const Value& value) { return compare(found, value) == 0; });
}

bool holds_part(const Value& found, const Value& part) {
  if (found.text() != nullptr) {
    return part.text() != nullptr && found.text()->find(*part.text()) != std::string::npos;
  }
  return is_any_of(part, searchable_items(found));
}

bool compares(Filter::Op op, const Value& found, const std::vector<Value>& values) {
  const auto order =
      values.empty() ? std::partial_ordering::unordered : compare(found, values.front());
  switch (op) {
    case Filter::Op::eq:
      return order == 0;
    case Filter::Op::ne:
      return order != 0;
    case Filter::Op::gt:
      return order > 0;
    case Filter::Op::gte:
      return order >= 0;
    case Filter::Op::lt:
      return order < 0;
    case Filter::Op::lte:
      return order <= 0;
    case Filter::Op::in:
      return is_any_of(found, values);
    case Filter::Op::not_in:
      return !is_any_of(found, values);
    case Filter::Op::contains:
      return holds_part(found, values.front());
    default:
      return !found.is_null();
  }
}

void check_operand(const std::string& key, const Value& value) {
  const auto* real = std::get_if<double>(&value.data());
  const bool comparable = value.text() != nullptr || std::holds_alternative<bool>(value.data()) ||
                          std::holds_alternative<std::int64_t>(value.data()) ||
                          (real != nullptr && std::isfinite(*real));
  if (comparable) return;
  throw Error(
      ErrorKind::validation,
      fmt::format("filter on metadata \"{}\": it can be compared with text, a bool or a finite "
                  "number, not with {}; to ask whether the key is there use exists()",
                  key, real != nullptr ? "NaN or infinity" : value.type_name()));
}

}  // namespace

Filter::Filter() = default;
Filter::~Filter() = default;
Filter::Filter(const Filter&) = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(const Filter&) = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::Filter(std::shared_ptr<const Node> node) noexcept : node_(std::move(node)) {}

Filter::Filter(Op op, std::string key, std::vector<Value> values) {
  const bool many = op == Op::in || op == Op::not_in;
  const std::size_t wanted = op == Op::exists ? 0 : 1;
  if (op == Op::always || op >= Op::all_of || (!many && values.size() != wanted)) {
    throw Error(ErrorKind::validation,
                fmt::format("filter on metadata \"{}\": this operator does not take {} value(s)",
                            key, values.size()));
  }
  for (const Value& value : values) check_operand(key, value);
  auto node = std::make_shared<Node>();
  node->op = op;
  node->key = std::move(key);
  node->values = std::move(values);
  node_ = std::move(node);
}

bool Filter::matches(const Values& metadata) const {
  const auto fulfilled = [&](const Filter& part) { return part.matches(metadata); };
  switch (op()) {
    case Op::always:
      return true;
    case Op::all_of:
      return std::all_of(operands().begin(), operands().end(), fulfilled);
    case Op::any_of:
      return std::any_of(operands().begin(), operands().end(), fulfilled);
    case Op::negate:
      return !operands().front().matches(metadata);
    default:
      break;
  }
  const Value* found = metadata.find(key());
  if (found == nullptr) return op() == Op::ne || op() == Op::not_in;
  return compares(op(), *found, values());
}

Filter::Op Filter::op() const noexcept { return node_ ? node_->op : Op::always; }

const std::string& Filter::key() const noexcept {
  static const std::string none;
  return node_ ? node_->key : none;
}

const std::vector<Value>& Filter::values() const noexcept {
  static const std::vector<Value> none;
  return node_ ? node_->values : none;
}

const std::vector<Filter>& Filter::operands() const noexcept {
  static const std::vector<Filter> none;
  return node_ ? node_->operands : none;
}

Filter Filter::join(Op op, Filter a, Filter b) {
  auto node = std::make_shared<Node>();
  node->op = op;
  for (Filter* part : {&a, &b}) {
    if (part->op() == op) {
      const auto& operands = part->operands();
      node->operands.insert(node->operands.end(), operands.begin(), operands.end());
    } else {
      node->operands.push_back(std::move(*part));
    }
  }
  for (const Filter& part : node->operands) {
    node->depth = std::max(node->depth, part.node_ ? part.node_->depth + 1 : 1);
  }
  if (node->depth > deepest) {
    throw Error(
        ErrorKind::limit,
        fmt::format("a filter nests more than {} deep; join conditions of one kind, or use in()",
                    deepest));
  }
  return Filter(std::move(node));
}

Filter operator&&(Filter a, Filter b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return Filter::join(Filter::Op::all_of, std::move(a), std::move(b));
}

Filter operator||(Filter a, Filter b) {
  if (a.empty()) return a;
  if (b.empty()) return b;
  return Filter::join(Filter::Op::any_of, std::move(a), std::move(b));
}

Filter operator!(Filter a) {
  if (a.op() == Filter::Op::negate) return a.operands().front();
  auto node = std::make_shared<Filter::Node>();
  node->op = Filter::Op::negate;
  node->depth = a.node_ ? a.node_->depth + 1 : 1;
  node->operands.push_back(std::move(a));
  return Filter(std::move(node));
}

Filter MetadataKey::compare(Filter::Op op, Value value) const {
  std::vector<Value> values;
  values.push_back(std::move(value));
  return Filter(op, key_, std::move(values));
}

}  // namespace v0
}  // namespace lian
