// The file of an in-memory store: a header, the sources, the documents with their vectors, an end
// that counts them.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "data/memory_rows.hpp"
#include "data/record_file.hpp"
#include "data/stored_value.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view magic = "LIANVEC1";
constexpr char header = 'H', source_type = 'S', document_type = 'D', end = 'E';

void write_value(FieldWriter& fields, const std::string& key, const Value& value) {
  const StoredValue stored = store_value(key, value);
  fields.number(static_cast<std::uint64_t>(stored.kind))
      .number(static_cast<std::uint64_t>(stored.integer))
      .number(std::bit_cast<std::uint64_t>(stored.real))
      .text(stored.text);
}

Value read_value(RecordFields& fields) {
  StoredValue stored;
  stored.kind = static_cast<StoredValue::Kind>(fields.number());
  stored.integer = static_cast<std::int64_t>(fields.number());
  stored.real = std::bit_cast<double>(fields.number());
  stored.text = fields.text();
  return restore_value(stored);
}

void write_document(FieldWriter& fields, const Document& document) {
  fields.text(document.id).text(document.text).number(document.span ? 1 : 0);
  if (document.span) {
    fields.number(document.span->byte_begin).number(document.span->byte_end);
    fields.number(document.span->line_begin).number(document.span->line_end);
  }
  fields.number(document.metadata.size());
  for (const auto& entry : document.metadata) {
    fields.text(entry.name);
    write_value(fields, entry.name, entry.value);
  }
}

Document read_document(RecordFields& fields) {
  Document document;
  document.id = fields.text();
  document.text = fields.text();
  if (fields.number() != 0) {
    Span span;
    span.byte_begin = fields.number();
    span.byte_end = fields.number();
    span.line_begin = fields.number();
    span.line_end = fields.number();
    document.span = span;
  }
  for (std::uint64_t left = fields.number(); left > 0; --left) {
    const std::string name(fields.text());
    document.metadata.set(name, read_value(fields));
  }
  return document;
}

void write_vector(FieldWriter& fields, std::span<const float> vector) {
  std::string bytes;
  for (const float component : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(component);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 0xFF);
  }
  fields.text(bytes);
}

std::vector<float> read_vector(RecordFields& fields, std::size_t dimension,
                               const RecordReader& reader) {
  const std::string_view bytes = fields.text();
  if (dimension == 0 || bytes.size() != dimension * 4)
    reader.damaged("a vector has the wrong width");
  std::vector<float> vector(dimension);
  for (std::size_t i = 0; i < dimension; ++i) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 4; byte-- > 0;) {
      bits = bits << 8 | static_cast<unsigned char>(bytes[i * 4 + byte]);
    }
    vector[i] = std::bit_cast<float>(bits);
    if (!std::isfinite(vector[i])) reader.damaged("a vector is not finite");
  }
  return vector;
}

SourceRecord read_source(RecordFields& fields) {
  SourceRecord record;
  record.state.name = fields.text();
  record.state.size = fields.number();
  record.state.modified_ns = static_cast<std::int64_t>(fields.number());
  record.fingerprint = fields.text();
  record.settings = fields.text();
  record.documents = fields.number();
  return record;
}

}  // namespace

void MemoryRows::save(const std::string& path) const {
  RecordWriter writer(path, magic);
  writer.write(header, FieldWriter().text(embedding_).number(dimension()));
  for (const auto& [name, record] : sources_) {
    FieldWriter fields;
    fields.text(name).number(record.state.size);
    fields.number(static_cast<std::uint64_t>(record.state.modified_ns));
    writer.write(source_type,
                 fields.text(record.fingerprint).text(record.settings).number(record.documents));
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    FieldWriter fields;
    write_document(fields.text(rows_[i].source), rows_[i].document);
    write_vector(fields, matrix_->row(i));
    writer.write(document_type, fields);
  }
  writer.write(end, FieldWriter().number(sources_.size()).number(rows_.size()));
  writer.finish();
}

MemoryRows MemoryRows::load(const std::string& path, std::string embedding) {
  RecordReader reader(path, magic);
  if (reader.next() != header) reader.damaged("it does not begin with a header");
  RecordFields head = reader.fields();
  const std::string stored(head.text());
  const auto dimension = static_cast<std::size_t>(head.number());
  if (!embedding.empty() && !stored.empty() && stored != embedding) {
    throw Error(
        ErrorKind::config,
        fmt::format("{}: the store was built with the embedding model \"{}\", not \"{}\"; use "
                    "that model, or build the store again",
                    path, stored, embedding));
  }
  MemoryRows rows(path, embedding.empty() ? stored : std::move(embedding));
  for (char type = reader.next(); type != end; type = reader.next()) {
    RecordFields fields = reader.fields();
    if (type == source_type) {
      SourceRecord record = read_source(fields);
      rows.sources_[record.state.name] = std::move(record);
    } else if (type == document_type) {
      std::string source(fields.text());
      Document document = read_document(fields);
      if (!source.empty()) rows.ids_of_[source].push_back(document.id);
      const std::vector<float> vector = read_vector(fields, dimension, reader);
      rows.insert(std::move(document), vector, std::move(source));
    } else {
      reader.damaged(type == 0 ? "its end is missing" : "a record of an unknown type");
    }
  }
  RecordFields counts = reader.fields();
  if (counts.number() != rows.sources_.size() || counts.number() != rows.rows_.size() ||
      reader.next() != 0) {
    reader.damaged("it does not hold what its end says");
  }
  return rows;
}

}  // namespace v0
}  // namespace lian
