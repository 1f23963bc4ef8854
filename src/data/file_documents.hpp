/// One file as documents.
#pragma once

#include <memory>
#include <string>

#include "data/text_blocks.hpp"
#include "lian/data/loader.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

/// Opens the file at the first `next`. Everything that goes wrong with it is a LoadError.
class FileDocuments final : public DocumentSource {
 public:
  /// `format` may be null: then the file is refused with LoadProblem::no_format.
  FileDocuments(SourceFile file, std::shared_ptr<const FileFormat> format, LoadLimits limits);
  ~FileDocuments() override;
  bool next(Document& out) override;

 private:
  bool next_block(Document& out);
  void read_whole(Document& out);
  void finish(Document& out) const;

  SourceFile file_;
  std::shared_ptr<const FileFormat> format_;
  LoadLimits limits_;
  std::unique_ptr<TextBlocks> blocks_;
  Values metadata_;
  bool started_ = false;
};

/// Size and time of the file at `path`; zeros when it cannot be asked.
SourceFile describe_file(std::string path, std::string relative_path);

}  // namespace detail
}  // namespace v0
}  // namespace lian
