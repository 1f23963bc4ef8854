#include "data/record_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "data/checksum.hpp"
#include "lian/core/error.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace lian {
inline namespace v0 {
namespace {

std::uint64_t sum_of(char type, std::string_view bytes) {
  return Checksum()
      .add(static_cast<std::uint64_t>(static_cast<unsigned char>(type)))
      .add(bytes)
      .value();
}

void append_number(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>((value >> shift) & 0xFF);
}

std::uint64_t number_at(const char* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string reason(int code) { return std::generic_category().message(code); }

[[noreturn]] void throw_damaged(const std::string& path, std::string_view how) {
  throw Error(
      ErrorKind::storage,
      fmt::format("{}: the file is damaged ({}); restore it from a copy, or delete it and build "
                  "the store again",
                  path, how));
}

bool reaches_disk(std::FILE* file) {
#if defined(__unix__) || defined(__APPLE__)
  return ::fsync(::fileno(file)) == 0;
#else
  static_cast<void>(file);
  return true;
#endif
}

}  // namespace

FieldWriter& FieldWriter::number(std::uint64_t value) {
  append_number(bytes_, value);
  return *this;
}

FieldWriter& FieldWriter::text(std::string_view value) {
  append_number(bytes_, value.size());
  bytes_ += value;
  return *this;
}

std::string_view RecordFields::take(std::uint64_t count) {
  if (count > rest_.size()) throw_damaged(*file_, "a record ends early");
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
  rest_.remove_prefix(taken.size());
  return taken;
}

std::uint64_t RecordFields::number() { return number_at(take(8).data()); }

std::string_view RecordFields::text() { return take(number()); }

RecordWriter::RecordWriter(std::string path, std::string_view magic)
    : path_(std::move(path)), temporary_(path_ + ".new") {
  std::remove(temporary_.c_str());  // left by a process that was killed
  file_.reset(std::fopen(temporary_.c_str(), "wbx"));
  if (!file_) fail("created", errno);
  put(magic);
}

RecordWriter::~RecordWriter() {
  if (!file_) return;
  file_.reset();
  std::remove(temporary_.c_str());
}

void RecordWriter::fail(std::string_view doing, int code) const {
  throw Error(ErrorKind::storage,
              fmt::format("{}: the file cannot be {} ({}); what was at {} is unchanged", temporary_,
                          doing, reason(code), path_));
}

void RecordWriter::put(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    fail("written", errno);
}

void RecordWriter::write(char type, const FieldWriter& fields) {
  std::string head(1, type);
  append_number(head, fields.bytes().size());
  put(head);
  put(fields.bytes());
  std::string sum;
  append_number(sum, sum_of(type, fields.bytes()));
  put(sum);
}

void RecordWriter::finish() {
  if (std::fflush(file_.get()) != 0 || !reaches_disk(file_.get())) fail("written", errno);
  if (std::fclose(file_.release()) != 0) {
    const int code = errno;
    std::remove(temporary_.c_str());
    fail("written", code);
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int code = errno;
    std::remove(temporary_.c_str());
    fail("put in place", code);
  }
}

RecordReader::RecordReader(std::string path, std::string_view magic) : path_(std::move(path)) {
  file_.reset(std::fopen(path_.c_str(), "rb"));
  if (!file_) {
    throw Error(errno == ENOENT ? ErrorKind::not_found : ErrorKind::storage,
                fmt::format("{}: the file cannot be opened ({})", path_, reason(errno)));
  }
  if (std::fseek(file_.get(), 0, SEEK_END) != 0) damaged("its size cannot be read");
  const long size = std::ftell(file_.get());
  std::rewind(file_.get());
  left_ = size > 0 ? static_cast<std::uint64_t>(size) : 0;
  std::string begin(magic.size(), '\0');
  if (left_ < magic.size() || !read(begin.data(), begin.size()) || begin != magic) {
    throw Error(ErrorKind::storage,
                fmt::format("{}: this is not a vector store saved by lian (or of another version); "
                            "name another file, or build the store again",
                            path_));
  }
}

bool RecordReader::read(char* out, std::size_t count) {
  if (count > left_ || std::fread(out, 1, count, file_.get()) != count) return false;
  left_ -= count;
  return true;
}

void RecordReader::damaged(std::string_view how) const { throw_damaged(path_, how); }

char RecordReader::next() {
  if (left_ == 0) return 0;
  char head[9];
  if (!read(head, sizeof head)) damaged("it ends within a record");
  const std::uint64_t length = number_at(head + 1);
  if (length > left_ || left_ - length < 8) damaged("it ends within a record");
  bytes_.resize(static_cast<std::size_t>(length));
  char sum[8];
  if (!read(bytes_.data(), bytes_.size()) || !read(sum, sizeof sum))
    damaged("it ends within a record");
  if (number_at(sum) != sum_of(head[0], bytes_)) damaged("a checksum is wrong");
  return head[0];
}

}  // namespace v0
}  // namespace lian
