#include "data/sqlite/document_table.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "core/lexical_tokens.hpp"
#include "data/checksum.hpp"
#include "data/stored_value.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

using Kind = StoredValue::Kind;

std::int64_t signed_sum(const Checksum& sum) { return static_cast<std::int64_t>(sum.value()); }

void add_number(Checksum& sum, std::int64_t number) { sum.add(static_cast<std::uint64_t>(number)); }

Checksum begin_sum(std::int64_t number, const Document& document, std::int64_t source) {
  Checksum sum;
  add_number(sum, number);
  add_number(sum, source);
  sum.add(document.id).add(document.text).add(std::uint64_t{document.span ? 1u : 0u});
  if (document.span) {
    sum.add(document.span->byte_begin).add(document.span->byte_end);
    sum.add(document.span->line_begin).add(document.span->line_end);
  }
  return sum;
}

void add_entry(Checksum& sum, std::string_view name, const StoredValue& stored) {
  sum.add(name).add(static_cast<std::uint64_t>(stored.kind)).add(stored.text);
  add_number(sum, stored.integer);
  sum.add(std::bit_cast<std::uint64_t>(stored.real));
}

// Little-endian float32, as the file holds them.
std::string encode(const std::vector<float>& vector) {
  std::string bytes(vector.size() * 4, '\0');
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(vector[i]);
    for (std::size_t byte = 0; byte < 4; ++byte) {
      bytes[i * 4 + byte] = static_cast<char>((bits >> (8 * byte)) & 0xFF);
    }
  }
  return bytes;
}

std::string words_of(std::string_view text) {
  std::string words;
  for_each_lexical_token(text, LexicalUse::index, [&](std::string_view token) {
    if (!words.empty()) words += ' ';
    words += token;
  });
  return words;
}

void bind_value(Query& query, const StoredValue& stored) {
  switch (stored.kind) {
    case Kind::nothing:
      query.bind_null();
      break;
    case Kind::boolean:
    case Kind::integer:
      query.bind(stored.integer);
      break;
    case Kind::real:
      query.bind(stored.real);
      break;
    default:
      query.bind(std::string_view(stored.text));
  }
}

StoredValue stored_at(const Query& query, int kind_column, int value_column) {
  StoredValue stored;
  stored.kind = static_cast<Kind>(query.integer(kind_column));
  if (stored.kind == Kind::boolean || stored.kind == Kind::integer) {
    stored.integer = query.integer(value_column);
  } else if (stored.kind == Kind::real) {
    stored.real = query.real(value_column);
  } else if (stored.kind != Kind::nothing) {
    stored.text = query.bytes(value_column);
  }
  return stored;
}

}  // namespace

std::int64_t DocumentTable::next_number() {
  return connection_->number(
      "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'documents'");
}

std::int64_t DocumentTable::find(std::string_view id) {
  Query query(*connection_, "SELECT number FROM documents WHERE id = ?");
  query.bind(id);
  return query.step() ? query.integer(0) : 0;
}

std::int64_t DocumentTable::find_visible(std::string_view id) {
  Query query(*connection_,
              "SELECT number FROM documents WHERE id = ? AND (source IS NULL OR "
              "source IN (SELECT number FROM sources WHERE staged = 0))");
  query.bind(id);
  return query.step() ? query.integer(0) : 0;
}

void DocumentTable::insert_metadata(std::int64_t number, const Values& metadata) {
  Query query(*connection_,
              "INSERT INTO metadata(document, position, item, key, kind, value) "
              "VALUES(?, ?, ?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const auto& [name, value] : metadata) {
    std::vector<StoredValue> rows;
    rows.push_back(store_value(name, value));
    for (const Value& item : searchable_items(value)) rows.push_back(store_value(name, item));
    std::int64_t item = 0;
    for (const StoredValue& row : rows) {
      query.bind(number).bind(position).bind(item++).bind(std::string_view(name));
      query.bind(static_cast<std::int64_t>(row.kind));
      bind_value(query, row);
      query.run();
    }
    ++position;
  }
}

void DocumentTable::insert(std::int64_t number, const Document& document, std::int64_t source,
                           const std::vector<float>& vector) {
  Checksum sum = begin_sum(number, document, source);
  for (const auto& [name, value] : document.metadata)
    add_entry(sum, name, store_value(name, value));
  Query row(
      *connection_,
      "INSERT INTO documents(number, id, source, text, byte_begin, byte_end, line_begin, line_end, "
      "checksum) VALUES(?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?)");
  row.bind(number).bind(std::string_view(document.id)).bind(source);
  row.bind(std::string_view(document.text));
  if (document.span) {
    row.bind(static_cast<std::int64_t>(document.span->byte_begin));
    row.bind(static_cast<std::int64_t>(document.span->byte_end));
    row.bind(static_cast<std::int64_t>(document.span->line_begin));
    row.bind(static_cast<std::int64_t>(document.span->line_end));
  } else {
    row.bind_null().bind_null().bind_null().bind_null();
  }
  row.bind(signed_sum(sum)).run();
  insert_metadata(number, document.metadata);

  const std::string bytes = encode(vector);
  Query(*connection_, "INSERT INTO vectors(document, vector, checksum) VALUES(?, ?, ?)")
      .bind(number)
      .bind_blob(bytes)
      .bind(signed_sum(Checksum().add(static_cast<std::uint64_t>(number)).add(bytes)))
      .run();
  const std::string words = words_of(document.text);
  Query(*connection_, "INSERT INTO words(rowid, tokens) VALUES(?, ?)")
      .bind(number)
      .bind(std::string_view(words))
      .run();
}

void DocumentTable::remove(std::int64_t number) {
  std::string words;
  {
    Query query(*connection_, "SELECT text FROM documents WHERE number = ?");
    if (!query.bind(number).step()) return;
    words = words_of(query.bytes(0));
  }
  Query(*connection_, "INSERT INTO words(words, rowid, tokens) VALUES('delete', ?, ?)")
      .bind(number)
      .bind(std::string_view(words))
      .run();
  Query(*connection_, "DELETE FROM documents WHERE number = ?").bind(number).run();
}

DocumentTable::Entries DocumentTable::read_metadata(std::int64_t number, Checksum& sum) {
  Query query(
      *connection_,
      "SELECT key, kind, value FROM metadata WHERE document = ? AND item = 0 ORDER BY position");
  query.bind(number);
  Entries entries;
  while (query.step()) {
    entries.emplace_back(query.bytes(0), stored_at(query, 1, 2));
    add_entry(sum, entries.back().first, entries.back().second);
  }
  return entries;
}

std::optional<Document> DocumentTable::read(std::int64_t number) {
  Document document;
  std::int64_t source = 0, checksum = 0;
  {
    Query query(*connection_,
                "SELECT id, source, text, byte_begin, byte_end, line_begin, line_end, checksum, "
                "source IN (SELECT number FROM sources WHERE staged <> 0) "
                "FROM documents WHERE number = ?");
    if (!query.bind(number).step()) return std::nullopt;
    document.id = query.bytes(0);
    source = query.integer(1);
    document.text = query.bytes(2);
    if (!query.is_null(3)) {
      document.span = Span(static_cast<std::uint64_t>(query.integer(3)),
                           static_cast<std::uint64_t>(query.integer(4)),
                           static_cast<std::uint64_t>(query.integer(5)),
                           static_cast<std::uint64_t>(query.integer(6)));
    }
    checksum = query.integer(7);
    // Nobody finds those: the index that hides them is wrong.
    if (query.integer(8) != 0)
      connection_->damaged(fmt::format("document {} is of a half finished source", number));
  }
  Checksum sum = begin_sum(number, document, source);
  const Entries entries = read_metadata(number, sum);
  if (signed_sum(sum) != checksum) {
    connection_->damaged(fmt::format("the checksum of document {} is wrong", number));
  }
  for (const auto& [name, stored] : entries) document.metadata.set(name, restore_value(stored));
  return document;
}

void DocumentTable::decode(std::int64_t number, std::string_view blob, std::int64_t checksum,
                           std::vector<float>& out) const {
  const Checksum sum = Checksum().add(static_cast<std::uint64_t>(number)).add(blob);
  if (blob.size() != out.size() * 4 || signed_sum(sum) != checksum) {
    connection_->damaged(fmt::format("the vector of document {} is not what was stored", number));
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 4; byte-- > 0;) {
      bits = bits << 8 | static_cast<unsigned char>(blob[i * 4 + byte]);
    }
    out[i] = std::bit_cast<float>(bits);
    if (!std::isfinite(out[i])) connection_->damaged("a vector is not finite");
  }
}

void DocumentTable::each_vector(
    std::size_t dimension,
    const std::function<void(std::int64_t, const std::vector<float>&)>& take) {
  Query query(*connection_, "SELECT document, vector, checksum FROM vectors ORDER BY document");
  std::vector<float> vector(dimension);
  while (query.step()) {
    decode(query.integer(0), query.bytes(1), query.integer(2), vector);
    take(query.integer(0), vector);
  }
}

std::vector<float> DocumentTable::vector(std::int64_t number, std::size_t dimension) {
  Query query(*connection_, "SELECT vector, checksum FROM vectors WHERE document = ?");
  if (!query.bind(number).step()) {
    connection_->damaged(fmt::format("the vector of document {} is missing", number));
  }
  std::vector<float> vector(dimension);
  decode(number, query.bytes(0), query.integer(1), vector);
  return vector;
}

std::vector<std::int64_t> DocumentTable::of_source(std::int64_t source) {
  std::vector<std::int64_t> numbers;
  Query query(*connection_, "SELECT number FROM documents WHERE source = ? ORDER BY number");
  query.bind(source);
  while (query.step()) numbers.push_back(query.integer(0));
  return numbers;
}

}  // namespace v0
}  // namespace lian
