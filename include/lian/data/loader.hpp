#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/error.hpp"
#include "lian/core/export.hpp"
#include "lian/core/stream.hpp"
#include "lian/data/file_format.hpp"

namespace lian {
inline namespace v0 {

/// Why a file gave no documents, or not all of them.
enum class LoadProblem {
  unreadable,   ///< cannot be opened or read, or the link leads nowhere
  not_text,     ///< not in the encoding that it must be in (UTF-8, or UTF-16 with a BOM)
  damaged,      ///< compressed data is broken, or the format could not be read
  too_large,    ///< over a limit of LoadLimits
  binary,       ///< skipped: a NUL byte in the first 8 KiB
  not_regular,  ///< skipped: a pipe, socket or device
  no_format,    ///< skipped: no loader for this kind of file in this program
  outside,      ///< skipped: a link out of the folder
};

/// The problem as a word, e.g. "not_text".
LIAN_API std::string_view to_string(LoadProblem problem) noexcept;

/// What happened to one file. Regular value.
struct LoadReport {
  LoadReport() = default;
  LoadReport(std::string path_in, LoadProblem kind_in, std::string message_in)
      : path(std::move(path_in)), kind(kind_in), message(std::move(message_in)) {}
  /// Whether the file was left out on purpose rather than failed.
  bool skipped() const noexcept { return kind >= LoadProblem::binary; }

  std::string path;
  LoadProblem kind = LoadProblem::unreadable;
  std::string message;  ///< what and where, e.g. with the byte offset
  friend bool operator==(const LoadReport&, const LoadReport&) = default;
};
using LoadReports = std::vector<LoadReport>;

/// A file that could not be loaded, thrown where no reports are collected.
class LIAN_API LoadError : public Error {
 public:
  explicit LoadError(LoadReport report);
  ~LoadError() override;
  LoadError(const LoadError&) = default;
  LoadError& operator=(const LoadError&) = default;
  std::exception_ptr copy() const override;

  LoadReport report;
};

/// A file to load and its state, for deciding whether it changed. Regular value.
struct SourceFile {
  SourceFile() = default;
  std::string path;           ///< as given, or below the folder as given
  std::string relative_path;  ///< below the folder, with '/'; the name for a single file
  std::uint64_t size = 0;     ///< bytes on disk
  std::int64_t mtime_ns = 0;  ///< last change, nanoseconds since 1970
  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

/// How much a loader takes in. Regular value with chained setters.
class LIAN_API LoadLimits {
 public:
  LoadLimits() = default;
  /// A longer text becomes consecutive documents, cut at line ends. Default 8 MiB; at least 64.
  LoadLimits& block_bytes(std::uint64_t n) { return block_bytes_ = n < 64 ? 64 : n, *this; }
  /// The largest file of a format that is read whole, e.g. HTML. Default 64 MiB.
  LoadLimits& whole_bytes(std::uint64_t n) { return whole_bytes_ = n, *this; }
  /// How much a compressed file may unpack to. Default 1 GiB.
  LoadLimits& unpacked_bytes(std::uint64_t n) { return unpacked_bytes_ = n, *this; }

  std::uint64_t block_bytes() const noexcept { return block_bytes_; }
  std::uint64_t whole_bytes() const noexcept { return whole_bytes_; }
  std::uint64_t unpacked_bytes() const noexcept { return unpacked_bytes_; }

 private:
  std::uint64_t block_bytes_ = 8U << 20, whole_bytes_ = 64U << 20, unpacked_bytes_ = 1U << 30;
};

/// Documents pulled one by one; may block on files. One thread at a time.
class LIAN_API DocumentSource {
 public:
  virtual ~DocumentSource();
  /// Fills `out` with the next document; false at the end.
  virtual bool next(Document& out) = 0;
};

/// Something documents can be loaded from. Every document carries metadata "source" and a span.
/// Loaders are values; their verbs may be called from many threads at once.
class LIAN_API Loader {
 public:
  virtual ~Loader();

  /// All documents; blocks. Without `reports` the first file that fails throws LoadError; with it,
  /// failed and skipped files are listed there and the rest is loaded.
  Documents load(LoadReports* reports = nullptr) const;
  /// The same one document at a time, read on the runtime's threads for blocking work. `reports`
  /// is complete when the stream has ended.
  Stream<Document> lazy_load(std::shared_ptr<LoadReports> reports = nullptr) const;
  /// The same, pulled by the caller; `reports` must outlive the source.
  virtual std::unique_ptr<DocumentSource> open(LoadReports* reports = nullptr) const = 0;

 protected:
  Loader() = default;
  Loader(const Loader&) = default;
  Loader& operator=(const Loader&) = default;
};

/// One file in one format. A name that ends in .gz is unpacked. Text is UTF-8 (a BOM is dropped) or
/// UTF-16 with a BOM. Spans count bytes and lines of the unpacked file; for UTF-16 and for formats
/// whose text is not the file's (HTML) they count those of the text. Metadata: "source",
/// "relative_path", "size" (bytes on disk), "mtime_ns", "encoding" when not UTF-8, and what the
/// format adds.
class LIAN_API FileLoader : public Loader {
 public:
  FileLoader(std::string_view path, std::shared_ptr<const FileFormat> format);
  ~FileLoader() override;

  FileLoader& limits(LoadLimits limits) { return limits_ = limits, *this; }
  std::unique_ptr<DocumentSource> open(LoadReports* reports = nullptr) const override;

 private:
  std::string path_;
  std::shared_ptr<const FileFormat> format_;
  LoadLimits limits_;
};

/// A plain text file.
class LIAN_API TextLoader final : public FileLoader {
 public:
  explicit TextLoader(std::string_view path);
};

/// A Markdown file, its text as it is; metadata "title" is its first heading.
class LIAN_API MarkdownLoader final : public FileLoader {
 public:
  explicit MarkdownLoader(std::string_view path);
};

/// The text files of a folder, in the order of their paths. Hidden files and folders (".name") are
/// left out. Binary files and pipes are skipped, with a report. Links are followed inside the
/// folder, each target once; a link that leads out is skipped with a report.
class LIAN_API DirectoryLoader final : public Loader {
 public:
  explicit DirectoryLoader(std::string_view path);
  ~DirectoryLoader() override;

  /// Patterns for relative paths, any of which may match: `*` and `?` within a name, `**` for any
  /// folders, `[a-z]`, `[!a-z]`. Default "**/*". Throws Error{config} for an unclosed bracket.
  DirectoryLoader& globs(std::vector<std::string> patterns);
  /// Patterns for what to leave out.
  DirectoryLoader& exclude(std::vector<std::string> patterns);
  /// Whether folders inside the folder are read. Default: true.
  DirectoryLoader& recursive(bool recursive) { return recursive_ = recursive, *this; }
  /// Which format reads which extension. Default: FileFormats().
  DirectoryLoader& formats(FileFormats formats) { return formats_ = std::move(formats), *this; }
  DirectoryLoader& limits(LoadLimits limits) { return limits_ = limits, *this; }

  /// The files that would be loaded, unopened. Throws Error{not_found} when there is no such folder
  /// and Error{config} when it is none.
  std::vector<SourceFile> files(LoadReports* reports = nullptr) const;
  /// Loads one of `files()`.
  std::unique_ptr<DocumentSource> open_file(const SourceFile& file,
                                            LoadReports* reports = nullptr) const;
  std::unique_ptr<DocumentSource> open(LoadReports* reports = nullptr) const override;

 private:
  std::string path_;
  std::vector<std::string> globs_{"**/*"}, exclude_;
  bool recursive_ = true;
  FileFormats formats_;
  LoadLimits limits_;
};

}  // namespace v0
}  // namespace lian
