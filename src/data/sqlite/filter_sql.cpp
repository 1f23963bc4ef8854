#include "data/sqlite/filter_sql.hpp"

#include <string>
#include <string_view>

#include "data/stored_value.hpp"

namespace lian {
inline namespace v0 {
namespace {

using Op = Filter::Op;
using Kind = StoredValue::Kind;

struct Comparison {
  Op op;
  const char* of_kind;     // key, kind, value
  const char* of_numbers;  // key, value; integers and reals compare by value
};

constexpr Comparison comparisons[] = {
    {Op::eq, "SELECT document FROM metadata WHERE key = ? AND kind = ? AND value = ? AND item = 0",
     "SELECT document FROM metadata WHERE key = ? AND kind IN (2, 3) AND value = ? AND item = 0"},
    {Op::gt, "SELECT document FROM metadata WHERE key = ? AND kind = ? AND value > ? AND item = 0",
     "SELECT document FROM metadata WHERE key = ? AND kind IN (2, 3) AND value > ? AND item = 0"},
    {Op::gte,
     "SELECT document FROM metadata WHERE key = ? AND kind = ? AND value >= ? AND item = 0",
     "SELECT document FROM metadata WHERE key = ? AND kind IN (2, 3) AND value >= ? AND item = 0"},
    {Op::lt, "SELECT document FROM metadata WHERE key = ? AND kind = ? AND value < ? AND item = 0",
     "SELECT document FROM metadata WHERE key = ? AND kind IN (2, 3) AND value < ? AND item = 0"},
    {Op::lte,
     "SELECT document FROM metadata WHERE key = ? AND kind = ? AND value <= ? AND item = 0",
     "SELECT document FROM metadata WHERE key = ? AND kind IN (2, 3) AND value <= ? AND item = 0"},
    {Op::contains,
     "SELECT document FROM metadata WHERE key = ? AND kind = ? AND value = ? AND item > 0",
     "SELECT document FROM metadata WHERE key = ? AND kind IN (2, 3) AND value = ? AND item > 0"},
};

constexpr const char* with_part =
    "SELECT document FROM metadata WHERE key = ? AND kind = 4 AND item = 0 AND "
    "instr(CAST(value AS BLOB), CAST(? AS BLOB)) > 0";
constexpr const char* with_key =
    "SELECT document FROM metadata WHERE key = ? AND kind > 0 AND item = 0";

const Comparison& comparison_of(Op op) {
  for (const Comparison& comparison : comparisons) {
    if (comparison.op == op) return comparison;
  }
  return comparisons[0];  // ne, in and not_in are made of equalities
}

bool is_negative(Op op) { return op == Op::ne || op == Op::not_in || op == Op::negate; }

}  // namespace

void FilterSql::mark(Query& query, Flags& flags) {
  while (query.step()) {
    const std::size_t row = row_of_(query.integer(0));
    if (row < rows_) flags[row] = 1;
  }
}

void FilterSql::compare(Op op, const std::string& key, const Value& value, Flags& flags) {
  const Comparison& comparison = comparison_of(op);
  const StoredValue stored = store_value(key, value);
  const bool number = stored.kind == Kind::integer || stored.kind == Kind::real;
  Query query(*connection_, number ? comparison.of_numbers : comparison.of_kind);
  query.bind(std::string_view(key));
  if (!number) query.bind(static_cast<std::int64_t>(stored.kind));
  if (stored.kind == Kind::text) {
    query.bind(std::string_view(stored.text));
  } else if (stored.kind == Kind::real) {
    query.bind(stored.real);
  } else {
    query.bind(stored.integer);
  }
  mark(query, flags);
}

FilterSql::Flags FilterSql::holding(const Filter& filter) {
  Flags flags(rows_, 0);
  if (filter.op() == Op::exists) {
    Query query(*connection_, with_key);
    query.bind(std::string_view(filter.key()));
    mark(query, flags);
    return flags;
  }
  for (const Value& value : filter.values()) {
    compare(filter.op(), filter.key(), value, flags);
    if (filter.op() != Op::contains || value.text() == nullptr) continue;
    Query query(*connection_, with_part);
    query.bind(std::string_view(filter.key())).bind(std::string_view(*value.text()));
    mark(query, flags);
  }
  return flags;
}

FilterSql::Flags FilterSql::join(const Filter& filter) {
  const bool all = filter.op() == Op::all_of;
  Flags flags(rows_, all ? 1 : 0);
  for (const Filter& operand : filter.operands()) {
    const Flags other = evaluate(operand);
    for (std::size_t i = 0; i < rows_; ++i) {
      flags[i] = all ? static_cast<std::uint8_t>(flags[i] & other[i])
                     : static_cast<std::uint8_t>(flags[i] | other[i]);
    }
  }
  return flags;
}

FilterSql::Flags FilterSql::evaluate(const Filter& filter) {
  if (filter.op() == Op::always) return Flags(rows_, 1);
  if (filter.op() == Op::all_of || filter.op() == Op::any_of) return join(filter);
  Flags flags = filter.op() == Op::negate ? evaluate(filter.operands().front()) : holding(filter);
  if (is_negative(filter.op())) {
    for (auto& flag : flags) flag ^= 1;
  }
  return flags;
}

}  // namespace v0
}  // namespace lian
