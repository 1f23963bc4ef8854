#include "data/file_documents.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "data/text_scan.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t read_step = 1U << 16;

}  // namespace

FileDocuments::FileDocuments(SourceFile file, std::shared_ptr<const FileFormat> format,
                             LoadLimits limits)
    : file_(std::move(file)), format_(std::move(format)), limits_(limits) {}

FileDocuments::~FileDocuments() = default;

bool FileDocuments::next(Document& out) {
  if (format_ == nullptr) {
    throw LoadError(
        LoadReport(file_.path, LoadProblem::no_format,
                   "no loader for this kind of file was added (for HTML: link lian::html "
                   "and add html_format())"));
  }
  out = Document();
  if (!format_->whole_file()) return next_block(out);
  if (std::exchange(started_, true)) return false;
  read_whole(out);
  finish(out);
  return true;
}

bool FileDocuments::next_block(Document& out) {
  const bool first = !std::exchange(started_, true);
  if (first) {
    blocks_ =
        std::make_unique<TextBlocks>(file_.path, open_bytes(file_.path, limits_.unpacked_bytes()),
                                     static_cast<std::size_t>(limits_.block_bytes()));
  }
  if (!blocks_->next(out)) return false;
  if (!first) {
    out.metadata = metadata_;
    return true;
  }
  finish(out);
  metadata_ = out.metadata;
  return true;
}

void FileDocuments::read_whole(Document& out) {
  const std::unique_ptr<ByteSource> bytes = open_bytes(file_.path, limits_.unpacked_bytes());
  std::size_t size = 0, got = 0;
  do {
    out.text.resize(size + read_step);
    got = bytes->read(out.text.data() + size, read_step);
    size += got;
    out.text.resize(size);
    if (size > limits_.whole_bytes()) {
      throw LoadError(LoadReport(
          file_.path, LoadProblem::too_large,
          fmt::format("is larger than the limit of {} bytes for {} (LoadLimits::whole_bytes)",
                      limits_.whole_bytes(), format_->name())));
    }
  } while (got == read_step);
}

void FileDocuments::finish(Document& out) const {
  out.metadata.set("source", file_.path).set("relative_path", file_.relative_path);
  out.metadata.set("size", file_.size).set("mtime_ns", file_.mtime_ns);
  if (blocks_ != nullptr && blocks_->encoding() != "utf-8") {
    out.metadata.set("encoding", blocks_->encoding());
  }
  try {
    format_->finish(out);
  } catch (const Error& error) {
    throw LoadError(LoadReport(file_.path, LoadProblem::damaged,
                               fmt::format("is no {}: {}", format_->name(), error.message())));
  }
  if (out.span.has_value()) return;
  const std::uint64_t newlines = count_newlines(out.text);
  out.span = Span(0, out.text.size(), 1, 1 + newlines - (out.text.ends_with('\n') ? 1U : 0U));
}

SourceFile describe_file(std::string path, std::string relative_path) {
  namespace fs = std::filesystem;
  SourceFile file;
  file.path = std::move(path);
  file.relative_path = std::move(relative_path);
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file.path, error);
  if (!error) file.size = size;
  const fs::file_time_type time = fs::last_write_time(file.path, error);
  if (error) return file;
  const auto since_1970 = std::chrono::file_clock::to_sys(time).time_since_epoch();
  file.mtime_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
  return file;
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
