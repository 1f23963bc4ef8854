#include "lian/data/loader.hpp"

#include <fmt/format.h>

#include <utility>

#include "data/directory_walk.hpp"
#include "data/file_documents.hpp"
#include "data/glob.hpp"
#include "lian/core/offload.hpp"

namespace lian {
inline namespace v0 {
namespace {

ErrorKind error_kind(LoadProblem problem) {
  switch (problem) {
    case LoadProblem::unreadable:
    case LoadProblem::damaged:
      return ErrorKind::storage;
    case LoadProblem::not_text:
      return ErrorKind::parse;
    case LoadProblem::too_large:
      return ErrorKind::limit;
    case LoadProblem::binary:
    case LoadProblem::not_regular:
    case LoadProblem::no_format:
    case LoadProblem::outside:
      break;
  }
  return ErrorKind::unsupported;
}

// One file whose failure goes to the reports when there are any.
class ReportedFile final : public DocumentSource {
 public:
  ReportedFile(SourceFile file, std::shared_ptr<const FileFormat> format, LoadLimits limits,
               LoadReports* reports)
      : documents_(std::move(file), std::move(format), limits), reports_(reports) {}

  bool next(Document& out) override {
    if (failed_) return false;
    try {
      return documents_.next(out);
    } catch (const LoadError& error) {
      failed_ = true;
      if (reports_ == nullptr) throw;
      reports_->push_back(error.report);
      return false;
    }
  }

 private:
  detail::FileDocuments documents_;
  LoadReports* reports_;
  bool failed_ = false;
};

// The files of a folder one after another; the folder is listed at the first `next`.
class FolderDocuments final : public DocumentSource {
 public:
  FolderDocuments(DirectoryLoader loader, LoadReports* reports)
      : loader_(std::move(loader)), reports_(reports) {}

  bool next(Document& out) override {
    if (!std::exchange(listed_, true)) files_ = loader_.files(reports_);
    for (; at_ < files_.size(); ++at_) {
      if (file_ == nullptr) file_ = loader_.open_file(files_[at_], &own_);
      const bool found = file_->next(out);
      hand_on_reports();
      if (found) return true;
      file_.reset();
    }
    return false;
  }

 private:
  void hand_on_reports() {
    for (LoadReport& report : std::exchange(own_, {})) {
      if (reports_ != nullptr) {
        reports_->push_back(std::move(report));
      } else if (!report.skipped()) {
        throw LoadError(std::move(report));
      }
    }
  }

  DirectoryLoader loader_;
  LoadReports* reports_;
  LoadReports own_;
  std::vector<SourceFile> files_;
  std::size_t at_ = 0;
  std::unique_ptr<DocumentSource> file_;
  bool listed_ = false;
};

// What a lazy reading and the thread that reads for it share: an abandoned read may outlive the
// stream.
struct Reading {
  std::shared_ptr<LoadReports> reports;
  std::unique_ptr<DocumentSource> source;
  Document document;
};

Stream<Document> read_lazily(std::shared_ptr<Reading> reading) {
  while (true) {
    auto read = [reading] { return reading->source->next(reading->document); };
    const bool found = co_await offload(std::move(read));
    if (!found) co_return;
    co_yield reading->document;
  }
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string_view to_string(LoadProblem problem) noexcept {
  switch (problem) {
    case LoadProblem::unreadable:
      return "unreadable";
    case LoadProblem::not_text:
      return "not_text";
    case LoadProblem::damaged:
      return "damaged";
    case LoadProblem::too_large:
      return "too_large";
    case LoadProblem::binary:
      return "binary";
    case LoadProblem::not_regular:
      return "not_regular";
    case LoadProblem::no_format:
      return "no_format";
    case LoadProblem::outside:
      return "outside";
  }
  return "unknown";
}

LoadError::LoadError(LoadReport report_in)
    : Error(error_kind(report_in.kind), fmt::format("{} {}", report_in.path, report_in.message)),
      report(std::move(report_in)) {}
LoadError::~LoadError() = default;
std::exception_ptr LoadError::copy() const { return std::make_exception_ptr(*this); }

DocumentSource::~DocumentSource() = default;
Loader::~Loader() = default;

Documents Loader::load(LoadReports* reports) const {
  const std::unique_ptr<DocumentSource> source = open(reports);
  Documents out;
  for (Document document; source->next(document);) out.push_back(std::move(document));
  return out;
}

Stream<Document> Loader::lazy_load(std::shared_ptr<LoadReports> reports) const {
  auto reading = std::make_shared<Reading>();
  reading->source = open(reports.get());
  reading->reports = std::move(reports);
  return read_lazily(std::move(reading));
}

FileLoader::FileLoader(std::string_view path, std::shared_ptr<const FileFormat> format)
    : path_(path), format_(std::move(format)) {}
FileLoader::~FileLoader() = default;

std::unique_ptr<DocumentSource> FileLoader::open(LoadReports* reports) const {
  SourceFile file = detail::describe_file(path_, std::string(last_name(path_)));
  return std::make_unique<ReportedFile>(std::move(file), format_, limits_, reports);
}

TextLoader::TextLoader(std::string_view path) : FileLoader(path, text_format()) {}
MarkdownLoader::MarkdownLoader(std::string_view path) : FileLoader(path, markdown_format()) {}

DirectoryLoader::DirectoryLoader(std::string_view path) : path_(path) {}
DirectoryLoader::~DirectoryLoader() = default;

DirectoryLoader& DirectoryLoader::globs(std::vector<std::string> patterns) {
  for (const std::string& pattern : patterns) detail::check_glob(pattern);
  globs_ = std::move(patterns);
  return *this;
}

DirectoryLoader& DirectoryLoader::exclude(std::vector<std::string> patterns) {
  for (const std::string& pattern : patterns) detail::check_glob(pattern);
  exclude_ = std::move(patterns);
  return *this;
}

std::vector<SourceFile> DirectoryLoader::files(LoadReports* reports) const {
  LoadReports own;
  std::vector<SourceFile> out =
      detail::walk_directory(path_, {globs_, exclude_, recursive_}, reports ? *reports : own);
  for (LoadReport& report : own) {
    if (!report.skipped()) throw LoadError(std::move(report));
  }
  return out;
}

std::unique_ptr<DocumentSource> DirectoryLoader::open_file(const SourceFile& file,
                                                           LoadReports* reports) const {
  return std::make_unique<ReportedFile>(file, formats_.find(file.path), limits_, reports);
}

std::unique_ptr<DocumentSource> DirectoryLoader::open(LoadReports* reports) const {
  return std::make_unique<FolderDocuments>(*this, reports);
}

}  // namespace v0
}  // namespace lian
