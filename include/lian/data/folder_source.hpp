#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "lian/data/indexing.hpp"
#include "lian/data/loader.hpp"
#include "lian/data/text_splitter.hpp"

namespace lian {
inline namespace v0 {

/// Settings of a FolderSource; chained setters. Regular value.
class LIAN_API FolderSourceOptions {
 public:
  FolderSourceOptions() = default;
  /// Larger files are skipped with a report. Default 64 MiB.
  FolderSourceOptions& max_file_bytes(std::uint64_t v) { return max_file_bytes_ = v, *this; }
  std::uint64_t max_file_bytes() const noexcept { return max_file_bytes_; }

 private:
  std::uint64_t max_file_bytes_ = std::uint64_t{64} << 20;
};

/// The files of a folder, cut to chunks, for `index`. Names are the files' paths. Files are read and
/// cut on the Runtime's threads for blocking work, a block at a time. A file that cannot be read is a
/// failure of the indexing run; one that is left out (binary, too large, …) is in `reports`.
class LIAN_API FolderSource final : public IndexSource {
 public:
  FolderSource(DirectoryLoader loader, RecursiveCharacterTextSplitter splitter,
               FolderSourceOptions options = FolderSourceOptions());
  ~FolderSource() override;

  Stream<SourceState> list(Context context) override;
  Stream<Document> read(std::string name, Context context) override;
  /// No for what lies in a folder that could not be listed.
  bool sees(const std::string& name) const override;

  /// How many files `list` found.
  std::size_t file_count() const noexcept;
  /// Files left out so far; complete when the indexing run has ended.
  const LoadReports& reports() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
