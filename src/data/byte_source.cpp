#include "data/byte_source.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

[[noreturn]] void fail(const std::string& path, LoadProblem kind, const std::string& what) {
  throw LoadError(LoadReport(path, kind, what));
}

std::string reason(int error_number) { return std::generic_category().message(error_number); }

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

class PlainBytes final : public ByteSource {
 public:
  explicit PlainBytes(const std::string& path)
      : path_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (!file_) fail(path, LoadProblem::unreadable, "cannot be opened: " + reason(errno));
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
  }

  std::size_t read(char* out, std::size_t capacity) override {
    const std::size_t got = std::fread(out, 1, capacity, file_.get());
    if (got < capacity && std::ferror(file_.get()) != 0) {
      fail(path_, LoadProblem::unreadable, "cannot be read: " + reason(errno));
    }
    return got;
  }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

struct CloseGzip {
  void operator()(gzFile file) const noexcept { gzclose_r(file); }
};

class GzipBytes final : public ByteSource {
 public:
  GzipBytes(const std::string& path, std::uint64_t limit)
      : path_(path), limit_(limit), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) fail(path, LoadProblem::unreadable, "cannot be opened: " + reason(errno));
    gzbuffer(file_.get(), 1U << 16);
  }

  std::size_t read(char* out, std::size_t capacity) override {
    constexpr std::size_t most = 1U << 30;
    const int got = gzread(file_.get(), out, static_cast<unsigned>(std::min(capacity, most)));
    check(got);
    total_ += static_cast<std::uint64_t>(got);
    if (total_ > limit_) {
      fail(path_, LoadProblem::too_large,
           fmt::format("unpacks to more than the limit of {} bytes (LoadLimits::unpacked_bytes)",
                       limit_));
    }
    return static_cast<std::size_t>(got);
  }

 private:
  void check(int got) const {
    int code = Z_OK;
    const char* message = gzerror(file_.get(), &code);
    if (got >= 0 && code == Z_OK) return;
    if (code == Z_ERRNO) fail(path_, LoadProblem::unreadable, "cannot be read: " + reason(errno));
    const std::string what = code == Z_BUF_ERROR ? "the data ends too early" : message;
    fail(path_, LoadProblem::damaged,
         fmt::format("cannot be unpacked after {} bytes: {}", total_, what));
  }

  std::string path_;
  std::uint64_t limit_, total_ = 0;
  std::unique_ptr<gzFile_s, CloseGzip> file_;
};

// Opening a pipe would wait for its writer: only regular files are opened.
void require_regular(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error) fail(path, LoadProblem::unreadable, "cannot be opened: " + error.message());
  if (fs::is_directory(status)) fail(path, LoadProblem::unreadable, "is a folder, not a file");
  if (!fs::is_regular_file(status)) {
    fail(path, LoadProblem::not_regular, "is a pipe, socket or device, not a file");
  }
}

}  // namespace

ByteSource::~ByteSource() = default;

std::unique_ptr<ByteSource> open_bytes(const std::string& path, std::uint64_t unpacked_limit) {
  if (!path.ends_with(".gz")) return open_raw_bytes(path);
  require_regular(path);
  return std::make_unique<GzipBytes>(path, unpacked_limit);
}

std::unique_ptr<ByteSource> open_raw_bytes(const std::string& path) {
  require_regular(path);
  return std::make_unique<PlainBytes>(path);
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
