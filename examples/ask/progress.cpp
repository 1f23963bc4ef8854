#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace {
constexpr std::size_t width = 30;
constexpr auto redraw_after = std::chrono::milliseconds(100);
}  // namespace

ProgressBar::ProgressBar(std::shared_ptr<const lian::FolderSource> source)
    : source_(std::move(source)), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::progress(const lian::IndexProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - drawn_ < redraw_after) return;
  drawn_ = now;
  shown_ = true;
  const std::size_t total = std::max(source_->file_count(), progress.sources_seen);
  const std::size_t full = total == 0 ? 0 : width * progress.sources_seen / total;
  fmt::print(stderr, "\r\x1b[K[{:#<{}}{: <{}}] {}/{} files, {} passages", "", full, "",
             width - full, progress.sources_seen, total, progress.documents_embedded);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}
