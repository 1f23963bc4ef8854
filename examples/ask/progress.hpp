#pragma once

#include <chrono>
#include <memory>

#include "lian/data/folder_source.hpp"
#include "lian/data/indexing.hpp"

/// A progress bar on a terminal's standard error; nothing elsewhere.
class ProgressBar final : public lian::IndexObserver {
 public:
  explicit ProgressBar(std::shared_ptr<const lian::FolderSource> source);
  ~ProgressBar() override;
  void progress(const lian::IndexProgress& progress) override;
  /// Wipes the bar.
  void clear();

 private:
  std::shared_ptr<const lian::FolderSource> source_;
  std::chrono::steady_clock::time_point drawn_{};
  bool terminal_, shown_ = false;
};
