#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Fields of a record, appended one by one: integers as 8 bytes little-endian, text and blobs as
/// their length and bytes.
class FieldWriter {
 public:
  FieldWriter& number(std::uint64_t value);
  FieldWriter& text(std::string_view value);
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads the fields of a record back. Throws Error{storage} naming the file when the record ends
/// early.
class RecordFields {
 public:
  RecordFields(std::string_view bytes, const std::string& file) : rest_(bytes), file_(&file) {}
  std::uint64_t number();
  std::string_view text();
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t count);
  std::string_view rest_;
  const std::string* file_;
};

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Writes a file of records beside `path` and puts it in its place when `finish` is called: a
/// reader sees the old file or the whole new one. A record is its type, length, bytes and checksum.
/// Throws Error{storage} naming the file when it cannot be written.
class RecordWriter {
 public:
  RecordWriter(std::string path, std::string_view magic);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void write(char type, const FieldWriter& fields);
  void finish();

 private:
  void put(std::string_view bytes);
  [[noreturn]] void fail(std::string_view doing, int code) const;
  std::string path_, temporary_;
  File file_;
};

/// Reads such a file record by record. Throws Error{not_found} when there is none, Error{storage}
/// when it cannot be read, is of another kind (`magic`) or is damaged.
class RecordReader {
 public:
  RecordReader(std::string path, std::string_view magic);

  /// The next record: its type; 0 at the end of the file. `bytes()` holds its fields.
  char next();
  RecordFields fields() const { return RecordFields(bytes_, path_); }
  [[noreturn]] void damaged(std::string_view how) const;

 private:
  bool read(char* out, std::size_t count);
  std::string path_, bytes_;
  File file_;
  std::uint64_t left_ = 0;
};

}  // namespace v0
}  // namespace lian
