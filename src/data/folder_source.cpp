#include "lian/data/folder_source.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "lian/core/offload.hpp"

namespace lian {
inline namespace v0 {

struct FolderSource::State {
  State(DirectoryLoader folder, RecursiveCharacterTextSplitter text_splitter,
        FolderSourceOptions source_options)
      : loader(std::move(folder)), splitter(std::move(text_splitter)), options(source_options) {}

  DirectoryLoader loader;
  RecursiveCharacterTextSplitter splitter;
  FolderSourceOptions options;
  std::map<std::string, SourceFile> files;  // by path
  LoadReports reports;
};

namespace {

// What the folder holds; on a thread of its own, since a large folder takes a while.
struct Listing {
  Listing() = default;
  std::vector<SourceFile> files;
  LoadReports reports;
};

struct ListWork {
  explicit ListWork(DirectoryLoader folder) : loader(std::move(folder)) {}
  Listing operator()() const {
    Listing listing;
    listing.files = loader.files(&listing.reports);
    return listing;
  }
  DirectoryLoader loader;
};

// One file being read; shared with the work under way, which outlives a reader that is dropped.
struct OpenFile {
  OpenFile(const DirectoryLoader& loader, RecursiveCharacterTextSplitter text_splitter,
           const SourceFile& file)
      : splitter(std::move(text_splitter)), source(loader.open_file(file, &reports)) {}
  RecursiveCharacterTextSplitter splitter;
  LoadReports reports;
  std::unique_ptr<DocumentSource> source;
};

struct ReadWork {
  explicit ReadWork(std::shared_ptr<OpenFile> open_file) : file(std::move(open_file)) {}
  std::optional<Documents> operator()() const {
    Documents block(1);
    if (!file->source->next(block[0])) return std::nullopt;
    return file->splitter.split_documents(block);
  }
  std::shared_ptr<OpenFile> file;
};

}  // namespace

FolderSource::FolderSource(DirectoryLoader loader, RecursiveCharacterTextSplitter splitter,
                           FolderSourceOptions options)
    : state_(std::make_shared<State>(std::move(loader), std::move(splitter), options)) {}
FolderSource::~FolderSource() = default;

std::size_t FolderSource::file_count() const noexcept { return state_->files.size(); }
const LoadReports& FolderSource::reports() const noexcept { return state_->reports; }

bool FolderSource::sees(const std::string& name) const {
  return std::none_of(state_->reports.begin(), state_->reports.end(), [&](const auto& report) {
    return !report.skipped() && name.starts_with(report.path + "/");
  });
}

Stream<SourceState> FolderSource::list(Context) {
  const std::shared_ptr<State> state = state_;
  ListWork work(state->loader);
  Task<Listing> listing = offload(std::move(work));
  Listing found = co_await std::move(listing);
  state->reports = std::move(found.reports);
  state->files.clear();
  for (SourceFile& file : found.files) {
    if (file.size > state->options.max_file_bytes()) {
      state->reports.emplace_back(file.path, LoadProblem::too_large,
                                  fmt::format("{} bytes are more than the limit of {} "
                                              "(max_file_bytes); cut the file into smaller ones",
                                              file.size, state->options.max_file_bytes()));
      continue;
    }
    std::string path = file.path;
    state->files.emplace(std::move(path), std::move(file));
  }
  for (const auto& [path, file] : state->files) {
    SourceState source(path, file.size, file.mtime_ns);
    co_yield source;
  }
}

Stream<Document> FolderSource::read(std::string name, Context) {
  const std::shared_ptr<State> state = state_;
  auto file = std::make_shared<OpenFile>(state->loader, state->splitter, state->files.at(name));
  while (true) {
    ReadWork work(file);
    Task<std::optional<Documents>> reading = offload(std::move(work));
    std::optional<Documents> chunks = co_await std::move(reading);
    if (!chunks) break;
    for (Document& chunk : *chunks) co_yield chunk;
  }
  for (const LoadReport& report : file->reports) {
    if (!report.skipped()) throw LoadError(report);
    state->reports.push_back(report);
  }
}

}  // namespace v0
}  // namespace lian
